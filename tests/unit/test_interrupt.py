"""Ctrl-C, raised at every moment of a training at which Python could hand it over."""

import sys
from pathlib import Path

import numpy as np
import pytest

import bplib
from bplib import Dense, Network, losses, train
from bplib.layers import BatchNorm

FOLDER = str(Path(bplib.__file__).parent)
SERIES = ["loss", "accuracy", "validation_loss", "validation_accuracy"]
SE = losses.SquaredError()


class CtrlC:
    """Raises KeyboardInterrupt at the k-th call, or return from C, within the training.

    Between two calls Python hands over no signal. Signals that come before the first entry
    is begun, or after the loop, are not within the training.
    """

    def __init__(self, k):
        self.k, self.within = k, False

    def __enter__(self):
        sys.setprofile(self.look)

    def __exit__(self, *error):
        sys.setprofile(None)

    def look(self, frame, event, arg):
        code = frame.f_code
        if not code.co_filename.startswith(FOLDER) or event not in ("call", "c_return"):
            return
        if event == "call" and code.co_name in ("write", "close"):
            self.within = code.co_name == "write"
        if self.within:
            self.k -= 1
            if self.k == 0:
                self.within = False
                raise KeyboardInterrupt


def problem(stack=None):
    net = Network([Dense(2, 3, "tanh"), BatchNorm(3), Dense(3, 1)], stack)
    net.theta += np.random.default_rng(1).standard_normal(net.theta.shape)
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((2, 5)), np.array([[0.0, 1, 1, 0, 1]])
    return net, x, y, (rng.standard_normal((2, 4)), np.array([[1.0, 1, 0, 0]]))


def interrupted(k, stack=None, patience=None):
    net, x, y, validation = problem(stack)
    start = net.copy()
    ctrl_c = CtrlC(k)
    with ctrl_c:
        history = bplib.fit(
            net,
            SE,
            x,
            y,
            bplib.Adam(0.3),
            epochs=4,
            batch_size=3,
            validation=validation,
            patience=patience,
        )
    return net, start, history, ctrl_c.k


@pytest.mark.parametrize("patience", [None, 9])
@pytest.mark.parametrize("stack", [None, 2])
def test_whenever_it_comes_the_history_so_far_is_whole(stack, patience):
    for _ in range(2):  # the first time fills caches, which takes calls of its own
        *_, complete, left = interrupted(10**9, stack, patience)
    moments = 10**9 - left
    assert moments > 400
    assert not complete.interrupted
    lengths = set()
    for k in range(1, moments + 1):
        net, start, history, _ = interrupted(k, stack, patience)
        assert history.interrupted, k
        E = len(history.epoch)
        lengths.add(E)
        np.testing.assert_array_equal(history.epoch, range(E))
        if E == 0:
            assert history.diverged_at == -1
            assert history.best_epoch is None
            assert [getattr(history, name) for name in SERIES[1:]] == [None] * 3
        for name in SERIES if E else []:
            np.testing.assert_array_equal(getattr(history, name), getattr(complete, name)[:E])
        assert len(history.loss) == E
        assert len(history.gradient_norm) == len(history.update_ratio) == E
        if E:
            np.testing.assert_array_equal(
                history.best_epoch, history.validation_loss.argmin(axis=0), err_msg=f"{k}"
            )
        if E and patience:
            found = bplib.evaluate(net, SE, *problem()[3])
            np.testing.assert_array_equal(found, history.validation_loss.min(axis=0), f"{k}")
        if E == 0 and patience:
            for name, array in net.state.items():
                np.testing.assert_array_equal(array, start.state[name])
    assert lengths == {0, 1, 2, 3, 4, 5}


class StopsAt(bplib.SGD):
    def __init__(self, k):
        super().__init__(0.1)
        self.left = k

    def step(self, theta, grad):
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        super().step(theta, grad)


def test_in_the_middle_of_an_epoch():
    """What was learned since the last entry stays."""
    net, x, y, _ = problem()
    twin = net.copy()
    history = bplib.fit(net, SE, x, y, StopsAt(5), epochs=9, batch_size=3)
    assert history.interrupted
    assert history.epoch.tolist() == [0, 1, 2]
    optimizer, shuffle = bplib.SGD(0.1), np.random.default_rng(0)
    for k in range(3):
        order = shuffle.permutation(5)
        for batch in (order[:3], order[3:])[: 1 if k == 2 else 2]:
            bplib.loss_and_grad(twin, SE, x[:, batch], y[:, batch])
            optimizer.step(twin.theta, twin.grad)
    np.testing.assert_allclose(net.theta, twin.theta, rtol=1e-13)


def test_between_two_entries():
    net, x, y, _ = problem()
    history = bplib.fit(net, SE, x, y, StopsAt(17), epochs=40, every=5)
    assert history.interrupted
    assert history.epoch.tolist() == [0, 5, 10, 15]


@pytest.mark.parametrize("when", [1, 2, 3, 4])
def test_while_the_best_numbers_are_put_aside(monkeypatch, when):
    """θ of one epoch never comes back with the running averages of another."""
    net, x, y, validation = problem()
    right, calls = Network.state.fget, []

    class Halfway(dict):
        def items(self):
            yield from list(super().items())[:1]
            raise KeyboardInterrupt

    def state(self):
        calls.append(self)
        return (Halfway if len(calls) == when + 1 else dict)(right(self))  # the first is fit's own

    monkeypatch.setattr(Network, "state", property(state))
    kwargs = {"validation": validation, "patience": 9, "epochs": 9}
    history = bplib.fit(net, SE, x, y, bplib.SGD(0.01), **kwargs)
    assert history.interrupted
    assert len(history.epoch) == when - 1, "each of the first epochs was the best so far"
    if len(history.epoch):
        found = bplib.evaluate(net, SE, *validation)
        assert found == history.validation_loss[history.best_epoch] == history.validation_loss.min()


def test_in_the_very_first_evaluation(monkeypatch):
    net, x, y, validation = problem()
    before = {name: array.copy() for name, array in net.state.items()}

    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "loss_value", stop)
    history = bplib.fit(net, SE, x, y, bplib.SGD(0.1), epochs=3, validation=validation, patience=2)
    assert history.interrupted
    assert len(history.epoch) == len(history.loss) == len(history.gradient_norm) == 0
    assert history.validation_loss is history.accuracy is history.best_epoch is None
    for name, array in net.state.items():
        np.testing.assert_array_equal(array, before[name])


def test_of_a_penalty_a_clip_or_a_schedule():
    def stop(*args):
        raise KeyboardInterrupt

    net, x, y, _ = problem()
    assert bplib.fit(net, SE, x, y, bplib.SGD(stop)).interrupted
    assert bplib.fit(net, SE, x, y, bplib.SGD(0.1), clip=stop).interrupted


def test_other_errors_are_not_swallowed():
    def fail(*args):
        raise ZeroDivisionError

    net, x, y, _ = problem()
    with pytest.raises(ZeroDivisionError):
        bplib.fit(net, SE, x, y, bplib.SGD(0.1), clip=fail)
