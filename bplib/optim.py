"""Optimizers: short rules that change theta in place, given the gradient."""

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from bplib._errors import non_negative
from bplib.activations import Array


class Optimizer(Protocol):
    """What `fit` needs of an optimizer."""

    def step(self, theta: Array, grad: Array) -> None:
        """Change theta, (..., P), in place, by the gradient of the same shape."""


class SGD:
    """Gradient descent: θ ← θ − η ∂L/∂θ.

    Args:
        eta: the learning rate η; an array of the stack's shape gives each member its own.

    Raises:
        ValueError: eta is negative or not a number.
    """

    def __init__(self, eta: ArrayLike) -> None:
        self.eta = np.asarray(non_negative("eta", eta), dtype=float)

    def step(self, theta: Array, grad: Array) -> None:
        """Change theta, (..., P), in place, by the gradient of the same shape.

        Raises:
            ValueError: eta has the shape of another stack.
        """
        try:
            theta -= self.eta[..., None].astype(theta.dtype, copy=False) * grad
        except ValueError as error:
            raise ValueError(
                f"eta has shape {self.eta.shape}; expected a number or the shape of the stack, "
                f"{theta.shape[:-1]}"
            ) from error
