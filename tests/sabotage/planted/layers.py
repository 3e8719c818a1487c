"""Normalization, dropout, residual layers: judged by their definitions, number by number."""

import math
import statistics
from itertools import pairwise

import numpy as np
from oracle.reference import STEP, distance

from bplib.layers import BatchNorm, Dense, Dropout, LayerNorm, Residual, _Normalization
from sabotage.part import Part

part = Part("layers")

EXACT = 1e-12  # float64 roundings
EPS = 0.01  # large enough for its place to matter
N, M = 3, 5  # units and examples: not equal, so that a wrong axis shows
SIGMA = 5  # how far a count of random draws may be from its expectation
RATE = 0.2


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


def normalization_is(kind, over):
    x, gamma, beta, c = drawn()
    layer = bound(kind(N, eps=EPS), gamma, beta)
    assert distance(layer.forward(x, train=True), normalized(x, gamma, beta, over)) < EXACT
    down = layer.backward(c)
    assert distance(down, slopes(lambda x: normalized(x, gamma, beta, over), x, c)) < EXACT
    dgamma = slopes(lambda gamma: normalized(x, gamma, beta, over), gamma, c)
    assert distance(layer.dgamma, dgamma) < EXACT
    assert distance(layer.dbeta, slopes(lambda b: normalized(x, gamma, b, over), beta, c)) < EXACT


@part.judge("complex step, batch norm")
def batch_norm():
    normalization_is(BatchNorm, over=1)


@part.judge("complex step, layer norm")
def layer_norm():
    normalization_is(LayerNorm, over=0)


@part.judge("differences, batch norm")
def by_differences():
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


@part.judge("statistics, each unit has mean 0 and variance 1")
def each_unit():
    x = drawn()[0][:, :N]  # square: the wrong axis fits
    a = bound(BatchNorm(N, eps=1e-12), np.ones(N), np.zeros(N)).forward(x, train=True)
    for row in a:
        assert abs(statistics.fmean(row)) < EXACT
        assert abs(statistics.pvariance(row) - 1) < 1e-9


@part.judge("statistics, each example has mean 0 and variance 1")
def each_example():
    x = drawn()[0][:, :N]
    a = bound(LayerNorm(N, eps=1e-12), np.ones(N), np.zeros(N)).forward(x)
    for column in a.T:
        assert abs(statistics.fmean(column)) < EXACT
        assert abs(statistics.pvariance(column) - 1) < 1e-9


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


@part.judge("running averages")
def running_averages():
    layer = bound(BatchNorm(N, eps=EPS, momentum=0.25), np.ones(N), np.zeros(N))
    mean, variance = batches(layer)
    assert distance(layer.running_mean, mean) < EXACT
    assert distance(layer.running_variance, variance) < EXACT


@part.judge("evaluation, batch norm")
def batch_norm_in_evaluation():
    x, gamma, beta, c = drawn(7)
    layer = bound(BatchNorm(N, eps=EPS, momentum=0.25), gamma, beta)
    mean, variance = batches(layer)
    for _ in range(2):  # the first time must leave no trace
        expected = gamma * (x - mean) / np.sqrt(variance + EPS) + beta
        assert distance(layer.forward(x), expected) < EXACT
        assert distance(layer.backward(c), c * gamma / np.sqrt(variance + EPS)) < EXACT
    one = x[:, :1]
    assert distance(layer.forward(one), expected[:, :1]) < EXACT


@part.judge("complex step, residual")
def residual():
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


@part.judge("values of a mask")
def dropout_values():
    _, x, a = dropped()
    for ratio in (a / x).flat:
        assert ratio == 0 or abs(ratio - 1.25) < EXACT


@part.judge("number of zeros")
def dropout_count():
    _, x, a = dropped()
    spread = math.sqrt(x.size * RATE * (1 - RATE))
    assert abs(np.count_nonzero(a == 0) - RATE * x.size) < SIGMA * spread


@part.judge("same mask on the way back")
def dropout_backward():
    layer, x, a = dropped()
    np.testing.assert_allclose(layer.backward(x), a, rtol=EXACT)


@part.judge("evaluation, dropout")
def dropout_in_evaluation():
    layer, x, _ = dropped()
    np.testing.assert_array_equal(layer.forward(x), x)
    np.testing.assert_array_equal(layer.backward(x), x)


@part.judge("every mask is new")
def dropout_masks_differ():
    layer, x, first = dropped()
    second = layer.forward(x, train=True)
    for a in (first, second):
        assert all((one != two).any() for one, two in pairwise((a != 0).T))  # examples
        assert all((one != two).any() for one, two in pairwise(a != 0))  # units
    assert ((first != 0) != (second != 0)).any()


# The lines of each layer, any of which a mutant may replace.


