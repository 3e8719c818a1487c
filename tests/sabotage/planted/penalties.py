"""Penalties and clipping: judged by complex step and by exact numbers."""

import math

import numpy as np
from oracle.reference import STEP, data, distance, loss_value, network, parameters

import bplib
from bplib import losses, optim
from bplib.layers import BatchNorm, Dense
from bplib.losses import L1, L2
from bplib.network import Network
from sabotage.part import Part

part = Part("penalties and clipping")

EXACT = 1e-12
SIZES, NAMES, M = [3, 4, 2], ["tanh", "identity"], 5
PENALTIES = {"L1": (0.3, 0.0), "L2": (0.0, 0.7), "both": (0.3, 0.7)}


def penalized(theta, x, y, l1, l2):
    """½ ‖y − a‖² + λ₁ Σ |w| + ½ λ₂ Σ w², for complex theta, (..., P), too."""
    value = loss_value(SIZES, NAMES, losses.SquaredError(), theta, x, y)
    for W, _ in parameters(SIZES, theta):
        value = value + l1 * np.where(W.real < 0, -W, W).sum(axis=(-2, -1))
        value = value + l2 / 2 * (W * W).sum(axis=(-2, -1))
    return value


def slopes(theta, *args):
    return penalized(theta + 1j * STEP * np.eye(theta.size), *args).imag / STEP


def problem(kind):
    rng = np.random.default_rng(4)
    net = network(SIZES, NAMES, rng)
    l1, l2 = PENALTIES[kind]
    loss = losses.SquaredError()
    if l1:
        loss = loss + L1(l1)
    if l2:
        loss = loss + L2(l2)
    return net, loss, *data(SIZES, losses.SquaredError(), M, rng), (l1, l2)


def by_complex_step(kind):
    net, loss, x, y, strengths = problem(kind)
    value, grad = bplib.loss_and_grad(net, loss, x, y)
    expected = penalized(net.theta, x, y, *strengths)
    assert abs(value - expected) < EXACT * expected
    assert abs(bplib.evaluate(net, loss, x, y) - expected) < EXACT * expected
    assert distance(grad, slopes(net.theta, x, y, *strengths)) < EXACT


def by_training(kind):
    net, loss, x, y, strengths = problem(kind)
    theta = net.theta.copy()
    history = bplib.fit(net, loss, x, y, bplib.SGD(0.1), epochs=3)
    for k in range(3):
        expected = penalized(theta, x, y, *strengths)
        assert abs(history.loss[k] - expected) < EXACT * expected
        theta = theta - 0.1 * slopes(theta, x, y, *strengths)
    assert distance(net.theta, theta) < EXACT


for _kind in PENALTIES:
    part.judge(f"complex step, {_kind}")(lambda kind=_kind: by_complex_step(kind))
    part.judge(f"training, {_kind}")(lambda kind=_kind: by_training(kind))


@part.judge("gradcheck")
def by_gradcheck():
    for kind in PENALTIES:
        net, loss, x, y, _ = problem(kind)
        assert bplib.gradcheck(net, loss, x, y).error < 1e-7


@part.judge("exact numbers, penalties")
def by_hand():
    net = bplib.mlp([3, 1])
    net.theta[:] = [3, 0, -4, 5]  # w, and b = 5
    x, y = np.zeros((3, 1)), np.full((1, 1), 5)
    for penalty, value, slope in (
        (L2(0.5), 6.25, [1.5, 0, -2, 0]),
        (L1(0.5), 3.5, [0.5, 0, -0.5, 0]),
    ):
        ours, grad = bplib.loss_and_grad(net, losses.SquaredError() + penalty, x, y)
        assert ours == value
        assert [*grad] == slope


@part.judge("γ and β left alone")
def normalization_left_alone():
    rng = np.random.default_rng(5)
    net = Network([Dense(3, 4), BatchNorm(4), Dense(4, 2)])
    net.theta[:] = rng.standard_normal(net.theta.shape)
    x, y = data(SIZES, losses.SquaredError(), M, rng)
    plain = bplib.loss_and_grad(net, losses.SquaredError(), x, y)[1].copy()
    grad = bplib.loss_and_grad(net, losses.SquaredError() + L1(0.3) + L2(0.7), x, y)[1]
    at = 0
    for size, penalized in ((12, True), (4, False), (4, False), (4, False), (8, True), (2, False)):
        here = slice(at, at + size)
        extra = 0.3 * np.sign(net.theta[here]) + 0.7 * net.theta[here]
        assert distance(grad[here], plain[here] + penalized * extra) < EXACT
        at += size
    assert at == net.theta.size


@part.judge("a loss stays as it is")
def loss_is_not_changed():
    net, _, x, y, _ = problem("both")
    loss = losses.SquaredError()
    before = bplib.evaluate(net, loss, x, y)
    assert bplib.evaluate(net, loss + L2(1.0), x, y) > before
    assert (
        bplib.evaluate(net, loss, x, y)
        == before
        == bplib.evaluate(net, losses.SquaredError(), x, y)
    )


