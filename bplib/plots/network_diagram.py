"""A small network as a picture, with the numbers of its last forward and backward pass."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from matplotlib.axes import Axes
from matplotlib.patches import Circle

from bplib._errors import flag, single
from bplib.network import Network
from bplib.plots.figures import check_axes, check_example, check_single
from bplib.plots.style import ERROR, FORWARD, GRADIENT, INK, MUTED, PAPER, PARAMETER
from bplib.plots.text import index, number, say, subscript

__all__ = ["network"]

RADIUS = 0.23
GAP_X, GAP_Y = 1.45, 1.2
LINE = 0.155


@dataclass(frozen=True)
class Quantities:
    """What a diagram shows of one example: numbers, or the expressions of a live picture.

    Attributes:
        x: the inputs.
        W, dW: by layer, what W[l][i, j] gives.
        b, db, z, a, delta: by layer, one for each unit.
        eta: the learning rate, to show each parameter as "old → new"; None for "old" alone.
        y, slope: targets, and f′(z) by layer, where the arithmetic of each number is explained.
    """

    x: Sequence
    W: Sequence
    b: Sequence
    z: Sequence
    a: Sequence
    dW: Sequence = ()
    db: Sequence = ()
    delta: Sequence = ()
    eta: Any = None
    y: Sequence = ()
    slope: Sequence = ()


class Pen(Protocol):
    """What writes numbers and draws edges: with ink here, or so that they move."""

    def text(self, ax: Axes, x: Any, y: Any, template: str, *values: Any, **style: Any) -> None:
        """Write a text with the values put into the template."""

    def edge(
        self, ax: Axes, ends: Sequence, width: Any, colors: tuple[str, str], **style: Any
    ) -> None:
        """Draw a line as thick as |width|, in the second colour and dashed where it is negative."""

    def explain(self, ax: Axes, x: Any, y: Any, label: str, template: str, *values: Any) -> None:
        """Show a text to a reader who points at a place."""


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
    weights are large, green where a weight is positive, grey and dashed where it is negative.

    Args:
        ax: where to draw.
        net: a single network (no stack) after `forward`, and after `backward` for errors.
        example: which column of the batch to show.
        delta: show errors and gradients.
        parameters: show weights and biases.
        eta: if given, show each parameter's step −η ∂L/∂w as "old → new".

    Raises:
        ValueError: ax is no axes; net is no single network of dense layers, has not run
            forward (or backward, if errors are wanted), or has no such example.
    """
    check_axes(ax)
    check_single(net)
    flag("delta", delta), flag("parameters", parameters)
    eta = None if eta is None else single("eta", eta)
    if len(net.dense) < len(net.layers):
        raise ValueError(f"net has the layers {net.layers}; expected Dense layers only")
    if not net.a[0].size:
        raise ValueError("net has not run forward; expected a call of net.forward(x) before")
    if delta and not net.delta[0].size:
        raise ValueError("net has not run backward; expected loss_and_grad before, or delta=False")
    example = check_example(net, example)
    layers = net.layers
    quantities = Quantities(
        layers[0].a_prev[:, example],
        [layer.W for layer in layers],
        [layer.b[:, 0] for layer in layers],
        *([getattr(layer, name)[:, example] for layer in layers] for name in ("z", "a")),
        [layer.dW for layer in layers],
        [layer.db[:, 0] for layer in layers],
        [layer.delta[:, example] for layer in layers] if delta else (),
        eta,
    )
    diagram(_Ink(), ax, quantities, parameters)


def diagram(pen: Pen, ax: Axes, shown: Quantities, parameters: bool = True) -> None:
    """Draw a network, its numbers and edges by a pen.

    Args:
        pen: what writes and draws.
        ax: where.
        shown: the numbers or expressions; without `delta`, errors and gradients are left out.
        parameters: show weights and biases.
    """
    delta = bool(len(shown.delta))
    places = layout([len(shown.x), *map(len, shown.b)])
    room = RADIUS + 0.1 + LINE * (1 + delta + parameters)
    half = max(y for column in places for _, y in column)
    right = places[-1][0][0] + (0.42 if shown.eta is None else 0.56)
    ax.set(aspect="equal", xlim=(-0.27, right), ylim=(-half - room, half + room))
    ax.set_axis_off()
    for l, W in enumerate(shown.W):
        for i, end in enumerate(places[l + 1]):
            for j, origin in enumerate(places[l]):
                pen.edge(ax, (origin, end), W[i, j], (PARAMETER, MUTED), zorder=1, alpha=0.6)
                x, y = on_edge(origin, end)
                style = {"paper": 1, "zorder": 3}
                if parameters:
                    height = y + (0.08 if delta else 0)
                    parts = _step(shown.eta, W[i, j], shown.dW[l][i, j] if delta else 0)
                    pen.text(ax, x, height, *parts, color=PARAMETER, **style)
                if parameters and delta:
                    pen.text(
                        ax, x, y - 0.08, "∂ {:.4f}", shown.dW[l][i, j], color=GRADIENT, **style
                    )
                pen.explain(ax, x, y, *_weight(shown, l, i, j))
    for l, units in enumerate([shown.x, *shown.a]):
        for i, place in enumerate(places[l]):
            color = FORWARD if l else INK
            ax.add_patch(Circle(place, RADIUS, facecolor=PAPER, edgecolor=color, lw=1.4, zorder=2))
            pen.text(ax, *place, "{:.3f}", units[i], color=color, weight="bold", zorder=3)
            lines = _beside(shown, l - 1, i, delta, parameters)
            for k, (ink, template, *values) in enumerate(lines):
                first = len(places[l]) == 1 and l > 0 and k > 0  # a unit alone has lines around it
                side = -1 if first or place[1] < 0 else 1
                height = RADIUS + 0.115 + LINE * (k - first)
                pen.text(
                    ax, place[0], place[1] + side * height, template, *values, color=ink, zorder=3
                )
            if l:
                pen.explain(ax, *place, *_unit(shown, l - 1, i))


