"""Decision regions of a network with two inputs."""

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from bplib._errors import finite, flag, floats, number
from bplib.activations import Array
from bplib.network import Network
from bplib.plots.figures import check_axes, check_network
from bplib.plots.placement import Room
from bplib.plots.plane import fill, frame
from bplib.plots.style import ERROR, FORWARD, GRADIENT, HIGHLIGHT, INK, PAPER, PARAMETER
from bplib.plots.text import short

__all__ = ["decision_boundary", "examples"]

SIDE = 81  # points along each side of the plane
SHADES = (0.1, 0.3, 0.5, 0.7, 0.9)
MARKERS = "os^Dv<>P*X"
LEGEND = {"handletextpad": 0.4, "handlelength": 1.2, "borderpad": 0.2}
COLORS = (FORWARD, ERROR, PARAMETER, GRADIENT, HIGHLIGHT)


def decision_boundary(
    ax: Axes,
    net: Network,
    x: ArrayLike,
    y: ArrayLike,
    member: int | tuple[int, ...] | None = None,
    threshold: float = 0.5,
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
    points: bool = True,
) -> None:
    """Draw the output of a network over the plane, and the examples, a marker for each class.

    With one output the shade is the output, with more colour for more, and the line is where
    it passes the threshold. With several, each has the region in which it is the largest.
    The network's last forward pass stays as it is.

    Args:
        ax: where to draw.
        net: a network of two inputs, or a stack of them.
        x, y: examples as columns, (2, m) and (n_L, m); y as for `examples`.
        member: which network of a stack.
        threshold: the output between the two classes, where there is one output.
        xlim, ylim: the frame; if not given, the examples and a margin.
        points: draw the examples too.

    Raises:
        ValueError: ax is no axes; net is no network, has not two inputs, or more than ten
            outputs, or is a stack without member; or x, y or a limit does not fit.
    """
    check_axes(ax)
    check_network(net)
    flag("points", points)
    threshold = number("threshold", threshold)
    n_out = net.layers[-1].n_out
    if net.layers[0].n_in != 2:
        raise ValueError(f"net has {net.layers[0].n_in} inputs; expected 2, to draw a plane")
    if n_out > len(MARKERS):
        raise ValueError(f"net has {n_out} outputs; expected at most {len(MARKERS)}")
    x, y = _checked(x, y, n_out)
    one = net if member is None and not net.stack else net.member(member)
    margin = 0.15 * np.ptp(x, axis=1).max() or 1.0
    xlim = frame("xlim", (x[0].min() - margin, x[0].max() + margin) if xlim is None else xlim)
    ylim = frame("ylim", (x[1].min() - margin, x[1].max() + margin) if ylim is None else ylim)
    u, v = np.meshgrid(np.linspace(*xlim, SIDE), np.linspace(*ylim, SIDE))
    a = one.forward(np.stack([u.ravel(), v.ravel()])).reshape(n_out, SIDE, SIDE)
    ax.set(xlim=xlim, ylim=ylim)
    ax.spines[:].set_visible(True)
    if n_out == 1:
        _shades(ax, u, v, a[0], threshold)
    else:
        _regions(ax, u, v, a, x)
    for axis, name in ((ax.xaxis, "x₁"), (ax.yaxis, "x₂")):
        axis.set_label_text(axis.get_label_text() or name)
    if points:
        examples(ax, x, y, threshold)


def examples(ax: Axes, x: ArrayLike, y: ArrayLike, threshold: float = 0.5) -> None:
    """Draw examples of two inputs, a marker for each class, and a legend beside the axes.

    Args:
        ax: where to draw.
        x: examples as columns, (2, m).
        y: classes: (1, m), those below the threshold and those above it; or (n, m), each
            column's largest entry.
        threshold: the value between two classes.

    Raises:
        ValueError: ax is no axes, x or y has another shape or is not finite, or threshold is
            no number.
    """
    check_axes(ax)
    threshold = number("threshold", threshold)
    x, y = _checked(x, y, None)
    classes = (y[0] > threshold).astype(int) if len(y) == 1 else y.argmax(axis=0)
    size = 6 if x.shape[1] <= 100 else 4
    for k in range(max(2, len(y))):
        face = COLORS[k % len(COLORS)] if len(y) > 1 else (PAPER, FORWARD)[k]
        look = {"marker": MARKERS[k], "mfc": face, "mec": INK, "ms": size, "mew": 0.8, "zorder": 3}
        ax.plot(*x[:, classes == k], ls="none", label=f"class {k}", **look)
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), borderaxespad=0, **LEGEND)


def _shades(ax: Axes, u: Array, v: Array, a: Array, threshold: float) -> None:
    top = np.nextafter(max(a.max(), 1), np.inf)
    for height in SHADES:
        if a.max() > height:
            fill(ax, u, v, a, (height, top), 0.1)
    if a.min() < threshold < a.max():
        ax.contour(u, v, a, [threshold], colors=[INK], linewidths=1.5)
        ax.plot([], [], color=INK, lw=1.5, label=f"a = {short(threshold)}")


def _regions(ax: Axes, u: Array, v: Array, a: Array, x: Array) -> None:
    """Tint where each output is ahead of all others, and write its number there."""
    room = Room(ax)
    room.mark(x.T)
    inside = np.zeros_like(u, dtype=bool)
    inside[2:-2:3, 2:-2:3] = True
    for k in range(len(a)):
        ahead = a[k] - np.delete(a, k, axis=0).max(axis=0)
        if ahead.max() < 0:
            continue
        color = COLORS[k % len(COLORS)]
        fill(ax, u, v, ahead, (0, np.nextafter(ahead.max(), np.inf)), 0.16, color=color)
        edge = np.empty((0, 2))
        if ahead.min() < 0:
            line = ax.contour(u, v, ahead, [0], colors=[INK], linewidths=1.2)
            edge = np.concatenate([path.vertices for path in line.get_paths()])
        here = inside & (ahead > 0)
        if here.any():
            places = np.stack([u[here], v[here]], axis=1)
            room.write(f"class {k}", places, INK, least=10, others=[edge])


def _checked(x: ArrayLike, y: ArrayLike, n_out: int | None) -> tuple[Array, Array]:
    x, y = finite("x", floats("x", x)), finite("y", floats("y", y))
    for name, array, rows in (("x", x, 2), ("y", y, n_out)):
        if array.ndim != 2 or rows not in (None, len(array)) or not array.size:
            expected = f"({'n' if rows is None else rows}, m)"
            raise ValueError(
                f"{name} has shape {array.shape}; expected {expected}: examples are columns"
            )
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"x has {x.shape[1]} columns and y has {y.shape[1]}; expected equally many"
        )
    return x, y
