"""Activation functions, each with its derivative written in z and a."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, ndtr

from bplib._errors import flag, function, numbers, one_of, require

__all__ = [
    "Activation", "Softmax", "identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu",
    "softplus", "softmax", "get",
]  # fmt: skip

Array = NDArray[np.inexact]


@dataclass(frozen=True, repr=False)
class Activation:
    """An activation a = f(z) and its derivative df(z, a) = f′(z).

    `df` gets both the weighted input z and the activation a that `f` made of it,
    so that nothing is computed twice and σ′(z) = a(1 − a) cannot be mistaken for σ′(a).

    To use an activation of your own, pass the object where a name is expected:
    `mlp([2, 3, 1], hidden=Activation("square", square, square_slope))`. A network can be
    pickled if f and df are functions of a module. For `hessian` and the complex step both
    take complex z as they take real z: write `np.where(z.real < 0, -z, z)` for `np.abs(z)`.

    Args:
        name: what reprs and saved files call it.
        f: z of any shape -> a of the same shape.
        df: z, a of one shape -> f′(z) of the same shape.
        kinked: True if f′ jumps at z = 0, where a finite difference has no meaning.

    Raises:
        ValueError: name is no text, f or df is no function, or kinked is not True or False.
    """

    name: str
    f: Callable[[Array], Array]
    df: Callable[[Array, Array], Array]
    kinked: bool = False

    def __post_init__(self) -> None:
        named = isinstance(self.name, str) and self.name
        require(named, f"name is {self.name!r}; expected a text such as 'square'")
        function("f", self.f, "a function of arrays")
        function("df", self.df, "a function of arrays")
        flag("kinked", self.kinked)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def __reduce_ex__(self, protocol: Any) -> Any:
        if ACTIVATIONS.get(self.name) is self:  # a copy or a pickle of tanh is tanh
            return get, (self.name,)
        return super().__reduce_ex__(protocol)

    def __call__(self, z: ArrayLike) -> Array:
        """Return f(z), of the shape of z.

        Raises:
            ValueError: z does not hold numbers.
        """
        if not (isinstance(z, np.ndarray) and z.dtype.kind in "fc"):
            z = numbers("z", z)
            z = z.astype(float)[()] if z.dtype.kind in "biu" else z[()]
        return self.f(z)

    def vjp(self, da: Array, z: Array, a: Array) -> Array:
        """Return ∂L/∂z from da = ∂L/∂a, all of one shape: each unit's slope by itself."""
        return da * self.df(z, a)


@dataclass(frozen=True, repr=False)
class Softmax(Activation):
    """a = eᶻ / Σ eᶻ over the units of a layer: every output depends on every z."""

    def vjp(self, da: Array, z: Array, a: Array) -> Array:
        """Return ∂L/∂z = Jᵀ da, (..., n, m), with J = diag(a) − a aᵀ, which is never built."""
        return a * (da - np.sum(a * da, axis=-2, keepdims=True))


def _sigmoid(z: Array) -> Array:
    try:
        return expit(z)
    except TypeError:  # z is complex
        e = np.exp(np.where(z.real > 0, -z, z))  # never overflows
        return np.where(z.real > 0, 1, e) / (1 + e)


def _softplus(z: Array) -> Array:
    try:
        return np.logaddexp(0.0, z)
    except TypeError:  # z is complex
        return np.where(z.real > 0, z, 0) + np.log1p(np.exp(np.where(z.real > 0, -z, z)))


def _softmax(z: Array) -> Array:
    e = np.exp(z - z.real.max(axis=-2, keepdims=True))
    return e / e.sum(axis=-2, keepdims=True)


def _no_slope(z: Array, a: Array) -> Array:
    raise TypeError("softmax has a Jacobian, not a slope for each unit; use its vjp")


def _leaky(name: str, slope: float) -> Activation:
    def df(z: Array, a: Array) -> Array:
        return np.where(z.real > 0, 1, slope).astype(a.dtype)

    return Activation(name, lambda z: z * df(z, z), df, kinked=True)


def _elu(z: Array) -> Array:
    return np.where(z.real > 0, z, np.expm1(np.where(z.real > 0, 0, z)))


def _gelu_slope(z: Array, a: Array) -> Array:
    density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return ndtr(z) + z * density


#: f(z) = z.
identity = Activation("identity", lambda z: z, lambda z, a: np.ones_like(z))
#: σ(z) = 1 / (1 + e⁻ᶻ), accurate for every z.
sigmoid = Activation("sigmoid", _sigmoid, lambda z, a: a * (1.0 - a))
#: tanh z.
tanh = Activation("tanh", np.tanh, lambda z, a: 1.0 - a * a)
#: max(0, z); its slope at 0 is 0.
relu = _leaky("relu", 0.0)
#: z where it is positive, z/100 elsewhere.
leaky_relu = _leaky("leaky_relu", 0.01)
#: z where it is positive, eᶻ − 1 elsewhere (Clevert et al. 2016).
elu = Activation("elu", _elu, lambda z, a: np.where(z.real > 0, 1, a + 1).astype(a.dtype))
#: z Φ(z), with Φ the standard normal distribution (Hendrycks & Gimpel 2016).
gelu = Activation("gelu", lambda z: z * ndtr(z), _gelu_slope)
#: log(1 + eᶻ), which never overflows.
softplus = Activation("softplus", _softplus, lambda z, a: _sigmoid(z))
#: eᶻ / Σ eᶻ over the units of a layer, (..., n, m).
softmax = Softmax("softmax", _softmax, _no_slope)

ACTIVATIONS = {
    a.name: a for a in (identity, sigmoid, tanh, relu, leaky_relu, elu, gelu, softplus, softmax)
}


def get(activation: str | Activation, argument: str = "activation") -> Activation:
    """Return the activation of that name; an `Activation` comes back as it is.

    Raises:
        ValueError: there is no activation of that name, or it is something else.
    """
    if isinstance(activation, Activation):
        return activation
    return one_of(argument, activation, ACTIVATIONS, "an Activation of your own")
