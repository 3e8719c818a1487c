"""Gradients against SymPy's, with exact numbers put in and 30 digits taken out."""

import numpy as np
import pytest
import sympy as sp

import bplib
from bplib import losses, symbolic
from oracle import worked
from oracle.reference import data, distance, network

TOLERANCE = 1e-14  # a handful of float64 roundings, each 1.1e-16
DIGITS = 30

# The example's numbers as they are quoted, to six places.
PRINTED = {
    "z1[0]": "0.100000",
    "z1[1]": "0.300000",
    "z2[0]": "0.200000",
    "a1[0]": "0.524979",
    "a1[1]": "0.574443",
    "a2[0]": "0.549834",
    "L": "0.101325",
    "slope2[0]": "0.247517",
    "delta2[0]": "-0.111424",
    "slope1[0]": "0.249376",
    "slope1[1]": "0.244458",
    "delta1[0]": "-0.011115",
    "delta1[1]": "-0.016343",
    "dW2[0,0]": "-0.058495",
    "dW2[0,1]": "-0.064006",
    "dW1[0,0]": "-0.005557",
    "dW1[0,1]": "-0.008892",
    "dW1[1,0]": "-0.008172",
    "dW1[1,1]": "-0.013074",
}


def rational_inputs(sizes, activations, m, seed):
    """A network and data whose floats have three decimals, so that SymPy reads them exactly."""
    rng = np.random.default_rng(seed)
    net = network(sizes, activations, rng)
    net.theta[...] = np.round(net.theta, 3)
    x, y = data(sizes, losses.SquaredError(), m, rng)
    return net, np.round(x, 3), np.round(y, 3)


def evaluate(expressions, known):
    return np.array([float(e.subs(known).evalf(DIGITS)) for e in expressions])


@pytest.mark.parametrize(
    ("sizes", "hidden", "output"),
    [
        ([2, 2, 1], "sigmoid", "sigmoid"),
        ([1, 2, 1], "tanh", "identity"),
        ([3, 2], "sigmoid", "tanh"),
        ([2, 3, 2], "relu", "sigmoid"),
        ([2, 2, 2], "identity", "relu"),
        ([1, 1, 1, 1], "tanh", "sigmoid"),
    ],
)
def test_loss_and_gradient(sizes, hidden, output):
    activations = [hidden] * (len(sizes) - 2) + [output]
    net, x, y = rational_inputs(sizes, activations, 1, seed=4)
    value, grad = bplib.loss_and_grad(net, losses.SquaredError(), x, y)
    sym = symbolic.mlp(sizes, hidden, output)
    known = sym.values(x, y, net.W, net.b)
    assert value == pytest.approx(float(sym.loss.subs(known).evalf(DIGITS)), rel=TOLERANCE)
    assert np.any(grad)
    assert distance(grad, evaluate(sym.gradient(), known)) < TOLERANCE


def test_batch_is_the_mean_over_examples():
    net, x, y = rational_inputs([2, 2, 2], ["tanh", "sigmoid"], 3, seed=5)
    _, grad = bplib.loss_and_grad(net, losses.SquaredError(), x, y)
    sym = symbolic.mlp([2, 2, 2], "tanh", "sigmoid")
    each = [evaluate(sym.gradient(), sym.values(x[:, k], y[:, k], net.W, net.b)) for k in range(3)]
    assert distance(grad, np.mean(each, axis=0)) < TOLERANCE


@pytest.mark.parametrize("target", [0.0, 0.25, 1.0])
def test_binary_cross_entropy(target):
    net, x, _ = rational_inputs([2, 2, 1], ["tanh", "sigmoid"], 1, seed=6)
    sym = symbolic.mlp([2, 2, 1], "tanh", "sigmoid")
    a, y = sym.a[-1][0], sym.y[0]
    loss = -y * sp.log(a) - (1 - y) * sp.log(1 - a)
    known = sym.values(x, [target], net.W, net.b)
    value, grad = bplib.loss_and_grad(net, losses.BinaryCrossEntropy(), x, [[target]])
    assert value == pytest.approx(float(loss.subs(known).evalf(DIGITS)), rel=TOLERANCE)
    assert distance(grad, evaluate([sp.diff(loss, p) for p in sym.theta], known)) < TOLERANCE


def test_softmax_cross_entropy():
    net, x, _ = rational_inputs([2, 2, 3], ["tanh", "identity"], 1, seed=7)
    sym = symbolic.mlp([2, 2, 3], "tanh", "identity")
    z = sym.z[-1]
    total = sum(sp.exp(entry) for entry in z)
    loss = -sum(y * sp.log(sp.exp(entry) / total) for y, entry in zip(sym.y, z, strict=True))
    known = sym.values(x, [0.25, 0.75, 0.0], net.W, net.b)
    y = np.array([[0.25], [0.75], [0.0]])
    value, grad = bplib.loss_and_grad(net, losses.SoftmaxCrossEntropy(), x, y)
    assert value == pytest.approx(float(loss.subs(known).evalf(DIGITS)), rel=TOLERANCE)
    assert distance(grad, evaluate([sp.diff(loss, p) for p in sym.theta], known)) < TOLERANCE


@pytest.mark.parametrize(("key", "printed"), PRINTED.items())
def test_printed_numbers_of_the_worked_example(key, printed):
    sym, known = worked.known()
    assert f"{sym.numbers(known, worked.ETA)[key].evalf(DIGITS):.6f}" == printed


def test_worked_example_in_floating_point():
    net, x, y = worked.network()
    value, grad = bplib.loss_and_grad(net, losses.SquaredError(), x, y)
    exact = worked.numbers()
    keys = ["W1[0,0]", "W1[0,1]", "W1[1,0]", "W1[1,1]", "b1[0]", "b1[1]"]
    keys += ["W2[0,0]", "W2[0,1]", "b2[0]"]
    assert value == pytest.approx(exact["L"], rel=TOLERANCE)
    np.testing.assert_allclose(grad, [exact["d" + key] for key in keys], rtol=TOLERANCE)
    bplib.SGD(worked.ETA).step(net.theta, grad)
    np.testing.assert_allclose(net.theta, [exact[key] for key in keys], rtol=TOLERANCE)
    np.testing.assert_allclose(net.delta[0][:, 0], [exact["delta1[0]"], exact["delta1[1]"]])


def test_output_bias_of_the_worked_example():
    sym, known = worked.known()
    assert f"{known[sym.b[1][0]].evalf(DIGITS):.6f}" == "-0.354657"
