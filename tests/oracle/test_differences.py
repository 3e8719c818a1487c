"""Gradients against complex step and central difference, and `gradcheck` against both."""

from itertools import pairwise

import numpy as np
import pytest
import sympy as sp

import bplib
from bplib import Dense, Network, activations, initializers, losses
from bplib import network as network_module
from bplib.activations import ACTIVATIONS
from bplib.gradient_check import GradCheck
from bplib.layers import Dropout, Layer, LayerNorm
from oracle.reference import (
    MATCHED,
    central_gradient,
    complex_step_gradient,
    data,
    distance,
    loss_value,
    network,
)

EXACT = 1e-12  # complex step has no cancellation: what is left are float64 roundings
CENTRAL = 1e-7  # h² from the series and ε/h from cancellation at h = 1e-5: about 1e-10
HIDDEN = ["identity", "sigmoid", "tanh", "relu"]
SIZES = [3, 4, 4, 2]


def make(hidden, loss, output, seed=2, m=5):
    rng = np.random.default_rng(seed)
    names = [hidden, hidden, output]
    net, loss = network(SIZES, names, rng), loss()
    return net, names, loss, *data(SIZES, loss, m, rng)


@pytest.mark.parametrize(("loss", "output"), MATCHED)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_backward_pass(hidden, loss, output):
    net, names, loss, x, y = make(hidden, loss, output)
    value, grad = bplib.loss_and_grad(net, loss, x, y)
    again = loss_value(SIZES, names, loss, net.theta, x, y)
    assert value == pytest.approx(again, rel=EXACT)
    assert bplib.evaluate(net, loss, x, y) == value
    exact = complex_step_gradient(SIZES, names, loss, net.theta, x, y)
    assert np.linalg.norm(exact) > 1e-3
    assert distance(grad, exact) < EXACT
    assert distance(grad, central_gradient(SIZES, names, loss, net.theta, x, y)) < CENTRAL


@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize(("loss", "output"), MATCHED)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_gradcheck_agrees(hidden, loss, output, method):
    net, names, loss, x, y = make(hidden, loss, output)
    theta = net.theta.copy()
    check = bplib.gradcheck(net, loss, x, y, method)
    assert check.ok
    assert check.error < {"central": CENTRAL, "complex": EXACT}[method]
    assert check.kinks == 0
    assert check.numeric.dtype == np.float64
    np.testing.assert_array_equal(net.theta, theta)
    exact = complex_step_gradient(SIZES, names, loss, theta, x, y)
    assert distance(check.numeric, exact) < {"central": CENTRAL, "complex": EXACT}[method]
    assert distance(check.analytic, exact) < EXACT


@pytest.mark.parametrize("method", ["central", "complex"])
def test_gradcheck_flags_one_wrong_parameter(monkeypatch, method):
    net, _, loss, x, y = make("tanh", losses.SquaredError, "identity")
    right = Dense.backward_from

    def wrong(self, delta, down=True):
        da = right(self, delta, down)
        if self is net.layers[1]:
            self.dW[2, 3] += 1e-4
        return da

    monkeypatch.setattr(Dense, "backward_from", wrong)
    check = bplib.gradcheck(net, loss, x, y, method)
    assert not check.ok
    assert "DISAGREES" in str(check)
    worst = max(check.by_parameter, key=check.by_parameter.get)
    assert worst == "W[1]"
    assert check.by_parameter["W[0]"] < CENTRAL
    gaps = np.abs(check.analytic - check.numeric)
    assert gaps.argmax() == (4 * 3 + 4) + 2 * 4 + 3  # all of layer 0, then row 2, column 3


def kinked():
    """One ReLU unit that sits on its kink, one that is far from it."""
    net = bplib.Network([Dense(1, 2, "relu"), Dense(2, 1)])
    net.theta[...] = [1, 1, -1, 1, 1, 1, 0]  # z = [0, 2] at x = 1
    return net, losses.SquaredError(), np.ones((1, 1)), np.zeros((1, 1))


