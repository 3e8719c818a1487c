"""Small data sets, with examples as columns: inputs x (n_in, m), targets y (n_out, m).

Each call draws other numbers. For the same ones again, pass a seed; for a training and a test
set that differ, pass one generator to both calls::

    rng = np.random.default_rng(0)
    x, y = moons(200, seed=rng)
    x_test, y_test = moons(100, seed=rng)
"""

from importlib.resources import as_file, files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bplib import _errors as check
from bplib._errors import require
from bplib.activations import Array
from bplib.initializers import Seed

__all__ = [
    "xor", "moons", "circles", "spirals", "digits", "one_hot", "split", "Split", "standardize",
]  # fmt: skip

Examples = tuple[Array, Array]


class Split(NamedTuple):
    """Training and test data, from the columns of one data set."""

    #: Inputs to train with, (n_in, m).
    x: Array
    #: Targets to train with, (n_out, m).
    y: Array
    #: Inputs to test with, (n_in, m_test).
    x_test: Array
    #: Targets to test with, (n_out, m_test).
    y_test: Array


def xor() -> Examples:
    """Return the four inputs of exclusive or, (2, 4), and its answers, (1, 4)."""
    return np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]]), np.array([[0.0, 1, 1, 0]])


def moons(m: int = 200, noise: float = 0.1, seed: Seed = None) -> Examples:
    """Return two interleaved half circles of radius 1, x (2, m) and y (1, m) in {0, 1}.

    Args:
        m: number of examples, half of them in each class.
        noise: standard deviation of what is added to each coordinate.
        seed: seed of the draw, or a generator; None draws other examples at each call.

    Raises:
        ValueError: an argument has the wrong value.
    """
    rng, label = _start(m, noise, seed)
    angle = np.pi * rng.random(m)
    upper = np.stack([np.cos(angle), np.sin(angle)])
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)])
    return _noisy(np.where(label, lower, upper), noise, rng), label[None].astype(float)


def circles(m: int = 200, noise: float = 0.1, ratio: float = 0.5, seed: Seed = None) -> Examples:
    """Return a circle of radius 1 (y = 0) around one of radius `ratio` (y = 1).

    Args:
        m, noise, seed: as for `moons`.
        ratio: radius of the inner circle.

    Returns:
        x, (2, m), and y, (1, m), in {0, 1}.

    Raises:
        ValueError: an argument has the wrong value.
    """
    check.single("ratio", ratio)
    rng, label = _start(m, noise, seed)
    angle = 2 * np.pi * rng.random(m)
    radius = np.where(label, ratio, 1.0)
    x = radius * np.stack([np.cos(angle), np.sin(angle)])
    return _noisy(x, noise, rng), label[None].astype(float)


def spirals(
    m: int = 300, classes: int = 2, turns: float = 1.0, noise: float = 0.05, seed: Seed = None
) -> Examples:
    """Return spiral arms out to radius 1, x (2, m), and one-hot labels y (classes, m).

    Args:
        m, noise, seed: as for `moons`.
        classes: number of arms.
        turns: how often each arm winds around the centre.

    Raises:
        ValueError: an argument has the wrong value.
    """
    check.single("turns", turns)
    rng, label = _start(m, noise, seed, check.positive_int("classes", classes, least=2))
    radius = np.sqrt(rng.random(m))
    angle = 2 * np.pi * (turns * radius + label / classes)
    x = radius * np.stack([np.cos(angle), np.sin(angle)])
    return _noisy(x, noise, rng), one_hot(label, classes)


def digits(test: float = 0.25, seed: Seed = 0) -> Split:
    """Return 1,797 handwritten digits, 8 × 8 pixels, split and standardised.

    They are those of scikit-learn, a part of the data set of Alpaydin & Kaynak (1998), and come
    with bplib. The split is the same at each call, so that a network is never tested on digits
    that an earlier call trained it with. Another seed gives another split.

    Args:
        test: fraction of the digits that is set apart.
        seed: seed of the split, or a generator.

    Returns:
        x, (64, m), standardised by the training part's own mean and deviation, and y,
        (10, m), one-hot; x_test and y_test likewise.

    Raises:
        ValueError: test or seed has the wrong value.
    """
    with as_file(files("bplib") / "digits.npz") as path, np.load(path) as stored:
        x, label = stored["pixels"].astype(float), stored["labels"]
    parts = split(x.T, one_hot(label, 10), test, seed)
    x_train, x_test = standardize(parts.x, parts.x_test)
    return parts._replace(x=x_train, x_test=x_test)


