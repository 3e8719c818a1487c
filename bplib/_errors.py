"""Checks of what a caller handed in, with errors that name it and say what was expected."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def one_of(argument: str, name: Any, table: Mapping[str, Any]) -> Any:
    """Return table[name], or raise a ValueError that lists the names there are."""
    if isinstance(name, str) and name in table:
        return table[name]
    raise ValueError(f"{argument} is {name!r}; expected one of {', '.join(map(repr, table))}")


def positive_int(argument: str, value: Any, least: int = 1) -> int:
    """Return value as an int that is at least `least`, or raise a ValueError."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= least:
        return int(value)
    raise ValueError(f"{argument} is {value!r}; expected a whole number, at least {least}")


def non_negative(argument: str, value: Any) -> Any:
    """Return value, a finite number or an array of such, all >= 0, or raise a ValueError."""
    try:
        numbers = np.asarray(value)
    except ValueError:  # rows of different length
        numbers = np.empty((), object)
    fine = numbers.dtype.kind in "biuf" and np.all((numbers >= 0) & (numbers < np.inf))
    if not fine:
        raise ValueError(f"{argument} is {value!r}; expected a finite number that is not negative")
    return value


def positive(argument: str, value: Any) -> float:
    """Return value if it is a finite number above 0, or raise a ValueError."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < np.inf:
        return float(value)
    raise ValueError(f"{argument} is {value!r}; expected a finite number above 0")


def fraction(argument: str, value: Any) -> float:
    """Return value if it is a number from 0 up to but not including 1, or raise a ValueError."""
    if isinstance(value, (int, float)) and 0 <= value < 1:
        return float(value)
    raise ValueError(f"{argument} is {value!r}; expected a number from 0 up to, not including, 1")


def numbers(argument: str, value: Any) -> np.ndarray:
    """Return value as an array of numbers, or raise a ValueError (ragged lists, text, …)."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{argument} is {value!r}; expected rows of one length") from error
    if array.dtype.kind not in "biufc":
        raise ValueError(f"{argument} holds {array.dtype} values; expected numbers")
    return array


def finite(argument: str, value: np.ndarray) -> np.ndarray:
    """Return value if it holds no NaN and no infinity, or raise a ValueError."""
    bad = np.size(value) - int(np.count_nonzero(np.isfinite(value)))
    if bad:
        raise ValueError(f"{argument} has {bad} entries that are NaN or infinite; expected none")
    return value


def generator(argument: str, seed: Any) -> "np.random.Generator":  # loaded when it is needed
    """Return the generator, or a new one of that seed, or raise a ValueError."""
    try:
        if not isinstance(seed, (bool, np.bool_)):
            return np.random.default_rng(seed)
    except (TypeError, ValueError):
        pass
    raise ValueError(f"{argument} is {seed!r}; expected a whole number, a Generator or None")


def require(fine: Any, message: str) -> None:
    """Raise a ValueError with the message unless all is fine."""
    if not fine:
        raise ValueError(message)
