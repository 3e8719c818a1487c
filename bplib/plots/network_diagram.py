"""A small network as a picture, with the numbers of its last forward and backward pass."""

from matplotlib.axes import Axes
from matplotlib.patches import Circle

from bplib._errors import flag, single
from bplib.network import Network
from bplib.plots.figures import check_axes, check_example, check_single
from bplib.plots.style import ERROR, FORWARD, GRADIENT, INK, MUTED, PAPER, PARAMETER
from bplib.plots.text import number, say, subscript, superscript

__all__ = ["network"]

RADIUS = 0.23
GAP_X, GAP_Y = 1.45, 1.2
LINE = 0.155


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
                _lines(ax, place, side, [(f"x{subscript(i + 1)}", INK)])
                continue
            layer, index = net.layers[l - 1], f"⁽{superscript(l)}⁾{subscript(i + 1)}"
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
        say(ax, _above(place, side * (RADIUS + 0.115 + LINE * k)), text, color, zorder=3)


def _edge(ax: Axes, origin: tuple, end: tuple, w: float) -> None:
    width = 0.5 + 2.2 * min(abs(w), 3) / 3
    style = "-" if w >= 0 else (0, (3, 2))
    ax.plot(*zip(origin, end, strict=True), color=MUTED, lw=width, ls=style, zorder=1, alpha=0.55)


def _edge_label(
    ax: Axes, place: tuple, w: float, dw: float, gradient: bool, eta: float | None
) -> None:
    above = _above(place, 0.08 if gradient else 0)
    say(ax, above, _step(w, dw, eta), PARAMETER, paper=1, zorder=3)
    if gradient:
        say(ax, _above(place, -0.08), f"∂ {number(dw, 4)}", GRADIENT, paper=1, zorder=3)


def _step(w: float, dw: float, eta: float | None) -> str:
    return number(w) if eta is None else f"{number(w)} → {number(w - eta * dw)}"


def _unit(ax: Axes, place: tuple, value: float, color: str) -> None:
    ax.add_patch(Circle(place, RADIUS, facecolor=PAPER, edgecolor=color, lw=1.4, zorder=2))
    say(ax, place, number(value), color, weight="bold", zorder=3)


def _above(place: tuple, height: float) -> tuple[float, float]:
    return place[0], place[1] + height
