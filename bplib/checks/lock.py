"""Fingerprints that recognise a result and tell nothing of it, for answers that are graded as such.

Four projections and a norm determine a result of few numbers. A digest of the four, rounded, does
not: who looks for them has to find all at once.
"""

import hashlib
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bplib.checks.fingerprint import TOLERANCE, Fingerprint

STEP = 2e-4  # to which projections are rounded, as a part of the scale


@dataclass(frozen=True)
class Lock:
    """What is kept of an array.

    Attributes:
        shape, lost: as of a fingerprint.
        size: the power of two above its norm.
        digest: of the rounded projections, behind the salt and a colon.
    """

    shape: tuple[int, ...]
    size: float
    digest: str
    lost: int = 0
    marks: tuple[float, ...] = ()

    @classmethod
    def of(cls, found: Fingerprint, salt: str) -> "Lock":
        """Lock a fingerprint."""
        size = 2.0 ** math.ceil(math.log2(max(found.size, 1e-12)))
        cells = [math.floor(mark / (STEP * size)) for mark in found.marks]
        return cls(found.shape, size, _digest(salt, cells), found.lost)

    def matches(self, other: "Fingerprint | Lock", factor: float = 1) -> bool:
        """Say whether other is this array, within the tolerance; multiples are not known."""
        if isinstance(other, Lock) or factor != 1:
            return self == other and factor == 1
        if not self.same_shape(other) or self.lost != other.lost:
            return False
        step, room = STEP * self.size, TOLERANCE * self.size
        if not all(abs(mark) < 1e9 * step for mark in other.marks):
            return False
        near = [
            {math.floor((mark - room) / step), math.floor((mark + room) / step)}
            for mark in other.marks
        ]
        salt = self.digest.partition(":")[0]
        return any(_digest(salt, cells) == self.digest for cells in itertools.product(*near))

    same_shape = Fingerprint.same_shape

    def factor(self, other: "Fingerprint | Lock") -> None:
        """Return None: of what multiple something is, a lock does not tell."""


def locked(packed: Any, salt: str) -> Any:
    """Return packed cases with every fingerprint locked."""
    if isinstance(packed, Mapping):
        return {key: locked(value, salt) for key, value in packed.items()}
    if not isinstance(packed, list):
        return packed
    if len(packed) == 4 and isinstance(packed[0], list) and isinstance(packed[2], list):
        shape, size, marks, lost = packed
        lock = Lock.of(Fingerprint(tuple(shape), size, tuple(marks), lost), salt)
        return [shape, lock.size, lock.digest, lost]
    return [locked(value, salt) for value in packed]


def _digest(salt: str, cells: Any) -> str:
    text = f"{salt}:{','.join(map(str, cells))}"
    return f"{salt}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"
