"""Calls a function on the inputs of a case and takes the fingerprints of what it returns."""

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bplib.checks.fingerprint import Fingerprint
from bplib.checks.text import count, listed, sentence, short


@dataclass(frozen=True)
class Outcome:
    """What came of one call: fingerprints by quantity, or the reason why there are none."""

    prints: Mapping[str, Fingerprint] = field(default_factory=dict)
    problem: str = ""
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """Inputs by name, the right outcome, and the outcome of each mistake.

    Of two mistakes made at once only the quantities are kept that neither of them explains alone.
    """

    inputs: Mapping[str, Any]
    right: Outcome
    slips: Mapping[str, Outcome]
    pairs: Mapping[tuple[str, str], Outcome] = field(default_factory=dict)


def outcome(
    function: Callable[..., Any],
    inputs: Mapping[str, Any],
    returns: Iterable[str],
    salt: str = "",
) -> Outcome:
    """Call function(**inputs) on copies and take the fingerprints of what it returns.

    Args:
        function: the answer.
        inputs: its arguments by name.
        returns: the names of what it returns. "dW[]" is a list of arrays, such as one for
            each layer, and gives the quantities dW[0], dW[1], …
        salt: makes other fingerprints of the same results, for whoever does not know it.
    """
    given = deepcopy(dict(inputs))
    try:
        with np.errstate(all="ignore"):
            value = function(**given)
        arrays = _named(value, tuple(returns))
    except Exception as error:
        return Outcome(problem=_told(error, inputs))
    changed = tuple(name for name, old in inputs.items() if not _same(old, given[name]))
    prints = {q: Fingerprint.of(salt + q, array) for q, array in arrays.items()}
    return Outcome(prints, "", changed)


def _named(value: Any, returns: tuple[str, ...]) -> dict[str, np.ndarray]:
    names = [list_name(q) for q in returns]
    expected = listed(names)
    if value is None:
        raise ValueError(f"the function returns nothing; expected {expected}. Is there a return?")
    if isinstance(value, Mapping):
        if not set(names) <= set(value):
            came = listed([str(key) for key in value]) or "an empty dictionary"
            raise ValueError(f"the function returns {came}; expected {expected}")
        parts = [value[name] for name in names]
    elif len(names) == 1:
        parts = [value]
    else:
        parts = _parts(value)
        if len(parts) != len(names):
            came = count(len(parts), "value")
            raise ValueError(f"the function returns {came}; expected {len(names)}: {expected}")
    arrays = {}
    for name, quantity, part in zip(names, returns, parts, strict=True):
        if quantity == name:
            arrays[name] = _array(name, part)
        elif isinstance(part, (list, tuple, Iterator)) or (
            isinstance(part, np.ndarray) and part.ndim > 0
        ):
            arrays |= {f"{name}[{k}]": _array(f"{name}[{k}]", item) for k, item in enumerate(part)}
        else:
            raise ValueError(f"{name} is {short(part)}; expected a list of arrays")
    return arrays


def _parts(value: Any) -> list[Any]:
    """Take apart what can be unpacked into several quantities."""
    row = isinstance(value, np.ndarray) and value.ndim == 1
    return list(value) if row or isinstance(value, (tuple, list, Iterator)) else [value]


def _array(name: str, value: Any) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} has rows of different lengths") from error
    if array.dtype.kind not in "biuf" or array.size == 0:
        raise ValueError(f"{name} is {short(value)}; expected real numbers")
    return array


def _told(error: Exception, inputs: Mapping[str, Any]) -> str:
    if isinstance(error, NotImplementedError):
        return "the function is not written yet."
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, ValueError) and frames[-1].filename == __file__:
        return sentence(str(error))
    lines = [frame.lineno for frame in frames if frame.filename != __file__]
    if not lines and isinstance(error, TypeError):
        return sentence(f"the function cannot take {listed(list(inputs))}: {short(error)}")
    where = f" in line {lines[0]}" if lines else ""
    reason = f": {short(error)}" if str(error) else ""
    return sentence(f"the function raises {type(error).__name__}{where}{reason}")


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, np.ndarray):
        return isinstance(new, np.ndarray) and np.array_equal(old, new, equal_nan=True)
    if isinstance(old, (list, tuple)):
        alike = isinstance(new, (list, tuple)) and len(old) == len(new)
        return alike and all(map(_same, old, new))
    return old == new if isinstance(old, (int, float, str)) else True


def list_name(quantity: str) -> str:
    """Return the name of the list that a quantity such as "dW[0]" belongs to."""
    return quantity.partition("[")[0]
