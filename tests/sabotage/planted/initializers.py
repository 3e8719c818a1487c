"""Initial weights: judged by their mean, variance, range and angles over many draws."""

import math

import numpy as np

import bplib
from bplib import initializers
from sabotage.part import Part

part = Part("initial weights")

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


def follows_its_law(name):
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


for _name in LAWS:
    part.judge(f"mean and variance, {_name}")(lambda name=_name: follows_its_law(name))


@part.judge("orthonormal")
def orthonormal():
    for n_out, n_in in ((7, 4), (4, 7), (5, 5)):
        for W in draw("orthogonal", (3, n_out, n_in)):
            short = W.T @ W if n_out >= n_in else W @ W.T
            assert np.abs(short - np.eye(min(n_out, n_in))).max() < EXACT


@part.judge("no preferred direction")
def uniform_over_rotations():
    """Every entry has mean 0 and variance 1/n; the first is the one that QR makes negative."""
    n, copies = 3, 4000
    first = draw("orthogonal", (copies, n, n))[:, 0, 0]
    assert abs(first.mean()) < SIGMA / math.sqrt(n * copies)


@part.judge("hidden units differ")
def units_differ():
    for name in (*LAWS, "orthogonal"):
        net = bplib.mlp([4, 6, 6, 6, 4], init=name, seed=3)
        for W in net.W:
            assert len({*map(tuple, W)}) == len(W)
        assert not np.array_equal(net.W[1], net.W[2])


