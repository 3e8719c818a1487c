"""Penalties against SymPy, plain loops and numerical derivatives."""

import numpy as np
import pytest
import sympy as sp

import bplib
from bplib import Dense, Network, losses
from bplib.layers import Activate, BatchNorm, Dropout, LayerNorm, Residual
from bplib.losses import L1, L2

SAME = 1e-13
PENALTIES = {
    "L2": [L2(0.3)],
    "L1": [L1(0.2)],
    "both": [L2(0.3), L1(0.2)],
    "L2 twice": [L2(0.1), L2(0.2)],
}
LOSSES = {
    "squared error": (losses.SquaredError, "tanh"),
    "binary": (losses.BinaryCrossEntropy, "sigmoid"),
    "softmax": (losses.SoftmaxCrossEntropy, "identity"),
}


def deep(output="identity", stack=None):
    """A network with every kind of parameter, all of them random."""
    block = Residual([LayerNorm(4), Dense(4, 4, "gelu"), Residual([BatchNorm(4), Dense(4, 4)])])
    layers = [Dense(3, 4), BatchNorm(4), Activate(4, "elu"), Dropout(4, 0.2), block]
    net = Network([*layers, Dense(4, 2, output)], stack)
    net.theta += np.random.default_rng(0).standard_normal(net.theta.shape)
    for layer in net.walk():
        if isinstance(layer, Dropout):
            layer.hold = True
    return net


def data():
    rng = np.random.default_rng(1)
    return rng.standard_normal((3, 6)), np.eye(2)[:, [0, 1, 1, 0, 1, 0]]


def penalized(loss, penalties):
    for penalty in penalties:
        loss = loss + penalty
    return loss


def test_value_and_gradient_are_sympys():
    w = sp.symbols("w1:5", real=True)
    at = dict(zip(w, map(sp.Rational, ("1/3", "-2", "5/7", "-1/8")), strict=True))
    numbers = np.array([float(v) for v in at.values()])
    lam = sp.Rational(3, 10)
    expressions = {
        L2(0.3): lam / 2 * sum(v**2 for v in w),
        L1(0.3): lam * sum(abs(v) for v in w),
    }
    for penalty, expression in expressions.items():
        assert penalty.value(numbers) == pytest.approx(float(expression.subs(at)), rel=1e-15)
        slopes = [float(expression.diff(v).subs(at)) for v in w]
        np.testing.assert_allclose(penalty.gradient(numbers), slopes, rtol=1e-15)


@pytest.mark.parametrize("penalty", [L1(0.5), L2(0.5)])
def test_a_weight_of_zero_is_left_where_it_is(penalty):
    np.testing.assert_array_equal(penalty.gradient(np.zeros(3)), 0)
    assert penalty.value(np.zeros(3)) == 0


@pytest.mark.parametrize("penalty", [L1(0.5), L2(0.5)])
def test_leading_axes_are_networks(penalty):
    w = np.random.default_rng(0).standard_normal((2, 3, 5))
    assert penalty.value(w).shape == (2, 3)
    assert penalty.gradient(w).shape == w.shape
    for k in np.ndindex(2, 3):
        assert penalty.value(w)[k] == pytest.approx(penalty.value(w[k]), rel=1e-15)
        np.testing.assert_array_equal(penalty.gradient(w)[k], penalty.gradient(w[k]))


@pytest.mark.parametrize("stack", [None, 3])
@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("kind", LOSSES)
def test_only_weights_are_penalized(kind, name, stack):
    """By plain loops over W; b, γ and β keep the gradient that they have without."""
    make, output = LOSSES[kind]
    net, (x, y) = deep(output, stack), data()
    bare, bare_grad = bplib.loss_and_grad(net, make(), x, y)
    bare_grad = bare_grad.copy()
    loss = penalized(make(), PENALTIES[name])
    value, grad = bplib.loss_and_grad(net, loss, x, y)
    extra, expected = np.zeros(net.stack), bare_grad.copy()
    start = 0
    for layer in net.walk():
        for parameter, (rows, columns) in layer.shapes.items():
            for k in range(rows * columns):
                if parameter == "W":
                    w = net.theta[..., start + k]
                    for penalty in PENALTIES[name]:
                        if isinstance(penalty, L2):
                            extra = extra + penalty.strength / 2 * w**2
                            expected[..., start + k] += penalty.strength * w
                        else:
                            extra = extra + penalty.strength * np.abs(w)
                            expected[..., start + k] += penalty.strength * np.where(w > 0, 1, -1)
            start += rows * columns
    assert start == net.theta.shape[-1]
    np.testing.assert_allclose(value, bare + extra, rtol=SAME)
    np.testing.assert_allclose(grad, expected, rtol=SAME, atol=1e-14)
    np.testing.assert_array_equal(grad[..., ~net.is_weight], bare_grad[..., ~net.is_weight])
    assert np.all(grad[..., net.is_weight] != bare_grad[..., net.is_weight])


