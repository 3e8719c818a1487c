"""A small network with the quantities of one equation in colour."""

import re
from collections.abc import Iterable
from itertools import product

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from numpy.typing import ArrayLike

from bplib._errors import finite, numbers
from bplib.layers import Dense
from bplib.network import Network
from bplib.plots.figures import check_axes, check_example, check_single
from bplib.plots.network_diagram import LINE, RADIUS, layout, on_edge
from bplib.plots.style import ERROR, FORWARD, GRADIENT, GRID, INK, MUTED, PAPER, PARAMETER
from bplib.plots.text import index, number, say, subscript

__all__ = ["equation"]

KEY = re.compile(r"(a|z|delta|b|db|W|dW)(\d+)(?:\[([\d:]+)(?:,([\d:]+))?\])?|(y)(?:\[(\d+)\])?")
FEW = 3
STRETCH = 1.18
ASIDE = 0.035
ABOVE = RADIUS + 0.125
BELOW = 1.3 * LINE
LIT = 4


def equation(
    ax: Axes,
    net: Network,
    reads: Iterable[str] = (),
    writes: Iterable[str] = (),
    y: ArrayLike | None = None,
    example: int = 0,
) -> None:
    """Draw a network in grey, and in colour the quantities that an equation reads and writes.

    Those that it writes are also framed, or drawn as thicker lines. A unit's bias, where it is lit,
    takes the place of an error that is not. A quantity is named by a
    key as in a `Ledger`, with layers counted from 1 and indices from 0:
    "z1", "a0", "delta2", "y", "W1", "b1", "dW1", "db1" for all of it, "delta2[0]" or
    "W1[0,1]" for one entry, "W2[:,0]" for a column. Where up to three edges between two layers
    are lit, their numbers stand beside them.

    Args:
        ax: where to draw.
        net: a single network (no stack) after `loss_and_grad`.
        reads: keys of what the equation reads.
        writes: keys of what it writes.
        y: targets, (n_L, m), to stand beside the outputs.
        example: which column of the batch to show.

    Raises:
        ValueError: ax is no axes, net is no single network or has not run backward, y has
            another shape, or a key names nothing in the network.
    """
    check_axes(ax)
    check_single(net)
    if not net.delta or not net.delta[0].size:
        raise ValueError("net has not run backward; expected a call of loss_and_grad before")
    example = check_example(net, example)
    if y is not None:
        y = finite("y", numbers("y", y))
        if y.shape != net.a[-1].shape:
            raise ValueError(f"y has shape {y.shape}; expected {net.a[-1].shape}, as the outputs")
    units = [net.dense[0].a_prev, *net.a]
    sizes = [len(a) for a in units]
    written = _entries("writes", writes, sizes)
    lit = _entries("reads", reads, sizes) | written
    places = [[(STRETCH * x, h) for x, h in column] for column in layout(sizes)]
    half = max(h for column in places for _, h in column)
    room = RADIUS + 0.1 + 2 * LINE
    right = places[-1][0][0] + (0.5 if y is None else 1.0)
    ax.set(aspect="equal", xlim=(-0.45, right), ylim=(-half - room - LINE, half + room - LINE))
    ax.set_axis_off()
    for l, layer in enumerate(net.dense, start=1):
        _edges(ax, l, layer, places, lit, written)
    for l, a in enumerate(units):
        for i, place in enumerate(places[l]):
            _circle(ax, l, i, place, a[i, example], lit, written)
            if l:
                _beside(ax, l, i, place, net.dense[l - 1], example, lit, written)
    for i, place in enumerate(places[-1] if y is not None else ()):
        color = INK if ("y", len(net.dense), i, 0) in lit else MUTED
        text = f"y{subscript(i + 1)} = {y[i, example]:g}"
        say(ax, (place[0] + RADIUS + 0.34, place[1]), text, color, paper=1, zorder=3)


