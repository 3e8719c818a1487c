"""Backpropagation in NumPy: small enough to read, tested enough to trust."""

import importlib
from typing import Any

from bplib import activations, init, layers, losses, network, optim
from bplib.gradcheck import GradCheck, gradcheck
from bplib.layers import Dense
from bplib.network import Network, evaluate, loss_and_grad, mlp
from bplib.optim import SGD
from bplib.train import History, fit

__version__ = "0.1.0"

__all__ = [
    "SGD",
    "Dense",
    "GradCheck",
    "History",
    "Network",
    "activations",
    "evaluate",
    "explore",
    "fit",
    "gradcheck",
    "init",
    "layers",
    "loss_and_grad",
    "losses",
    "mlp",
    "network",
    "optim",
    "plots",
    "symbolic",
]

_LAZY_MODULES = {"plots", "symbolic", "svg"}


def __getattr__(name: str) -> Any:
    """Load SymPy, Matplotlib and ipywidgets only when something asks for them."""
    if name == "explore":
        return importlib.import_module("bplib.explorer").explore
    if name in _LAZY_MODULES:
        return importlib.import_module(f"bplib.{name}")
    raise AttributeError(f"module 'bplib' has no attribute {name!r}")
