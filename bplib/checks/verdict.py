"""Says which mistake gave a wrong result, by fingerprints of what each mistake would give."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bplib.checks.fingerprint import Fingerprint
from bplib.checks.outcome import Outcome, list_name
from bplib.checks.text import count, listed, signed

__all__ = ["Verdict"]

IN_PLACE = "inputs changed in place"


@dataclass(frozen=True)
class Mistake:
    """A mistake that has a name: "this is what comes out with <name>", why, where to read.

    `credit` is the share of the points that an otherwise right answer keeps.
    """

    name: str
    why: str
    read: str = ""
    credit: float = 0.0


@dataclass(frozen=True)
class Case:
    """Inputs by name, the right outcome, and the outcome of each mistake."""

    inputs: Mapping[str, Any]
    right: Outcome
    slips: Mapping[str, Outcome]


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, and if not, what is wrong with it.

    Attributes:
        passed: every quantity is right in every case.
        message: one to three sentences for the student.
        mistakes: the names of the mistakes that were recognised.
        right: the quantities that are right in all cases.
        share: the share of the points that is earned, from 0 to 1.
    """

    passed: bool
    message: str
    mistakes: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    share: float = 0.0

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return f"{'✓' if self.passed else '✗'} {self.message}"


def diagnose(
    cases: Iterable[Case], outcomes: Iterable[Outcome], mistakes: Iterable[Mistake]
) -> Verdict:
    """Compare the outcomes of an answer with the right ones, then with each mistake's."""
    pairs, known = list(zip(cases, outcomes, strict=True)), list(mistakes)
    verdict = _compared(pairs, known)
    changed = sorted({name for _, got in pairs for name in got.changed})
    if not changed:
        return verdict
    told = (
        f"The function changes {listed(changed)}, which it was given. Whoever called it still "
        "needs the old values: work on a copy, or write a = a − b in place of a -= b."
    )
    if not verdict:
        told = f"{told} {verdict.message}"
    names = (IN_PLACE, *verdict.mistakes)
    return Verdict(False, told, names, verdict.right, verdict.share / 2)


def _compared(pairs: list[tuple[Case, Outcome]], known: list[Mistake]) -> Verdict:
    returns = list(dict.fromkeys(q for case, _ in pairs for q in case.right.prints))
    problem = _first_problem(pairs)
    if problem:
        for mistake in known:
            if _made(mistake, pairs, returns):
                told = f"{_explain(mistake)} {problem}"
                return Verdict(False, told, (mistake.name,), (), mistake.credit)
        return Verdict(False, problem)
    right = tuple(q for q in returns if all(c.right.prints[q].matches(f) for c, f in _of(q, pairs)))
    share = len(right) / len(returns)
    if len(right) == len(returns):
        return Verdict(True, f"Right in {count(len(pairs), 'case')}.", (), right, 1.0)
    for mistake in known:
        if _made(mistake, pairs, returns):
            return Verdict(
                False, _explain(mistake), (mistake.name,), right, max(share, mistake.credit)
            )
    wrong = [q for q in returns if q not in right]
    by_mistake: dict[tuple[Mistake, str], list[str]] = {}
    for q in wrong:
        found = [(m, "") for m in known if _made(m, pairs, [q])]
        found = found or [(m, times) for m in known if (times := _times(m, pairs, q))]
        if found:
            by_mistake.setdefault(found[0], []).append(q)
    if by_mistake:
        told = " ".join(f"{listed(q)}: {_explain(*key)}" for key, q in by_mistake.items())
        named = dict.fromkeys(mistake.name for mistake, _ in by_mistake)
        return Verdict(False, told, tuple(named), right, share)
    return Verdict(False, _first_difference(pairs, wrong[0], right), (), right, share)


def _of(quantity: str, pairs: list[tuple[Case, Outcome]]) -> Iterator[tuple[Case, Fingerprint]]:
    """The cases that have the quantity (not all have as many layers), and what came of it."""
    return ((case, got.prints[quantity]) for case, got in pairs if quantity in case.right.prints)


def _made(mistake: Mistake, pairs: list[tuple[Case, Outcome]], returns: list[str]) -> bool:
    """Say whether every case came out as with the mistake, and not all of them as errors."""
    slips = [case.slips[mistake.name] for case, _ in pairs]
    return not all(slip.problem for slip in slips) and all(
        _alike(slip, got, returns) for slip, (_, got) in zip(slips, pairs, strict=True)
    )


