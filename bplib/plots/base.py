"""What all pictures share: the figure, the picture that a page shows, numbers and axes."""

from copy import deepcopy
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from numpy.typing import ArrayLike

from bplib import svg
from bplib._errors import numbers
from bplib.activations import Array
from bplib.network import Network
from bplib.svg import PAPER, STYLE

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Picture:
    """A figure as inline SVG with alt text: it follows the page's light or dark theme."""

    def __init__(self, fig: Figure, alt: str) -> None:
        if not alt.strip():
            raise ValueError("alt is empty; expected a sentence that says what the picture shows")
        self.alt = alt
        self.svg = svg.svg_element(*svg.svg_body(fig), alt)

    def __repr__(self) -> str:
        return f"Picture: {self.alt}"

    def _repr_html_(self) -> str:
        return f'<div class="bp-figure">{self.svg}</div>'


def figure(width: float = 4.4, height: float = 2.8, **subplots: Any) -> tuple[Figure, Any]:
    """Return a figure in the book's style, sizes in inches, and its axes, as `plt.subplots` does.

    Any keyword of `Figure.subplots` fits, such as nrows or sharex. From here on the whole
    session draws in this style: Matplotlib reads it anew for every line and text.
    """
    mpl.rcParams.update(STYLE)
    fig = svg.new_figure(figsize=(width, height), layout="constrained")
    return fig, fig.subplots(**subplots)


def show(fig: Figure, alt: str) -> Picture:
    """Return the figure as a picture; alt says in a sentence what it shows.

    Raises:
        ValueError: alt is empty.
    """
    return Picture(fig, alt)


def number(value: float, decimals: int = 3) -> str:
    """Return the value with a real minus sign and no negative zero."""
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else "∞" if value > 0 else "−∞"
    return f"{value:z.{decimals}f}".replace("-", "−")


def short(value: float) -> str:
    """Return the value with three significant digits, such as 0.0123, 1500 or 4.5·10⁻⁸."""
    if not np.isfinite(value):
        return number(value)
    mantissa, power = f"{value:.2e}".split("e")
    if value and not -4 <= int(power) < 6:
        text = f"{float(mantissa):g}·10{str(int(power)).translate(_RAISED)}"
    else:
        text = f"{float(f'{value:.3g}'):zg}"
    return text.replace("-", "−")


def decades(axis: Axis) -> None:
    """Label a logarithmic axis 1, 0.1, 0.01, 10⁻³, … without a typesetter."""

    def label(value: float, position: int | None) -> str:
        power = round(np.log10(value))
        return f"{value:g}" if -2 <= power <= 3 else "10" + str(power).translate(_RAISED)

    axis.set_major_locator(LogLocator(base=10, numticks=6))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(label))


def say(
    ax: Axes,
    place: ArrayLike,
    text: str,
    color: str,
    paper: float = 0.0,
    weight: str = "normal",
) -> None:
    """Write a text centred at a place, on paper of that opacity."""
    box = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.6, "alpha": paper} if paper else None
    ax.text(
        *place,
        text,
        color=color,
        ha="center",
        va="center_baseline",
        fontsize=8,
        weight=weight,
        bbox=box,
        zorder=6,
    )


def frame(argument: str, value: ArrayLike) -> tuple[float, float]:
    """Return value if it is two finite numbers that rise, or raise a ValueError."""
    array = numbers(argument, value)
    if array.shape != (2,) or not np.isfinite(array).all() or not array[0] < array[1]:
        raise ValueError(f"{argument} is {value!r}; expected two finite numbers that rise")
    return float(array[0]), float(array[1])


def twin(net: Network, theta: Array, member: tuple[int, ...] = ()) -> Network:
    """Return a network or stack with the given theta, (..., P), and the layers of one member."""
    other = Network(deepcopy(net.layers), theta.shape[:-1] or None, net.dtype)
    other.theta[...] = theta
    for old, new in zip(net.walk(), other.walk(), strict=True):
        for name in ("running_mean", "running_variance"):
            if hasattr(old, name):
                getattr(new, name)[...] = getattr(old, name)[member]
    return other
