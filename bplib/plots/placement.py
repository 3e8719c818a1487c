"""Places for words on a picture that is already full of lines."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike
from scipy.spatial.distance import cdist

from bplib.plots.text import say

AROUND = np.array([(0, 11), (0, -11), (18, 0), (-18, 0), (15, 9), (-15, 9), (15, -9), (-15, -9)])
WIDE = (0.7, 1)  # words are wider than high


class Room:
    """What is drawn on the axes so far, in points, so that the next word finds a place.

    Limits and scales of the axes have to be final; `taken` holds the points to keep off.
    """

    def __init__(self, ax: Axes) -> None:
        self.ax = ax
        self.unit = 72 / ax.figure.dpi
        self.size = ax.bbox.size * self.unit
        self.taken = np.empty((0, 2))

    def points(self, places: ArrayLike) -> np.ndarray:
        """Return where data coordinates, (n, 2), lie, in points from the lower left corner."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return (self.ax.transData.transform(places) - self.ax.bbox.p0) * self.unit

    def mark(self, places: ArrayLike) -> None:
        """Keep words away from some data coordinates."""
        self.taken = np.vstack([self.taken, self.points(places)])

    def line(self, places: ArrayLike) -> None:
        """Keep words away from a line through some data coordinates."""
        points = self.points(places)
        points = points[np.isfinite(points).all(axis=1)]
        if not len(points):
            return
        along = np.append(0, np.hypot(*np.diff(points, axis=0).T).cumsum())
        at = np.linspace(0, along[-1], 2 + min(int(along[-1] / 5), 1000))
        dense = [np.interp(at, along, column) for column in points.T]
        self.taken = np.vstack([self.taken, np.transpose(dense)])

    def write(
        self,
        text: str,
        places: np.ndarray,
        color: str,
        least: float = -np.inf,
        others: Sequence[np.ndarray] = (),
    ) -> None:
        """Write the text at the roomiest of some places, if any has the least room.

        Half of it will do towards the points of other lines: the text may stand on them, but
        should not seem to be theirs.
        """
        there = self.points(places)
        room = (np.minimum(there, self.size - there) * (0.8, 1.4)).min(axis=1)
        room = np.where(np.isfinite(room), room, -np.inf)
        there = np.where(np.isfinite(room)[:, None], there, 0)
        if len(self.taken):
            room = np.minimum(room, cdist(there * WIDE, self.taken * WIDE).min(axis=1))
        for other in filter(len, others):
            room = np.minimum(room, 2 * cdist(there, self.points(other)).min(axis=1))
        best = room.argmax() if len(room) else 0
        if len(room) and room[best] >= least:
            self.taken = np.vstack([self.taken, there[best]])
            say(self.ax, places[best], text, color, paper=0.75)

    def write_beside(self, text: str, place: ArrayLike, color: str) -> None:
        """Write the text next to a mark, whatever it costs."""
        around = (self.points([place]) + AROUND) / self.unit + self.ax.bbox.p0
        self.write(text, self.ax.transData.inverted().transform(around), color)
