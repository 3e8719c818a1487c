"""Says which mistake gave a wrong result, by fingerprints of what each mistake would give."""

import hashlib
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

PROJECTIONS = 4
TOLERANCE = 2e-5  # float32 and another order of the sums pass, no mistake does
HUGE = 1e100  # beyond it a number counts as infinite, so that its square is none
IN_PLACE = "inputs changed in place"


@dataclass(frozen=True)
class Fingerprint:
    """What is kept of an array: enough to recognise it, too little to print it.

    Where an array has more entries than there are marks, they do not determine it.

    Attributes:
        shape: the array's shape.
        size: its Euclidean norm, the scale by which differences are measured.
        marks: four random projections of its entries, the lost ones as 0.
        lost: the number of entries that are NaN, infinite or above 1e100.
    """

    shape: tuple[int, ...]
    size: float
    marks: tuple[float, ...]
    lost: int = 0

    @classmethod
    def of(cls, name: str, value: np.ndarray) -> "Fingerprint":
        """Take the fingerprint of the quantity called `name`."""
        entries = value.astype(float).ravel()
        finite = np.abs(entries) < HUGE
        entries = np.where(finite, entries, 0)
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
    function: Callable[..., Any],
    inputs: Mapping[str, Any],
    returns: Iterable[str],
    salt: str = "",
) -> Outcome:
    """Call function(**inputs) on copies and take the fingerprints of what it returns.

    Args:
        function: the answer.
        inputs: its arguments by name.
        returns: the names of what it returns. "dW[]" is a list of arrays, such as one for
            each layer, and gives the quantities dW[0], dW[1], …
        salt: makes other fingerprints of the same results, for whoever does not know it.
    """
    given = deepcopy(dict(inputs))
    try:
        with np.errstate(all="ignore"):
            value = function(**given)
        arrays = _named(value, tuple(returns))
    except Exception as error:
        return Outcome(problem=_told(error, inputs))
    changed = tuple(name for name, old in inputs.items() if not _same(old, given[name]))
    prints = {q: Fingerprint.of(salt + q, array) for q, array in arrays.items()}
    return Outcome(prints, "", changed)


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
        f"The function changes {_listed(changed)}, which it was given. Whoever called it still "
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
        return Verdict(True, f"Right in {_count(len(pairs), 'case')}.", (), right, 1.0)
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
        told = " ".join(f"{_listed(q)}: {_explain(*key)}" for key, q in by_mistake.items())
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
    return f"{_number(c)} times "


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
    for name in dict.fromkeys(_list_name(q) for q in case.right.prints if q.endswith("]")):
        expected, came = (
            sum(_list_name(q) == name for q in prints) for prints in (case.right.prints, got.prints)
        )
        if came != expected:
            return f"{name} has {_count(came, 'array')}; expected {expected}."
    return ""


def _list_name(quantity: str) -> str:
    return quantity.partition("[")[0]


def _explain(mistake: Mistake, times: str = "") -> str:
    read = f" Read {mistake.read}." if mistake.read else ""
    return f"This is {times}what comes out with {mistake.name}. {mistake.why}{read}"


def _first_difference(
    pairs: list[tuple[Case, Outcome]], quantity: str, right: tuple[str, ...]
) -> str:
    """Say what is wrong with a quantity: its shape, lost entries, a factor, or just values."""
    also = f" Right in all cases: {_listed(right)}." if right else ""
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
            return f"{where} has {_count(found.lost, 'entry')} that {verb} NaN or infinite.{also}"
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
    return f"{quantity} is {_number(c)} times what was expected.{also}"


def _common_factor(pairs: list[tuple[Fingerprint, Fingerprint]]) -> float | None:
    """The factor between right and wrong, the same in all cases; one number proves nothing."""
    factors = [expected.factor(found) for expected, found in pairs]
    c = factors[0]
    if c is None or any(f is None or abs(f - c) > 1e-4 * abs(c) for f in factors):
        return None
    several = len(pairs) > 1 or np.prod(pairs[0][0].shape) > 1
    return c if several or abs(c - 1) < 1e-3 else None


def _directions(name: str, size: int) -> np.ndarray:
    """Numbers from −1 to 1, (PROJECTIONS, size), the same on every machine."""
    label = f"{name}:{size}".encode()
    raw = hashlib.shake_128(label).digest(4 * PROJECTIONS * size)
    return (np.frombuffer(raw, "<u4") / 2**31 - 1).reshape(PROJECTIONS, size)


def _named(value: Any, returns: tuple[str, ...]) -> dict[str, np.ndarray]:
    names = [_list_name(q) for q in returns]
    expected = _listed(names)
    if value is None:
        raise ValueError(f"the function returns nothing; expected {expected}. Is there a return?")
    if isinstance(value, Mapping):
        if not set(names) <= set(value):
            came = _listed([str(key) for key in value]) or "an empty dictionary"
            raise ValueError(f"the function returns {came}; expected {expected}")
        parts = [value[name] for name in names]
    elif len(names) == 1:
        parts = [value]
    else:
        parts = _parts(value)
        if len(parts) != len(names):
            came = _count(len(parts), "value")
            raise ValueError(f"the function returns {came}; expected {len(names)}: {expected}")
    arrays = {}
    for name, quantity, part in zip(names, returns, parts, strict=True):
        if quantity == name:
            arrays[name] = _array(name, part)
        elif isinstance(part, (list, tuple, Iterator)) or (
            isinstance(part, np.ndarray) and part.ndim > 0
        ):
            arrays |= {f"{name}[{k}]": _array(f"{name}[{k}]", item) for k, item in enumerate(part)}
        else:
            raise ValueError(f"{name} is {_short(part)}; expected a list of arrays")
    return arrays


def _parts(value: Any) -> list[Any]:
    """Take apart what can be unpacked into several quantities."""
    row = isinstance(value, np.ndarray) and value.ndim == 1
    return list(value) if row or isinstance(value, (tuple, list, Iterator)) else [value]


def _array(name: str, value: Any) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} has rows of different lengths") from error
    if array.dtype.kind not in "biuf" or array.size == 0:
        raise ValueError(f"{name} is {_short(value)}; expected real numbers")
    return array


def _told(error: Exception, inputs: Mapping[str, Any]) -> str:
    if isinstance(error, NotImplementedError):
        return "the function is not written yet."
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, ValueError) and frames[-1].filename == __file__:
        return _sentence(str(error))
    lines = [frame.lineno for frame in frames if frame.filename != __file__]
    if not lines and isinstance(error, TypeError):
        return _sentence(f"the function cannot take {_listed(list(inputs))}: {_short(error)}")
    where = f" in line {lines[0]}" if lines else ""
    reason = f": {_short(error)}" if str(error) else ""
    return _sentence(f"the function raises {type(error).__name__}{where}{reason}")


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, np.ndarray):
        return isinstance(new, np.ndarray) and np.array_equal(old, new, equal_nan=True)
    if isinstance(old, (list, tuple)):
        alike = isinstance(new, (list, tuple)) and len(old) == len(new)
        return alike and all(map(_same, old, new))
    return old == new if isinstance(old, (int, float, str)) else True


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."


def _number(c: float) -> str:
    return f"{'−' if c < 0 else ''}{abs(c):.4g}"


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 120 else text[:119] + "…"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _count(number: int, thing: str) -> str:
    plural = {"entry": "entries"}.get(thing, thing + "s")
    return f"{number} {thing if number == 1 else plural}"