def _alike(slip: Outcome, got: Outcome, returns: list[str]) -> bool:
    if slip.problem or got.problem:
        return bool(slip.problem and got.problem)
    there = [q for q in returns if q in slip.prints or q in got.prints]
    return all(
        q in slip.prints and q in got.prints and slip.prints[q].matches(got.prints[q])
        for q in there
    )


def _times(mistake: Mistake, pairs: list[tuple[Case, Outcome]], quantity: str) -> str:
    """Say which multiple of what the mistake gives a quantity is, but of nothing right."""
    there = list(_of(quantity, pairs))
    found = [mark for _, mark in there]
    right = [case.right.prints[quantity] for case, _ in there]
    slips = [case.slips[mistake.name].prints.get(quantity) for case, _ in there]
    if None in slips or all(map(Fingerprint.matches, right, slips)):
        return ""
    c = _common_factor(list(zip(slips, found, strict=True)))
    if c is None or abs(c - 1) < 1e-3 or _common_factor(list(zip(right, found, strict=True))):
        return ""
    return f"{signed(c)} times "


def _first_problem(pairs: list[tuple[Case, Outcome]]) -> str:
    """Say which case went wrong first and how; all of them alike are told as one."""
    problems = [got.problem or _miscounted(case, got) for case, got in pairs]
    for number, problem in enumerate(problems, 1):
        if problem and problems.count(problem) == len(pairs):
            return problem[0].upper() + problem[1:] if problem.startswith("the ") else problem
        if problem:
            return f"In case {number} of {len(pairs)}, {problem}"
    return ""


def _miscounted(case: Case, got: Outcome) -> str:
    """Say which list has more or fewer arrays than it should."""
    for name in dict.fromkeys(list_name(q) for q in case.right.prints if q.endswith("]")):
        expected, came = (
            sum(list_name(q) == name for q in prints) for prints in (case.right.prints, got.prints)
        )
        if came != expected:
            return f"{name} has {count(came, 'array')}; expected {expected}."
    return ""


def _explain(mistake: Mistake, times: str = "") -> str:
    read = f" Read {mistake.read}." if mistake.read else ""
    return f"This is {times}what comes out with {mistake.name}. {mistake.why}{read}"


def _first_difference(
    pairs: list[tuple[Case, Outcome]], quantity: str, right: tuple[str, ...]
) -> str:
    """Say what is wrong with a quantity: its shape, lost entries, a factor, or just values."""
    also = f" Right in all cases: {listed(right)}." if right else ""
    wrong = []
    for number, (case, got) in enumerate(pairs, 1):
        if quantity not in case.right.prints:
            continue
        expected, found = case.right.prints[quantity], got.prints[quantity]
        where = f"In case {number} of {len(pairs)}, {quantity}"
        if not expected.same_shape(found):
            return f"{where} has the shape {found.shape}; expected {expected.shape}.{also}"
        if found.lost > expected.lost:
            verb = "is" if found.lost == 1 else "are"
            return f"{where} has {count(found.lost, 'entry')} that {verb} NaN or infinite.{also}"
        if not expected.matches(found):
            wrong.append((where, expected, found))
    c = _common_factor([pair[1:] for pair in wrong])
    where, expected, _ = wrong[0]
    if c is None:
        number = np.prod(expected.shape) == 1
        told = "is not the right number" if number else "has the right shape, but wrong values"
        return f"{where} {told}.{also}"
    if abs(c - 1) < 1e-3:
        return f"{where} is nearly right, but off by {abs(c - 1):.0e} of its size.{also}"
    return f"{quantity} is {signed(c)} times what was expected.{also}"


def _common_factor(pairs: list[tuple[Fingerprint, Fingerprint]]) -> float | None:
    """The factor between right and wrong, the same in all cases; one number proves nothing."""
    factors = [expected.factor(found) for expected, found in pairs]
    c = factors[0]
    if c is None or any(f is None or abs(f - c) > 1e-4 * abs(c) for f in factors):
        return None
    several = len(pairs) > 1 or np.prod(pairs[0][0].shape) > 1
    return c if several or abs(c - 1) < 1e-3 else None
