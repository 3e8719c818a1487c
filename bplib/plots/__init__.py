"""Pictures of networks and training, in one visual language."""

from bplib.plots.base import Picture, decades, figure, number, show
from bplib.plots.diagram import network
from bplib.plots.loop import training_step
from bplib.plots.surface import loss_surface, slice_loss
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
    "loss_surface",
    "network",
    "number",
    "show",
    "slice_loss",
    "training_step",
]
