"""One step of training as a loop of boxes."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from bplib.plots.figures import check_axes
from bplib.plots.style import ERROR, FORWARD, GRADIENT, INK, MUTED, PAPER, PARAMETER

__all__ = ["training_step"]

BOX_W, BOX_H = 1.24, 1.0

# Where a box stands (column, row from below), its colour, what it computes, and the chapters of the
# book in which it is met.
_STEP_BOXES = {
    "parameters": (0, 2, PARAMETER, "θ: all W and b", ""),
    "forward": (0, 1, FORWARD, "z = W a + b\na = f(z)", "4"),
    "loss": (0, 0, FORWARD, "L: how wrong is a?", "3, 6"),
    "backward": (1, 0, ERROR, "δ = ∂L/∂z", "1, 2, 4, 11"),
    "gradients": (1, 1, GRADIENT, "∂L/∂W and ∂L/∂b", "4, 8"),
    "update": (1, 2, PARAMETER, "θ ← θ − η ∂L/∂θ", "3, 9"),
}
_STEP_ARROWS = (
    ("parameters", "forward", PARAMETER),
    ("forward", "loss", FORWARD),
    ("forward", "gradients", FORWARD),
    ("loss", "backward", ERROR),
    ("backward", "gradients", ERROR),
    ("gradients", "update", GRADIENT),
    ("update", "parameters", PARAMETER),
)


def training_step(ax: Axes) -> None:
    """Draw one step of training as a loop of boxes, with numbers of the book's chapters in them.

    Forward and loss go down the left side, backward and update up the right side; two arrows
    between them show the values z and a that the forward pass keeps for the backward pass.

    Args:
        ax: where to draw, of about 3.5 by 4 inches.

    Raises:
        ValueError: ax is no axes.
    """
    check_axes(ax)
    ax.set(xlim=(0, 3.5), ylim=(0, 4), aspect="equal")
    ax.set_axis_off()
    places = {
        name: (1.3 + 1.56 * column, 0.55 + 1.42 * row)
        for name, (column, row, *_) in _STEP_BOXES.items()
    }
    for name, (_, _, color, formula, chapters) in _STEP_BOXES.items():
        _box(ax, places[name], color, name, formula, chapters)
    for start, end, color in _STEP_ARROWS:
        (x0, y0), (x1, y1) = places[start], places[end]
        dx, dy = np.sign(x1 - x0) * BOX_W / 2, np.sign(y1 - y0) * BOX_H / 2
        _arrow(ax, (x0 + dx, y0 + dy), (x1 - dx, y1 - dy), color)
    (x0, y0), (x1, y1) = places["forward"], places["backward"]
    _arrow(ax, (x0 + 0.3, y0 - BOX_H / 2), (x1 - 0.3, y1 + BOX_H / 2), FORWARD)
    for text, dx, y in (("a is\nkept", 0, y0 + 0.2), ("z is kept", 0.43, (y0 + y1) / 2 + 0.1)):
        ax.text((x0 + x1) / 2 + dx, y, text, color=FORWARD, ha="center", va="center", size=8)
    for text, name in (("inputs x", "forward"), ("targets y", "loss")):
        x, y = places[name][0] - BOX_W / 2, places[name][1]
        _arrow(ax, (0.1, y), (x, y), INK)
        ax.text(x / 2, y + 0.13, text, color=INK, ha="center", va="center", size=8)


def _box(ax: Axes, place: tuple, color: str, title: str, formula: str, chapters: str) -> None:
    x, y = place
    corner = (x - BOX_W / 2, y - BOX_H / 2)
    shape = "round,pad=0,rounding_size=0.08"
    ax.add_patch(
        FancyBboxPatch(corner, BOX_W, BOX_H, shape, facecolor=PAPER, edgecolor=color, lw=1.4)
    )
    ax.text(x, y + 0.36, title, color=color, ha="center", va="center", size=8.5, weight="bold")
    for k, line in enumerate(formula.split("\n")):
        ax.text(x, y + 0.16 - 0.15 * k, line, color=INK, ha="center", va="center", size=8)
    said = f"chapter{'s' * (',' in chapters)} {chapters}" if chapters else ""
    ax.text(x, y - 0.38, said, color=MUTED, ha="center", va="center", size=7.5)


def _arrow(ax: Axes, start: tuple, end: tuple, color: str) -> None:
    look = {"arrowstyle": "-|>", "color": color, "lw": 1.5, "shrinkA": 0, "shrinkB": 1}
    ax.annotate("", end, start, arrowprops=look | {"mutation_scale": 9})
