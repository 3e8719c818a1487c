"""Learning rates that change with the number of updates made: functions k -> η_k."""

import math
from collections.abc import Callable

from bplib._errors import non_negative, positive_int

__all__ = ["constant", "step", "exponential", "inverse", "cosine", "warm_up"]

Schedule = Callable[[int], float]


def constant(eta: float) -> Schedule:
    """Return η_k = η."""
    non_negative("eta", eta)
    return lambda k: eta


def step(eta: float, every: int, factor: float = 0.1) -> Schedule:
    """Return η_k = η · factor^⌊k / every⌋."""
    non_negative("eta", eta)
    non_negative("factor", factor)
    positive_int("every", every)
    return lambda k: eta * factor ** (k // every)


def exponential(eta: float, factor: float) -> Schedule:
    """Return η_k = η · factor^k."""
    non_negative("eta", eta)
    non_negative("factor", factor)
    return lambda k: eta * factor**k


def inverse(eta: float, half: float) -> Schedule:
    """Return η_k = η / (1 + k / half), which is η/2 at k = half (Robbins & Monro 1951)."""
    non_negative("eta", eta)
    if non_negative("half", half) == 0:
        raise ValueError("half is 0; expected a positive number of updates")
    return lambda k: eta / (1 + k / half)


def cosine(eta: float, steps: int, floor: float = 0.0) -> Schedule:
    """Return half a cosine from η at k = 0 down to floor at k = steps, and floor from there on.

    η_k = floor + ½ (η − floor)(1 + cos(π k / steps)) (Loshchilov & Hutter 2017).
    """
    non_negative("eta", eta)
    non_negative("floor", floor)
    positive_int("steps", steps)
    return lambda k: floor + 0.5 * (eta - floor) * (1 + math.cos(math.pi * min(k / steps, 1)))


def warm_up(steps: int, then: Schedule) -> Schedule:
    """Return a straight line up to then(0) over the first updates, joined to `then`.

    η_k = then(0) · (k + 1) / steps for k < steps, and then(k − steps) afterwards.
    """
    positive_int("steps", steps)
    if not callable(then):
        raise ValueError(f"then is {then!r}; expected a schedule, such as constant(0.1)")
    return lambda k: then(0) * (k + 1) / steps if k < steps else then(k - steps)