@part.judge("stack")
def stack():
    _, loss, x, y, strengths = problem("both")
    many = network(SIZES, NAMES, np.random.default_rng(6), stack=3)
    values, grads = bplib.loss_and_grad(many, loss, x, y)
    for value, grad, theta in zip(values, grads, many.theta, strict=True):
        assert abs(value - penalized(theta, x, y, *strengths)) < EXACT * value
        assert distance(grad, slopes(theta, x, y, *strengths)) < EXACT


@part.judge("exact numbers, clipping by norm")
def clip_by_norm():
    for g, limit, expected in (
        ([3.0, 0, -4], 1, [0.6, 0, -0.8]),
        ([3.0, 0, -4], 2.5, [1.5, 0, -2]),
        ([30.0, 0, -40], 25, [15, 0, -20]),
    ):
        g = np.array(g)
        optim.by_norm(limit, eps=0)(g)
        assert distance(g, expected) < EXACT


@part.judge("short gradients are left alone")
def clip_short():
    for clip in (optim.by_norm(10), optim.by_value(10)):
        for g in ([3.0, 0, -4], [0.0, 0, 0], [0.1, -0.1, 0]):
            clipped = np.array(g)
            clip(clipped)
            assert [*clipped] == g


@part.judge("clipping in a stack")
def clip_stack():
    """By hypot: each member by itself, and with the ε of PyTorch's clip_grad_norm_."""
    rows = [[3.0, 4.0], [0.3, 0.4], [0.0, -7.0]]
    g = np.array(rows)
    optim.by_norm(1.0)(g)
    for ours, row in zip(g, rows, strict=True):
        norm = math.hypot(*row)
        scale = min(1, 1.0 / (norm + 1e-6))
        assert distance(ours, [scale * entry for entry in row]) < EXACT


@part.judge("exact numbers, clipping by value")
def clip_by_value():
    g = np.array([[3.0, -4.0, 0.5, -0.25, 1.0]])
    optim.by_value(1.0)(g)
    assert [*g[0]] == [1, -1, 0.5, -0.25, 1]


def _l2(patch, value=lambda self, w: self.strength * (w * w).sum(-1) / 2, gradient=None):
    patch.setattr(L2, "value", value)
    patch.setattr(L2, "gradient", gradient or (lambda self, w: self.strength * w))


def _l1(
    patch,
    value=lambda self, w: self.strength * np.where(w.real < 0, -w, w).sum(-1),
    gradient=lambda self, w: self.strength * ((w.real > 0) * 1.0 - (w.real < 0)),
):
    patch.setattr(L1, "value", value)
    patch.setattr(L1, "gradient", gradient)


def _penalized(patch, which=lambda name, l: name == "W"):
    """What the penalties see of theta."""
    right = Network.__init__

    def __init__(self, *args, **named):
        right(self, *args, **named)
        for key, here in self.slices.items():
            name, l = key.rstrip("]").split("[")
            self.is_weight[here] = which(name, int(l))

    patch.setattr(Network, "__init__", __init__)


def _add(patch, after=lambda old, new: (*old, new), copy=True):
    def __add__(self, penalty):
        both = type(self)() if copy else self
        both.penalties = after(self.penalties, penalty)
        return both

    patch.setattr(losses.Loss, "__add__", __add__)


def _by_norm(
    patch,
    norm=lambda g: np.sqrt((g * g).sum(axis=-1, keepdims=True)),
    scale=lambda norm, limit: np.where(norm > limit, limit / norm, 1),
):
    def by_norm(limit, eps=1e-6):
        def clip(grad):
            grad *= scale(norm(grad) + eps, limit)

        return clip

    patch.setattr(optim, "by_norm", by_norm)


def _by_value(patch, clipped=lambda g, limit: np.minimum(np.maximum(g, -limit), limit)):
    def by_value(limit):
        def clip(grad):
            grad[...] = clipped(grad, limit)

        return clip

    patch.setattr(optim, "by_value", by_value)


@part.control("penalties and clipping, written again")
def _(patch):
    for lines in (_l1, _l2, _penalized, _add, _by_norm, _by_value):
        lines(patch)


@part.mutant("L2: no ½ in the value")
def _(patch):
    _l2(patch, value=lambda self, w: self.strength * (w * w).sum(-1))


@part.mutant("L2: 2 λ w, without the ½ in the gradient")
def _(patch):
    _l2(patch, gradient=lambda self, w: 2 * self.strength * w)


@part.mutant("L2: no ½ anywhere")
def _(patch):
    _l2(
        patch,
        lambda self, w: self.strength * (w * w).sum(-1),
        lambda self, w: 2 * self.strength * w,
    )


