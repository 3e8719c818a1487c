"""Activation functions, each with its derivative written in z and a."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from bplib._errors import one_of

Array = NDArray[np.inexact]


@dataclass(frozen=True)
class Activation:
    """An activation a = f(z) and its derivative df(z, a) = f′(z).

    `df` gets both the weighted input z and the activation a that `f` made of it,
    so that nothing is computed twice and σ′(z) = a(1 − a) cannot be mistaken for σ′(a).

    Args:
        name: what `get` finds it by.
        f: z of any shape -> a of the same shape.
        df: z, a of one shape -> f′(z) of the same shape.
        kinked: True if f′ jumps at z = 0, where a finite difference has no meaning.
    """

    name: str
    f: Callable[[Array], Array]
    df: Callable[[Array, Array], Array]
    kinked: bool = False

    def __reduce__(self) -> Any:
        known = ACTIVATIONS.get(self.name) is self  # its functions may have no name of their own
        return (get, (self.name,)) if known else super().__reduce__()

    def __call__(self, z: Array) -> Array:
        """Return f(z)."""
        return self.f(z)

    def vjp(self, da: Array, z: Array, a: Array) -> Array:
        """Return ∂L/∂z from da = ∂L/∂a: each unit's slope by itself."""
        return da * self.df(z, a)


@dataclass(frozen=True)
class Softmax(Activation):
    """a = eᶻ / Σ eᶻ over the units of a layer: every output depends on every z."""

    def vjp(self, da: Array, z: Array, a: Array) -> Array:
        """Return Jᵀ da with J = diag(a) − a aᵀ, without ever building J."""
        return a * (da - np.sum(a * da, axis=-2, keepdims=True))


def softplus(z: Array) -> Array:
    """Return log(1 + eᶻ), for any real or complex z."""
    if np.asarray(z).dtype.kind == "c":
        return np.where(z.real > 0, z, 0) + np.log1p(np.exp(np.where(z.real > 0, -z, z)))
    return np.logaddexp(0, z)


def _sigmoid(z: Array) -> Array:
    if np.iscomplexobj(z):
        e = np.exp(np.where(z.real > 0, -z, z))  # never overflows
        return np.where(z.real > 0, 1, e) / (1 + e)
    return expit(z)


def _softmax(z: Array) -> Array:
    e = np.exp(z - z.real.max(axis=-2, keepdims=True))
    return e / e.sum(axis=-2, keepdims=True)


def _no_slope(z: Array, a: Array) -> Array:
    raise TypeError("softmax has a Jacobian, not a slope for each unit; use its vjp")


def _leaky(slope: float) -> Activation:
    def df(z: Array, a: Array) -> Array:
        return np.where(z.real > 0, 1, slope).astype(z.dtype)

    name = "leaky_relu" if slope else "relu"
    return Activation(name, lambda z: z * df(z, z), df, kinked=True)


def _elu(z: Array) -> Array:
    return np.where(z.real > 0, z, np.expm1(np.where(z.real > 0, 0, z)))


def _gelu_slope(z: Array, a: Array) -> Array:
    density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return ndtr(z) + z * density


identity = Activation("identity", lambda z: z, lambda z, a: np.ones_like(z))
sigmoid = Activation("sigmoid", _sigmoid, lambda z, a: a * (1.0 - a))
tanh = Activation("tanh", np.tanh, lambda z, a: 1.0 - a * a)
relu = _leaky(0.0)
leaky_relu = _leaky(0.01)
elu = Activation("elu", _elu, lambda z, a: np.where(z.real > 0, 1, a + 1).astype(z.dtype))
gelu = Activation("gelu", lambda z: z * ndtr(z), _gelu_slope)
soft_plus = Activation("softplus", softplus, lambda z, a: _sigmoid(z))
softmax = Softmax("softmax", _softmax, _no_slope)

ACTIVATIONS = {
    a.name: a for a in (identity, sigmoid, tanh, relu, leaky_relu, elu, gelu, soft_plus, softmax)
}


def get(activation: str | Activation) -> Activation:
    """Return the activation of that name; an `Activation` comes back as it is.

    Raises:
        ValueError: the name is unknown.
    """
    if isinstance(activation, Activation):
        return activation
    return one_of("activation", activation, ACTIVATIONS)