def test_is_weight_marks_the_weights():
    net = deep()
    marks = net.is_weight.copy()
    net.theta[:] = 0
    for W in net.W:
        W[...] = 1
    np.testing.assert_array_equal(net.theta == 1, marks)
    assert {name[0] for name in net.slices} == {"W", "b", "g"}  # b of b and of beta


@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("kind", LOSSES)
def test_gradcheck_passes(kind, name, method):
    """No weight is within 1e-5 of 0, where L1 has its kink."""
    make, output = LOSSES[kind]
    net, loss = deep(output), penalized(make(), PENALTIES[name])
    assert np.abs(net.theta[net.is_weight]).min() > 1e-4
    check = bplib.gradcheck(net, loss, *data(), method)
    assert check.ok, str(check)


def test_gradcheck_sees_a_penalty_that_the_gradient_forgot(monkeypatch):
    monkeypatch.setattr(L2, "gradient", lambda self, w: 0 * w)
    check = bplib.gradcheck(deep(), losses.SquaredError() + L2(0.01), *data())
    assert not check.ok
    assert check.by_parameter["W[0]"] > 1e-6
    assert check.by_parameter["gamma[1]"] < 1e-7


def test_adding_a_penalty_leaves_the_loss_alone():
    bare = losses.SquaredError()
    one = bare + L2(0.1)
    two = one + L1(0.2)
    assert bare.penalties == losses.SquaredError.penalties == ()
    assert one.penalties == (L2(0.1),)
    assert two.penalties == (L2(0.1), L1(0.2))
    assert type(two) is losses.SquaredError
    net, (x, y) = deep(), data()
    values = [bplib.evaluate(net, loss, x, y) for loss in (bare, one, two, bare)]
    assert values[0] == values[3] < values[1] < values[2]


def test_a_loss_of_your_own_takes_penalties_too():
    class Cubed(losses.Loss):
        def __init__(self, power):
            self.power = power

        def value(self, z, a, y):
            return np.sum((a - y) ** self.power, axis=(-2, -1)) / a.shape[-1]

        def delta(self, z, a, y, f):
            return f.vjp(self.power * (a - y) ** (self.power - 1), z, a)

    loss = Cubed(4) + L2(0.1)
    assert loss.power == 4
    assert bplib.gradcheck(deep(), loss, *data(), "complex").ok


def test_evaluate_and_history_count_the_penalty():
    net, (x, y) = deep(), data()
    loss = losses.SquaredError() + L2(0.1)
    weights = sum(np.sum(W**2) for W in net.W)
    bare = bplib.evaluate(net, losses.SquaredError(), x, y)
    assert bplib.evaluate(net, loss, x, y) == pytest.approx(bare + 0.05 * weights, rel=SAME)
    history = bplib.fit(net.copy(), loss, x, y, bplib.SGD(0), validation=(x, y))
    assert history.loss[0] == history.validation_loss[0] == bplib.evaluate(net, loss, x, y)


def test_strength_zero_changes_nothing():
    net, (x, y) = deep(), data()
    value, grad = bplib.loss_and_grad(net, losses.SquaredError(), x, y)
    grad = grad.copy()
    again, with_zero = bplib.loss_and_grad(net, losses.SquaredError() + L2(0) + L1(0), x, y)
    assert again == value
    np.testing.assert_array_equal(with_zero, grad)


def test_l1_makes_weights_small_that_nothing_needs():
    """x₂ has nothing to do with y, and its weight comes down to within a step of zero."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 200))
    net = bplib.mlp([2, 1], seed=0)
    loss = losses.SquaredError() + L1(0.1)
    bplib.fit(net, loss, x, 2 * x[:1], bplib.SGD(0.01), epochs=2000, every=2000)
    assert abs(net.W[0][0, 1]) <= 0.01 * 0.1 * 2
    # ∂/∂w₁ of ½ v (w₁ − 2)² + λ w₁ vanishes at w₁ = 2 − λ / v, v the variance of x₁
    assert net.W[0][0, 0] == pytest.approx(2 - 0.1 / x[0].var(), abs=2e-3)


def test_they_compare_and_print_as_what_they_are():
    assert L2(0.1) == L2(np.float64(0.1)) != L1(0.1)
    assert str(L2(1)) == "L2(1.0)"
    assert str(L1(1)) == "L1(1.0)"