def one_hot(labels: ArrayLike, classes: int) -> Array:
    """Return a (classes, m) array with a single 1 in each column, at the row of its label.

    Args:
        labels: whole numbers from 0 to classes − 1, shape (m,).
        classes: number of classes.

    Raises:
        ValueError: labels are no row of such numbers; it says so if they are one-hot already.
    """
    check.positive_int("classes", classes)
    labels = check.numbers("labels", labels)
    if labels.ndim != 1:
        mend = "labels.argmax(axis=0)" if labels.ndim == 2 and len(labels) > 1 else "labels.ravel()"
        raise ValueError(f"labels has shape {labels.shape}; expected (m,), perhaps {mend}")
    kind = f"labels holds {labels.dtype} values"
    require(labels.dtype.kind in "iu", f"{kind}; expected whole numbers, of an integer type")
    least, most = (labels.min(), labels.max()) if labels.size else (0, 0)
    reach = f"labels reach from {least} to {most}"
    require(0 <= least <= most < classes, f"{reach}; expected 0 to {classes - 1}")
    return np.eye(classes)[labels].T.copy()


def split(x: ArrayLike, y: ArrayLike, test: float = 0.25, seed: Seed = None) -> Split:
    """Return the columns of x and y in random order, a fraction `test` of them set apart.

    Args:
        x, y: examples as columns, (n_in, m) and (n_out, m).
        test: the fraction set apart, rounded to whole examples.
        seed: seed of the order, or a generator; None draws another order at each call.

    Raises:
        ValueError: x or y has the wrong shape, they differ in their number of columns, or a
            part would be empty.
    """
    x, y = _columns("x", check.numbers("x", x)), _columns("y", check.numbers("y", y))
    m = x.shape[1]
    shapes = f"x has shape {x.shape} and y has shape {y.shape}"
    require(m == y.shape[1], f"{shapes}; expected equally many columns")
    n_test = round(check.fraction("test", test) * m)
    sets = f"test is {test!r}, which sets {n_test} of {m} columns apart"
    require(0 < n_test < m, f"{sets}; expected a fraction that leaves some for each part")
    order = check.generator("seed", seed).permutation(m)
    apart, rest = order[:n_test], order[n_test:]
    return Split(x[:, rest], y[:, rest], x[:, apart], y[:, apart])


def standardize(train: ArrayLike, *others: ArrayLike) -> list[Array]:
    """Return all arrays less the mean of `train`, divided by its deviation, row by row.

    Nothing is learned from the others. A row that is constant in `train` is only centred.

    Args:
        train: examples as columns, (n, m).
        *others: arrays to shift and scale alike, (n, m') each.

    Raises:
        ValueError: an array has another shape, or holds what is no finite real number.
    """
    named = {"train": train} | {f"others[{i}]": other for i, other in enumerate(others)}
    train, *others = [
        check.finite(name, _columns(name, check.floats(name, x))) for name, x in named.items()
    ]
    for i, other in enumerate(others):
        shape = f"others[{i}] has shape {other.shape}"
        require(len(other) == len(train), f"{shape}; expected {len(train)} rows, as train has")
    mean = train.mean(axis=1, keepdims=True)
    constant = np.ptp(train, axis=1, keepdims=True) == 0  # its deviation may be a rounding
    scale = np.where(constant, 1, train.std(axis=1, keepdims=True))
    return [(x - mean) / scale for x in (train, *others)]


def _columns(name: str, array: np.ndarray) -> np.ndarray:
    """Return the array if it is (n, m) with m > 0, or raise a ValueError that helps."""
    row = f"; {name}[None] has one row" if array.ndim == 1 and array.size else ""
    expected = f"expected (n, m): examples are columns{row}"
    require(array.ndim == 2 and array.size, f"{name} has shape {array.shape}; {expected}")
    return array


def _start(m: Any, noise: Any, seed: Any, classes: int = 2) -> tuple[np.random.Generator, Any]:
    check.single("noise", noise)
    label = np.arange(check.positive_int("m", m, least=classes)) % classes
    return check.generator("seed", seed), label


def _noisy(x: Array, noise: float, rng: np.random.Generator) -> Array:
    return x + noise * rng.standard_normal(x.shape)
