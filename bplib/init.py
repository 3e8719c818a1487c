"""Initial weights: functions of a random generator and a shape (..., n_out, n_in)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bplib._errors import non_negative, one_of
from bplib.activations import Array

Initializer = Callable[[np.random.Generator, tuple[int, ...]], Array]


def zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return zeros of that shape: every hidden unit then computes, and learns, the same."""
    return np.zeros(shape)


@dataclass(frozen=True)
class Normal:
    """Weights drawn from N(0, scale²), whatever the width of the layer."""

    scale: float = 1.0

    def __post_init__(self) -> None:
        non_negative("scale", self.scale)

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Return weights of that shape."""
        return self.scale * rng.standard_normal(shape)


def xavier(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return weights from U(−r, r) with r = √(6 / (n_in + n_out)) (Glorot & Bengio 2010)."""
    n_out, n_in = shape[-2:]
    r = np.sqrt(6 / (n_in + n_out))
    return rng.uniform(-r, r, shape)


def he(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return weights from N(0, 2 / n_in), the scale that suits ReLU (He et al. 2015)."""
    return np.sqrt(2 / shape[-1]) * rng.standard_normal(shape)


INITIALIZERS: dict[str, Initializer] = {
    "zeros": zeros,
    "normal": Normal(),
    "xavier": xavier,
    "he": he,
}


def get(init: str | Initializer) -> Initializer:
    """Return the initializer of that name; a function comes back as it is.

    Raises:
        ValueError: the name is unknown.
    """
    return init if callable(init) else one_of("init", init, INITIALIZERS)
