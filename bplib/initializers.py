"""Initial weights: functions of a random generator and a shape (..., n_out, n_in)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bplib._errors import non_negative, one_of
from bplib.activations import Array

Initializer = Callable[[np.random.Generator, tuple[int, ...]], Array]


@dataclass(frozen=True)
class Constant:
    """All weights equal to `value`."""

    value: float

    def __call__(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Return weights of that shape."""
        return np.full(shape, float(self.value))


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
    """Return weights from U(−r, r), r = √(6 / (n_in + n_out)) (Glorot & Bengio 2010)."""
    return _uniform(rng, shape, 2 / sum(shape[-2:]))


def xavier_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return weights from N(0, 2 / (n_in + n_out)) (Glorot & Bengio 2010)."""
    return _normal(rng, shape, 2 / sum(shape[-2:]))


def he(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return weights from N(0, 2 / n_in), the scale that suits ReLU (He et al. 2015)."""
    return _normal(rng, shape, 2 / shape[-1])


def he_uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return weights from U(−r, r), r = √(6 / n_in), of variance 2 / n_in (He et al. 2015)."""
    return _uniform(rng, shape, 2 / shape[-1])


def lecun(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return weights from N(0, 1 / n_in) (LeCun et al. 1998)."""
    return _normal(rng, shape, 1 / shape[-1])


def orthogonal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Return weights whose columns or rows, the fewer, are orthonormal (Saxe et al. 2014).

    They are uniform over all such matrices: Q of a Gaussian matrix, with the signs of R's
    diagonal moved into it.
    """
    n_out, n_in = shape[-2:]
    tall = (*shape[:-2], max(n_out, n_in), min(n_out, n_in))
    q, r = np.linalg.qr(rng.standard_normal(tall))
    q = q * np.sign(np.diagonal(r, axis1=-2, axis2=-1))[..., None, :]
    return q if n_out >= n_in else q.mT


def _normal(rng: np.random.Generator, shape: tuple[int, ...], variance: float) -> Array:
    return np.sqrt(variance) * rng.standard_normal(shape)


def _uniform(rng: np.random.Generator, shape: tuple[int, ...], variance: float) -> Array:
    r = np.sqrt(3 * variance)
    return rng.uniform(-r, r, shape)


INITIALIZERS: dict[str, Initializer] = {
    "zeros": zeros,
    "normal": Normal(),
    "xavier": xavier,
    "xavier_normal": xavier_normal,
    "he": he,
    "he_uniform": he_uniform,
    "lecun": lecun,
    "orthogonal": orthogonal,
}


def get(init: str | Initializer) -> Initializer:
    """Return the initializer of that name; a function comes back as it is.

    Raises:
        ValueError: the name is unknown.
    """
    return init if callable(init) else one_of("init", init, INITIALIZERS)