def test_gradcheck_skips_relu_kinks_and_counts_them():
    net, loss, x, y = kinked()
    check = bplib.gradcheck(net, loss, x, y)
    assert check.kinks == 2
    assert np.flatnonzero(np.isnan(check.numeric)).tolist() == [0, 2]  # W and b of the unit
    assert check.ok
    assert "2 kinks" in str(check)
    sizes, names = [1, 2, 1], ["relu", "identity"]
    naive = central_gradient(sizes, names, loss, net.theta, x, y)
    assert distance(check.analytic, naive) > 1e-2, "without skipping, the kink looks like a bug"


def test_gradcheck_does_not_agree_where_it_compared_nothing():
    net = bplib.mlp([1, 1], output="relu")
    net.theta[:] = 0, 0
    check = bplib.gradcheck(net, losses.SquaredError(), [[1.0]], [[1.0]])
    assert check.kinks == 2
    assert np.isnan(check.error)
    assert not check.ok
    assert "NOT COMPARED" in str(check)


def test_gradcheck_sees_a_bug_beside_a_kink(monkeypatch):
    net, loss, x, y = kinked()
    monkeypatch.setattr(losses.SquaredError, "delta", lambda self, z, a, y, f: 2 * (a - y))
    check = bplib.gradcheck(net, loss, x, y)
    assert check.kinks == 2
    assert not check.ok


def test_gradcheck_leaves_the_network_as_loss_and_grad_does():
    net, _, loss, x, y = make("tanh", losses.SquaredError, "identity")
    bplib.gradcheck(net, loss, x, y)
    left = [array.copy() for array in (*net.z, *net.a, *net.delta, net.grad)]
    bplib.loss_and_grad(net, loss, x, y)
    for before, after in zip(left, (*net.z, *net.a, *net.delta, net.grad), strict=True):
        np.testing.assert_array_equal(before, after)


def wrong_gradient(monkeypatch, net, name, change):
    """Let `change` of the gradient of one parameter, a copy of it, stand in its place."""
    right, here = network_module.backpropagate, net.slices[name]

    def wrong(trained, *args):
        a = right(trained, *args)
        if trained.theta.shape == net.theta.shape:
            trained.grad[here] = change(trained.grad[here].copy())
        return a

    monkeypatch.setattr(network_module, "backpropagate", wrong)


def deep(init="xavier", seed=0):
    """Ten sigmoid layers: the first one's gradient is a ten-millionth of the last one's."""
    net = bplib.mlp([3] + [5] * 9 + [2], "sigmoid", "sigmoid", init, seed)
    rng = np.random.default_rng(seed)
    return net, losses.SquaredError(), rng.standard_normal((3, 8)), rng.random((2, 8))


class Scaled(losses.Loss):
    """Squared error in another unit."""

    def __init__(self, factor):
        self.factor = factor

    def value(self, z, a, y):
        return self.factor * losses.SquaredError().value(z, a, y)

    def delta(self, z, a, y, f):
        return self.factor * losses.SquaredError().delta(z, a, y, f)


@pytest.mark.parametrize("factor", [1e-6, 1, 1e6])
@pytest.mark.parametrize("init", ["xavier", initializers.Normal(0.5)], ids=str)
@pytest.mark.parametrize("name", ["W[0]", "b[0]", "W[4]"])
def test_a_flipped_sign_in_one_of_ten_layers_disagrees(monkeypatch, name, init, factor):
    """By the norm of the whole gradient such a mistake is invisible: 1e-9 of it."""
    for seed in range(2):
        net, _, x, y = deep(init, seed)
        right = bplib.gradcheck(net, Scaled(factor), x, y)
        assert right, str(right)
        with monkeypatch.context() as patch:
            wrong_gradient(patch, net, name, np.negative)
            check = bplib.gradcheck(net, Scaled(factor), x, y)
        assert not check, str(check)
        assert [n for n, told in check.verdict.items() if told == "DISAGREES"] == [name]
        assert check.by_parameter[name] > 0.9
        assert f"{name:8} 1.0e+00  DISAGREES" in str(check)
        if name in ("W[0]", "b[0]"):
            assert check.error < 1e-3


