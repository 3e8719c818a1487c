"""The book's palette and the style of its figures."""

from typing import Any

import matplotlib as mpl

__all__ = [
    "PALETTE", "INK", "MUTED", "GRID", "PAPER", "FORWARD", "ERROR", "GRADIENT", "PARAMETER",
    "HIGHLIGHT", "RACERS", "STYLE",
]  # fmt: skip

PALETTE: dict[str, tuple[str, str]] = {
    "ink": ("#1f2430", "#e4e7ec"),
    "muted": ("#59626e", "#9aa4b2"),
    "grid": ("#d5dae0", "#39414c"),
    "paper": ("#ffffff", "#14181e"),
    "forward": ("#1146a8", "#5b96ff"),
    "error": ("#b23a06", "#f67d33"),
    "gradient": ("#9e3489", "#f0abec"),
    "parameter": ("#028562", "#57e0a0"),
    "highlight": ("#e2a100", "#f2c230"),
    "racer1": ("#bc3a65", "#f54d7c"),
    "racer2": ("#522fbe", "#836ef8"),
    "racer3": ("#8f6d0a", "#d6da4a"),
}
"""Name -> (colour on a light page, colour on a dark page).

Forward values, errors δ, gradients and parameters have the same colour in every picture,
table and equation of the book.
"""

INK, MUTED, GRID, PAPER, FORWARD, ERROR, GRADIENT, PARAMETER, HIGHLIGHT, *_RACERS = (
    light for light, _ in PALETTE.values()
)
"""The colour of that name in `PALETTE` on a light page; a picture follows the page's theme."""

RACERS: tuple[tuple[str, Any], ...] = tuple(
    zip(_RACERS, ("-", (0, (5, 1.5)), (0, (1, 1.2))), strict=True)
)
"""Colour and dash of each of up to three curves that race, whatever it is that races."""

STYLE: dict[str, Any] = {
    "figure.figsize": (4.4, 2.8),
    "figure.facecolor": "none",
    "font.size": 8.5,
    "text.color": INK,
    "text.parse_math": False,
    "axes.facecolor": "none",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.titlesize": 8.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": mpl.cycler(color=[FORWARD, ERROR, PARAMETER, GRADIENT, HIGHLIGHT]),
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "svg.fonttype": "none",
    "svg.hashsalt": "bplib",
}
"""Matplotlib's settings for all figures of the book."""
