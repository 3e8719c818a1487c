"""Says which mistake gave a wrong result, by fingerprints of what each mistake would give."""

import hashlib
import traceback
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

PROJECTIONS = 4
TOLERANCE = 1e-5  # float32 and another order of the sums pass, no mistake does


@dataclass(frozen=True)
class Fingerprint:
    """What is kept of an array: enough to recognise it, too little to print it.

    Attributes:
        shape: the array's shape.
        size: its Euclidean norm, the scale by which differences are measured.
        marks: four random projections of its entries, the non-finite ones as 0.
        lost: the number of entries that are NaN or infinite.
    """

    shape: tuple[int, ...]
    size: float
    marks: tuple[float, ...]
    lost: int = 0

    @classmethod
    def of(cls, name: str, value: np.ndarray) -> "Fingerprint":
        """Take the fingerprint of the quantity called `name`."""
        finite = np.isfinite(value)
        entries = np.where(finite, value, 0).ravel().astype(float)
        with np.errstate(over="ignore", invalid="ignore"):
            marks = _directions(name, entries.size) @ entries
            size = np.linalg.norm(entries)
        return cls(value.shape, float(size), tuple(marks.tolist()), int(np.sum(~finite)))

    def matches(self, other: "Fingerprint", factor: float = 1) -> bool:
        """Say whether other is this array times `factor`, within the tolerance."""
        if not self.same_shape(other) or self.lost != other.lost:
            return False
        miss = np.abs(np.subtract(other.marks, np.multiply(factor, self.marks)))
        return bool(np.all(miss <= TOLERANCE * max(abs(factor) * self.size, 1e-12)))

    def same_shape(self, other: "Fingerprint") -> bool:
        """Say whether the shapes agree; a number may come as an array of one entry."""
        return self.shape == other.shape or np.prod(self.shape) == np.prod(other.shape) == 1

    def factor(self, other: "Fingerprint") -> float | None:
        """Return c if other is c times this array, or None."""
        k = int(np.argmax(np.abs(self.marks)))
        if not self.marks[k] or not other.marks[k]:
            return None
        c = other.marks[k] / self.marks[k]
        return c if np.isfinite(c) and self.matches(other, c) else None


@dataclass(frozen=True)
class Outcome:
    """What came of one call: fingerprints by quantity, or the reason why there are none."""

    prints: Mapping[str, Fingerprint] = field(default_factory=dict)
    problem: str = ""
    changed: tuple[str, ...] = ()


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


def outcome(
    function: Callable[..., Any], inputs: Mapping[str, Any], returns: Iterable[str]
) -> Outcome:
    """Call function(**inputs) on copies and take the fingerprints of what it returns."""
    given = deepcopy(dict(inputs))
    try:
        with np.errstate(all="ignore"):
            value = function(**given)
        arrays = _named(value, tuple(returns))
    except Exception as error:
        return Outcome(problem=_told(error))
    changed = tuple(name for name, old in inputs.items() if not _same(old, given[name]))
    return Outcome({q: Fingerprint.of(q, array) for q, array in arrays.items()}, "", changed)


def diagnose(
    cases: Iterable[Case], outcomes: Iterable[Outcome], mistakes: Iterable[Mistake]
) -> Verdict:
    """Compare the outcomes of an answer with the right ones, then with each mistake's."""
    pairs, known = list(zip(cases, outcomes, strict=True)), list(mistakes)
    returns = list(pairs[0][0].right.prints)
    problem = _first_problem(pairs)
    if problem:
        for mistake in known:
            if _made(mistake, pairs, returns):
                told = f"{_explain(mistake)} {problem}"
                return Verdict(False, told, (mistake.name,), (), mistake.credit)
        return Verdict(False, problem)
    right = tuple(
        q for q in returns if all(c.right.prints[q].matches(o.prints[q]) for c, o in pairs)
    )
    share = len(right) / len(returns)
    changed = sorted({name for _, got in pairs for name in got.changed})
    if changed:
        return Verdict(
            False,
            f"{', '.join(changed)}: changed by the function. Whoever called it still needs the "
            "old values; work on a copy, and write a = a − b rather than a -= b.",
            ("inputs changed in place",),
            right,
            share / 2,
        )
    if len(right) == len(returns):
        return Verdict(True, f"Right in {_count(len(pairs), 'case')}.", (), right, 1.0)
    for mistake in known:
        if _made(mistake, pairs, returns):
            return Verdict(
                False, _explain(mistake), (mistake.name,), right, max(share, mistake.credit)
            )
    wrong = [q for q in returns if q not in right]
    by_quantity = {q: next((m for m in known if _made(m, pairs, [q])), None) for q in wrong}
    named = {q: m for q, m in by_quantity.items() if m}
    if named:
        told = " ".join(f"{q}: {_explain(m)}" for q, m in named.items())
        names = tuple(dict.fromkeys(m.name for m in named.values()))
        return Verdict(False, told, names, right, share)
    return Verdict(False, _first_difference(pairs, wrong[0], right), (), right, share)


