"""Networks of any layers written a second time, plainly and without bplib's own layers.

A layer is a tuple, such as ("dense", 3, 4, "tanh") or ("residual", [layer, …]). Everything
runs on complex numbers with leading axes, so that the gradient by complex step takes one
forward pass for all parameters at once.
"""

import numpy as np
from scipy.special import ndtr

from bplib import layers, losses
from oracle.reference import STEP


def positive(z):
    return np.real(z) > 0


def softplus(z):
    """log(1 + eᶻ) without overflow: z is taken out of the logarithm where it is positive."""
    return np.where(positive(z), z, 0) + np.log1p(np.exp(np.where(positive(z), -z, z)))


def softmax(z):
    e = np.exp(z - np.real(z).max(axis=-2, keepdims=True))
    return e / e.sum(axis=-2, keepdims=True)


F = {
    "identity": lambda z: z,
    "sigmoid": lambda z: np.exp(-softplus(-z)),
    "tanh": lambda z: np.sinh(z) / np.cosh(z),
    "relu": lambda z: np.where(positive(z), z, 0),
    "leaky_relu": lambda z: np.where(positive(z), z, 0.01 * z),
    "elu": lambda z: np.where(positive(z), z, np.expm1(np.where(positive(z), 0, z))),
    "gelu": lambda z: z * ndtr(z),
    "softplus": softplus,
    "softmax": softmax,
}

LOSS = {
    losses.SquaredError: lambda z, a, y: ((y - a) ** 2).sum(axis=-2).mean(axis=-1) / 2,
    losses.BinaryCrossEntropy: lambda z, a, y: (
        (y * softplus(-z) + (1 - y) * softplus(z)).sum(axis=-2).mean(axis=-1)
    ),
    losses.SoftmaxCrossEntropy: lambda z, a, y: (
        -(y * np.log(softmax(z))).sum(axis=-2).mean(axis=-1)
    ),
}


class Pass:
    """One forward pass in training through a list of layers, theta, (..., P), read on the way."""

    def __init__(self, theta, masks=()):
        self.theta, self.masks, self.start = theta, iter(masks), 0
        self.weights = []

    def take(self, rows, columns):
        """The next parameter of that shape."""
        end = self.start + rows * columns
        piece = self.theta[..., self.start : end]
        self.start = end
        return piece.reshape(*self.theta.shape[:-1], rows, columns)

    def through(self, chain, x):
        """Return z and a of the last layer of the chain."""
        z = a = x
        for kind, *rest in chain:
            z, a = getattr(self, kind)(a, *rest)
        return z, a

    def dense(self, x, n_in, n_out, name):
        W, b = self.take(n_out, n_in), self.take(n_out, 1)
        self.weights.append(W)
        z = np.einsum("...ij,...jm->...im", W, x) + b
        return z, F[name](z)

    def activate(self, x, n, name):
        return x, F[name](x)

    def dropout(self, x, n, rate, seed):
        a = next(self.masks) * x
        return a, a

    def batch_norm(self, x, n):
        return self.normalized(x, n, -1)

    def layer_norm(self, x, n):
        return self.normalized(x, n, -2)

    def normalized(self, x, n, axis):
        gamma, beta = self.take(n, 1), self.take(n, 1)
        centred = x - x.mean(axis=axis, keepdims=True)
        variance = (centred**2).mean(axis=axis, keepdims=True)
        a = gamma * centred / np.sqrt(variance + 1e-5) + beta
        return a, a

    def residual(self, x, chain):
        a = x + self.through(chain, x)[1]
        return a, a


def loss_value(chain, loss, theta, x, y, masks=()):
    """The mean loss in training at theta, (..., P), penalties included: shape (...)."""
    forward = Pass(theta, masks)
    z, a = forward.through(chain, x)
    assert forward.start == theta.shape[-1]
    value = LOSS[type(loss)](z, a, y)
    for penalty in loss.penalties:
        for W in forward.weights:
            size = W**2 / 2 if isinstance(penalty, losses.L2) else W * np.sign(W.real)
            value = value + penalty.strength * size.sum(axis=(-2, -1))
    return value


def gradient(chain, loss, theta, x, y, masks=()):
    """∂L/∂theta, (P,), by complex step, all nudges at once."""
    nudged = theta + 1j * STEP * np.eye(theta.size)
    value = loss_value(chain, loss, nudged, x, y, masks)
    return np.broadcast_to(value, theta.shape).imag / STEP


def layer(kind, *rest):
    """The bplib layer of one tuple."""
    if kind == "residual":
        return layers.Residual([layer(*inner) for inner in rest[0]])
    made = {
        "dense": layers.Dense,
        "activate": layers.Activate,
        "dropout": layers.Dropout,
        "batch_norm": layers.BatchNorm,
        "layer_norm": layers.LayerNorm,
    }
    return made[kind](*rest)