def _normalize(patch, deviation=lambda self, variance: np.sqrt(variance + self.eps)):
    def normalize(self, x, mean, variance):
        self.deviation = deviation(self, variance)
        self.x_hat = (x - mean) / self.deviation
        self.a = self.gamma * self.x_hat + self.beta
        return self.a

    patch.setattr(_Normalization, "normalize", normalize)


def _parameters(
    patch,
    dgamma=lambda self, da: da * self.x_hat,
    dbeta=lambda da: da.sum(axis=-1, keepdims=True),
    dx_hat=lambda self, da: self.gamma * da,
):
    def scale_and_shift(self, da):
        self.dgamma[...] = dgamma(self, da).sum(axis=-1, keepdims=True)
        self.dbeta[...] = dbeta(da)
        return dx_hat(self, da)

    patch.setattr(_Normalization, "scale_and_shift", scale_and_shift)


def _through(patch, kind, mean=1, variance=1, over=None):
    """The three terms of ∂L/∂x, two of which can be left out."""

    def through_moments(self, d):
        axis = self.axis if over is None else over
        by_mean = mean * d.mean(axis=axis, keepdims=True)
        by_variance = variance * self.x_hat * (d * self.x_hat).mean(axis=axis, keepdims=True)
        return (d - by_mean - by_variance) / self.deviation

    patch.setattr(kind, "through_moments", through_moments)


def _batch_norm(
    patch,
    weight=lambda self: self.momentum,
    spread=lambda variance, m: variance * m / (m - 1),
    updates=lambda train: train,
    looks_at_batch=lambda train: train,
):
    def forward(self, a_prev, train=False):
        self.train = looks_at_batch(train)
        m = a_prev.shape[-1]
        mean, variance = self.moments(a_prev)
        if updates(train):
            new = weight(self)
            self.running_mean[...] = (1 - new) * self.running_mean + new * mean
            self.running_variance *= 1 - new
            self.running_variance += new * spread(variance, m)
        if not looks_at_batch(train):
            mean, variance = self.running_mean, self.running_variance
        return self.normalize(a_prev, mean, variance)

    patch.setattr(BatchNorm, "forward", forward)


def _batch_norm_backward(patch, through=lambda self: self.train):
    def backward(self, da, down=True):
        d = self.scale_and_shift(da)
        return self.through_moments(d) if through(self) else d / self.deviation

    patch.setattr(BatchNorm, "backward", backward)


def _layer_norm(patch, variance=lambda x, mean: ((x - mean) ** 2).mean(axis=-2, keepdims=True)):
    def forward(self, a_prev, train=False):
        mean = a_prev.mean(axis=-2, keepdims=True)
        return self.normalize(a_prev, mean, variance(a_prev, mean))

    patch.setattr(LayerNorm, "forward", forward)


def _dropout(
    patch,
    kept=lambda self, x: self.rng.random(x.shape) >= self.rate,
    scale=lambda self: 1 / (1 - self.rate),
    active=lambda train: train,
    back=lambda self: self.mask,
):
    def forward(self, a_prev, train=False):
        self.mask = np.ones(a_prev.shape)
        if active(train):
            self.mask = kept(self, a_prev) * scale(self)
        self.a = a_prev * self.mask
        return self.a

    patch.setattr(Dropout, "forward", forward)
    patch.setattr(Dropout, "backward", lambda self, da, down=True: da * back(self))


def _residual(patch, out=lambda x, inner: x + inner, back=lambda da, inner: da + inner):
    def forward(self, a_prev, train=False):
        a = a_prev
        for layer in self.layers:
            a = layer.forward(a, train)
        self.a = out(a_prev, a)
        return self.a

    def backward(self, da, down=True):
        inner = da
        for layer in reversed(self.layers):
            inner = layer.backward(inner)
        return back(da, inner)

    patch.setattr(Residual, "forward", forward)
    patch.setattr(Residual, "backward", backward)


@part.control("the layers, written again")
def _(patch):
    for lines in (
        _normalize,
        _parameters,
        _batch_norm,
        _batch_norm_backward,
        _layer_norm,
        _dropout,
        _residual,
    ):
        lines(patch)
    _through(patch, _Normalization)


@part.mutant("batch norm: gradient as if the mean were constant")
def _(patch):
    _through(patch, BatchNorm, mean=0)


@part.mutant("batch norm: gradient as if the variance were constant")
def _(patch):
    _through(patch, BatchNorm, variance=0)


@part.mutant("batch norm: gradient as if both were constant")
def _(patch):
    _batch_norm_backward(patch, through=lambda self: False)


@part.mutant("batch norm: gradient in evaluation as in training")
def _(patch):
    _batch_norm_backward(patch, through=lambda self: True)


@part.mutant("batch norm: running variance biased")
def _(patch):
    _batch_norm(patch, spread=lambda variance, m: variance)


@part.mutant("batch norm: running deviation in place of the variance")
def _(patch):
    _batch_norm(patch, spread=lambda variance, m: np.sqrt(variance * m / (m - 1)))


