import json
import re
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmarks import digits, growth, report, stacks, suite, xor
from benchmarks.harness import Contest, Contestant, WrongResult, measure, order
from benchmarks.machine import Unavailable


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


ROOT = Path(__file__).resolve().parents[2]
XOR = ["hand_tuned", "with_bplib", "bplib_defaults", "bplib_loop", "torch_eager", "scikit_learn"]


@pytest.mark.parametrize("name", XOR)
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


def test_a_ratio_is_taken_round_by_round():
    clock, times = Clock(), {"bplib": iter([9, 1, 1, 2]), "other": iter([9, 3, 10, 4])}

    def setup(name):
        def train():
            clock.now += next(times[name])
            return 1.0

        return lambda: train

    who = [Contestant(name, setup(name), lambda: 1.0) for name in times]
    outcome = measure(Contest("race", who), rounds=3, clock=clock)
    assert outcome.row("other").ratio == (3, 2, 10)  # of 3/1, 10/1 and 4/2
    assert outcome.row("other").seconds == 4
    assert outcome.row("other").warm_up == 5
    assert outcome.ratio("bplib", "other").high == 0.5


def test_part_of_the_work_is_scaled_and_said():
    clock = Clock()
    part = Contestant("part", clock.runner(2.0), lambda: 1.0, scale=50, note="a fiftieth")
    outcome = measure(Contest("race", [part], baseline="part"), rounds=2, clock=clock)
    assert outcome.row("part").seconds == 100
    assert "a fiftieth" in report.table(outcome)
    for own in ({"expected": None}, {"expected": lambda: 1.0, "scale": 2}):
        with pytest.raises(ValueError, match="note is empty"):
            Contestant("silent", clock.runner(1.0), **own)


def test_a_result_that_goes_wrong_later_is_refused_too():
    clock, losses = Clock(), iter([1.0, 1.0, float("nan")])
    later = Contestant("later", lambda: lambda: next(losses), lambda: 1.0)
    with pytest.raises(WrongResult, match="later"):
        measure(Contest("race", [later], baseline="later"), rounds=2, clock=clock)


def test_who_is_not_installed_is_named():
    def setup():
        raise Unavailable("nobody is not installed")

    clock = Clock()
    who = [
        Contestant("nobody", setup, lambda: 1.0),
        Contestant("bplib", clock.runner(1.0), lambda: 1.0),
    ]
    outcome = measure(Contest("race", who), rounds=1, clock=clock)
    assert [row.name for row in outcome.rows()] == ["bplib"]
    assert "nobody (nobody is not installed)" in report.table(outcome)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (12, "12.0 s"),
        (0.9999, "1.00 s"),
        (0.12, "120 ms"),
        (1.2e-3, "1.20 ms"),
        (8.5e-5, "85.0 µs"),
    ],
)
def test_durations(seconds, text):
    assert report.duration(seconds) == text


def test_a_whole_run_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.harness.gc.collect", int)  # slow once PyTorch is loaded
    clock = Clock()

    def race(contest):
        names = [who.name for who in contest.contestants]
        who = [Contestant(name, clock.runner(1.0 + names.index(name)), float) for name in names]
        same = Contest(contest.title, who, contest.baseline, tolerance=1)
        return measure(same, rounds=2, clock=clock)

    contests = {
        "xor": xor.contest(2),
        "digits": digits.contest(1),
        "stacks": stacks.contest(3, 2, 1),
    }
    outcomes = {name: race(contest) for name, contest in contests.items()}
    curves = dict(growth.curves(race, (2, 8), (1, 10)))
    page = tmp_path / "README.md"
    page.write_text(f"before\n\n{report.BEGIN}\nold\n{report.END}\n\nafter\n", encoding="utf-8")
    setting = {"cpu": "a CPU", "system": "Any", "rounds": 2, "versions": {"bplib": "0"}}
    for _ in range(2):
        suite.write(tmp_path, setting, outcomes, curves)
        text = page.read_text("utf-8")
        assert text.startswith("before\n")
        assert text.endswith("\nafter\n")
        assert text.count(report.BEGIN) == text.count("# Goals") == 1
        assert "old" not in text
    numbers = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert len(numbers["goals"]) == len(report.GOALS)
    assert numbers["contests"]["xor"]["contestants"][0]["seconds"] == [1, 1]
    for name, curve in curves.items():
        svg = (tmp_path / f"{name}.svg").read_text("utf-8")
        assert "aria-label" in svg
        assert "currentColor" not in svg
        assert "var(--" not in svg
        assert all(who in text for who in curve.names)


def test_batches_are_told_by_pairs_in_a_section_of_their_own(tmp_path):
    clock = Clock()
    names = [name for size in digits.BATCHES for name in digits.batch_names(size)]
    assert [who.name for who in digits.beside_scikit_learn(1).contestants] == names
    who = [
        Contestant(name, clock.runner(seconds), float)
        for name, seconds in zip(names, (2.0, 5.0, 1.0, 4.0), strict=True)
    ]
    outcome = measure(Contest("race", who, names[0], tolerance=1), rounds=2, clock=clock)
    page = tmp_path / "README.md"
    begin, end = report.BATCHES
    others = f"{report.BEGIN}\nkept\n{report.END}\n"
    page.write_text(f"{others}{begin}\nold\n{end}\n", encoding="utf-8")
    setting = {"cpu": "a CPU", "system": "Any", "rounds": 2, "versions": {"bplib": "0"}}
    suite.write_batches(tmp_path, setting, outcome)
    text = page.read_text("utf-8")
    assert text.startswith(others)
    assert "old" not in text
    assert "| 64 | 2.00 s | 5.00 s | 2.50 (2.50–2.50) |" in text
    assert "| 200 | 1.00 s | 4.00 s | 4.00 (4.00–4.00) |" in text


def test_each_size_of_batch_is_trained_in_batches_of_that_size():
    what = digits.problem(epochs=1, batch=200)
    sizes = [len(batch) for batch in what.batches(what.orders[0])]
    assert set(sizes[:-1]) == {200}
    assert digits.with_bplib(what)() == pytest.approx(digits.listing(what)(), rel=1e-12)


def test_the_chapter_quotes_what_was_measured():
    page = (ROOT / "benchmarks/README.md").read_text("utf-8")
    section = page.partition(report.BATCHES[0])[2].partition(report.BATCHES[1])[0]
    chapter = (ROOT / "chapters/16-digits.md").read_text("utf-8")
    told = chapter.partition("(dg-sklearn)=")[2].partition("(dg-wrong)=")[0]
    measured = re.findall(r"\| ([\d.]+) \(([\d.–]+)\) \|", section)
    assert len(measured) == len(digits.BATCHES)
    for ratio, spread in measured:
        assert f"{ratio} times" in told
        assert f"({spread}" in told
    for library, version in re.findall(r"(scikit-learn|numpy) ([\d.]+\d)", section):
        assert f"{library} {version}" in told.replace("NumPy", "numpy")
    assert re.search(r"\d+ rounds", section)[0] in told


@pytest.mark.parametrize(
    "page", ["no marks", report.END + report.BEGIN, 2 * (report.BEGIN + report.END)]
)
def test_a_page_without_its_marks_stays_as_it_is(tmp_path, page):
    path = tmp_path / "README.md"
    path.write_text(page, encoding="utf-8")
    with pytest.raises(ValueError, match="has not one"):
        report.refresh(path, "block")
    assert path.read_text("utf-8") == page