def test_a_tiny_gradient_is_still_compared(monkeypatch):
    net, loss, x, y = deep(initializers.Normal(0.35))
    first = bplib.gradcheck(net, loss, x, y).analytic[net.slices["W[0]"]]
    assert np.linalg.norm(first) < 1e-8
    wrong_gradient(monkeypatch, net, "W[0]", lambda g: g * 1.5)
    assert not bplib.gradcheck(net, loss, x, y)


@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize("factor", [0.0, 0.5, 0.999, 1.00017, 2.0])
def test_a_wrong_factor_disagrees(monkeypatch, factor, method):
    """1.7e-4 of the truth is the smallest mistake that has been planted."""
    for hidden in ("tanh", "relu", "gelu"):
        net, _, loss, x, y = make("tanh", losses.SquaredError, "identity")
        net = network(SIZES, [hidden, hidden, "identity"], np.random.default_rng(2))
        with monkeypatch.context() as patch:
            wrong_gradient(patch, net, "W[1]", lambda g: factor * g)
            assert not bplib.gradcheck(net, loss, x, y, method)


def trained(hidden, output, loss, epochs, seed=0):
    x, y = bplib.data.xor()
    net = bplib.mlp([2, 3, 1], hidden=hidden, output=output, seed=seed)
    bplib.fit(net, loss, x, y, bplib.Adam(0.05), epochs=epochs, every=1000)
    return net, loss, x, y


@pytest.mark.parametrize("method", ["central", "complex"])
@pytest.mark.parametrize("epochs", [1000, 5000])
@pytest.mark.parametrize(
    ("hidden", "output", "loss"),
    [
        ("tanh", "sigmoid", losses.BinaryCrossEntropy()),
        ("tanh", "tanh", losses.SquaredError()),
        ("gelu", "identity", losses.SquaredError()),
        ("relu", "sigmoid", losses.BinaryCrossEntropy()),
    ],
)
def test_a_trained_network_agrees(hidden, output, loss, epochs, method):
    for seed in range(2):
        check = bplib.gradcheck(*trained(hidden, output, loss, epochs, seed), method)
        assert check, str(check)


@pytest.mark.parametrize("method", ["central", "complex"])
def test_a_network_at_its_minimum_agrees_and_both_are_0(method):
    """Linear regression: the gradient is what roundings leave of it."""
    found = set()
    for seed in range(5):
        rng = np.random.default_rng(seed)
        net, x = bplib.mlp([2, 1], seed=seed), rng.standard_normal((2, 20))
        y = np.array([[1.0, -2.0]]) @ x + 0.1 * rng.standard_normal((1, 20))
        bplib.fit(net, losses.SquaredError(), x, y, bplib.SGD(0.3), epochs=400, every=400)
        check = bplib.gradcheck(net, losses.SquaredError(), x, y, method)
        assert check, str(check)
        found |= set(check.verdict.values())
        assert check.error > 1e-6, "by the norm alone it would disagree"
    assert "both 0" in found
    assert "DISAGREES" not in found


def test_at_a_minimum_a_mistake_is_still_seen(monkeypatch):
    net, loss, x, y = trained("tanh", "tanh", losses.SquaredError(), 5000)
    wrong_gradient(monkeypatch, net, "b[1]", lambda g: g + 1e-8)
    check = bplib.gradcheck(net, loss, x, y)
    assert [n for n, told in check.verdict.items() if told == "DISAGREES"] == ["b[1]"]


@pytest.mark.parametrize("scale", [1e-3, 1, 30, 255])
def test_inputs_may_be_large(scale):
    """At 255 the loss bends so much within h that the difference alone is off by up to 2 %."""
    worst = 0.0
    for seed in range(5):
        rng = np.random.default_rng(seed)
        net = bplib.mlp([4, 5, 2], seed=seed)
        x, y = scale * rng.random((4, 12)), rng.standard_normal((2, 12))
        check = bplib.gradcheck(net, losses.SquaredError(), x, y)
        assert check.ok, str(check)
        worst = max(worst, *check.by_parameter.values())
    assert (worst > 1e-3) == (scale == 255)