@part.mutant("batch norm: running averages follow evaluation too")
def _(patch):
    _batch_norm(patch, updates=lambda train: True)


@part.mutant("batch norm: running averages never updated")
def _(patch):
    _batch_norm(patch, updates=lambda train: False)


@part.mutant("batch norm: momentum the other way around")
def _(patch):
    _batch_norm(patch, weight=lambda self: 1 - self.momentum)


@part.mutant("batch norm: evaluation by the batch's own statistics")
def _(patch):
    _batch_norm(patch, looks_at_batch=lambda train: True)


@part.mutant("batch norm: training by the running averages")
def _(patch):
    _batch_norm(patch, looks_at_batch=lambda train: False)


@part.mutant("batch norm: statistics over the units")
def _(patch):
    patch.setattr(BatchNorm, "axis", -2)
    _batch_norm(patch, updates=lambda train: False)  # they have no room for such statistics


@part.mutant("normalization: ε outside the root")
def _(patch):
    _normalize(patch, lambda self, variance: np.sqrt(variance) + self.eps)


@part.mutant("normalization: divided by the variance")
def _(patch):
    _normalize(patch, lambda self, variance: variance + self.eps)


@part.mutant("normalization: ∂L/∂γ with a in place of x̂")
def _(patch):
    _parameters(patch, dgamma=lambda self, da: da * self.a)


@part.mutant("normalization: ∂L/∂β of the first example only")
def _(patch):
    _parameters(patch, dbeta=lambda da: da[..., :1])


@part.mutant("normalization: γ forgotten on the way back")
def _(patch):
    _parameters(patch, dx_hat=lambda self, da: da)


@part.mutant("layer norm: over the batch")
def _(patch):
    patch.setattr(LayerNorm, "axis", -1)


@part.mutant("layer norm: unbiased variance")
def _(patch):
    _layer_norm(patch, lambda x, mean: np.var(x, axis=-2, ddof=1, keepdims=True))


@part.mutant("layer norm: one mean and variance for all")
def _(patch):
    _layer_norm(patch, lambda x, mean: np.var(x))


@part.mutant("layer norm: gradient as if mean and variance were constant")
def _(patch):
    _through(patch, LayerNorm, mean=0, variance=0)


@part.mutant("layer norm: means of the gradient over the batch")
def _(patch):
    _through(patch, LayerNorm, over=-1)


@part.mutant("residual: input not added")
def _(patch):
    _residual(patch, out=lambda x, inner: inner)


@part.mutant("residual: gradient not added")
def _(patch):
    _residual(patch, back=lambda da, inner: inner)


@part.mutant("residual: gradient only around the block")
def _(patch):
    _residual(patch, back=lambda da, inner: da)


@part.mutant("residual: mean of both ways")
def _(patch):
    _residual(patch, lambda x, inner: (x + inner) / 2, lambda da, inner: (da + inner) / 2)


@part.mutant("dropout: no 1/(1 − p)")
def _(patch):
    _dropout(patch, scale=lambda self: 1)


@part.mutant("dropout: multiplied by 1 − p")
def _(patch):
    _dropout(patch, scale=lambda self: 1 - self.rate)


@part.mutant("dropout: divided by p")
def _(patch):
    _dropout(patch, scale=lambda self: 1 / self.rate)


@part.mutant("dropout: zero with probability 1 − p")
def _(patch):
    _dropout(patch, kept=lambda self, x: self.rng.random(x.shape) < self.rate)


@part.mutant("dropout: another mask in the backward pass")
def _(patch):
    def back(self):
        return (self.rng.random(self.mask.shape) >= self.rate) / (1 - self.rate)

    _dropout(patch, back=back)


@part.mutant("dropout: no mask in the backward pass")
def _(patch):
    _dropout(patch, back=lambda self: 1)


@part.mutant("dropout: mask without its scale in the backward pass")
def _(patch):
    _dropout(patch, back=lambda self: self.mask > 0)


@part.mutant("dropout: active in evaluation")
def _(patch):
    _dropout(patch, active=lambda train: True)


@part.mutant("dropout: never active")
def _(patch):
    _dropout(patch, active=lambda train: False)


@part.mutant("dropout: one mask for all examples")
def _(patch):
    _dropout(
        patch,
        kept=lambda self, x: np.broadcast_to(
            self.rng.random((*x.shape[:-1], 1)) >= self.rate, x.shape
        ),
    )


@part.mutant("dropout: one mask for all units")
def _(patch):
    _dropout(
        patch,
        kept=lambda self, x: np.broadcast_to(
            self.rng.random((1, x.shape[-1])) >= self.rate, x.shape
        ),
    )


@part.mutant("dropout: the same mask in every pass")
def _(patch):
    _dropout(patch, kept=lambda self, x: np.random.default_rng(0).random(x.shape) >= self.rate)
