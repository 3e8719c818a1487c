"""Pictures of networks and training, in one visual language."""

from bplib.plots.boundary import decision_boundary, examples
from bplib.plots.equation_diagram import equation
from bplib.plots.figures import Picture, decades, figure, picture
from bplib.plots.graph import computational_graph
from bplib.plots.network_diagram import network
from bplib.plots.style import (
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
    RACERS,
    STYLE,
)
from bplib.plots.surface import descent_path, loss_surface, slice_loss
from bplib.plots.tables import Table, table
from bplib.plots.text import number
from bplib.plots.training import dashboard, gradient_by_layer
from bplib.plots.training_loop import training_step

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
    "RACERS",
    "STYLE",
    "Picture",
    "Table",
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
    "picture",
    "slice_loss",
    "table",
    "training_step",
]
