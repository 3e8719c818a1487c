"""What a reader sets in a live picture: sliders, choices, and points that are dragged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
import numpy as np

from bplib.plots.text import minus

__all__ = ["linear", "log", "choice"]

POSITIONS = 200
"""About how many positions a slider has."""


@dataclass(frozen=True)
class Slider:
    """The values that a slider goes through, what stands beside each, and where it begins.

    Attributes:
        values: the numbers, in order.
        texts: how each is shown.
        index: the place of the first value shown.
        label: what stands before the slider.
    """

    values: tuple[float, ...]
    texts: tuple[str, ...]
    index: int
    label: str

    @property
    def start(self) -> float:
        """The value at which the slider begins."""
        return self.values[self.index]

    def widget(self, name: str) -> widgets.SelectionSlider:
        """Return the slider as a widget; name stands before it where there is no label."""
        return widgets.SelectionSlider(
            options=[(text, i) for i, text in enumerate(self.texts)],
            index=self.index,
            description=self.label or name,
            continuous_update=True,
            style={"description_width": "initial"},
            layout={"width": "auto"},
        )


@dataclass(frozen=True)
class Choice:
    """A row of buttons: its symbol is 0 for the first, 1 for the second, and so on."""

    texts: tuple[str, ...]
    index: int
    label: str

    @property
    def values(self) -> tuple[float, ...]:
        """0, 1, 2, …"""
        return tuple(map(float, range(len(self.texts))))

    @property
    def start(self) -> float:
        """The number of the button that is pressed at first."""
        return float(self.index)

    def widget(self, name: str) -> widgets.ToggleButtons:
        """Return the buttons as a widget."""
        return widgets.ToggleButtons(
            options=list(self.texts),
            index=self.index,
            description=self.label or name,
            style={"description_width": "initial", "button_width": "auto"},
        )


def linear(
    low: float, high: float, start: float, label: str = "", step: float | None = None
) -> Slider:
    """Return a slider from low to high in equal steps.

    Args:
        low, high: the ends.
        start: where it begins.
        label: what stands before it.
        step: the distance of two values; by default a round number, some 200 of which fit.

    Raises:
        ValueError: an argument is not a finite number, or start lies outside.
    """
    low, high, start = _ends(low, high, start)
    if step is None:
        step = _round_step((high - low) / POSITIONS)
    elif not (_finite(step) and 0 < step <= high - low):
        raise ValueError(f"step is {step!r}; expected a number above 0, at most {high - low:g}")
    count = int(np.floor((high - low) / step + 1e-9))
    decimals = max(0, 3 - int(np.floor(np.log10(step))))
    values = [round(low + k * step, decimals) for k in range(count + 1)]
    return _slider(values, start, label)


def log(low: float, high: float, start: float, label: str = "") -> Slider:
    """Return a slider from low to high whose values grow by a steady factor.

    They have two significant digits: 0.1, 0.11, 0.12, …, so that each can be said.

    Raises:
        ValueError: an argument is not a finite number, low is not above 0, or start lies outside.
    """
    low, high, start = _ends(low, high, start)
    if low <= 0:
        raise ValueError(f"low is {low!r}; expected a number above 0 on a logarithmic slider")
    grid = np.geomspace(low, high, POSITIONS + 1)
    values = sorted({low, high, *(float(f"{value:.2g}") for value in grid)})
    return _slider([value for value in values if low <= value <= high], start, label)


def choice(options: Sequence[str], start: str | None = None, label: str = "") -> Choice:
    """Return a row of buttons, one for each option; the symbol is the number of the one pressed.

    Raises:
        ValueError: there are fewer than two options, two are alike, or start is none of them.
    """
    if isinstance(options, str) or not all(isinstance(text, str) for text in options):
        raise ValueError(f"options is {options!r}; expected a list of texts")
    options = tuple(options)
    if len(options) < 2 or len(set(options)) < len(options):
        raise ValueError(f"options is {options!r}; expected at least two different texts")
    if start is not None and start not in options:
        raise ValueError(f"start is {start!r}; expected one of {', '.join(map(repr, options))}")
    return Choice(options, options.index(start) if start is not None else 0, label)


def _slider(values: list[float], start: float, label: str) -> Slider:
    values = sorted({*values, start})
    texts = tuple(minus(f"{value:.6g}") for value in values)
    return Slider(tuple(values), texts, values.index(start), label)


def _ends(low: Any, high: Any, start: Any) -> tuple[float, float, float]:
    for name, value in (("low", low), ("high", high), ("start", start)):
        if not _finite(value):
            raise ValueError(f"{name} is {value!r}; expected a finite number")
    if not low < high:
        raise ValueError(f"low is {low!r} and high is {high!r}; expected low below high")
    if not low <= start <= high:
        raise ValueError(f"start is {start!r}; expected a number from {low:g} to {high:g}")
    return float(low), float(high), float(start)


def _finite(value: Any) -> bool:
    number = isinstance(value, (int, float, np.integer, np.floating))
    return number and not isinstance(value, bool) and bool(np.isfinite(value))


def _round_step(step: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is at most this step."""
    power = 10.0 ** np.floor(np.log10(step))
    return float(max(m * power for m in (1, 2, 5) if m * power <= step * (1 + 1e-9)))
