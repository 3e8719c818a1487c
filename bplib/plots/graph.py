"""The computational graph of a scalar, with values, local slopes and adjoints."""

import numpy as np
from matplotlib.axes import Axes

from bplib import autodiff
from bplib.plots.figures import check_axes
from bplib.plots.style import FORWARD, GRADIENT, INK, MUTED, PAPER
from bplib.plots.text import say, short

__all__ = ["computational_graph"]

MOST = 30


def computational_graph(ax: Axes, output: autodiff.Value) -> None:
    """Draw every value behind `output`, inputs left, the output right, each value once.

    In a circle stands the name or the operation, above it the value, below it the adjoint;
    on each edge the local slope. Run `output.backward()` first to have adjoints.

    Raises:
        ValueError: ax is no axes, output is no Value, or more than 30 values lie behind it.
    """
    check_axes(ax)
    if not isinstance(output, autodiff.Value):
        raise ValueError(f"output is {output!r}; expected an autodiff.Value")
    order = list(autodiff.topological_order(output))
    if len(order) > MOST:
        raise ValueError(f"output has {len(order)} values behind it; expected at most {MOST}")
    if order[0] is output:
        order.reverse()
    column: dict[int, int] = {}
    for value in order:
        column[id(value)] = 1 + max((column[id(p)] for p in value.parents), default=-1)
    place = _places(order, column)
    for value in order:
        for parent, slope in zip(value.parents, value.local, strict=True):
            (x0, y0), (x1, y1) = place[id(parent)], place[id(value)]
            ax.plot([x0, x1], [y0, y1], color=MUTED, lw=1, zorder=1)
            at = (x0 + 0.5, y0 + 0.5 * (y1 - y0) / (x1 - x0))  # ahead of what lies between
            say(ax, at, short(slope), MUTED, paper=0.85)
    for value in order:
        x, y = place[id(value)]
        ax.plot(x, y, "o", ms=20, mfc=PAPER, mec=INK, mew=1, zorder=2)
        ax.text(x, y, value.name, color=INK, ha="center", va="center", zorder=3)
        ax.text(x, y + 0.3, short(value.data), color=FORWARD, ha="center", va="bottom")
        ax.text(x, y - 0.3, short(value.grad), color=GRADIENT, ha="center", va="top")
    xs, ys = np.array(list(place.values())).T
    ax.set(xlim=(xs.min() - 0.5, xs.max() + 0.5), ylim=(ys.min() - 0.8, ys.max() + 0.8))
    ax.set_axis_off()


def _places(order: list[autodiff.Value], column: dict[int, int]) -> dict[int, tuple[float, float]]:
    """Return a place for each value: its column, and in it near the middle of its parents."""
    place: dict[int, tuple[float, float]] = {}
    for x in range(max(column.values()) + 1):
        here = [value for value in order if column[id(value)] == x]
        if x:
            here.sort(key=lambda v: -np.mean([place[id(p)][1] for p in v.parents]))
        for i, value in enumerate(here):
            place[id(value)] = (float(x), 1.2 * ((len(here) - 1) / 2 - i) - 0.4 * (x % 2))
    return place
