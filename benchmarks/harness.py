"""Contests: each contestant once a round, in rotating order, each result held to the expected."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from tqdm import tqdm

from benchmarks.machine import Unavailable

Train = Callable[[], ArrayLike]


class WrongResult(Exception):
    """A contestant did not compute what the others did, so that its time means nothing."""


@dataclass(frozen=True)
class Contestant:
    """Somebody who trains.

    Args:
        name: what the table calls it.
        setup: returns a function that trains once and returns the final loss (or several);
            only that function is timed. It may raise Unavailable.
        expected: returns what the final loss has to be; None if the contestant makes
            updates of its own, which `note` then has to say.
        scale: by how much to multiply its times, where it does only a part of the work.
        note: what a reader must know beside the number.
    """

    name: str
    setup: Callable[[], Train]
    expected: Callable[[], ArrayLike] | None
    scale: float = 1.0
    note: str = ""

    def __post_init__(self) -> None:
        if not self.note and (self.expected is None or self.scale != 1):
            raise ValueError(f"{self.name}: note is empty; expected a word on what differs")


@dataclass(frozen=True)
class Contest:
    """Contestants who do the same work.

    Args:
        title: what it is about.
        contestants: who takes part, with different names.
        baseline: the name of whom the others' times are divided by.
        tolerance: how far a final loss may be from the expected one.
        absent: who does not take part, and why.
    """

    title: str
    contestants: Sequence[Contestant]
    baseline: str = "bplib"
    tolerance: float = 1e-9
    absent: dict[str, str] = field(default_factory=dict)


class Ratio(NamedTuple):
    """The median over rounds of one time divided by another of the same round, and the range."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """What came out for one contestant.

    Attributes:
        name: the contestant's.
        seconds: median time of the full work.
        ratio: that of the baseline is 1.
        warm_up: what the first, untimed run took more, in seconds: setup and compiling.
        note: the contestant's.
    """

    name: str
    seconds: float
    ratio: Ratio
    warm_up: float
    note: str


class Outcome:
    """The times of one contest, with NaN where an interruption left a hole.

    Attributes:
        seconds: (rounds, contestants), scaled to the full work.
        first: what the first, untimed run took with its setup, (contestants,), not scaled.
        off: largest distance from the expected loss, (contestants,); NaN for own updates.
        cpu: processor time by wall time over all timed runs; about 1 on one thread.
        left_out: name -> why.
        interrupted: True if Ctrl-C ended the contest.
    """

    def __init__(self, contest: Contest, rounds: int) -> None:
        n = len(contest.contestants)
        self.contest = contest
        self.seconds = np.full((rounds, n), np.nan)
        self.first = np.full(n, np.nan)
        self.off = np.full(n, np.nan)
        self.cpu = np.full(n, np.nan)
        self.left_out = dict(contest.absent)
        self.interrupted = False

    def times(self, name: str) -> NDArray[np.float64]:
        """Return the contestant's times, (rounds,)."""
        return self.seconds[:, [who.name for who in self.contest.contestants].index(name)]

    def ratio(self, name: str, other: str) -> Ratio | None:
        """Return how much longer `name` takes than `other`; None without a common round."""
        each = self.times(name) / self.times(other)
        each = each[np.isfinite(each)]
        if not len(each):
            return None
        return Ratio(float(np.median(each)), float(each.min()), float(each.max()))

    def rows(self) -> list[Row]:
        """Return a row for everybody who has at least one round with the baseline."""
        rows = []
        for i, who in enumerate(self.contest.contestants):
            if ratio := self.ratio(who.name, self.contest.baseline):
                seconds = float(np.nanmedian(self.seconds[:, i]))
                warm_up = max(0.0, float(self.first[i]) - seconds / who.scale)
                rows.append(Row(who.name, seconds, ratio, warm_up, who.note))
        return rows

    def row(self, name: str) -> Row | None:
        """Return the row of that name, None if there is none."""
        return next((row for row in self.rows() if row.name == name), None)


def measure(
    contest: Contest,
    rounds: int = 7,
    clock: Callable[[], float] = time.perf_counter,
    progress: bool = False,
) -> Outcome:
    """Let everybody run once untimed, then `rounds` times in rotating order.

    Ctrl-C ends the contest and returns what there is.

    Raises:
        WrongResult: a final loss is not the expected one, in the first or in any other run.
    """
    outcome = Outcome(contest, rounds)
    total = len(contest.contestants) * (rounds + 1)
    try:
        with tqdm(total=total, desc=contest.title, disable=not progress, leave=False) as bar:
            present = _first_runs(outcome, clock, bar)
            _timed_runs(outcome, present, clock, bar)
    except KeyboardInterrupt:
        outcome.interrupted = True
    return outcome


def order(contestants: Sequence[int], turn: int) -> list[int]:
    """Return the contestants rotated, so that nobody always runs after the same rest."""
    start = turn % len(contestants) if contestants else 0
    return [*contestants[start:], *contestants[:start]]


def _first_runs(outcome: Outcome, clock: Callable[[], float], bar: tqdm) -> list[int]:
    present = []
    for i, who in enumerate(outcome.contest.contestants):
        bar.set_postfix_str(who.name)
        try:
            start = clock()
            loss = who.setup()()
            outcome.first[i] = clock() - start
        except Unavailable as reason:
            outcome.left_out[who.name] = str(reason)
            bar.update(1 + len(outcome.seconds))
            continue
        _hold_to_expected(outcome, i, loss)
        present.append(i)
        bar.update()
    return present


def _timed_runs(
    outcome: Outcome, present: list[int], clock: Callable[[], float], bar: tqdm
) -> None:
    wall, cpu = np.zeros(len(outcome.first)), np.zeros(len(outcome.first))
    for turn in range(len(outcome.seconds)):
        for i in order(present, turn):
            who = outcome.contest.contestants[i]
            bar.set_postfix_str(who.name)
            train = who.setup()
            gc.collect()
            cpu_start, start = time.process_time(), clock()
            loss = train()
            seconds = clock() - start
            cpu[i] += time.process_time() - cpu_start
            wall[i] += seconds
            _hold_to_expected(outcome, i, loss)
            outcome.seconds[turn, i] = seconds * who.scale
            outcome.cpu[i] = cpu[i] / wall[i] if wall[i] else np.nan
            bar.update()


def _hold_to_expected(outcome: Outcome, i: int, loss: ArrayLike) -> None:
    who = outcome.contest.contestants[i]
    if who.expected is None:
        return
    off = float(np.max(np.abs(np.asarray(loss) - np.asarray(who.expected()))))
    if not off <= outcome.contest.tolerance:
        raise WrongResult(
            f"{outcome.contest.title}: {who.name} ends at a loss of {loss}, "
            f"{off:.1e} from {who.expected()}; expected at most {outcome.contest.tolerance:.0e}"
        )
    outcome.off[i] = np.nanmax([outcome.off[i], off])
