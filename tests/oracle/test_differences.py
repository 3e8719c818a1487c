"""Gradients against complex step and central difference, and `gradcheck` against both."""

import numpy as np
import pytest
import sympy as sp

import bplib
from bplib import Dense, losses
from bplib.gradient_check import GradCheck
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


@pytest.mark.parametrize(("method", "limit"), [("central", 1e-7), ("complex", 1e-12)])
def test_what_counts_as_agreement(method, limit):
    def check(error):
        return GradCheck(error, {}, 0, np.zeros(1), np.zeros(1), method)

    assert check(0.99 * limit).ok
    assert not check(limit).ok


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
