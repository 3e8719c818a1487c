"""What a network of two inputs says about every point of the plane."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from numpy.typing import ArrayLike

from bplib._errors import numbers
from bplib.network import Network
from bplib.plots.base import frame
from bplib.svg import FORWARD, INK, PAPER

SIDE = 81
MARKERS = "os^Dv<>P*X"


def decision_boundary(
    ax: Axes,
    net: Network,
    x: ArrayLike,
    y: ArrayLike,
    member: int = 0,
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
) -> None:
    """Draw the examples, a marker for each class, on what the network says around them.

    With one output the shade is the output, darker for more, and the line is where it is ½.
    With several, lines part the regions in which one of them is largest.

    Args:
        ax: where to draw.
        net: a network of two inputs; its last forward pass is replaced.
        x, y: examples as columns, (2, m) and (n_L, m), y of 0 and 1.
        member: which network of a stack.
        xlim, ylim: the frame; the examples and a margin if not given.

    Raises:
        ValueError: net has not two inputs, or x or y has another shape.
    """
    x, y = numbers("x", x), numbers("y", y)
    n_out = net.layers[-1].n_out
    if net.layers[0].n_in != 2:
        raise ValueError(f"net has {net.layers[0].n_in} inputs; expected 2, to draw a plane")
    for name, array, rows in (("x", x, 2), ("y", y, n_out)):
        if array.ndim != 2 or array.shape != (rows, x.shape[-1]):
            raise ValueError(f"{name} has shape {array.shape}; expected ({rows}, m)")
    margin = 0.25 * np.ptp(x, axis=1).max() or 1.0
    xlim = frame("xlim", xlim or (x[0].min() - margin, x[0].max() + margin))
    ylim = frame("ylim", ylim or (x[1].min() - margin, x[1].max() + margin))
    u, v = np.meshgrid(np.linspace(*xlim, SIDE), np.linspace(*ylim, SIDE))
    a = net.forward(np.stack([u.ravel(), v.ravel()]))
    a = a.reshape(-1, n_out, SIDE, SIDE)[member]
    if n_out == 1:
        shades = [(*to_rgba(FORWARD)[:3], t) for t in (0.03, 0.1, 0.2, 0.3, 0.42)]
        ax.contourf(u, v, a[0], [-np.inf, 0.1, 0.3, 0.7, 0.9, np.inf], colors=shades)
        if a.min() < 0.5 < a.max():
            ax.contour(u, v, a[0], [0.5], colors=[INK], linewidths=1.5)
        classes = (y[0] > 0.5).astype(int)
    else:
        for k in range(n_out):
            others = np.delete(a, k, axis=0).max(axis=0)
            if (a[k] - others).min() < 0 < (a[k] - others).max():
                ax.contour(u, v, a[k] - others, [0], colors=[INK], linewidths=1.2)
        classes = y.argmax(axis=0)
    for k in np.unique(classes):
        face = FORWARD if k % 2 else PAPER
        style = {"marker": MARKERS[k % len(MARKERS)], "ls": "", "ms": 6}
        ax.plot(*x[:, classes == k], mfc=face, mec=INK, label=f"class {k}", **style)
    ax.set(xlim=xlim, ylim=ylim, xlabel="x₁", ylabel="x₂")
