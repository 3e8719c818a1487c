"""Loss functions: the mean over examples, and the error δ_L of the last layer."""

from abc import ABC, abstractmethod
from copy import copy
from dataclasses import dataclass

import numpy as np

from bplib._errors import Settings, instance
from bplib.activations import Activation, Array, softmax, softplus

__all__ = ["Loss", "SquaredError", "BinaryCrossEntropy", "SoftmaxCrossEntropy", "L2", "L1"]


class Loss(ABC):
    """Base class of losses: a value, and the error δ_L from which the backward pass starts.

    `value` and `delta` get the last layer's weighted input z_L and activation a_L, shape
    (..., n_L, m), and the target y, shape (n_L, m). `loss + L2(0.01)` is the same loss with
    a penalty on the weights.

    To use a loss of your own, derive a class with these two methods and pass an instance.
    """

    outputs: tuple[str, ...] | None = None
    """The output activations that fit this loss; None if any does."""

    penalties: tuple["L1 | L2", ...] = ()
    """Penalties on the weights, added to the mean over examples."""

    def __repr__(self) -> str:
        return " + ".join([f"{type(self).__name__}()", *map(repr, self.penalties)])

    def __add__(self, penalty: "L1 | L2") -> "Loss":
        instance("penalty", penalty, _Penalty, "one such as L2(0.01)")
        both = copy(self)
        both.penalties = (*self.penalties, penalty)
        return both

    def check(self, y: Array) -> None:  # noqa: B027 (any y will do)
        """Raise a ValueError if y, (..., n_L, m) and finite, cannot be a target of this loss."""

    @abstractmethod
    def value(self, z: Array, a: Array, y: Array) -> Array:
        """Return the loss, a mean over the m examples, shape (...)."""

    @abstractmethod
    def delta(self, z: Array, a: Array, y: Array, f: Activation) -> Array:
        """Return δ_L = ∂L/∂z_L of each example by itself, shape (..., n_L, m)."""


class SquaredError(Loss):
    """L = ½ ‖y − a‖², averaged over examples."""

    def value(self, z: Array, a: Array, y: Array) -> Array:
        """Return ½ ‖y − a‖² averaged over examples, shape (...)."""
        e = a - y
        return 0.5 * np.sum(e * e, axis=(-2, -1)) / e.shape[-1]

    def delta(self, z: Array, a: Array, y: Array, f: Activation) -> Array:
        """Return δ = (a − y) ⊙ f′(z), shape (..., n_L, m)."""
        return f.vjp(a - y, z, a)


class BinaryCrossEntropy(Loss):
    """L = −y log a − (1 − y) log(1 − a) with a = σ(z), computed from z and so never log 0."""

    outputs = ("sigmoid",)

    def check(self, y: Array) -> None:
        """Raise a ValueError if an entry of y is outside [0, 1]."""
        if y.item(y.argmin()) < 0 or y.item(y.argmax()) > 1:  # much quicker than min and max
            raise ValueError(f"y reaches from {y.min()} to {y.max()}; expected values from 0 to 1")

    def value(self, z: Array, a: Array, y: Array) -> Array:
        """Return log(1 + eᶻ) − y z averaged over examples, shape (...)."""
        return (softplus.f(z) - y * z).sum(axis=(-2, -1)) / z.shape[-1]

    def delta(self, z: Array, a: Array, y: Array, f: Activation) -> Array:
        """Return δ = a − y: the σ′(z) of the chain rule has cancelled, shape (..., n_L, m)."""
        return a - y


class SoftmaxCrossEntropy(Loss):
    """L = −Σ y log softmax(z) with one column of y per example; the output layer is linear."""

    outputs = ("identity",)

    def check(self, y: Array) -> None:
        """Raise a ValueError unless each column of y is a probability distribution."""
        sums = y.sum(axis=-2)
        if (y < 0).any() or (np.abs(sums - 1) > 1e-5).any():
            expected = "expected columns of probabilities (one-hot labels), each with sum 1"
            raise ValueError(f"y has columns that sum to {sums.min():g}…{sums.max():g}; {expected}")

    def value(self, z: Array, a: Array, y: Array) -> Array:
        """Return log Σ eᶻ − y·z averaged over examples, shape (...)."""
        z = z - z.real.max(axis=-2, keepdims=True)
        log_total = np.log(np.exp(z).sum(axis=-2))
        return (log_total.sum(axis=-1) - np.vecdot(y, z).sum(axis=-1)) / z.shape[-1]

    def delta(self, z: Array, a: Array, y: Array, f: Activation) -> Array:
        """Return δ = softmax(z) − y, shape (..., n_L, m)."""
        return softmax(z) - y


@dataclass(frozen=True)
class _Penalty(Settings):
    strength: float

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.strength})"


class L2(_Penalty):
    """½ λ Σ w² over the weights of a network; biases, γ and β are left alone.

    Args:
        strength: λ, not negative.

    Raises:
        ValueError: strength is negative or not a single finite number.
    """

    def value(self, w: Array) -> Array:
        """Return ½ λ Σ w², shape (...), for weights w, (..., P)."""
        return 0.5 * self.strength * np.sum(w * w, axis=-1)

    def gradient(self, w: Array) -> Array:
        """Return λ w, shape (..., P)."""
        return self.strength * w


class L1(_Penalty):
    """λ Σ |w| over the weights of a network; biases, γ and β are left alone.

    Args:
        strength: λ, not negative.

    Raises:
        ValueError: strength is negative or not a single finite number.
    """

    def value(self, w: Array) -> Array:
        """Return λ Σ |w|, shape (...), for weights w, (..., P)."""
        return self.strength * np.sum(w * np.sign(w.real), axis=-1)

    def gradient(self, w: Array) -> Array:
        """Return λ sign(w), which is 0 at w = 0, shape (..., P)."""
        return self.strength * np.sign(w.real)
