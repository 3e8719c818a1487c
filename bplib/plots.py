"""Pictures of networks and training, in one visual language."""

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from bplib import svg
from bplib.network import Network
from bplib.svg import (
    ERROR,
    FORWARD,
    GRADIENT,
    GRID,
    HIGHLIGHT,
    INK,
    MUTED,
    PALETTE,
    PAPER,
    PARAMETER,
    STYLE,
)

__all__ = [
    "ERROR",
    "FORWARD",
    "GRADIENT",
    "GRID",
    "HIGHLIGHT",
    "INK",
    "MUTED",
    "PALETTE",
    "PAPER",
    "PARAMETER",
    "STYLE",
    "Picture",
    "decades",
    "figure",
    "network",
    "show",
    "training_step",
]

RADIUS = 0.23
GAP_X, GAP_Y = 1.45, 1.2
LINE = 0.155


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


def decades(axis: Axis) -> None:
    """Label a logarithmic axis 1, 0.1, 0.01, 10⁻³, … without a typesetter."""
    raised = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

    def label(value: float, position: int | None) -> str:
        power = round(np.log10(value))
        return f"{value:g}" if -2 <= power <= 3 else "10" + str(power).translate(raised)

    axis.set_major_locator(LogLocator(base=10, numticks=6))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(label))


def network(
    ax: Axes,
    net: Network,
    example: int = 0,
    delta: bool = True,
    parameters: bool = True,
    eta: float | None = None,
) -> None:
    """Draw a small network with the numbers of its last forward and backward pass.

    In each unit stands its activation, beside it the weighted input z, the error δ and the
    bias b. On each edge stands the weight and, with it, its gradient. Edges are as thick as their
    weights are large, and dashed where a weight is negative.

    Args:
        ax: where to draw.
        net: a single network (no stack) after `forward`, and after `backward` for errors.
        example: which column of the batch to show.
        delta: show errors and gradients.
        parameters: show weights and biases.
        eta: if given, show each parameter's step −η ∂L/∂w as "old → new".

    Raises:
        ValueError: net is a stack, has not run forward (or backward, if errors are wanted), or
            has no such example.
    """
    if net.stack:
        raise ValueError(f"net is a stack of shape {net.stack}; expected a single network")
    if not net.a[0].size:
        raise ValueError("net has not run forward; expected a call of net.forward(x) before")
    if delta and not net.delta[0].size:
        raise ValueError("net has not run backward; expected loss_and_grad before, or delta=False")
    if not 0 <= example < net.a[0].shape[-1]:
        raise ValueError(f"example is {example}; expected one from 0 to {net.a[0].shape[-1] - 1}")
    units = [net.layers[0].a_prev, *net.a]
    places = _places([len(a) for a in units])
    room = RADIUS + 0.1 + LINE * (1 + delta + parameters)
    half = max(y for column in places for _, y in column)
    right = places[-1][0][0] + (0.42 if eta is None else 0.56)
    ax.set(aspect="equal", xlim=(-0.27, right), ylim=(-half - room, half + room))
    ax.set_axis_off()
    for l, layer in enumerate(net.layers):
        for i, end in enumerate(places[l + 1]):
            for j, origin in enumerate(places[l]):
                w, dw = layer.W[i, j], layer.dW[i, j]
                _edge(ax, origin, end, w)
                if parameters:
                    _edge_label(ax, _on_edge(origin, end), w, dw, delta, eta)
    for l, a in enumerate(units):
        for i, place in enumerate(places[l]):
            _unit(ax, place, a[i, example], FORWARD if l else INK)
            side = 1 if place[1] >= 0 else -1
            if l == 0:
                _lines(ax, place, side, [(f"x{_sub(i)}", INK)])
                continue
            layer, index = net.layers[l - 1], f"⁽{_sup(l)}⁾{_sub(i)}"
            lines = [(f"z{index} = {number(layer.z[i, example])}", FORWARD)]
            if delta:
                lines.append((f"δ{index} = {number(layer.delta[i, example], 4)}", ERROR))
            if parameters:
                lines.append((f"b {_step(layer.b[i, 0], layer.db[i, 0], eta)}", PARAMETER))
            if len(places[l]) == 1:
                _lines(ax, place, 1, lines[:1])
                _lines(ax, place, -1, lines[1:])
            else:
                _lines(ax, place, side, lines)


BOX_W, BOX_H = 1.24, 1.0

# Where a box stands (column, row from below), its colour, its title, what it computes, and the
# parts of the book that are about it.
_STEP_BOXES = {
    "parameters": (0, 1, PARAMETER, "θ: all W and b", "initialisation"),
    "forward": (1, 1, FORWARD, "z = W a + b\na = f(z)", "graphs,\nnormalisation"),
    "loss": (2, 1, FORWARD, "L: how wrong is a?", "losses,\nlandscapes"),
    "backward": (2, 0, ERROR, "δ = ∂L/∂z", "chain rule,\nvanishing errors"),
    "gradients": (1, 0, GRADIENT, "∂L/∂W and ∂L/∂b", "checking"),
    "update": (0, 0, PARAMETER, "θ ← θ − η ∂L/∂θ", "optimisers,\nschedules"),
}
_STEP_ARROWS = (
    ("parameters", "forward", PARAMETER, ""),
    ("forward", "loss", FORWARD, ""),
    ("forward", "gradients", FORWARD, "a is kept"),
    ("loss", "backward", ERROR, ""),
    ("backward", "gradients", ERROR, ""),
    ("gradients", "update", GRADIENT, ""),
    ("update", "parameters", PARAMETER, ""),
)


