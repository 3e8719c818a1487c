"""Loss functions: the mean over examples, and the error δ that they hand to the last layer."""

from typing import Protocol

import numpy as np
from scipy.special import logsumexp, softmax

from bplib._errors import finite
from bplib.activations import Activation, Array, softplus


class Loss(Protocol):
    """What a network needs of a loss.

    Both methods get the last layer's weighted input z_L and activation a_L, shape
    (..., n_L, m), and the target y, shape (n_L, m).
    """

    outputs: tuple[str, ...] | None
    """The output activations that fit this loss; None if any does."""

    def check(self, y: Array) -> None:
        """Raise a ValueError if y cannot be a target of this loss."""

    def value(self, z: Array, a: Array, y: Array) -> Array:
        """Return the loss, a mean over the m examples, shape (...)."""

    def delta(self, z: Array, a: Array, y: Array, f: Activation) -> Array:
        """Return δ_L = ∂L/∂z_L of each example by itself, shape (..., n_L, m)."""


class SquaredError:
    """L = ½ ‖y − a‖², averaged over examples."""

    outputs = None

    def check(self, y: Array) -> None:
        """Raise a ValueError if y is not finite."""
        finite("y", y)

    def value(self, z: Array, a: Array, y: Array) -> Array:
        """Return ½ ‖y − a‖² averaged over examples, shape (...)."""
        e = a - y
        return 0.5 * np.sum(e * e, axis=(-2, -1)) / e.shape[-1]

    def delta(self, z: Array, a: Array, y: Array, f: Activation) -> Array:
        """Return δ = (a − y) ⊙ f′(z), shape (..., n_L, m)."""
        return f.vjp(a - y, z, a)


class BinaryCrossEntropy:
    """L = −y log a − (1 − y) log(1 − a) with a = σ(z), computed from z and so never log 0."""

    outputs = ("sigmoid",)

    def check(self, y: Array) -> None:
        """Raise a ValueError if an entry of y is outside [0, 1]."""
        finite("y", y)
        if np.any((y < 0) | (y > 1)):
            raise ValueError(f"y reaches from {y.min()} to {y.max()}; expected values from 0 to 1")

    def value(self, z: Array, a: Array, y: Array) -> Array:
        """Return log(1 + eᶻ) − y z averaged over examples, shape (...)."""
        return np.sum(softplus(z) - y * z, axis=(-2, -1)) / z.shape[-1]

    def delta(self, z: Array, a: Array, y: Array, f: Activation) -> Array:
        """Return δ = a − y: the σ′(z) of the chain rule has cancelled, shape (..., n_L, m)."""
        return a - y


class SoftmaxCrossEntropy:
    """L = −Σ y log softmax(z) with one column of y per example; the output layer is linear."""

    outputs = ("identity",)

    def check(self, y: Array) -> None:
        """Raise a ValueError unless each column of y is a probability distribution."""
        finite("y", y)
        if np.any(y < 0) or not np.allclose(y.sum(axis=-2), 1):
            raise ValueError(
                f"y has columns that sum to {y.sum(axis=-2).min():g}…{y.sum(axis=-2).max():g}; "
                "expected columns of probabilities (one-hot labels), each with sum 1"
            )

    def value(self, z: Array, a: Array, y: Array) -> Array:
        """Return log Σ eᶻ − y·z averaged over examples, shape (...)."""
        log_total = logsumexp(z, axis=-2, keepdims=True)
        return -np.sum(y * (z - log_total), axis=(-2, -1)) / z.shape[-1]

    def delta(self, z: Array, a: Array, y: Array, f: Activation) -> Array:
        """Return δ = softmax(z) − y, shape (..., n_L, m)."""
        return softmax(z, axis=-2) - y
