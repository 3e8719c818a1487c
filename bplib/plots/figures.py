"""Figures in the book's style, and the pictures that a page shows."""

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from bplib._errors import positive, positive_int
from bplib.network import Network
from bplib.plots.style import STYLE
from bplib.plots.svg import new_figure, svg_body, svg_element
from bplib.plots.text import superscript

__all__ = ["figure", "picture", "Picture", "decades"]


class Picture:
    """A figure as inline SVG with alt text: it follows the page's light or dark theme.

    Attributes:
        alt: the sentence that says what the picture shows.
        svg: the <svg> element.
    """

    def __init__(self, fig: Figure, alt: str) -> None:
        if not isinstance(fig, Figure):
            raise ValueError(f"fig is {fig!r}; expected a Matplotlib Figure, the first of figure()")
        if not isinstance(alt, str) or not alt.strip():
            came = repr(alt) if not isinstance(alt, str) else "empty"
            raise ValueError(f"alt is {came}; expected a sentence that says what the picture shows")
        self.alt = alt
        self.svg = svg_element(*svg_body(fig), alt)

    def __repr__(self) -> str:
        return f"Picture: {self.alt}"

    def _repr_html_(self) -> str:
        return f'<div class="bp-figure">{self.svg}</div>'


def figure(
    width: float = 4.4, height: float = 2.8, mosaic: Any = None, **subplots: Any
) -> tuple[Figure, Any]:
    """Return a figure in the book's style, sizes in inches, and its axes, as `plt.subplots` does.

    Any keyword of `Figure.subplots` fits, such as nrows or sharex. With a mosaic, such as
    [["net", "net"], ["plane", "loss"]], the axes are a dictionary by these names, and the
    keywords are those of `Figure.subplot_mosaic`. From here on the whole session draws in this
    style: Matplotlib reads it anew for every line and text.

    Raises:
        ValueError: width or height is not a finite number above 0.
    """
    width, height = positive("width", width), positive("height", height)
    mpl.rcParams.update(STYLE)
    fig = new_figure(figsize=(width, height), layout="constrained")
    if mosaic is not None:
        return fig, fig.subplot_mosaic(mosaic, **subplots)
    return fig, fig.subplots(**subplots)


def picture(fig: Figure, alt: str) -> Picture:
    """Return the figure as a picture that a page can show.

    Args:
        fig: the figure, the first of `figure()`.
        alt: a sentence that says what it shows, for a screen reader.

    Raises:
        ValueError: fig is no figure, or alt is empty.
    """
    return Picture(fig, alt)


def decades(axis: Axis) -> None:
    """Label a logarithmic axis 1, 0.1, 0.01, 10⁻³, … without a typesetter.

    Args:
        axis: such as `ax.yaxis`.

    Raises:
        ValueError: axis is no axis of a Matplotlib Axes.
    """
    if not isinstance(axis, Axis):
        raise ValueError(f"axis is {axis!r}; expected one such as ax.yaxis")

    def label(value: float, position: int | None) -> str:
        power = round(np.log10(value))
        return f"{value:g}" if -2 <= power <= 3 else "10" + superscript(power)

    axis.set_major_locator(LogLocator(base=10, numticks=6))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(label))


def check_axes(ax: Any) -> None:
    """Raise a ValueError unless ax is one Matplotlib Axes."""
    if isinstance(ax, Axes):
        return
    came, mend = repr(ax), "a Matplotlib Axes, the second of figure()"
    if isinstance(ax, (np.ndarray, list, tuple, dict)):
        came, mend = f"a {type(ax).__name__} of {len(ax)}", "one Axes of these, such as ax[0]"
    elif isinstance(ax, Figure):
        came, mend = "a Figure", "one Axes of it, such as fig.axes[0]"
    raise ValueError(f"ax is {came}; expected {mend}")


def check_network(net: Any) -> None:
    """Raise a ValueError unless net is a network, or a stack of them."""
    if not isinstance(net, Network):
        raise ValueError(f"net is {net!r}; expected a Network, such as mlp([2, 3, 1])")


def check_single(net: Any) -> None:
    """Raise a ValueError unless net is one network, no stack."""
    check_network(net)
    if net.stack:
        raise ValueError(f"net is a stack of shape {net.stack}; expected a single network")


def check_example(net: Network, example: Any) -> int:
    """Return example if it is a column of the last forward pass, or raise a ValueError."""
    last = net.a[0].shape[-1] - 1
    if positive_int("example", example, least=0) > last:
        raise ValueError(f"example is {example}; expected one from 0 to {last}")
    return int(example)