def _weight(shown: Quantities, l: int, i: int, j: int) -> tuple:
    """Return name, template and values of what a weight does, forward and back."""
    name = f"w{index(l + 1, i + 1, j + 1)}"
    a = shown.a[l - 1][j] if l else shown.x[j]
    forward = f"{name} {'a' if l else 'x'}{subscript(j + 1)} = {{:.3f}} · {{:.3f}}"
    if not len(shown.delta):
        return f"weight {name}", forward, shown.W[l][i, j], a
    back = f"∂L/∂{name} = {{:.4f}} · {{:.3f}} = {{:.4f}}"
    return f"weight {name}", back, shown.delta[l][i], a, shown.dW[l][i, j]


def _unit(shown: Quantities, l: int, i: int) -> tuple:
    """Return name, template and values of how a unit's z, a and δ come about."""
    at = index(l + 1, i + 1)
    before = shown.a[l - 1] if l else shown.x
    terms = [(shown.W[l][i, j], a) for j, a in enumerate(before)]
    template = f"z{at} = {_products(terms)} + {{:.3f}} = {{:.3f}}, a{at} = {{:.3f}}"
    values = [v for term in terms for v in term] + [shown.b[l][i], shown.z[l][i], shown.a[l][i]]
    if len(shown.slope):
        if l + 1 < len(shown.W):
            terms = [(shown.W[l + 1][k, i], d) for k, d in enumerate(shown.delta[l + 1])]
            error, numbers = f"({_products(terms, digits=4)})", [v for term in terms for v in term]
        else:
            error, numbers = "({:.3f} − {:.3f})", [shown.a[l][i], shown.y[i]]
        template += f"; δ{at} = {error} · {{:.4f}} = {{:.4f}}"
        values += [*numbers, shown.slope[l][i], shown.delta[l][i]]
    return f"unit {i + 1} of layer {l + 1}", template, *values


def _products(terms: Sequence, digits: int = 3) -> str:
    return " + ".join(f"{{:.3f}} · {{:.{digits}f}}" for _ in terms)


def _beside(shown: Quantities, l: int, i: int, delta: bool, parameters: bool) -> list[tuple]:
    """Return the lines beside a unit, each with colour, template and values."""
    if l < 0:
        return [(INK, f"x{subscript(i + 1)}")]
    at = index(l + 1, i + 1)
    lines: list[tuple] = [(FORWARD, f"z{at} = {{:.3f}}", shown.z[l][i])]
    if delta:
        lines.append((ERROR, f"δ{at} = {{:.4f}}", shown.delta[l][i]))
    if parameters:
        template, *values = _step(shown.eta, shown.b[l][i], shown.db[l][i] if delta else 0)
        lines.append((PARAMETER, f"b {template}", *values))
    return lines


def _step(eta: Any, w: Any, dw: Any) -> tuple:
    return ("{:.3f}", w) if eta is None else ("{:.3f} → {:.3f}", w, w - eta * dw)


def layout(sizes: list[int]) -> list[list[tuple[float, float]]]:
    """Return where the units of each layer stand, from left to right and from above."""
    places, x = [], 0.0
    for l, n in enumerate(sizes):
        if l:
            x += GAP_X if min(n, sizes[l - 1]) > 1 else GAP_X + 0.3
        places.append([(x, ((n - 1) / 2 - i) * GAP_Y) for i in range(n)])
    return places


def on_edge(origin: tuple, end: tuple, share: float = 0.42) -> tuple[float, float]:
    """Return where the numbers of an edge stand, clear of those of the others.

    On an edge that rises a little they stand at that share of it.
    """
    rise = abs(end[1] - origin[1])
    t = 0.5 if rise < 0.1 else share if rise < GAP_Y else 0.33
    return origin[0] + t * (end[0] - origin[0]), origin[1] + t * (end[1] - origin[1])


def edge_width(value: float) -> float:
    """Return the width in points of an edge that stands for a number."""
    return 0.5 + 2.2 * min(abs(value), 3) / 3 if math.isfinite(value) else 0.5


class _Ink:
    """The pen whose numbers stay."""

    def text(self, ax: Axes, x: Any, y: Any, template: str, *values: Any, **style: Any) -> None:
        say(ax, (x, y), template.format(*map(_Number, values)), **style)

    def edge(
        self, ax: Axes, ends: Sequence, width: Any, colors: tuple[str, str], **style: Any
    ) -> None:
        dash = (0, (3, 2)) if width < 0 else "-"
        style |= {"color": colors[bool(width < 0)], "lw": edge_width(width), "ls": dash}
        ax.plot(*zip(*ends, strict=True), **style)

    def explain(self, ax: Axes, x: Any, y: Any, label: str, template: str, *values: Any) -> None:
        """Paper does not answer."""


class _Number(float):
    def __format__(self, spec: str) -> str:
        return number(float(self), int(spec[1:-1]))
