"""Penalties and clipping: judged by complex step and by exact numbers."""

import math

import numpy as np
import pytest
from oracle.reference import STEP, data, distance, loss_value, network, parameters

import bplib
from bplib import losses, optim
from bplib.layers import BatchNorm, Dense
from bplib.losses import L1, L2
from bplib.network import Network

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
    loss = plain = losses.SquaredError()
    for penalty, strength in zip((L1, L2), PENALTIES[kind], strict=True):
        loss = loss + penalty(strength) if strength else loss
    return net, loss, *data(SIZES, plain, M, rng), PENALTIES[kind]


@pytest.mark.parametrize("kind", PENALTIES)
def test_complex_step(kind):
    net, loss, x, y, strengths = problem(kind)
    value, grad = bplib.loss_and_grad(net, loss, x, y)
    expected = penalized(net.theta, x, y, *strengths)
    assert abs(value - expected) < EXACT * expected
    assert abs(bplib.evaluate(net, loss, x, y) - expected) < EXACT * expected
    assert distance(grad, slopes(net.theta, x, y, *strengths)) < EXACT


@pytest.mark.parametrize("kind", PENALTIES)
def test_training(kind):
    net, loss, x, y, strengths = problem(kind)
    theta = net.theta.copy()
    history = bplib.fit(net, loss, x, y, bplib.SGD(0.1), epochs=3)
    for k in range(3):
        expected = penalized(theta, x, y, *strengths)
        assert abs(history.loss[k] - expected) < EXACT * expected
        theta = theta - 0.1 * slopes(theta, x, y, *strengths)
    assert distance(net.theta, theta) < EXACT


def test_gradcheck():
    for kind in PENALTIES:
        net, loss, x, y, _ = problem(kind)
        assert bplib.gradcheck(net, loss, x, y).error < 1e-7


def test_exact_penalties():
    net = bplib.mlp([3, 1])
    net.theta[:] = [3, 0, -4, 5]  # w, and b = 5
    x, y = np.zeros((3, 1)), np.full((1, 1), 5)
    exact = {L2(0.5): (6.25, [1.5, 0, -2, 0]), L1(0.5): (3.5, [0.5, 0, -0.5, 0])}
    for penalty, known in exact.items():
        value, grad = bplib.loss_and_grad(net, losses.SquaredError() + penalty, x, y)
        assert (value, [*grad]) == known


def test_gamma_and_beta():
    rng = np.random.default_rng(5)
    net = Network([Dense(3, 4), BatchNorm(4), Dense(4, 2)])
    net.theta[:] = rng.standard_normal(net.theta.shape)
    x, y = data(SIZES, losses.SquaredError(), M, rng)
    plain = bplib.loss_and_grad(net, losses.SquaredError(), x, y)[1].copy()
    grad = bplib.loss_and_grad(net, losses.SquaredError() + L1(0.3) + L2(0.7), x, y)[1]
    is_weight = np.repeat([1, 0, 0, 0, 1, 0], [12, 4, 4, 4, 8, 2])
    extra = is_weight * (0.3 * np.sign(net.theta) + 0.7 * net.theta)
    assert distance(grad, plain + extra) < EXACT


def test_loss_is_not_changed():
    net, _, x, y, _ = problem("both")
    loss = losses.SquaredError()
    before = bplib.evaluate(net, loss, x, y)
    assert bplib.evaluate(net, loss + L2(1.0), x, y) > before
    for same in (loss, losses.SquaredError()):
        assert bplib.evaluate(net, same, x, y) == before


def test_stack():
    _, loss, x, y, strengths = problem("both")
    many = network(SIZES, NAMES, np.random.default_rng(6), stack=3)
    values, grads = bplib.loss_and_grad(many, loss, x, y)
    for value, grad, theta in zip(values, grads, many.theta, strict=True):
        assert abs(value - penalized(theta, x, y, *strengths)) < EXACT * value
        assert distance(grad, slopes(theta, x, y, *strengths)) < EXACT


def test_clip_by_norm():
    for g, limit, expected in (
        ([3.0, 0, -4], 1, [0.6, 0, -0.8]),
        ([3.0, 0, -4], 2.5, [1.5, 0, -2]),
        ([30.0, 0, -40], 25, [15, 0, -20]),
    ):
        g = np.array(g)
        optim.by_norm(limit, eps=0)(g)
        assert distance(g, expected) < EXACT


def test_clip_short():
    for clip in (optim.by_norm(10), optim.by_value(10)):
        for g in ([3.0, 0, -4], [0.0, 0, 0], [0.1, -0.1, 0]):
            clipped = np.array(g)
            clip(clipped)
            assert [*clipped] == g


def test_clip_stack():
    """By hypot: each member by itself, and with the ε of PyTorch's clip_grad_norm_."""
    rows = [[3.0, 4.0], [0.3, 0.4], [0.0, -7.0]]
    g = np.array(rows)
    optim.by_norm(1.0)(g)
    for ours, row in zip(g, rows, strict=True):
        scale = min(1, 1.0 / (math.hypot(*row) + 1e-6))
        assert distance(ours, [scale * entry for entry in row]) < EXACT


def test_clip_by_value():
    g = np.array([[3.0, -4.0, 0.5, -0.25, 1.0]])
    optim.by_value(1.0)(g)
    assert [*g[0]] == [1, -1, 0.5, -0.25, 1]