@pytest.mark.parametrize("method", ["central", "complex"])
def test_right_code_agrees_over_hundreds_of_networks(method):
    """Any layers, losses in any unit, fresh, or trained for a while."""
    compared = 0
    for seed in range(100):
        net, loss, x, y = anything(np.random.default_rng(seed))
        check = bplib.gradcheck(net, loss, x, y, method)
        assert "DISAGREES" not in check.verdict.values(), f"{seed}\n{check}"
        compared += bool(check)
    assert compared > 90


def anything(rng):
    names = [name for name in ACTIVATIONS if name != "softmax"]
    depth, m = rng.integers(1, 5), rng.integers(2, 12)
    sizes = rng.integers(2, 7, depth + 1).tolist()
    loss, output = [
        (losses.SquaredError(), rng.choice(names)),
        (losses.BinaryCrossEntropy() + losses.L2(0.01), "sigmoid"),
        (losses.SoftmaxCrossEntropy() + losses.L1(0.001), "identity"),
        (Scaled(1e-6), rng.choice(names)),
        (Scaled(1e6), rng.choice(names)),
    ][rng.integers(5)]
    layers = []
    for l, (n_in, n_out) in enumerate(pairwise(sizes)):
        last = l == depth - 1
        layers.append(Dense(n_in, n_out, output if last else str(rng.choice(names))))
        if not last and rng.random() < 0.3:
            layers.append([LayerNorm(n_out), Dropout(n_out, 0.3)][rng.integers(2)])
    net = bplib.Network(layers)
    for layer in net.dense:
        layer.W[...] = rng.standard_normal(layer.W.shape) * 10 ** rng.uniform(-1, 0.3)
        layer.b[...] = rng.standard_normal(layer.b.shape) / 2
    x, y = data(sizes, loss, m, rng)
    if rng.random() < 0.3:
        bplib.fit(net, loss, x, y, bplib.Adam(0.02), epochs=300, every=300)
    return net, loss, x, y


def test_the_kinks_of_an_l1_penalty_are_counted():
    net, _, loss, x, y = make("tanh", losses.SquaredError, "identity")
    net.theta[[0, 4]] = 0.0, 4e-6
    net.b[0][0] = 4e-6  # no penalty, no kink
    check = bplib.gradcheck(net, loss + losses.L1(0.1), x, y)
    assert check, str(check)
    assert check.kinks == 2
    assert np.flatnonzero(np.isnan(check.numeric)).tolist() == [0, 4]
    assert bplib.gradcheck(net, loss + losses.L2(0.1), x, y).kinks == 0
    assert bplib.gradcheck(net, loss + losses.L1(0.1), x, y, "complex").kinks == 0


def test_truth_is_the_verdict():
    told = {"W[0]": "agrees", "b[0]": "both 0", "W[1]": "agrees to rounding"}
    arrays = np.zeros(1), np.zeros(1)

    def check(**more):
        verdict = told | {name: value.replace("_", " ") for name, value in more.items()}
        return GradCheck(0.5, dict.fromkeys(verdict, 0.5), verdict, 0, *arrays, "central")

    assert check().ok is bool(check()) is True
    assert check(c="not_compared").ok
    assert not check(c="DISAGREES")
    assert not check(c="DISAGREES").ok
    told = {"W[0]": "not compared"}
    assert not check().ok


def kink_of_abs(z):
    return np.where(z.real < 0, -z, z)


ABS = activations.Activation("abs", np.abs, lambda z, a: np.sign(z), kinked=True)
HOLOMORPHIC = activations.Activation("abs", kink_of_abs, lambda z, a: np.sign(z.real), kinked=True)
FLOOR = activations.Activation("floor", lambda z: z + 0 * np.floor(z), lambda z, a: 1 + 0 * z)


