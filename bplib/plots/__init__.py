"""Pictures of networks and training, in one visual language."""

from bplib.plots.base import Picture, decades, figure, number, show
from bplib.plots.boundary import decision_boundary, examples
from bplib.plots.diagram import network
from bplib.plots.equation import equation
from bplib.plots.graph import computational_graph
from bplib.plots.loop import training_step
from bplib.plots.surface import descent_path, loss_surface, slice_loss
from bplib.plots.training import dashboard, gradient_by_layer
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
    "computational_graph",
    "dashboard",
    "decades",
    "decision_boundary",
    "descent_path",
    "equation",
    "examples",
    "figure",
    "gradient_by_layer",
    "loss_surface",
    "network",
    "number",
    "show",
    "slice_loss",
    "training_step",
]