def _edges(ax: Axes, l: int, layer: Dense, places: list, lit: set, written: set) -> None:
    ends = list(product(range(layer.n_out), range(layer.n_in)))
    keys = [(q, l, i, j) for i, j in ends for q in ("W", "dW") if (q, l, i, j) in lit]
    grey = [point for i, j in ends for point in (places[l - 1][j], places[l][i], (np.nan, np.nan))]
    ax.plot(*zip(*grey, strict=True), color=GRID, lw=1, zorder=1)
    for key in keys:
        q, _, i, j = key
        color, width = PARAMETER if q == "W" else GRADIENT, 3 if key in written else 1.3
        both = ("W" if q == "dW" else "dW", l, i, j) in lit
        aside = 0 if not both else ASIDE if q == "W" else -ASIDE
        ax.plot(*_line(places, l, i, j, aside), color=color, lw=width, zorder=1.5)
        if len(keys) <= FEW:
            text = number(layer.W[i, j], 2) if q == "W" else f"∂ {number(layer.dW[i, j], 4)}"
            x, height = on_edge(places[l - 1][j], places[l][i], share=0.52 if q == "W" else 0.42)
            at, framed = (x, height + 3.5 * aside), key in written
            say(ax, at, text, color, paper=1, framed=framed, zorder=LIT + framed)


def _line(places: list, l: int, i: int, j: int, aside: float) -> np.ndarray:
    """The two x and the two y of an edge, moved upwards by that much."""
    ends = np.array([places[l - 1][j], places[l][i]]).T
    return ends + np.array([[0], [aside]])


def _circle(ax: Axes, l: int, i: int, place: tuple, value: float, lit: set, written: set) -> None:
    key = ("a", l, i, 0)
    color = MUTED if key not in lit else FORWARD if l else INK
    width = 2.6 if key in written else 1.4 if key in lit else 0.8
    ax.add_patch(Circle(place, RADIUS, facecolor=PAPER, edgecolor=color, lw=width, zorder=2))
    text = number(value, 2)
    text = text if len(text) <= 4 else number(value, 1)  # as much as the circle holds
    say(ax, place, text, color, zorder=3)
    if l == 0:
        say(ax, (place[0], place[1] + ABOVE), f"x{subscript(i + 1)}", color, paper=1, zorder=3)


def _beside(
    ax: Axes, l: int, i: int, place: tuple, layer: Dense, example: int, lit: set, written: set
) -> None:
    unit = index(l, i + 1)
    lines = {
        "z": (f"z{unit} = {number(layer.z[i, example], 2)}", FORWARD),
        "delta": (f"δ{unit} = {number(layer.delta[i, example], 4)}", ERROR),
        "b": (f"b = {number(layer.b[i, 0], 2)}", PARAMETER),
        "db": (f"∂b {number(layer.db[i, 0], 4)}", GRADIENT),
    }
    on = [q for q in lines if (q, l, i, 0) in lit]
    below = [q for q in ("delta", "b", "db") if q in on or (q == "delta" and "b" not in on)]
    heights = {"z": ABOVE} if "z" in on or below != ["b", "db"] else {}  # those two need the room
    heights |= {q: -ABOVE - BELOW * n for n, q in enumerate(below)}
    for q, height in heights.items():
        text, color = lines[q]
        color, above = (color, LIT) if q in on else (MUTED, 3)
        at, framed = (place[0], place[1] + height), (q, l, i, 0) in written
        say(ax, at, text, color, paper=1, framed=framed, zorder=above + framed)


def _entries(argument: str, keys: Iterable[str], sizes: list[int]) -> set[tuple]:
    """Return every (quantity, layer, i, j) that the keys name; j is 0 where there is one index."""
    if isinstance(keys, str):
        raise ValueError(f"{argument} is {keys!r}; expected a list of keys such as [{keys!r}]")
    found = set()
    for key in keys:
        match = KEY.fullmatch(key)
        if not match:
            raise ValueError(f"{argument} holds {key!r}; expected a key such as 'delta2' or 'W1'")
        quantity, layer, row, column, y, y_row = match.groups()
        quantity, l, row = quantity or y, len(sizes) - 1 if y else int(layer), row or y_row
        edge = quantity in ("W", "dW")
        first, last = 0 if quantity == "a" else 1, len(sizes) - 1
        if not first <= l <= last:
            raise ValueError(f"{argument} holds {key!r}; expected a layer from {first} to {last}")
        if row and edge != bool(column):
            raise ValueError(f"{argument} holds {key!r}; expected {1 + edge} indices or none")
        rows = _indices(argument, key, row, sizes[l])
        columns = _indices(argument, key, column, sizes[l - 1]) if edge else [0]
        found |= {(quantity, l, i, j) for i, j in product(rows, columns)}
    return found


def _indices(argument: str, key: str, text: str | None, count: int) -> Iterable[int]:
    if text in (None, ":"):
        return range(count)
    if not text.isdigit() or int(text) >= count:
        raise ValueError(f"{argument} holds {key!r}; expected indices below {count}, or ':'")
    return [int(text)]
