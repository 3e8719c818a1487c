"""Says how a quantity differs from the right one: its shape, lost entries, a factor, or values."""

from collections.abc import Iterator, Sequence

import numpy as np

from bplib.checks.fingerprint import Fingerprint
from bplib.checks.outcome import Case, Outcome
from bplib.checks.text import count, listed, signed

Pairs = Sequence[tuple[Case, Outcome]]
SHAPE, LOST, VALUES = range(3)  # the first of these that is there comes before all others


def of(quantity: str, pairs: Pairs) -> Iterator[tuple[Case, Fingerprint]]:
    """The cases that have the quantity (not all have as many layers), and what came of it."""
    return ((case, got.prints[quantity]) for case, got in pairs if quantity in case.right.prints)


def kind(quantity: str, pairs: Pairs) -> int:
    """Say what is wrong with a quantity: its shape, lost entries, or its values."""
    found = [(case.right.prints[quantity], got) for case, got in of(quantity, pairs)]
    if not all(expected.same_shape(got) for expected, got in found):
        return SHAPE
    return LOST if any(got.lost > expected.lost for expected, got in found) else VALUES


def difference(pairs: Pairs, wrong: Sequence[str]) -> str:
    """Say what is wrong: every shape, or else the first quantity in full; and name the others."""
    ordered = sorted(wrong, key=lambda q: kind(q, pairs))
    full = [q for q in ordered if kind(q, pairs) == SHAPE] or ordered[:1]
    rest = [q for q in wrong if q not in full]
    also = f" Also wrong: {listed(rest)}." if rest else ""
    return " ".join(_of_one(pairs, q) for q in full) + also


def _of_one(pairs: Pairs, quantity: str) -> str:
    sort, wrong = kind(quantity, pairs), []
    for number, (case, got) in enumerate(pairs, 1):
        if quantity not in case.right.prints:
            continue
        expected, found = case.right.prints[quantity], got.prints[quantity]
        where = f"In case {number} of {len(pairs)}, {quantity}"
        if not expected.same_shape(found):
            return f"{where} has the shape {found.shape}; expected {expected.shape}."
        if sort == LOST and found.lost > expected.lost:
            verb = "is" if found.lost == 1 else "are"
            return f"{where} has {count(found.lost, 'entry')} that {verb} NaN or infinite."
        if not expected.matches(found):
            wrong.append((where, expected, found))
    c = common_factor([pair[1:] for pair in wrong])
    where, expected, _ = wrong[0]
    if c is None:
        number = np.prod(expected.shape) == 1
        said = "is not the right number" if number else "has the right shape, but wrong values"
        return f"{where} {said}."
    if abs(c - 1) < 1e-3:
        return f"{where} is nearly right, but off by {abs(c - 1):.0e} of its size."
    return f"{quantity} is {signed(c)} times what was expected."


def common_factor(pairs: Sequence[tuple[Fingerprint, Fingerprint]]) -> float | None:
    """The factor between right and wrong, the same in all cases; one number proves nothing."""
    factors = [expected.factor(found) for expected, found in pairs]
    c = factors[0]
    if c is None or any(f is None or abs(f - c) > 1e-4 * abs(c) for f in factors):
        return None
    several = len(pairs) > 1 or np.prod(pairs[0][0].shape) > 1
    return c if several or abs(c - 1) < 1e-3 else None