@part.judge("another seed, other weights")
def seeds_count():
    one, same, other = (bplib.mlp([4, 6, 4], seed=seed).theta for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@part.judge("biases are zero")
def biases():
    assert all((b == 0).all() for b in bplib.mlp([4, 6, 4], init="he").b)


def _plant(patch, name, draw):
    """Put draw(rng, shape) in the place of an initializer, wherever it is found."""
    patch.setitem(initializers.INITIALIZERS, name, draw)
    patch.setattr(initializers, name, draw, raising=False)


def _normal(patch, name, std):
    """N(0, std(n_in, n_out)²)."""
    _plant(
        patch,
        name,
        lambda rng, shape: std(shape[-1], shape[-2]) * rng.standard_normal(shape),
    )


def _uniform(patch, name, r, lowest=-1):
    """U(−r, r) with r(n_in, n_out)."""
    _plant(
        patch,
        name,
        lambda rng, shape: r(shape[-1], shape[-2]) * rng.uniform(lowest, 1, shape),
    )


def _orthogonal(patch, wide=lambda a: _orthonormal(a.mT).mT, tall=lambda a: _orthonormal(a)):
    def draw(rng, shape):
        a = rng.standard_normal(shape)
        return tall(a) if shape[-2] >= shape[-1] else wide(a)

    _plant(patch, "orthogonal", draw)


def _orthonormal(a, signs=True):
    """Gram–Schmidt, column by column; without signs as LAPACK leaves them."""
    if not signs:
        return np.linalg.qr(a)[0]
    q = np.empty_like(a)
    for j in range(a.shape[-1]):
        rest = a[..., j]
        for _ in range(2):  # once more for the roundings
            for i in range(j):
                along = (rest * q[..., i]).sum(axis=-1, keepdims=True)
                rest = rest - along * q[..., i]
        q[..., j] = rest / np.linalg.norm(rest, axis=-1, keepdims=True)
    return q


def _each_layer(patch, change):
    """Let mlp draw each layer by change(draw, rng, shape)."""
    right = initializers.get

    def get(name):
        draw = right(name)
        return lambda rng, shape: change(draw, rng, shape)

    patch.setattr(initializers, "get", get)


@part.control("the laws, written again")
def _(patch):
    _normal(patch, "normal", lambda n_in, n_out: 1.0)
    _uniform(patch, "xavier", lambda n_in, n_out: math.sqrt(6 / (n_in + n_out)))
    _normal(patch, "xavier_normal", lambda n_in, n_out: math.sqrt(2 / (n_in + n_out)))
    _normal(patch, "he", lambda n_in, n_out: math.sqrt(2 / n_in))
    _uniform(patch, "he_uniform", lambda n_in, n_out: math.sqrt(6 / n_in))
    _normal(patch, "lecun", lambda n_in, n_out: math.sqrt(1 / n_in))
    _orthogonal(patch)
    _each_layer(patch, lambda draw, rng, shape: draw(rng, shape))


@part.mutant("Xavier: n_in only")
def _(patch):
    _uniform(patch, "xavier", lambda n_in, n_out: math.sqrt(3 / n_in))


@part.mutant("Xavier: 6 / n_in, the sum forgotten")
def _(patch):
    _uniform(patch, "xavier", lambda n_in, n_out: math.sqrt(6 / n_in))


@part.mutant("Xavier: limits of the uniform law from the normal one")
def _(patch):
    _uniform(patch, "xavier", lambda n_in, n_out: math.sqrt(2 / (n_in + n_out)))


@part.mutant("Xavier: uniform from 0 to r")
def _(patch):
    _uniform(patch, "xavier", lambda n_in, n_out: math.sqrt(6 / (n_in + n_out)), lowest=0)


@part.mutant("Xavier: normal law for the uniform one")
def _(patch):
    _normal(patch, "xavier", lambda n_in, n_out: math.sqrt(2 / (n_in + n_out)))


@part.mutant("Xavier, normal: variance for the deviation")
def _(patch):
    _normal(patch, "xavier_normal", lambda n_in, n_out: 2 / (n_in + n_out))


@part.mutant("Xavier, normal: 1 for 2")
def _(patch):
    _normal(patch, "xavier_normal", lambda n_in, n_out: math.sqrt(1 / (n_in + n_out)))


@part.mutant("He: without the 2")
def _(patch):
    _normal(patch, "he", lambda n_in, n_out: math.sqrt(1 / n_in))


@part.mutant("He: fan-out")
def _(patch):
    _normal(patch, "he", lambda n_in, n_out: math.sqrt(2 / n_out))


@part.mutant("He: variance for the deviation")
def _(patch):
    _normal(patch, "he", lambda n_in, n_out: 2 / n_in)


@part.mutant("He: number of all weights for n_in")
def _(patch):
    _normal(patch, "he", lambda n_in, n_out: math.sqrt(2 / (n_in * n_out)))


@part.mutant("He, uniform: limits from the normal law")
def _(patch):
    _uniform(patch, "he_uniform", lambda n_in, n_out: math.sqrt(2 / n_in))


@part.mutant("LeCun: fan-out")
def _(patch):
    _normal(patch, "lecun", lambda n_in, n_out: math.sqrt(1 / n_out))


@part.mutant("LeCun: divided by n_in, not by its root")
def _(patch):
    _normal(patch, "lecun", lambda n_in, n_out: 1 / n_in)


@part.mutant("normal: scaled by 1/√n_in all the same")
def _(patch):
    _normal(patch, "normal", lambda n_in, n_out: 1 / math.sqrt(n_in))


@part.mutant("orthogonal: signs as QR leaves them")
def _(patch):
    _orthogonal(
        patch,
        wide=lambda a: _orthonormal(a.mT, signs=False).mT,
        tall=lambda a: _orthonormal(a, signs=False),
    )


@part.mutant("orthogonal: not for wide matrices")
def _(patch):
    """Columns of length 1, which cannot all be at right angles."""
    _orthogonal(patch, wide=lambda a: a / np.linalg.norm(a, axis=-2, keepdims=True))


@part.mutant("orthogonal: columns of length 1, at any angle")
def _(patch):
    def unit(a):
        return a / np.linalg.norm(a, axis=-2, keepdims=True)

    _orthogonal(patch, wide=lambda a: unit(a.mT).mT, tall=unit)


@part.mutant("orthogonal: identity")
def _(patch):
    def same(a):
        return np.broadcast_to(np.eye(*a.shape[-2:]), a.shape)

    _orthogonal(patch, wide=same, tall=same)


@part.mutant("zero weights")
def _(patch):
    _each_layer(patch, lambda draw, rng, shape: np.zeros(shape))


@part.mutant("one row for all units")
def _(patch):
    _each_layer(
        patch,
        lambda draw, rng, shape: np.broadcast_to(draw(rng, shape)[..., :1, :], shape),
    )


@part.mutant("the seed set again for each layer")
def _(patch):
    seeds = {}

    def again(draw, rng, shape):
        seed = seeds.setdefault(id(rng), rng.integers(2**32))
        return draw(np.random.default_rng(seed), shape)

    _each_layer(patch, again)


@part.mutant("the seed ignored")
def _(patch):
    _each_layer(patch, lambda draw, rng, shape: draw(np.random.default_rng(0), shape))


@part.mutant("no seed: other weights each time")
def _(patch):
    _each_layer(patch, lambda draw, rng, shape: draw(np.random.default_rng(), shape))
