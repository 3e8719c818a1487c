"""Backpropagation in NumPy: small enough to read, tested enough to trust."""

import importlib
from typing import Any

from bplib import activations, autodiff, data, init, layers, losses, network, optim, schedules
from bplib.curvature import Curvature, hessian, hessian_vector, largest_curvature
from bplib.gradcheck import GradCheck, gradcheck
from bplib.layers import Dense
from bplib.network import Network, accuracy, evaluate, loss_and_grad, mlp
from bplib.optim import SGD, AdaGrad, Adam, AdamW, Momentum, Nesterov, RMSProp
from bplib.store import load, save
from bplib.train import History, fit

__version__ = "0.1.0"

__all__ = [
    "SGD",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Curvature",
    "Dense",
    "GradCheck",
    "History",
    "Momentum",
    "Nesterov",
    "Network",
    "RMSProp",
    "accuracy",
    "activations",
    "autodiff",
    "check",
    "data",
    "evaluate",
    "explore",
    "fit",
    "gradcheck",
    "hessian",
    "hessian_vector",
    "init",
    "largest_curvature",
    "layers",
    "load",
    "loss_and_grad",
    "losses",
    "mlp",
    "network",
    "optim",
    "plots",
    "save",
    "schedules",
    "symbolic",
]

_LAZY_FUNCTIONS = {"check": "bplib.checker", "explore": "bplib.explorer"}
_LAZY_MODULES = {"plots", "symbolic", "svg"}


def __getattr__(name: str) -> Any:
    """Load SymPy, Matplotlib and ipywidgets only when something asks for them."""
    if name in _LAZY_FUNCTIONS:
        return getattr(importlib.import_module(_LAZY_FUNCTIONS[name]), name)
    if name in _LAZY_MODULES:
        return importlib.import_module(f"bplib.{name}")
    raise AttributeError(f"module 'bplib' has no attribute {name!r}")
