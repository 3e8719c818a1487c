"""Small data sets, with examples as columns: inputs x (n_in, m), targets y (n_out, m)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bplib._errors import non_negative, positive_int
from bplib.activations import Array

Seed = int | np.random.Generator | None


class Split(NamedTuple):
    """Training and test data, columns drawn apart at random."""

    x: Array
    y: Array
    x_test: Array
    y_test: Array


def xor() -> tuple[Array, Array]:
    """Return the four inputs of exclusive or, (2, 4), and its answers, (1, 4)."""
    return np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]]), np.array([[0.0, 1, 1, 0]])


def moons(m: int = 200, noise: float = 0.1, seed: Seed = 0) -> tuple[Array, Array]:
    """Return two interleaved half circles of radius 1, x (2, m) and y (1, m) in {0, 1}."""
    rng, label = _start(m, noise, seed)
    angle = np.pi * rng.random(m)
    upper = np.stack([np.cos(angle), np.sin(angle)])
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)])
    return _noisy(np.where(label, lower, upper), noise, rng), label[None].astype(float)


def circles(
    m: int = 200, noise: float = 0.1, ratio: float = 0.5, seed: Seed = 0
) -> tuple[Array, Array]:
    """Return a circle of radius 1 (y = 0) around one of radius `ratio` (y = 1), x (2, m)."""
    non_negative("ratio", ratio)
    rng, label = _start(m, noise, seed)
    angle = 2 * np.pi * rng.random(m)
    radius = np.where(label, ratio, 1.0)
    x = radius * np.stack([np.cos(angle), np.sin(angle)])
    return _noisy(x, noise, rng), label[None].astype(float)


def spirals(
    m: int = 300, classes: int = 2, turns: float = 1.0, noise: float = 0.05, seed: Seed = 0
) -> tuple[Array, Array]:
    """Return spiral arms out to radius 1, x (2, m), and one-hot labels y (classes, m)."""
    non_negative("turns", turns)
    rng, label = _start(m, noise, seed, positive_int("classes", classes, least=2))
    radius = np.sqrt(rng.random(m))
    angle = 2 * np.pi * (turns * radius + label / classes)
    x = radius * np.stack([np.cos(angle), np.sin(angle)])
    return _noisy(x, noise, rng), one_hot(label, classes)


def digits(test: float = 0.25, seed: Seed = 0) -> Split:
    """Return scikit-learn's 1,797 handwritten digits, 8 × 8 pixels, split and standardised.

    x has shape (64, m) and is standardised by the training part's own mean and deviation;
    y has shape (10, m), one-hot.

    Raises:
        ImportError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError("digits needs scikit-learn: pip install scikit-learn") from error
    x, label = load_digits(return_X_y=True)
    parts = split(x.T, one_hot(label, 10), test, seed)
    x_train, x_test = standardize(parts.x, parts.x_test)
    return parts._replace(x=x_train, x_test=x_test)


def one_hot(labels: ArrayLike, classes: int) -> Array:
    """Return a (classes, m) array with a single 1 in each column, at the row of its label.

    Raises:
        ValueError: a label is not a whole number from 0 to classes − 1.
    """
    labels = np.asarray(labels)
    positive_int("classes", classes)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels has shape {labels.shape} and type {labels.dtype}; "
            "expected a row of whole numbers"
        )
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(
            f"labels reach from {labels.min()} to {labels.max()}; expected 0 to {classes - 1}"
        )
    return np.eye(classes)[labels].T.copy()


def split(x: Array, y: Array, test: float = 0.25, seed: Seed = 0) -> Split:
    """Return the columns of x and y in random order, a fraction `test` of them set apart.

    Raises:
        ValueError: x and y differ in their number of columns, or a part would be empty.
    """
    if x.shape[-1] != y.shape[-1]:
        raise ValueError(
            f"x has shape {x.shape} and y has shape {y.shape}; expected equally many columns"
        )
    m = x.shape[-1]
    n_test = round(test * m)
    if not 0 < n_test < m:
        raise ValueError(
            f"test is {test!r}, which sets {n_test} of {m} columns apart; "
            "expected a fraction that leaves some for each part"
        )
    order = np.random.default_rng(seed).permutation(m)
    apart, rest = order[:n_test], order[n_test:]
    return Split(x[:, rest], y[:, rest], x[:, apart], y[:, apart])


def standardize(train: Array, *others: Array) -> list[Array]:
    """Return all arrays less the mean of `train`, divided by its deviation, row by row.

    Nothing is learned from the others. A row that is constant in `train` is only centred.
    """
    mean = train.mean(axis=-1, keepdims=True)
    deviation = train.std(axis=-1, keepdims=True)
    scale = np.where(deviation > 0, deviation, 1)
    return [(x - mean) / scale for x in (train, *others)]


def _start(
    m: int, noise: float, seed: Seed, classes: int = 2
) -> tuple[np.random.Generator, np.ndarray]:
    non_negative("noise", noise)
    label = np.arange(positive_int("m", m, least=classes)) % classes
    return np.random.default_rng(seed), label


def _noisy(x: Array, noise: float, rng: np.random.Generator) -> Array:
    return x + noise * rng.standard_normal(x.shape)
