"""Elementwise activation functions, each with its derivative written in z and a."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

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

    def __call__(self, z: Array) -> Array:
        """Return f(z)."""
        return self.f(z)


def _sigmoid(z: Array) -> Array:
    if np.iscomplexobj(z):
        e = np.exp(np.where(z.real > 0, -z, z))  # never overflows
        return np.where(z.real > 0, 1, e) / (1 + e)
    return expit(z)


def _relu(z: Array) -> Array:
    return z * (np.real(z) > 0)


identity = Activation("identity", lambda z: z, lambda z, a: np.ones_like(z))
sigmoid = Activation("sigmoid", _sigmoid, lambda z, a: a * (1 - a))
tanh = Activation("tanh", np.tanh, lambda z, a: 1 - a * a)
relu = Activation("relu", _relu, lambda z, a: (np.real(z) > 0).astype(z.dtype), kinked=True)

ACTIVATIONS = {a.name: a for a in (identity, sigmoid, tanh, relu)}


def get(activation: str | Activation) -> Activation:
    """Return the activation of that name; an `Activation` comes back as it is.

    Raises:
        ValueError: the name is unknown.
    """
    if isinstance(activation, Activation):
        return activation
    return one_of("activation", activation, ACTIVATIONS)
