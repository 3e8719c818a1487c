"""The loss as a landscape over two parameters, and the path of a descent on it."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from bplib._errors import flag, floats, numbers, positive_int
from bplib.activations import Array
from bplib.losses import Loss
from bplib.network import Network, evaluate
from bplib.plots.figures import check_axes, check_single
from bplib.plots.placement import Room
from bplib.plots.plane import fill, frame
from bplib.plots.style import INK, MUTED, PAPER, PARAMETER
from bplib.plots.text import short

__all__ = ["loss_surface", "descent_path", "slice_loss"]

GRID = 81  # points along each side of a surface
DEPTH = 1e-4  # the lowest contour on a logarithmic scale, in terms of the highest value
DOTS = 60  # a path of more steps is drawn without a dot for each
AT_ONCE = 10_000_000  # numbers per layer in one forward pass of a slice


def loss_surface(
    ax: Axes,
    f: Callable[[Array, Array], ArrayLike],
    xlim: tuple[float, float],
    ylim: tuple[float, float],
    levels: int | Sequence[float] = 10,
    path: ArrayLike | None = None,
    log: bool = True,
) -> None:
    """Draw the contours of a loss of two parameters: the higher, the more colour.

    Where f is NaN the plane is hatched; +∞ counts as the highest value there is.

    Args:
        ax: where to draw; name its two axes yourself.
        f: f(u, v), the loss at arrays u and v of one shape, such as
            `functools.partial(slice_loss, net, loss, x, y, i, j)`.
        xlim, ylim: the frame, lowest and highest u and v.
        levels: about how many contours, at round numbers; or the very values.
        path: the points (u, v) of a descent, shape (k, 2): see `descent_path`.
        log: space the contours evenly in log f, as a loss near its minimum needs it.

    Raises:
        ValueError: ax is no axes; the frame is empty; f is no function, or gives another
            shape, nothing finite or (if log) something negative; levels do not rise; or path
            is no such list or starts outside the frame.
    """
    check_axes(ax)
    flag("log", log)
    if not callable(f):
        raise ValueError(f"f is {f!r}; expected a function of u and v")
    xlim, ylim = frame("xlim", xlim), frame("ylim", ylim)
    u, v = np.meshgrid(np.linspace(*xlim, GRID), np.linspace(*ylim, GRID))
    heights = floats("f(u, v)", f(u, v))
    if heights.shape != u.shape:
        raise ValueError(f"f(u, v) has shape {heights.shape}; expected {u.shape}, that of u and v")
    known = heights[np.isfinite(heights)]
    if not known.size:
        raise ValueError("f(u, v) is nowhere finite; expected a loss that is")
    low, high = known.min(), known.max()
    if log and low < 0:
        raise ValueError(f"f(u, v) falls to {low:.3g}; expected no negative value, or log=False")
    levels = _levels(levels, low, high, log)
    top = np.nextafter(high, np.inf)  # a region takes in its lower end, not its upper one
    heights = np.where(np.isposinf(heights), high, heights)
    ax.set(xlim=xlim, ylim=ylim)
    ax.spines[:].set_visible(True)
    room = Room(ax) if path is None else _descend(ax, path)
    if np.isnan(heights).any():
        blank = ax.contourf(u, v, np.isnan(heights), [0.5, 1.5], colors="none", hatches=["////"])
        blank.set(edgecolor=MUTED, linewidth=0)
    lines = [fill(ax, u, v, heights, (level, top), 0.07, 0.6) for level in levels]
    for level, line in zip(levels, lines, strict=True):
        others = [other for other in lines if other is not line]
        room.write(short(level), line, INK, least=14, others=others)


def descent_path(ax: Axes, path: ArrayLike) -> None:
    """Draw the path of a descent on a plane of two parameters whose limits are set.

    It starts in an open circle and ends in a filled one. Where it leaves the frame for good
    it ends in an arrow; a point that is not finite ends it too. Up to 60 points have a dot.

    Args:
        ax: where to draw, such as on a `loss_surface`.
        path: the points (u, v), shape (k, 2), from a start inside the frame.

    Raises:
        ValueError: ax is no axes, path is no such list, or starts outside the frame.
    """
    check_axes(ax)
    _descend(ax, path)


def slice_loss(
    net: Network,
    loss: Loss,
    x: ArrayLike,
    y: ArrayLike,
    i: int,
    j: int,
    u: ArrayLike,
    v: ArrayLike,
) -> Array:
    """Return the loss of a network with two of its parameters set to u and v.

    All pairs are run side by side, as one stack of networks that differ in two numbers;
    `net` itself stays as it is.

    Args:
        net: a single network.
        loss: what is minimised.
        x, y: all examples as columns, (n_in, m) and (n_out, m).
        i, j: which two entries of `net.theta`.
        u, v: their values, broadcast to one shape.

    Returns:
        The mean loss at each pair, in the shape of u and v.

    Raises:
        ValueError: net is no single network, there is no such parameter, both are the same
            one, u and v do not broadcast, or x and y do not fit.
    """
    check_single(net)
    n_params = net.theta.size
    for name, k in (("i", i), ("j", j)):
        if positive_int(name, k, least=0) >= n_params:
            raise ValueError(f"{name} is {k}; expected a parameter from 0 to {n_params - 1}")
    if i == j:
        raise ValueError(f"i and j are both {i}; expected two different parameters")
    u, v = floats("u", u), floats("v", v)
    try:
        points = np.stack(np.broadcast_arrays(u, v), axis=-1)
    except ValueError as error:
        raise ValueError(f"u has shape {u.shape} and v {v.shape}; expected one shape") from error
    m = numbers("x", x).shape[-1:]
    most = max(n_params, *(layer.n_out * n for layer in net.walk() for n in m))
    parts = np.array_split(points.reshape(-1, 2), math.ceil(points.size / 2 * most / AT_ONCE))
    values = []
    for part in parts:
        theta = np.repeat(net.theta[None], len(part), axis=0)
        theta[:, [i, j]] = part
        with np.errstate(over="ignore", invalid="ignore"):
            values.append(evaluate(net.with_theta(theta), loss, x, y))
    return np.concatenate(values).reshape(points.shape[:-1])


def _levels(levels: int | Sequence[float], low: float, high: float, log: bool) -> np.ndarray:
    if np.ndim(levels):
        given = floats("levels", levels)
        if given.ndim != 1 or not given.size or not np.all(np.diff(given) > 0):
            raise ValueError(f"levels is {levels!r}; expected a number, or numbers that rise")
        return given[(given > low) & (given < high)]
    count = positive_int("levels", levels)
    if not low < high:
        return np.empty(0)
    bottom = max(low, DEPTH * high)
    if not log or high / bottom < 5:
        ticks = MaxNLocator(count + 1).tick_values(low, high)
        return ticks[(ticks > low) & (ticks < high)]
    ladders = []
    for steps in ((1,), (1, 3), (1, 2, 5)):
        powers = range(math.floor(math.log10(bottom)), math.ceil(math.log10(high)))
        ladder = np.array([float(f"{step}e{power}") for power in powers for step in steps])
        ladders.append(ladder[(ladder > bottom) & (ladder < high)])
    return min(ladders, key=lambda ladder: abs(len(ladder) - count))


def _descend(ax: Axes, path: ArrayLike) -> Room:
    """Draw the path; return what room it leaves."""
    path = floats("path", path)
    if path.ndim != 2 or path.shape[1] != 2 or not len(path):
        raise ValueError(f"path has shape {path.shape}; expected (k, 2), one row for each step")
    low, high = np.sort([ax.get_xlim(), ax.get_ylim()], axis=1).T
    if not np.all((low <= path[0]) & (path[0] <= high)):
        start = ", ".join(map(short, path[0]))
        raise ValueError(f"path starts at ({start}); expected a point within the frame")
    room, pieces = Room(ax), _visible(path, low, high)
    end, word = _draw_path(ax, path, pieces, room)
    for piece in pieces:
        room.line(piece)
    room.write_beside("start", path[0], PARAMETER)
    if word:
        room.write_beside(word, end, PARAMETER)
    return room


def _visible(path: np.ndarray, low: np.ndarray, high: np.ndarray) -> list[np.ndarray]:
    """Return what of the path lies between two corners of the frame, as connected pieces."""
    lost = ~np.isfinite(path).all(axis=1)
    path = path[: lost.argmax()] if lost.any() else path
    pieces, piece = [], [path[0]]
    for p, q in pairwise(path):
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            enter, leave = np.sort([(low - p) / (q - p), (high - p) / (q - p)], axis=0)
        within = (low <= p) & (p <= high)
        enter = np.where(q == p, np.where(within, 0, np.inf), enter).max(initial=0)
        leave = np.where(q == p, 1, leave).min(initial=1)
        if enter > leave:
            continue
        if enter > 0:
            piece = [p + enter * (q - p)]
        piece.append(p + leave * (q - p) if leave < 1 else q)
        if leave < 1:
            pieces.append(np.array(piece))
            piece = []
    return [*pieces, np.array(piece)] if piece else pieces


def _draw_path(
    ax: Axes, path: np.ndarray, pieces: list[np.ndarray], room: Room
) -> tuple[np.ndarray, str]:
    """Draw the line and its two ends; return the second one and what to call it."""
    gap = np.full((1, 2), np.nan)
    line = np.concatenate([part for piece in pieces for part in (piece, gap)][:-1])
    dots = {"marker": ".", "ms": 5} if len(path) <= DOTS else {}
    ax.plot(*line.T, color=PARAMETER, zorder=4, **dots)
    mark = {"color": PARAMETER, "mew": 1.6, "zorder": 5, "ls": "none", "clip_on": False}
    ax.plot(*path[0], marker="o", mfc=PAPER, ms=7, **mark)
    end = pieces[-1][-1]
    if len(path) == 1:
        return end, ""
    if np.any(np.all(path == end, axis=1)):
        ax.plot(*end, marker="o", ms=7, **mark)
        return end, "end" if np.isfinite(path).all() else "then not finite"
    right, up = np.diff(room.points(pieces[-1][-2:]), axis=0)[0]
    ax.plot(*end, marker=(3, 0, np.degrees(np.arctan2(up, right)) - 90), ms=9, **mark)
    return end, "leaves"
