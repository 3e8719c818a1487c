"""Networks written a second time, plainly and without bplib, to hold bplib against.

Everything here follows the textbook formula of each loss and activation on complex numbers,
unpacks theta by its own arithmetic, and differentiates by the imaginary part of
L(θ + ih) / h, which has no cancellation (Squire & Trapp 1998).
"""

from itertools import pairwise

import numpy as np

from bplib import Dense, Network, losses

STEP = 1e-30

F = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)),
    "relu": lambda z: np.where(np.real(z) > 0, z, 0),
}


def squared_error(z, a, y):
    return ((y - a) ** 2).sum(axis=-2).mean(axis=-1) / 2


def binary_cross_entropy(z, a, y):
    return (-y * np.log(a) - (1 - y) * np.log(1 - a)).sum(axis=-2).mean(axis=-1)


def softmax_cross_entropy(z, a, y):
    e = np.exp(z)
    return -(y * np.log(e / e.sum(axis=-2, keepdims=True))).sum(axis=-2).mean(axis=-1)


LOSS = {
    losses.SquaredError: squared_error,
    losses.BinaryCrossEntropy: binary_cross_entropy,
    losses.SoftmaxCrossEntropy: softmax_cross_entropy,
}

MATCHED = [
    (losses.SquaredError, "identity"),
    (losses.SquaredError, "sigmoid"),
    (losses.SquaredError, "tanh"),
    (losses.SquaredError, "relu"),
    (losses.BinaryCrossEntropy, "sigmoid"),
    (losses.SoftmaxCrossEntropy, "identity"),
]
"""Every loss with every output activation that fits it."""


def parameters(sizes, theta):
    """Cut theta, (..., P), into [(W, b), …]: W row by row, then b, layer by layer."""
    cut, start = [], 0
    for n_in, n_out in pairwise(sizes):
        rows = [theta[..., start + i * n_in : start + (i + 1) * n_in] for i in range(n_out)]
        start += n_out * n_in
        cut.append((np.stack(rows, axis=-2), theta[..., start : start + n_out, None]))
        start += n_out
    assert start == theta.shape[-1]
    return cut


def loss_value(sizes, activations, loss, theta, x, y):
    """The mean loss at theta, (..., P): shape (...)."""
    a = x
    for (W, b), name in zip(parameters(sizes, theta), activations, strict=True):
        z = np.einsum("...ij,...jm->...im", W, a) + b
        a = F[name](z)
    return LOSS[type(loss)](z, a, y)


def complex_step_gradient(sizes, activations, loss, theta, x, y):
    """∂L/∂theta, (P,), all nudges at once."""
    nudged = theta + 1j * STEP * np.eye(theta.size)
    return loss_value(sizes, activations, loss, nudged, x, y).imag / STEP


def central_gradient(sizes, activations, loss, theta, x, y, h=1e-5):
    """∂L/∂theta, (P,), by (L(θ + h) − L(θ − h)) / 2h."""
    nudge = h * np.eye(theta.size)
    right = loss_value(sizes, activations, loss, theta + nudge, x, y)
    left = loss_value(sizes, activations, loss, theta - nudge, x, y)
    return (right - left) / (2 * h)


def network(sizes, activations, rng, stack=None, dtype=np.float64):
    """A bplib network with weights N(0, 1/n_in) and biases N(0, ¼), all drawn by rng."""
    layers = [
        Dense(n_in, n_out, name)
        for n_in, n_out, name in (
            (*ends, name) for ends, name in zip(pairwise(sizes), activations, strict=True)
        )
    ]
    net = Network(layers, stack, dtype)
    for layer in layers:
        layer.W[...] = rng.standard_normal(layer.W.shape) / np.sqrt(layer.n_in)
        layer.b[...] = rng.standard_normal(layer.b.shape) / 2
    return net


def data(sizes, loss, m, rng):
    """Examples as columns, with targets that fit the loss."""
    x = rng.standard_normal((sizes[0], m))
    y = rng.standard_normal((sizes[-1], m))
    if isinstance(loss, losses.BinaryCrossEntropy):
        y = (y > 0).astype(float)
    if isinstance(loss, losses.SoftmaxCrossEntropy):
        y = np.eye(sizes[-1])[:, rng.integers(0, sizes[-1], m)]
    return x, y


def distance(a, b, floor=0.0):
    """‖a − b‖ / max(‖b‖, floor), 0 if both are 0."""
    gap = np.linalg.norm(np.subtract(a, b))
    return float(gap / max(np.linalg.norm(b), floor)) if gap else 0.0
