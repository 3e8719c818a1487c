"""Places for words on a picture that is already full of lines."""

import numpy as np
from matplotlib.axes import Axes
from scipy.spatial.distance import cdist

from bplib.plots.base import say

AROUND = np.array([(0, 11), (0, -11), (18, 0), (-18, 0), (15, 9), (-15, 9), (15, -9), (-15, -9)])


class Room:
    """What is written on the picture so far, in points, so that the next word finds a place."""

    def __init__(self, ax: Axes) -> None:
        limits = np.array([ax.get_xlim(), ax.get_ylim()])
        self.ax, self.origin = ax, limits[:, 0]
        self.size = ax.bbox.size * 72 / ax.figure.dpi
        self.scale = self.size / np.ptp(limits, axis=1)
        self.taken = np.empty((0, 2))

    def line(self, pieces: list[np.ndarray]) -> None:
        """Keep words away from a line."""
        for piece in pieces:
            places = (piece - self.origin) * self.scale
            along = np.append(0, np.hypot(*np.diff(places, axis=0).T).cumsum())
            at = np.linspace(0, along[-1], 2 + int(along[-1] / 5))
            dense = [np.interp(at, along, column) for column in places.T]
            self.taken = np.vstack([self.taken, np.transpose(dense)])

    def write(self, text: str, places: np.ndarray, color: str, least: float) -> None:
        """Write the text at the roomiest of some places, if any has the least room."""
        there = (places - self.origin) * self.scale
        edge = np.minimum(there, self.size - there) * (0.8, 1.4)
        room = edge.min(axis=1)
        if len(self.taken):
            room = np.minimum(room, cdist(there * (0.7, 1), self.taken * (0.7, 1)).min(axis=1))
        best = room.argmax()
        if room[best] >= least:
            self.taken = np.vstack([self.taken, there[best]])
            say(self.ax, places[best], text, color, paper=0.75)

    def write_beside(self, text: str, place: np.ndarray, color: str) -> None:
        """Write the text next to a mark, whatever it costs."""
        self.write(text, place + AROUND / self.scale, color, -np.inf)