def training_step(ax: Axes) -> None:
    """Draw one step of training as a loop of boxes, with the book's parts written into them.

    Forward and loss run along the top, backward and update along the bottom; two arrows in the
    middle show what the forward pass keeps for the backward pass. Wants about 4.4 by 3.2 inches.
    """
    ax.set(xlim=(0, 4.4), ylim=(0, 3.14), aspect="equal")
    ax.set_axis_off()
    places = {
        name: (0.65 + 1.55 * column, 0.54 + 1.56 * row)
        for name, (column, row, *_) in _STEP_BOXES.items()
    }
    for name, (_, _, color, formula, topics) in _STEP_BOXES.items():
        _box(ax, places[name], color, name, formula, topics)
    for start, end, color, text in _STEP_ARROWS:
        (x0, y0), (x1, y1) = places[start], places[end]
        dx, dy = np.sign(x1 - x0) * BOX_W / 2, np.sign(y1 - y0) * BOX_H / 2
        _arrow(ax, (x0 + dx, y0 + dy), (x1 - dx, y1 - dy), color)
        if text:
            ax.text(x0 - 0.07, (y0 + y1) / 2, text, color=color, ha="right", va="center", size=8)
    (x0, y0), (x1, y1) = places["forward"], places["backward"]
    _arrow(ax, (x0 + 0.35, y0 - BOX_H / 2), (x1 - 0.35, y1 + BOX_H / 2), FORWARD)
    middle = ((x0 + x1) / 2 + 0.1, (y0 + y1) / 2 + 0.05)
    ax.text(*middle, "z is kept", color=FORWARD, ha="left", va="center", size=8)
    for text, name in (("inputs x", "forward"), ("targets y", "loss")):
        x, y = places[name][0], places[name][1] + BOX_H / 2
        _arrow(ax, (x, y + 0.26), (x, y), INK)
        ax.text(x, y + 0.36, text, color=INK, ha="center", va="center", size=8)


def _box(ax: Axes, place: tuple, color: str, title: str, formula: str, topics: str) -> None:
    x, y = place
    corner = (x - BOX_W / 2, y - BOX_H / 2)
    shape = "round,pad=0,rounding_size=0.08"
    ax.add_patch(
        FancyBboxPatch(corner, BOX_W, BOX_H, shape, facecolor=PAPER, edgecolor=color, lw=1.4)
    )
    ax.text(x, y + 0.36, title, color=color, ha="center", va="center", size=8.5, weight="bold")
    for k, line in enumerate(formula.split("\n")):
        ax.text(x, y + 0.16 - 0.15 * k, line, color=INK, ha="center", va="center", size=8)
    for k, line in enumerate(reversed(topics.split("\n"))):
        ax.text(x, y - 0.38 + 0.13 * k, line, color=MUTED, ha="center", va="center", size=7.5)


def _arrow(ax: Axes, start: tuple, end: tuple, color: str) -> None:
    look = {"arrowstyle": "-|>", "color": color, "lw": 1.5, "shrinkA": 0, "shrinkB": 1}
    ax.annotate("", end, start, arrowprops=look | {"mutation_scale": 9})


def _places(sizes: list[int]) -> list[list[tuple[float, float]]]:
    places, x = [], 0.0
    for l, n in enumerate(sizes):
        if l:
            x += GAP_X if min(n, sizes[l - 1]) > 1 else GAP_X + 0.3
        places.append([(x, ((n - 1) / 2 - i) * GAP_Y) for i in range(n)])
    return places


def _on_edge(origin: tuple, end: tuple) -> tuple[float, float]:
    rise = abs(end[1] - origin[1])
    t = 0.5 if rise < 0.1 else 0.42 if rise < GAP_Y else 0.33
    return origin[0] + t * (end[0] - origin[0]), origin[1] + t * (end[1] - origin[1])


def _lines(ax: Axes, place: tuple, side: int, lines: list[tuple[str, str]]) -> None:
    for k, (text, color) in enumerate(lines):
        _say(ax, place, text, color, dy=side * (RADIUS + 0.115 + LINE * k))


def _edge(ax: Axes, origin: tuple, end: tuple, w: float) -> None:
    width = 0.5 + 2.2 * min(abs(w), 3) / 3
    style = "-" if w >= 0 else (0, (3, 2))
    ax.plot(*zip(origin, end, strict=True), color=MUTED, lw=width, ls=style, zorder=1, alpha=0.55)


def _edge_label(
    ax: Axes, place: tuple, w: float, dw: float, gradient: bool, eta: float | None
) -> None:
    _say(ax, place, _step(w, dw, eta), PARAMETER, dy=0.08 if gradient else 0, paper=True)
    if gradient:
        _say(ax, place, f"∂ {number(dw, 4)}", GRADIENT, dy=-0.08, paper=True)


def _step(w: float, dw: float, eta: float | None) -> str:
    return number(w) if eta is None else f"{number(w)} → {number(w - eta * dw)}"


def _unit(ax: Axes, place: tuple, value: float, color: str) -> None:
    ax.add_patch(Circle(place, RADIUS, facecolor=PAPER, edgecolor=color, lw=1.4, zorder=2))
    _say(ax, place, number(value), color, weight="bold")


def _say(
    ax: Axes,
    place: tuple,
    text: str,
    color: str,
    dy: float = 0.0,
    paper: bool = False,
    weight: str = "normal",
) -> None:
    box = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.6} if paper else None
    ax.text(
        place[0],
        place[1] + dy,
        text,
        color=color,
        ha="center",
        va="center_baseline",
        fontsize=8,
        weight=weight,
        bbox=box,
        zorder=3,
    )


def _sup(l: int) -> str:
    return str(l).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _sub(i: int) -> str:
    return str(i + 1).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
