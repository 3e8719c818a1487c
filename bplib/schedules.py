"""Learning rates that change with the number of updates: functions k -> η_k.

k counts updates, not epochs: an epoch of m examples in batches of B has ⌈m / B⌉ of them.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from numpy.typing import ArrayLike

from bplib._errors import Settings
from bplib.activations import Array

__all__ = ["Schedule", "constant", "step", "exponential", "inverse", "cosine", "warm_up"]


class Schedule(Settings, ABC):
    """A function k -> η_k: what an optimizer takes in place of a number.

    Any function of k will do as well. `eta` is a number, or an array of a stack's shape.
    """

    @abstractmethod
    def __call__(self, k: int) -> float | Array:
        """Return η_k, the learning rate once k updates have been made."""


_schedule = dataclass(frozen=True, eq=False)


@_schedule
class constant(Schedule):
    """η_k = η."""

    eta: ArrayLike

    def __call__(self, k: int) -> float | Array:
        """Return η_k."""
        return self.eta


@_schedule
class step(Schedule):
    """η_k = η · factor^⌊k / every⌋, with `every` in updates."""

    eta: ArrayLike
    every: int
    factor: float = 0.1

    def __call__(self, k: int) -> float | Array:
        """Return η_k."""
        return self.eta * self.factor ** (k // self.every)


@_schedule
class exponential(Schedule):
    """η_k = η · factor^k."""

    eta: ArrayLike
    factor: float

    def __call__(self, k: int) -> float | Array:
        """Return η_k."""
        return self.eta * self.factor**k


@_schedule
class inverse(Schedule):
    """η_k = η / (1 + k / half), which is η/2 after `half` updates (Robbins & Monro 1951)."""

    eta: ArrayLike
    half: float

    def __call__(self, k: int) -> float | Array:
        """Return η_k."""
        return self.eta / (1 + k / self.half)


@_schedule
class cosine(Schedule):
    """Half a cosine from η at k = 0 down to floor at k = steps, and floor from there on.

    η_k = floor + ½ (η − floor)(1 + cos(π k / steps)) (Loshchilov & Hutter 2017).

    `steps` are updates, NOT epochs: `cosine(0.1, epochs)` is at its floor after the first
    few batches. For a whole training take epochs · ⌈m / batch_size⌉.
    """

    eta: ArrayLike
    steps: int
    floor: float = 0.0

    def __call__(self, k: int) -> float | Array:
        """Return η_k."""
        share = min(k / self.steps, 1)
        return self.floor + 0.5 * (self.eta - self.floor) * (1 + math.cos(math.pi * share))


@_schedule
class warm_up(Schedule):
    """A straight line up to then(0) over the first `steps` updates, joined to `then`.

    η_k = then(0) · (k + 1) / steps for k < steps, and then(k − steps) afterwards.
    """

    steps: int
    then: Schedule

    def __call__(self, k: int) -> float | Array:
        """Return η_k."""
        if k < self.steps:
            return self.then(0) * (k + 1) / self.steps
        return self.then(k - self.steps)
