"""Numbers, indices and words as text for pictures and tables."""

import re
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text
from numpy.typing import ArrayLike

from bplib._errors import positive_int
from bplib.plots.style import PAPER

__all__ = ["number"]

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("-0123456789", "₋₀₁₂₃₄₅₆₇₈₉")


def number(value: float, decimals: int = 3) -> str:
    """Return the value with a real minus sign and no negative zero.

    Args:
        value: a number; NaN and infinity have signs of their own.
        decimals: digits after the point.

    Raises:
        ValueError: value is no number, or decimals no whole number from 0.
    """
    if np.ndim(value) or np.asarray(value).dtype.kind not in "biuf":
        raise ValueError(f"value is {value!r}; expected a single real number")
    positive_int("decimals", decimals, least=0)
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else "∞" if value > 0 else "−∞"
    return f"{value:z.{decimals}f}".replace("-", "−")


def short(value: float) -> str:
    """Return the value with three significant digits, such as 0.0123, 1500 or 4.5·10⁻⁸."""
    return significant(value, 3)


def significant(value: float, digits: int) -> str:
    """Return the value with so many significant digits, such as 0.0123, 1500 or 4.5·10⁻⁸."""
    if not np.isfinite(value):
        return number(value)
    mantissa, power = f"{value:.{max(0, digits - 1)}e}".split("e")
    if value and not -4 <= int(power) < 6:
        text = f"{float(mantissa):.{digits}g}·10{superscript(int(power))}"
    else:
        text = f"{float(f'{value:.{digits}g}'):z.15g}"
    return text.replace("-", "−")


def live_number(value: float, digits: int, kind: str) -> str:
    """Return the value as a live picture writes it: `number` of widgets/live.js does the same.

    Args:
        value: any number, NaN and infinity too.
        digits: decimals of kind "f", significant digits of kind "g".
        kind: "f", or "g" for a power of ten where the number is very large or small; numbers
            from a million on are written so in any case.
    """
    if not np.isfinite(value) or (kind == "f" and abs(value) < 1e6):
        return number(value, digits)
    return significant(value, digits if kind == "g" else 3)


def minus(text: str) -> str:
    """Return the text with a real minus sign before each negative number."""
    return re.sub(r"(?<!\w)-(?=[\d.])", "−", text)


def superscript(n: int) -> str:
    """Return a whole number in raised digits."""
    return str(n).translate(_RAISED)


def subscript(n: int) -> str:
    """Return a whole number in lowered digits."""
    return str(n).translate(_LOWERED)


def index(layer: int, *units: int) -> str:
    """Return the raised layer in brackets and the lowered units, all counted from 1: ⁽²⁾₁₃."""
    return f"⁽{superscript(layer)}⁾" + "".join(map(subscript, units))


def say(
    ax: Axes,
    place: ArrayLike,
    text: str,
    color: str,
    *,
    paper: float = 0.0,
    framed: bool = False,
    weight: str = "normal",
    zorder: float = 6,
) -> Text:
    """Write a text centred at a place, (x, y), and return it.

    Args:
        ax: where to write.
        place: data coordinates of the text's centre.
        text: what to write.
        color: the colour of the text, and of its frame.
        paper: opacity of the paper behind the text.
        framed: draw a frame around the paper.
        weight: weight of the type.
        zorder: what the text covers.
    """
    box: dict[str, Any] = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.6, "alpha": paper}
    if framed:
        box |= {"edgecolor": color, "pad": 1.2, "lw": 1}
    return ax.text(
        *place,
        text,
        color=color,
        ha="center",
        va="center_baseline",
        fontsize=8,
        weight=weight,
        bbox=box if paper or framed else None,
        zorder=zorder,
    )