class Absolute(losses.Loss):
    """Mean absolute error, its sign taken from the real part, or not."""

    def __init__(self, real):
        self.real = real

    def value(self, z, a, y):
        gap = kink_of_abs(a - y) if self.real else np.abs(a - y)
        return gap.sum(axis=(-2, -1)) / a.shape[-1]

    def delta(self, z, a, y, f):
        return f.vjp(np.sign((a - y).real).astype(a.dtype), z, a)


@pytest.mark.parametrize(
    ("hidden", "loss", "named"),
    [
        (ABS, losses.SquaredError(), "'abs'"),
        (FLOOR, losses.SquaredError(), "'floor'"),
        ("tanh", Absolute(real=False), "net or loss"),
    ],
)
def test_what_takes_complex_numbers_otherwise_is_no_wrong_gradient(hidden, loss, named):
    net = bplib.mlp([3, 4, 2], hidden=hidden)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((3, 5)), rng.standard_normal((2, 5))
    assert bplib.gradcheck(net, loss, x, y)
    with pytest.raises(ValueError, match=f"{named}.*expected"):
        bplib.gradcheck(net, loss, x, y, "complex")


def test_what_takes_them_as_real_numbers_agrees_by_both_methods(monkeypatch):
    net = bplib.mlp([3, 4, 2], hidden=HOLOMORPHIC)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((3, 5)), rng.standard_normal((2, 5))
    for loss in (losses.SquaredError(), Absolute(real=True)):
        for method in ("central", "complex"):
            assert bplib.gradcheck(net, loss, x, y, method)
    wrong_gradient(monkeypatch, net, "W[0]", np.negative)
    check = bplib.gradcheck(net, loss, x, y, "complex")
    assert check.verdict["W[0]"] == "DISAGREES", "a wrong gradient is told as one"


def test_central_difference_has_the_step_it_says():
    """Of L = ½ tanh² w the central difference is off by h² L‴ / 6, well above its roundings."""
    net = bplib.Network([Dense(1, 1, "tanh")])
    net.theta[...] = 0.5, 0
    check = bplib.gradcheck(net, losses.SquaredError(), [[1.0]], [[0.0]])
    w = sp.Symbol("w")
    third = float((sp.tanh(w) ** 2 / 2).diff(w, 3).subs(w, 0.5))
    assert check.numeric[0] - check.analytic[0] == pytest.approx(1e-10 * third / 6, rel=0.5)


def test_report():
    net, loss, x, y = kinked()
    assert (
        str(bplib.gradcheck(net, loss, x, y, "complex"))
        .splitlines()[-1]
        .endswith("  agrees with the complex step")
    )
    check = bplib.gradcheck(net, loss, x, y)
    rows = [f"{name:8} {error:.1e}" for name, error in check.by_parameter.items()]
    assert set(check.verdict.values()) == {"agrees"}
    total = f"all      {check.error:.1e}  agrees with the central difference, 2 kinks skipped"
    assert str(check) == "\n".join([*rows, total])
    assert list(check.by_parameter) == ["W[0]", "b[0]", "W[1]", "b[1]"]


def test_relative_error_is_norm_wise():
    from bplib.gradient_check import relative_error

    assert relative_error(np.array([1.0, 0]), np.array([0, 1.0])) == pytest.approx(np.sqrt(2) / 2)
    assert relative_error(np.array([3.0, 4]), np.array([-3.0, -4])) == 1
    assert relative_error(np.zeros(2), np.zeros(2)) == 0
    assert relative_error(np.array([1.0, 9]), np.array([1.0, np.nan])) == 0
    assert np.isnan(relative_error(np.array([np.nan]), np.ones(1)))


def test_a_layer_that_draws_anew_in_each_pass_is_refused():
    class Noise(Layer):
        needs_rng = True

        def forward(self, a_prev, train=False):
            return a_prev + self.rng.standard_normal(a_prev.shape)

        def backward(self, da, down=True):
            return -da

    net = Network([Dense(2, 2), Noise(2, 2)])
    with pytest.raises(ValueError, match="draws anew in each pass"):
        bplib.gradcheck(net, losses.SquaredError(), np.ones((2, 3)), np.zeros((2, 3)))
