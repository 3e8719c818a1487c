"""Backpropagation in NumPy: small enough to read, tested enough to trust.

Nothing is loaded before it is used: `import bplib` itself imports no other module.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_FUNCTIONS_AND_CLASSES = {
    "bplib.network": ("Network", "accuracy", "evaluate", "loss_and_grad", "mlp"),
    "bplib.layers": ("Dense",),
    "bplib.optim": ("SGD", "AdaGrad", "Adam", "AdamW", "Momentum", "Nesterov", "RMSProp"),
    "bplib.train": ("fit",),
    "bplib.history": ("History",),
    "bplib.store": ("load", "save"),
    "bplib.gradient_check": ("GradCheck", "gradcheck"),
    "bplib.curvature": ("Curvature", "hessian", "hessian_vector", "largest_curvature"),
    "bplib.checks": ("check",),
    "bplib.widgets": ("explore",),
}
_MODULES = {
    "activations": "bplib.activations",
    "autodiff": "bplib.autodiff",
    "data": "bplib.data",
    "initializers": "bplib.initializers",
    "layers": "bplib.layers",
    "live": "bplib.widgets.live",
    "losses": "bplib.losses",
    "network": "bplib.network",
    "optim": "bplib.optim",
    "plots": "bplib.plots",
    "schedules": "bplib.schedules",
    "symbolic": "bplib.symbolic",
}
_HOME = {name: home for home, names in _FUNCTIONS_AND_CLASSES.items() for name in names}

__all__ = sorted([*_HOME, *_MODULES])


def __getattr__(name: str) -> Any:
    """Load what is asked for: a module, or a name from the module that defines it."""
    if name in _HOME:
        found = getattr(importlib.import_module(_HOME[name]), name)
    elif name in _MODULES:
        found = importlib.import_module(_MODULES[name])
    else:
        raise AttributeError(f"module 'bplib' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
