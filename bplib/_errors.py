"""Checks of what a caller handed in, with errors that name it and say what was expected.

A number is one of Python or NumPy, or an array of shape (); True and False are none.
"""

import reprlib
from collections.abc import Callable, Mapping
from math import isfinite
from numbers import Integral, Real
from types import UnionType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

FLOATS = tuple(map(np.dtype, ("float64", "float32", "complex128")))
_SHORT = reprlib.Repr()
_SHORT.maxother = 60


def one_of(argument: str, name: Any, table: Mapping[str, Any], *others: str) -> Any:
    """Return table[name], or raise a ValueError that lists the names there are, and others."""
    if isinstance(name, str) and name in table:
        return table[name]
    known = ", ".join([*map(repr, table), *others])
    raise ValueError(f"{argument} is {name!r}; expected one of {known}")


def instance(argument: str, value: Any, kind: type | UnionType, expected: str) -> Any:
    """Return value if it is of that class, or raise a ValueError."""
    if isinstance(value, kind):
        return value
    kind = "" if isinstance(value, str) else f", of type {type(value).__name__}"
    raise ValueError(f"{argument} is {_SHORT.repr(value)}{kind}; expected {expected}")


def function(argument: str, value: Any, expected: str) -> Any:
    """Return value if it can be called and is no class, or raise a ValueError."""
    if callable(value) and not isinstance(value, type):
        return value
    raise ValueError(f"{argument} is {value!r}; expected {expected}")


def layer_sizes(argument: str, value: Any) -> list[int]:
    """Return value as a list of at least two whole numbers above 0, or raise a ValueError."""
    listed = hasattr(value, "__len__") and not isinstance(value, (str, dict, set))
    enough = listed and len(value) > 1
    require(enough, f"{argument} is {value!r}; expected at least two, such as [2, 3, 1]")
    return [positive_int(f"{argument}[{i}]", n) for i, n in enumerate(value)]


def positive_int(argument: str, value: Any, least: int = 1) -> int:
    """Return value as an int that is at least `least`, or raise a ValueError."""
    n = _scalar(value)
    if isinstance(n, Integral) and n >= least:
        return int(n)
    raise ValueError(f"{argument} is {value!r}; expected a whole number, at least {least}")


def number(argument: str, value: Any) -> float:
    """Return value as a float if it is a finite number, or raise a ValueError."""
    return _within(argument, value, lambda v: -np.inf < v < np.inf, "a finite number")


def single(argument: str, value: Any) -> float:
    """Return value as a float if it is one finite number, not negative, or raise a ValueError."""
    expected = "a single finite number that is not negative"
    return _within(argument, value, lambda v: 0 <= v < np.inf, expected)


def positive(argument: str, value: Any) -> float:
    """Return value as a float if it is a finite number above 0, or raise a ValueError."""
    return _within(argument, value, lambda v: 0 < v < np.inf, "a finite number above 0")


def fraction(argument: str, value: Any) -> float:
    """Return value as a float from 0 up to but not including 1, or raise a ValueError."""
    expected = "a number from 0 up to, not including, 1"
    return _within(argument, value, lambda v: 0 <= v < 1, expected)


def share(argument: str, value: Any) -> float:
    """Return value as a float from 0 to 1, or raise a ValueError."""
    return _within(argument, value, lambda v: 0 <= v <= 1, "a number from 0 to 1")


