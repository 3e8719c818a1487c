"""Initial weights: functions of a random generator and a shape (..., n_out, n_in).

To use an initializer of your own, pass the function (rng, shape) -> weights where a name is
expected: `mlp([2, 3, 1], init=lambda rng, shape: rng.uniform(-1, 1, shape))`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bplib._errors import Settings, instance, one_of, positive_int, require
from bplib.activations import Array

__all__ = [
    "zeros", "Constant", "Normal", "xavier", "xavier_uniform", "xavier_normal", "he", "he_normal",
    "he_uniform", "lecun", "orthogonal", "get",
]  # fmt: skip

Seed = int | np.random.Generator | None
Shape = tuple[int, ...]
Initializer = Callable[[np.random.Generator, Shape], Array]


@dataclass(frozen=True)
class Constant(Settings):
    """All weights equal to `value`.

    Raises:
        ValueError: value is not a finite number.
    """

    value: float

    def __call__(self, rng: np.random.Generator, shape: Shape) -> Array:
        """Return weights of that shape."""
        return np.full(shape, self.value)


def zeros(rng: np.random.Generator, shape: Shape) -> Array:
    """Return zeros of that shape: every hidden unit then computes, and learns, the same."""
    return np.zeros(shape)


@dataclass(frozen=True)
class Normal(Settings):
    """Weights drawn from N(0, scale²), whatever the width of the layer.

    Raises:
        ValueError: scale is negative or not a finite number.
    """

    scale: float = 1.0

    def __call__(self, rng: np.random.Generator, shape: Shape) -> Array:
        """Return weights of that shape."""
        return self.scale * _checked(rng).standard_normal(shape)


def xavier_uniform(rng: np.random.Generator, shape: Shape) -> Array:
    """Return weights from U(−r, r), r = √(6 / (n_in + n_out)) (Glorot & Bengio 2010)."""
    return _uniform(rng, shape, 2 / sum(_ends(shape)))


def xavier_normal(rng: np.random.Generator, shape: Shape) -> Array:
    """Return weights from N(0, 2 / (n_in + n_out)) (Glorot & Bengio 2010)."""
    return _normal(rng, shape, 2 / sum(_ends(shape)))


def xavier(rng: np.random.Generator, shape: Shape) -> Array:
    """Return the weights of `xavier_uniform`, under its short name."""
    return xavier_uniform(rng, shape)


def he_normal(rng: np.random.Generator, shape: Shape) -> Array:
    """Return weights from N(0, 2 / n_in), the scale that suits ReLU (He et al. 2015)."""
    return _normal(rng, shape, 2 / _ends(shape)[1])


def he_uniform(rng: np.random.Generator, shape: Shape) -> Array:
    """Return weights from U(−r, r), r = √(6 / n_in), of variance 2 / n_in (He et al. 2015)."""
    return _uniform(rng, shape, 2 / _ends(shape)[1])


def he(rng: np.random.Generator, shape: Shape) -> Array:
    """Return the weights of `he_normal`, under its short name."""
    return he_normal(rng, shape)


def lecun(rng: np.random.Generator, shape: Shape) -> Array:
    """Return weights from N(0, 1 / n_in) (LeCun et al. 1998)."""
    return _normal(rng, shape, 1 / _ends(shape)[1])


def orthogonal(rng: np.random.Generator, shape: Shape) -> Array:
    """Return weights whose columns or rows, the fewer, are orthonormal (Saxe et al. 2014).

    They are uniform over all such matrices: Q of a Gaussian matrix, with the signs of R's
    diagonal moved into it.
    """
    n_out, n_in = _ends(shape)
    q, r = np.linalg.qr(_normal(rng, (*shape[:-2], max(n_out, n_in), min(n_out, n_in)), 1.0))
    q = q * np.sign(np.diagonal(r, axis1=-2, axis2=-1))[..., None, :]
    return q if n_out >= n_in else q.mT


def _ends(shape: Sequence[int]) -> list[int]:
    """Return n_out and n_in."""
    fine = isinstance(shape, (tuple, list)) and len(shape) > 1
    require(fine, f"shape is {shape!r}; expected one such as (n_out, n_in)")
    return [positive_int(f"shape[{i}]", n) for i, n in enumerate(shape)][-2:]


def _normal(rng: np.random.Generator, shape: Shape, variance: float) -> Array:
    return np.sqrt(variance) * _checked(rng).standard_normal(shape)


def _uniform(rng: np.random.Generator, shape: Shape, variance: float) -> Array:
    r = np.sqrt(3 * variance)
    return _checked(rng).uniform(-r, r, shape)


def _checked(rng: np.random.Generator) -> np.random.Generator:
    return instance("rng", rng, np.random.Generator, "a generator: np.random.default_rng(0)")


_NAMED = (
    zeros, xavier, xavier_uniform, xavier_normal, he, he_uniform, he_normal, lecun, orthogonal,
)  # fmt: skip
INITIALIZERS: dict[str, Initializer] = {"normal": Normal()} | {f.__name__: f for f in _NAMED}


def get(init: str | Initializer) -> Initializer:
    """Return the initializer of that name; a function comes back as it is.

    Raises:
        ValueError: there is no initializer of that name, or it is a class, not yet called.
    """
    if callable(init) and not isinstance(init, type):
        return init
    return one_of("init", init, INITIALIZERS, "a function (rng, shape) -> weights")
