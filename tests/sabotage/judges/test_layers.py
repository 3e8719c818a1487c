"""Normalization, dropout, residual layers: judged by their definitions, number by number."""

import math
import statistics
from itertools import pairwise

import numpy as np
import pytest
from oracle.reference import STEP, distance

from bplib.layers import BatchNorm, Dense, Dropout, LayerNorm, Residual

EXACT = 1e-12  # float64 roundings
EPS = 0.01  # large enough for its place to matter
N, M = 3, 5  # units and examples: not equal, so that a wrong axis shows
SIGMA = 5  # how far a count of random draws may be from its expectation
RATE = 0.2
KINDS = {"batch norm": (BatchNorm, 1), "layer norm": (LayerNorm, 0)}  # over which axis


def normalized(x, gamma, beta, over):
    """γ (x − mean) / √(variance + ε) + β, for complex numbers too."""
    mean = np.add.reduce(x, over, keepdims=True) / x.shape[over]
    variance = np.add.reduce((x - mean) ** 2, over, keepdims=True) / x.shape[over]
    return gamma * (x - mean) / np.sqrt(variance + EPS) + beta


def slopes(f, numbers, c):
    """∂ Σ c ⊙ f(numbers) by complex step, entry by entry."""
    gradient = np.empty(numbers.shape)
    for i in np.ndindex(*numbers.shape):
        nudged = numbers.astype(complex)
        nudged[i] += 1j * STEP
        gradient[i] = np.sum(c * f(nudged)).imag / STEP
    return gradient


def drawn(seed=0):
    """Inputs, γ, β and ∂L/∂a."""
    rng = np.random.default_rng(seed)
    x = 2 * rng.standard_normal((N, M)) + rng.standard_normal((N, 1))
    return x, *rng.standard_normal((2, N, 1)), rng.standard_normal((N, M))


def bound(layer, *parameters):
    theta = np.zeros(layer.n_params)
    layer.bind(theta, np.zeros_like(theta))
    theta[:] = np.concatenate([np.ravel(p) for p in parameters])
    return layer


@pytest.mark.parametrize("kind", KINDS)
def test_complex_step(kind):
    x, gamma, beta, c = drawn()
    make, over = KINDS[kind]
    layer = bound(make(N, eps=EPS), gamma, beta)
    assert distance(layer.forward(x, train=True), normalized(x, gamma, beta, over)) < EXACT
    down = layer.backward(c)
    assert distance(down, slopes(lambda x: normalized(x, gamma, beta, over), x, c)) < EXACT
    dgamma = slopes(lambda gamma: normalized(x, gamma, beta, over), gamma, c)
    assert distance(layer.dgamma, dgamma) < EXACT
    assert distance(layer.dbeta, slopes(lambda b: normalized(x, gamma, b, over), beta, c)) < EXACT


def test_differences_batch_norm():
    """Its backward pass against its own forward pass."""
    x, gamma, beta, c = drawn(1)
    layer, h = bound(BatchNorm(N, eps=EPS), gamma, beta), 1e-5
    layer.forward(x, train=True)
    down = layer.backward(c)
    for i in np.ndindex(*x.shape):
        nudge = np.zeros_like(x)
        nudge[i] = h
        right = np.sum(c * layer.forward(x + nudge, train=True))
        left = np.sum(c * layer.forward(x - nudge, train=True))
        assert abs(down[i] - (right - left) / (2 * h)) < 1e-8


@pytest.mark.parametrize("kind", KINDS)
def test_statistics(kind):
    """Of each unit, or of each example: mean 0, variance 1."""
    make, over = KINDS[kind]
    x = drawn()[0][:, :N]  # square: the wrong axis fits
    a = bound(make(N, eps=1e-12), np.ones(N), np.zeros(N)).forward(x, train=True)
    for numbers in a if over else a.T:
        assert abs(statistics.fmean(numbers)) < EXACT
        assert abs(statistics.pvariance(numbers) - 1) < 1e-9


def batches(layer):
    """Train on three batches; return the averages that should be running now."""
    mean, variance = [0.0] * N, [1.0] * N
    for seed in range(3):
        x = drawn(seed)[0]
        layer.forward(x, train=True)
        for i, row in enumerate(x):
            mean[i] = 0.75 * mean[i] + 0.25 * statistics.fmean(row)
            variance[i] = 0.75 * variance[i] + 0.25 * statistics.variance(row)
    return np.array([mean]).T, np.array([variance]).T


def test_running_averages():
    layer = bound(BatchNorm(N, eps=EPS, momentum=0.25), np.ones(N), np.zeros(N))
    mean, variance = batches(layer)
    assert distance(layer.running_mean, mean) < EXACT
    assert distance(layer.running_variance, variance) < EXACT


def test_evaluation_batch_norm():
    x, gamma, beta, c = drawn(7)
    layer = bound(BatchNorm(N, eps=EPS, momentum=0.25), gamma, beta)
    mean, variance = batches(layer)
    for _ in range(2):  # the first time must leave no trace
        expected = gamma * (x - mean) / np.sqrt(variance + EPS) + beta
        assert distance(layer.forward(x), expected) < EXACT
        assert distance(layer.backward(c), c * gamma / np.sqrt(variance + EPS)) < EXACT
    assert distance(layer.forward(x[:, :1]), expected[:, :1]) < EXACT


def test_residual():
    rng = np.random.default_rng(3)
    W, V = rng.standard_normal((2, N, N))
    b = rng.standard_normal((N, 1))
    x, c = rng.standard_normal((2, N, M))
    layer = bound(Residual([Dense(N, N, "tanh"), Dense(N, N)]), W, b, V, 0 * b)

    def by_hand(x, W=W, V=V):
        return x + V @ np.tanh(W @ x + b)

    first, second = layer.layers
    assert distance(layer.forward(x), by_hand(x)) < EXACT
    assert distance(layer.backward(c), slopes(by_hand, x, c)) < EXACT
    assert distance(first.dW, slopes(lambda W: by_hand(x, W=W), W, c)) < EXACT
    assert distance(second.dW, slopes(lambda V: by_hand(x, V=V), V, c)) < EXACT


def dropped(shape=(40, 50), seed=0):
    """A Dropout layer, inputs without zeros, and what it makes of them in training."""
    layer = Dropout(shape[0], RATE, seed=seed)
    x = 1 + np.arange(math.prod(shape), dtype=float).reshape(shape)
    return layer, x, layer.forward(x, train=True)


def test_values_of_a_mask():
    _, x, a = dropped()
    for ratio in (a / x).flat:
        assert ratio == 0 or abs(ratio - 1.25) < EXACT


def test_number_of_zeros():
    _, x, a = dropped()
    spread = math.sqrt(x.size * RATE * (1 - RATE))
    assert abs(np.count_nonzero(a == 0) - RATE * x.size) < SIGMA * spread


def test_mask_on_the_way_back():
    layer, x, a = dropped()
    np.testing.assert_allclose(layer.backward(x), a, rtol=EXACT)


def test_evaluation_dropout():
    layer, x, _ = dropped()
    np.testing.assert_array_equal(layer.forward(x), x)
    np.testing.assert_array_equal(layer.backward(x), x)


def test_every_mask_is_new():
    layer, x, first = dropped()
    second = layer.forward(x, train=True)
    for a in (first, second):
        assert all((one != two).any() for one, two in pairwise((a != 0).T))  # examples
        assert all((one != two).any() for one, two in pairwise(a != 0))  # units
    assert ((first != 0) != (second != 0)).any()
