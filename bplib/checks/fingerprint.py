"""Fingerprints of arrays: enough to recognise a result, too little to print it."""

import hashlib
from dataclasses import dataclass

import numpy as np

PROJECTIONS = 4
TOLERANCE = 2e-5  # float32 and another order of the sums pass, no mistake does
HUGE = 1e100  # beyond it a number counts as infinite, so that its square is none


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


def _directions(name: str, size: int) -> np.ndarray:
    """Numbers from −1 to 1, (PROJECTIONS, size), the same on every machine."""
    label = f"{name}:{size}".encode()
    raw = hashlib.shake_128(label).digest(4 * PROJECTIONS * size)
    return (np.frombuffer(raw, "<u4") / 2**31 - 1).reshape(PROJECTIONS, size)
