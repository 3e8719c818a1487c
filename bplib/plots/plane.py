"""What pictures of a plane share: its window and filled regions."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.path import Path
from numpy.typing import ArrayLike

from bplib._errors import numbers
from bplib.activations import Array
from bplib.plots.style import FORWARD


def frame(argument: str, value: ArrayLike) -> tuple[float, float]:
    """Return value if it is two finite numbers that rise, or raise a ValueError."""
    array = numbers(argument, value)
    if array.shape != (2,) or not np.isfinite(array).all() or not array[0] < array[1]:
        raise ValueError(f"{argument} is {value!r}; expected two finite numbers that rise")
    return float(array[0]), float(array[1])


def fill(
    ax: Axes,
    u: Array,
    v: Array,
    heights: Array,
    between: tuple[float, float],
    shade: float,
    line: float = 0.0,
    color: str = FORWARD,
) -> np.ndarray:
    """Fill where the heights lie between two values, on top of what is there.

    Args:
        ax: where to draw, with its limits set.
        u, v, heights: a grid, three arrays of one shape.
        between: lower end, which is filled too, and upper end, which is not.
        shade: opacity of the fill.
        line: opacity of the line around it.
        color: the colour of both.

    Returns:
        The points of the lines before they were slimmed, (n, 2).
    """
    region = ax.contourf(u, v, heights, between, colors=[to_rgba(color, shade)])
    region.set(edgecolor=to_rgba(color, line), linewidth=0.7 if line else 0)
    paths = [path for path in region.get_paths() if len(path.vertices)]
    region.set_paths([_slim(path, ax) for path in paths])
    return np.concatenate([np.empty((0, 2)), *(path.vertices for path in paths)])


def _slim(path: Path, ax: Axes) -> Path:
    """Return the path without the points that no eye would miss."""
    slim = path.cleaned(ax.transData, simplify=True)
    drawn = slim.codes != Path.STOP
    return Path(ax.transData.inverted().transform(slim.vertices[drawn]), slim.codes[drawn])