def flag(argument: str, value: Any) -> bool:
    """Return value as a bool if it is True or False, or raise a ValueError."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise ValueError(f"{argument} is {value!r}; expected True or False")


def non_negative(argument: str, value: Any) -> Any:
    """Return value, a finite number or an array of such, all >= 0, or raise a ValueError."""
    expected = "a finite number that is not negative"
    try:
        array = numbers(argument, value)
    except ValueError as error:
        raise ValueError(f"{argument} is {value!r}; expected {expected}") from error
    if array.dtype.kind not in "iuf" or not np.all((array >= 0) & (array < np.inf)):
        raise ValueError(f"{argument} is {value!r}; expected {expected}")
    return value


def rates(argument: str, value: Any) -> Any:
    """Return value as a float or an array of floats, none negative, or raise a ValueError."""
    array = np.array(non_negative(argument, value), dtype=float)
    return array if array.ndim else array.item()


def numbers(argument: str, value: Any, dtype: DTypeLike = np.complex128) -> np.ndarray:
    """Return value as an array of numbers: real ones, unless dtype is complex.

    Raises:
        ValueError: it is a masked array, rows of different length, text, dates or other objects,
            or complex numbers where real ones are expected.
    """
    if type(value) is np.ndarray and value.dtype in FLOATS:
        array = value
    else:
        array = _array(argument, value)
    if array.dtype.kind == "c" and np.dtype(dtype).kind != "c":
        raise ValueError(f"{argument} holds {array.dtype} values; expected real numbers")
    return array


def shaped(
    argument: str,
    value: Any,
    shape: tuple[int, ...],
    note: str = "",
    dtype: DTypeLike = np.complex128,
) -> np.ndarray:
    """Return value as an array of numbers of that shape, or raise a ValueError; see `numbers`."""
    array = numbers(argument, value, dtype)
    if array.shape == shape:
        return array
    raise ValueError(f"{argument} has shape {array.shape}; expected {shape}{note}")


def columns(
    argument: str, value: Any, rows: int, stack: tuple[int, ...], dtype: np.dtype
) -> np.ndarray:
    """Return value as finite numbers of that dtype and shape (rows, m), or of stack + (rows, m).

    Raises:
        ValueError: it has another shape, no column, or a NaN or infinite entry.
    """
    array = numbers(argument, value, dtype)
    shape = array.shape
    if len(shape) < 2 or shape[-2] != rows or shape[:-2] not in ((), stack):
        raise ValueError(_misfit(argument, array, rows))
    require(shape[-1], f"{argument} has shape {shape}; expected at least one column")
    return finite(argument, array.astype(dtype, copy=False))


def floats(argument: str, value: Any) -> np.ndarray:
    """Return value as an array of real numbers, integers as float64, or raise a ValueError."""
    array = numbers(argument, value, float)
    return array if array.dtype in FLOATS else array.astype(float)


def finite(argument: str, value: np.ndarray) -> np.ndarray:
    """Return value if it holds no NaN and no infinity, or raise a ValueError."""
    flat = value.ravel("K")  # a view, rows in memory or columns
    if isfinite(abs(np.vdot(flat, flat))):  # one pass; larger numbers are looked at one by one
        return value
    fine = np.isfinite(value)
    if not fine.all():
        bad = np.size(fine) - np.count_nonzero(fine)
        raise ValueError(f"{argument} has {bad} entries that are NaN or infinite; expected none")
    return value


def float_type(argument: str, dtype: DTypeLike) -> np.dtype:
    """Return dtype if it is float64, float32 or complex128, or raise a ValueError."""
    try:
        found = None if dtype is None else np.dtype(dtype)
    except TypeError:
        found = repr(dtype)
    if found is None or found not in FLOATS:
        raise ValueError(f"{argument} is {found}; expected float64, float32 or complex128")
    return found


def generator(argument: str, seed: Any) -> "np.random.Generator":
    """Return the generator that seed is, or a new one from a seed; None takes a fresh seed.

    Raises:
        ValueError: seed is neither.
    """
    try:
        if not isinstance(seed, (bool, np.bool_)):
            return np.random.default_rng(seed)
    except (TypeError, ValueError):
        pass
    raise ValueError(
        f"{argument} is {seed!r}; expected a whole number, at least 0, a Generator or None"
    )


def _misfit(name: str, array: np.ndarray, rows: int) -> str:
    """Return what to say of an array that is not (rows, m): what it seems to be instead."""
    shape = array.shape
    flat = array.ravel()
    line = rows > 1 and array.size and array.size == max(shape, default=0)
    if name == "y" and line and np.isin(flat, np.arange(rows)).all():
        plain = array.ndim == 1 and array.dtype.kind in "iu"
        labels = "y" if plain else "np.ravel(y).astype(int)"
        return f"y holds labels; expected one-hot columns: data.one_hot({labels}, {rows})"
    hint = ""
    if len(shape) == 1 and rows == 1:
        hint = f"; {name}[None, :] has that shape"
    if len(shape) == 2 and shape[1] == rows:
        hint = f"; {name}.T has that shape"
    return f"{name} has shape {shape}; expected ({rows}, m): examples are columns{hint}"


def _within(argument: str, value: Any, holds: Callable[[Any], bool], expected: str) -> float:
    v = _scalar(value)
    if isinstance(v, Real) and holds(v):
        return float(v)
    raise ValueError(f"{argument} is {value!r}; expected {expected}")


def _scalar(value: Any) -> Any:
    """Return the number in an array of shape (), None for True and False, others as they are."""
    if type(value) is np.ndarray and not value.ndim:
        value = value[()]
    return None if isinstance(value, (bool, np.bool_)) else value


def _array(argument: str, value: Any) -> np.ndarray:
    if any(isinstance(v, np.ma.MaskedArray) for v in (value, *_parts(value))):
        raise ValueError(f"{argument} is a masked array; expected one without a mask, filled")
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{argument} is {value!r}; expected rows of one length") from error
    if not np.can_cast(array.dtype, np.complex128):
        raise ValueError(f"{argument} holds {array.dtype} values; expected numbers")
    return array


def _parts(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else ()


def require(fine: Any, message: str) -> None:
    """Raise a ValueError with the message unless all is fine."""
    if not fine:
        raise ValueError(message)


def _schedule(argument: str, value: Any) -> Any:
    return function(argument, value, "a schedule, such as constant(0.1)")


CHECKS = {
    "value": number,
    **dict.fromkeys(["scale", "strength", "floor", "factor"], single),
    **dict.fromkeys(["every", "steps"], positive_int),
    "eta": rates,
    "half": positive,
    "then": _schedule,
}


class Settings:
    """What frozen dataclasses have in common whose fields are checked, each by its name."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            object.__setattr__(self, name, CHECKS[name](name, value))
