"""Figures in the book's style, and the pictures that a page shows."""

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from bplib.plots.style import STYLE
from bplib.plots.svg import new_figure, svg_body, svg_element
from bplib.plots.text import superscript


class Picture:
    """A figure as inline SVG with alt text: it follows the page's light or dark theme."""

    def __init__(self, fig: Figure, alt: str) -> None:
        if not alt.strip():
            raise ValueError("alt is empty; expected a sentence that says what the picture shows")
        self.alt = alt
        self.svg = svg_element(*svg_body(fig), alt)

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
    fig = new_figure(figsize=(width, height), layout="constrained")
    return fig, fig.subplots(**subplots)


def picture(fig: Figure, alt: str) -> Picture:
    """Return the figure as a picture; alt says in a sentence what it shows.

    Raises:
        ValueError: alt is empty.
    """
    return Picture(fig, alt)


def decades(axis: Axis) -> None:
    """Label a logarithmic axis 1, 0.1, 0.01, 10⁻³, … without a typesetter."""

    def label(value: float, position: int | None) -> str:
        power = round(np.log10(value))
        return f"{value:g}" if -2 <= power <= 3 else "10" + superscript(power)

    axis.set_major_locator(LogLocator(base=10, numticks=6))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(label))
