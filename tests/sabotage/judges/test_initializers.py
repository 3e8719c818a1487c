"""Initial weights: judged by their mean, variance, range and angles over many draws."""

import math

import numpy as np
import pytest

import bplib
from bplib import initializers

N_IN, N_OUT = 60, 150
COPIES = 8
SIGMA = 5  # standard errors that a mean or variance of random draws may be away
EXACT = 1e-12

# name: (variance, fourth moment / variance², largest possible weight)
NORMAL, UNIFORM = 3, 9 / 5
LAWS = {
    "normal": (1, NORMAL, math.inf),
    "xavier": (2 / (N_IN + N_OUT), UNIFORM, math.sqrt(6 / (N_IN + N_OUT))),
    "xavier_normal": (2 / (N_IN + N_OUT), NORMAL, math.inf),
    "he": (2 / N_IN, NORMAL, math.inf),
    "he_uniform": (2 / N_IN, UNIFORM, math.sqrt(6 / N_IN)),
    "lecun": (1 / N_IN, NORMAL, math.inf),
}


def draw(name, shape=(COPIES, N_OUT, N_IN), seed=0):
    return initializers.get(name)(np.random.default_rng(seed), shape)


@pytest.mark.parametrize("name", LAWS)
def test_mean_and_variance(name):
    variance, kurtosis, largest = LAWS[name]
    w = draw(name).ravel()
    assert abs(w.mean()) < SIGMA * math.sqrt(variance / w.size)
    spread = variance * math.sqrt((kurtosis - 1) / w.size)
    assert abs((w**2).mean() - variance) < SIGMA * spread
    # 0.2 is five standard errors of the normal law's fourth moment
    assert abs((w**4).mean() / variance**2 - kurtosis) < 0.2
    assert np.abs(w).max() <= largest
    if largest < math.inf:
        assert np.abs(w).max() > 0.999 * largest


def test_orthonormal():
    for n_out, n_in in ((7, 4), (4, 7), (5, 5)):
        for W in draw("orthogonal", (3, n_out, n_in)):
            short = W.T @ W if n_out >= n_in else W @ W.T
            assert np.abs(short - np.eye(min(n_out, n_in))).max() < EXACT


def test_no_preferred_direction():
    """Every entry has mean 0 and variance 1/n; the first is the one that QR makes negative."""
    n, copies = 3, 4000
    first = draw("orthogonal", (copies, n, n))[:, 0, 0]
    assert abs(first.mean()) < SIGMA / math.sqrt(n * copies)


def test_hidden_units_differ():
    for name in (*LAWS, "orthogonal"):
        net = bplib.mlp([4, 6, 6, 6, 4], init=name, seed=3)
        for W in net.W:
            assert len({*map(tuple, W)}) == len(W)
        assert not np.array_equal(net.W[1], net.W[2])


def test_another_seed():
    one, same, other = ([*bplib.mlp([4, 6, 4], seed=seed).theta] for seed in (1, 1, 2))
    assert one == same != other


def test_biases_are_zero():
    assert all((b == 0).all() for b in bplib.mlp([4, 6, 4], init="he").b)