def _made(mistake: Mistake, pairs: list[tuple[Case, Outcome]], returns: list[str]) -> bool:
    """Say whether every case came out as with the mistake, and not all of them as errors."""
    slips = [case.slips[mistake.name] for case, _ in pairs]
    same = (
        bool(slip.problem) == bool(got.problem)
        and (slip.problem or all(slip.prints[q].matches(got.prints[q]) for q in returns))
        for slip, (_, got) in zip(slips, pairs, strict=True)
    )
    return not all(slip.problem for slip in slips) and all(same)


def _first_problem(pairs: list[tuple[Case, Outcome]]) -> str:
    for number, (_, got) in enumerate(pairs, 1):
        if got.problem:
            return f"Case {number} of {len(pairs)}: {got.problem}"
    return ""


def _explain(mistake: Mistake) -> str:
    read = f" Read {mistake.read}." if mistake.read else ""
    return f"This is what comes out with {mistake.name}. {mistake.why}{read}"


def _first_difference(
    pairs: list[tuple[Case, Outcome]], quantity: str, right: tuple[str, ...]
) -> str:
    """Say what is wrong with a quantity: its shape, lost entries, a factor, or just values."""
    also = f" (Right: {', '.join(right)}.)" if right else ""
    factors: list[float | None] = []
    wrong = []
    for number, (case, got) in enumerate(pairs, 1):
        expected, found = case.right.prints[quantity], got.prints[quantity]
        where = f"{quantity} in case {number} of {len(pairs)}"
        if not expected.same_shape(found):
            return f"{where} has shape {found.shape}; expected {expected.shape}.{also}"
        if found.lost > expected.lost:
            return f"{where} has {_count(found.lost, 'entry')} that are NaN or infinite.{also}"
        if not expected.matches(found):
            factors.append(expected.factor(found))
            wrong.append(where)
    c = factors[0]
    if c is not None and all(f is not None and abs(f - c) <= 1e-4 * abs(c) for f in factors):
        return f"{quantity} is {c:.4g} times what was expected.{also}"
    return f"{wrong[0]} has the right shape, but not the right values.{also}"


def _directions(name: str, size: int) -> np.ndarray:
    """Numbers from −1 to 1, (PROJECTIONS, size), the same on every machine."""
    label = f"{name}:{size}".encode()
    raw = hashlib.shake_128(label).digest(4 * PROJECTIONS * size)
    return (np.frombuffer(raw, "<u4") / 2**31 - 1).reshape(PROJECTIONS, size)


def _named(value: Any, returns: tuple[str, ...]) -> dict[str, np.ndarray]:
    expected = ", ".join(returns)
    if value is None:
        raise ValueError(f"it returns nothing; expected {expected}. Is there a return?")
    if len(returns) == 1 and not isinstance(value, Mapping):
        value = {returns[0]: value}
    if isinstance(value, Mapping):
        missing = [q for q in returns if q not in value]
        if missing:
            raise ValueError(f"it returns {', '.join(map(str, value))}; expected {expected}")
        parts = [value[q] for q in returns]
    else:
        parts = list(value) if isinstance(value, (tuple, list)) else [value]
        if len(parts) != len(returns):
            raise ValueError(f"it returns {_count(len(parts), 'value')}; expected {expected}")
    return {q: _array(q, part) for q, part in zip(returns, parts, strict=True)}


def _array(name: str, value: Any) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} has rows of different lengths") from error
    if array.dtype.kind not in "biuf" or array.size == 0:
        raise ValueError(f"{name} is {_short(value)}; expected real numbers")
    return array


def _told(error: Exception) -> str:
    if isinstance(error, NotImplementedError):
        return "it is not written yet."
    if isinstance(error, ValueError) and error.__traceback__ and _ours(error):
        return f"{error}."
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__
    ]
    where = f" in line {lines[0]}" if lines else ""
    return f"it raises {type(error).__name__}{where}: {_short(error)}."


def _ours(error: Exception) -> bool:
    return traceback.extract_tb(error.__traceback__)[-1].filename == __file__


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, (np.ndarray, list, tuple)):
        return np.array_equal(old, new, equal_nan=True)
    return True


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 120 else text[:117] + "…"


def _count(number: int, thing: str) -> str:
    plural = {"entry": "entries"}.get(thing, thing + "s")
    return f"{number} {thing if number == 1 else plural}"
