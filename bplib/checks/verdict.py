"""Says which mistake gave a wrong result, by fingerprints of what each mistake would give."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bplib.checks.causes import Cause, Mistake, causes, whole
from bplib.checks.differences import SHAPE, Pairs, difference, kind, of
from bplib.checks.outcome import Case, Outcome, list_name
from bplib.checks.places import linked
from bplib.checks.text import count, listed

__all__ = ["Verdict"]

IN_PLACE = "inputs changed in place"


@dataclass(frozen=True)
class Clue:
    """Where to look when these quantities are right and those are wrong without a name."""

    right: tuple[str, ...]
    wrong: tuple[str, ...]
    told: str


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, and if not, what is wrong with it.

    Attributes:
        passed: every quantity is right in every case.
        message: a few sentences for the student.
        mistakes: the names of the mistakes that were recognised.
        right: the quantities that are right in all cases.
        share: the share of the points that is earned, from 0 to 1.
        unexplained: the wrong quantities that no known mistake gives as they are.
    """

    passed: bool
    message: str
    mistakes: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    share: float = 0.0
    unexplained: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return f"{'✓' if self.passed else '✗'} {self.message}"

    def _repr_html_(self) -> str | None:
        return linked(repr(self))


def diagnose(
    cases: Iterable[Case],
    outcomes: Iterable[Outcome],
    mistakes: Iterable[Mistake],
    clues: Iterable[Clue] = (),
) -> Verdict:
    """Compare the outcomes of an answer with the right ones, then with each mistake's."""
    pairs, known = list(zip(cases, outcomes, strict=True)), list(mistakes)
    verdict = _compared(pairs, known, list(clues))
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
    return replace(verdict, passed=False, message=told, mistakes=names, share=verdict.share / 2)


def _compared(pairs: Pairs, known: list[Mistake], clues: list[Clue]) -> Verdict:
    returns = list(dict.fromkeys(q for case, _ in pairs for q in case.right.prints))
    problem = _first_problem(pairs)
    if problem:
        cause = whole(known, pairs, returns)
        if cause:
            return _by_one(cause, (), 0.0, problem)
        some = any(not got.problem for _, got in pairs)
        return Verdict(False, problem, unexplained=tuple(returns) if some else ())
    right = tuple(q for q in returns if all(c.right.prints[q].matches(f) for c, f in of(q, pairs)))
    share = len(right) / len(returns)
    if len(right) == len(returns):
        return Verdict(True, f"Right in {count(len(pairs), 'case')}.", (), right, 1.0)
    cause = whole(known, pairs, returns)
    if cause:
        return _by_one(cause, right, share)
    found = causes(known, pairs, [q for q in returns if q not in right])
    return _in_parts(pairs, found, right, clues)


def _by_one(cause: Cause, right: tuple[str, ...], share: float, problem: str = "") -> Verdict:
    """Say what explains everything, and earns its part of the points."""
    told = " ".join(filter(None, [_explained(cause), problem]))
    names = tuple(mistake.name for mistake in cause.mistakes)
    return Verdict(False, told, names, right, max(share, _credit(cause.mistakes)))


def _credit(mistakes: Iterable[Mistake]) -> float:
    """The share that an otherwise right answer keeps: each mistake takes its part."""
    return math.prod(mistake.credit for mistake in mistakes)


def _in_parts(
    pairs: Pairs, found: Mapping[Cause, list[str]], right: tuple[str, ...], clues: Sequence[Clue]
) -> Verdict:
    """Say what is wrong quantity by quantity: what has a wrong shape first."""
    returns = list(dict.fromkeys(q for case, _ in pairs for q in case.right.prints))
    explained = {q for quantities in found.values() for q in quantities}
    unnamed = [q for q in returns if q not in explained and q not in right]
    parts, known = [], set()
    for cause, quantities in found.items():
        told = f"{listed(quantities)}: {_explained(cause, known)}"
        parts.append((min(kind(q, pairs) for q in quantities), told))
        known |= set(cause.mistakes)
    if unnamed:
        told = difference(pairs, unnamed)
        parts.append((min(kind(q, pairs) for q in unnamed), told))
    parts.sort(key=lambda part: part[0] != SHAPE)
    texts = [told for _, told in parts]
    if unnamed:
        texts += [clue.told for clue in clues if _fits(clue, right, unnamed)][:1]
        texts += [f"Right in all cases: {listed(right)}."] if right else []
    names = tuple(dict.fromkeys(m.name for cause in found for m in cause.mistakes))
    share = len(right) / len(returns)
    multiples = [q for cause, quantities in found.items() if cause.times for q in quantities]
    unexplained = (*unnamed, *multiples)
    if not unexplained:
        share = max(share, _credit(known))
    return Verdict(False, " ".join(texts), names, right, share, unexplained)


def _fits(clue: Clue, right: Iterable[str], wrong: Iterable[str]) -> bool:
    return set(clue.right) <= set(right) and set(clue.wrong) <= set(wrong)


def _first_problem(pairs: Pairs) -> str:
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


def _explained(cause: Cause, known: Iterable[Mistake] = ()) -> str:
    """Name a cause and say why it is wrong, unless that has been said."""
    names = " and ".join(mistake.name for mistake in cause.mistakes)
    both = " together" if len(cause.mistakes) > 1 else ""
    whys = [_why(mistake) for mistake in cause.mistakes if mistake not in known]
    return " ".join([f"This is {cause.times}what comes out with {names}{both}.", *whys])


def _why(mistake: Mistake) -> str:
    read = f" Read {mistake.read}." if mistake.read else ""
    return f"{mistake.why}{read}"
