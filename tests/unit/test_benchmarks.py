import sys
from functools import partial

import numpy as np
import pytest

from benchmarks import digits, stacks, xor
from benchmarks.harness import Contest, Contestant, WrongResult, measure, order


class Clock:
    """A clock that only the contestants move."""

    now = 0.0

    def __call__(self):
        return self.now

    def runner(self, seconds, loss=1.0, log=None, name=""):
        def setup():
            def train():
                self.now += seconds
                if log is not None:
                    log.append(name)
                return loss

            return train

        return setup


def test_order_rotates():
    assert [order([0, 1, 2], turn) for turn in range(4)] == [
        [0, 1, 2],
        [1, 2, 0],
        [2, 0, 1],
        [0, 1, 2],
    ]


def test_ratios_medians_and_rounds():
    clock, log = Clock(), []
    who = [
        Contestant(name, clock.runner(seconds, log=log, name=name), lambda: 1.0)
        for name, seconds in (("bplib", 2.0), ("slow", 6.0))
    ]
    outcome = measure(Contest("race", who), rounds=3, clock=clock)
    assert log == ["bplib", "slow", "bplib", "slow", "slow", "bplib", "bplib", "slow"]
    assert outcome.row("slow").ratio == (3, 3, 3)
    assert outcome.row("slow").seconds == 6
    assert not outcome.interrupted


def test_another_result_is_refused():
    clock = Clock()
    wrong = Contestant("wrong", clock.runner(1.0, loss=1 + 1e-8), lambda: 1.0)
    with pytest.raises(WrongResult, match="wrong"):
        measure(Contest("race", [wrong], baseline="wrong"), rounds=1, clock=clock)


def test_ctrl_c_keeps_the_rounds_so_far():
    clock = Clock()
    runs = iter([1.0, 1.0, KeyboardInterrupt])

    def train():
        clock.now += 1
        result = next(runs)
        if result is KeyboardInterrupt:
            raise KeyboardInterrupt
        return result

    outcome = measure(
        Contest("race", [Contestant("bplib", lambda: train, lambda: 1.0)]), rounds=3, clock=clock
    )
    assert outcome.interrupted
    assert np.isfinite(outcome.times("bplib")).tolist() == [True, False, False]


def torch_or_not(name):
    if "torch" in name:
        pytest.importorskip("torch", reason="PyTorch is a contestant")


@pytest.mark.parametrize("name", ["hand_tuned", "with_bplib", "torch_eager", "scikit_learn"])
def test_everybody_takes_the_same_steps_on_xor(name):
    torch_or_not(name)
    loss = getattr(xor, name)(50)()
    assert loss == pytest.approx(xor.listing(50)(), rel=1e-12)


@pytest.mark.parametrize("name", ["hand_tuned", "with_bplib", "torch_eager"])
def test_everybody_takes_the_same_steps_on_digits(name):
    torch_or_not(name)
    what = digits.problem(epochs=1)
    assert getattr(digits, name)(what)() == pytest.approx(digits.listing(what)(), rel=1e-12)


def test_stack_and_single_networks_agree():
    contest = stacks.contest(networks=4, steps=20, alone=2)
    here = [who for who in contest.contestants if "Torch" not in who.name and "JAX" not in who.name]
    for who in here:
        np.testing.assert_allclose(who.setup()(), who.expected(), rtol=1e-12)
    assert len(here) == 3


def test_measuring_needs_no_foreign_library_to_be_imported():
    assert partial(xor.contest, steps=1)().contestants
    assert "jax" not in sys.modules
