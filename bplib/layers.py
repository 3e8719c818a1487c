"""The dense layer: forward and backward side by side."""

import numpy as np

from bplib._errors import positive_int
from bplib.activations import Activation, Array, get


class Dense:
    """A layer a = f(z), z = W @ a_prev + b, whose W and b are views of the network's theta.

    Args:
        n_in: number of inputs.
        n_out: number of units.
        activation: the f of this layer, by name or as an `Activation`.

    Attributes:
        W, b: parameters, shapes (..., n_out, n_in) and (..., n_out, 1).
        dW, db: their gradients, same shapes.
        a_prev, z, a, delta: what the last forward and backward pass left behind,
            shapes (..., n_in, m) and three times (..., n_out, m).
    """

    def __init__(self, n_in: int, n_out: int, activation: str | Activation = "identity") -> None:
        self.n_in = positive_int("n_in", n_in)
        self.n_out = positive_int("n_out", n_out)
        self.f = get(activation)
        self.W = self.b = self.dW = self.db = np.empty(0)
        self.a_prev = self.z = self.a = self.delta = np.empty(0)

    @property
    def n_params(self) -> int:
        """Number of parameters: n_out · n_in weights, then n_out biases."""
        return self.n_out * (self.n_in + 1)

    def bind(self, theta: Array, grad: Array) -> None:
        """Make W, b, dW, db views of theta and grad, both (..., n_params)."""
        self.W, self.b = self._views(theta)
        self.dW, self.db = self._views(grad)

    def _views(self, flat: Array) -> tuple[Array, Array]:
        n_weights = self.n_out * self.n_in
        stack = flat.shape[:-1]
        weights = flat[..., :n_weights].reshape(*stack, self.n_out, self.n_in)
        biases = flat[..., n_weights:].reshape(*stack, self.n_out, 1)
        return weights, biases

    def forward(self, a_prev: Array) -> Array:
        """Activations of the layer below, (..., n_in, m), in; a, (..., n_out, m), out."""
        self.a_prev = a_prev
        self.z = self.W @ a_prev + self.b
        self.a = self.f(self.z)
        return self.a

    def backward(self, da: Array) -> Array:
        """∂L/∂a of this layer in, ∂L/∂a of the layer below out; dW and db on the way.

        The layer above hands down da = W.mT @ delta with its own W and delta, so the
        result of `vjp` is δ_l = (W_{l+1}ᵀ δ_{l+1}) ⊙ f′(z_l).
        """
        return self.backward_from(self.f.vjp(da, self.z, self.a))

    def backward_from(self, delta: Array) -> Array:
        """Do the same from δ = ∂L/∂z, (..., n_out, m): where the loss starts the pass."""
        m = delta.shape[-1]
        self.delta = delta
        self.dW[...] = delta @ self.a_prev.mT / m
        self.db[...] = delta.sum(axis=-1, keepdims=True) / m
        return self.W.mT @ delta