@part.mutant("L2: norm not squared")
def _(patch):
    _l2(patch, value=lambda self, w: self.strength * np.sqrt((w * w).sum(-1)) / 2)


@part.mutant("L2: mean for sum")
def _(patch):
    _l2(
        patch,
        lambda self, w: self.strength * (w * w).mean(-1) / 2,
        lambda self, w: self.strength * w / w.shape[-1],
    )


@part.mutant("L2: in the loss only")
def _(patch):
    _l2(patch, gradient=lambda self, w: np.zeros_like(w))


@part.mutant("L2: in the gradient only")
def _(patch):
    _l2(patch, value=lambda self, w: np.zeros(w.shape[:-1]))


@part.mutant("L2: weights grow")
def _(patch):
    _l2(patch, gradient=lambda self, w: -self.strength * w)


@part.mutant("L2: one sum for the whole stack")
def _(patch):
    _l2(patch, value=lambda self, w: self.strength * (w * w).sum() / 2)


@part.mutant("L1: |w| for sign(w)")
def _(patch):
    _l1(patch, gradient=lambda self, w: self.strength * np.abs(w))


@part.mutant("L1: the gradient of L2")
def _(patch):
    _l1(patch, gradient=lambda self, w: self.strength * w)


@part.mutant("L1: λ without a sign")
def _(patch):
    _l1(patch, gradient=lambda self, w: self.strength * (w != 0))


@part.mutant("L1: pushes at w = 0")
def _(patch):
    _l1(patch, gradient=lambda self, w: self.strength * np.where(w.real >= 0, 1.0, -1.0))


@part.mutant("L1: sum without | |")
def _(patch):
    _l1(patch, value=lambda self, w: self.strength * w.sum(-1))


@part.mutant("L1: with a ½")
def _(patch):
    _l1(patch, value=lambda self, w: self.strength * np.abs(w).sum(-1) / 2)


@part.mutant("penalty on the biases too")
def _(patch):
    _penalized(patch, lambda name, l: name in {"W", "b"})


@part.mutant("penalty on γ too")
def _(patch):
    _penalized(patch, lambda name, l: name in {"W", "gamma"})


@part.mutant("penalty on the first layer only")
def _(patch):
    _penalized(patch, lambda name, l: name == "W" and l == 0)


@part.mutant("the second penalty replaces the first")
def _(patch):
    _add(patch, lambda old, new: (new,))


@part.mutant("the penalty stays in the loss it was added to")
def _(patch):
    _add(patch, copy=False)


@part.mutant("the penalty stays in all losses")
def _(patch):
    patch.setattr(losses.Loss, "penalties", ())  # so that the bug ends with the patch

    def __add__(self, penalty):
        losses.Loss.penalties = (*losses.Loss.penalties, penalty)
        return self

    patch.setattr(losses.Loss, "__add__", __add__)


@part.mutant("penalty divided by the number of examples, in the gradient")
def _(patch):
    _l2(patch, gradient=lambda self, w: self.strength * w / M)
    _l1(patch, gradient=lambda self, w: self.strength * np.sign(w.real) / M)


@part.mutant("clip by norm: always to the limit, short gradients too")
def _(patch):
    _by_norm(patch, scale=lambda norm, limit: limit / norm)


@part.mutant("clip by norm: divided by the norm, whatever the limit")
def _(patch):
    _by_norm(patch, scale=lambda norm, limit: np.where(norm > limit, 1 / norm, 1))


@part.mutant("clip by norm: by ‖g‖²")
def _(patch):
    _by_norm(patch, norm=lambda g: (g * g).sum(axis=-1, keepdims=True))


@part.mutant("clip by norm: by the largest entry")
def _(patch):
    _by_norm(patch, norm=lambda g: np.abs(g).max(axis=-1, keepdims=True))


@part.mutant("clip by norm: one norm for the whole stack")
def _(patch):
    _by_norm(patch, norm=np.linalg.norm)


@part.mutant("clip by norm: long gradients dropped")
def _(patch):
    _by_norm(patch, scale=lambda norm, limit: norm <= limit)


@part.mutant("clip by norm: a copy")
def _(patch):
    def by_norm(limit, eps=1e-6):
        def clip(grad):
            grad = grad * np.minimum(1, limit / (np.linalg.norm(grad) + eps))

        return clip

    patch.setattr(optim, "by_norm", by_norm)


@part.mutant("clip by value: |g|, the sign lost")
def _(patch):
    _by_value(patch, lambda g, limit: np.minimum(np.abs(g), limit))


@part.mutant("clip by value: only from above")
def _(patch):
    _by_value(patch, lambda g, limit: np.minimum(g, limit))


@part.mutant("clip by value: zero beyond the limit")
def _(patch):
    _by_value(patch, lambda g, limit: np.where(np.abs(g) > limit, 0, g))


@part.mutant("clip by value: every entry to ± the limit")
def _(patch):
    _by_value(patch, lambda g, limit: limit * np.sign(g))
