"""The backward pass and the losses: judged by complex step, differences and exact numbers."""

from functools import cache

import numpy as np
import pytest
from oracle import worked
from oracle.reference import complex_step_gradient, data, distance, loss_value, network

import bplib
from bplib import losses
from sabotage.planting import once

CENTRAL = 1e-7  # correct code reaches about 1e-10, planted bugs 1e-4 and more
EXACT = 1e-12  # float64 roundings
DIGITS = 1e-14  # the worked example has nine parameters and few roundings

# Square layers hide wrong products behind right shapes, so some are square; as many examples
# as units in one case (a wrong axis fits), more than one output, every activation and loss.
PROBLEMS = {
    "square": ([3, 3, 3, 3], ["sigmoid", "sigmoid", "sigmoid"], losses.SquaredError, 3),
    "not square": ([2, 4, 3, 2], ["sigmoid", "tanh", "sigmoid"], losses.SquaredError, 5),
    "relu": ([3, 5, 4, 2], ["relu", "relu", "identity"], losses.SquaredError, 5),
    "cross-entropy": ([2, 3, 1], ["tanh", "sigmoid"], losses.BinaryCrossEntropy, 6),
    "softmax": ([2, 3, 3], ["tanh", "identity"], losses.SoftmaxCrossEntropy, 4),
}


@cache
def problem(name):
    """Sizes, activations, loss, theta, x, y and what the independent code makes of them."""
    sizes, names, loss, m = PROBLEMS[name]
    rng = np.random.default_rng(12)
    theta, loss = network(sizes, names, rng).theta, loss()
    x, y = data(sizes, loss, m, rng)
    value = loss_value(sizes, names, loss, theta, x, y)
    gradient = complex_step_gradient(sizes, names, loss, theta, x, y)
    return sizes, names, loss, theta, x, y, value, gradient


def fresh(name):
    sizes, names, loss, theta, x, y, *_ = problem(name)
    net = network(sizes, names, np.random.default_rng(0))
    net.theta[...] = theta
    return net, loss, x.copy(), y.copy()


@pytest.mark.parametrize("name", PROBLEMS)
def test_gradcheck(name):
    check = bplib.gradcheck(*fresh(name))
    assert check.error < CENTRAL
    assert check.kinks == 0


@pytest.mark.parametrize("name", PROBLEMS)
def test_complex_step(name):
    *_, value, gradient = problem(name)
    net, loss, x, y = fresh(name)
    for _ in range(2):  # the second call must not remember the first
        our_value, grad = bplib.loss_and_grad(net, loss, x, y)
        assert abs(our_value - value) <= EXACT * value
        assert distance(grad, gradient) < EXACT


@pytest.mark.parametrize("name", PROBLEMS)
def test_training(name):
    """Three steps of `fit` against θ − η ∂L/∂θ by complex step."""
    sizes, names, loss, theta, x, y, *_ = problem(name)
    net = fresh(name)[0]
    bplib.fit(net, loss, x.copy(), y.copy(), bplib.SGD(0.3), epochs=3)
    for _ in range(3):
        theta = theta - 0.3 * complex_step_gradient(sizes, names, loss, theta, x, y)
    assert distance(net.theta, theta) < EXACT


@once
def exact_numbers():
    """Every number of one step on 2-2-1, from SymPy, and theta, x and y before it."""
    net, x, y = worked.network()
    return worked.numbers(), net.theta, x, y


def test_worked_example():
    """One step of `fit` on 2-2-1 against SymPy's exact numbers."""
    exact, theta, x, y = exact_numbers()
    net = bplib.mlp([2, 2, 1], hidden="sigmoid", output="sigmoid")
    net.theta[:], x = theta, x.copy()
    history = bplib.fit(net, losses.SquaredError(), x, y, bplib.SGD(worked.ETA), epochs=1)
    assert abs(history.loss[0] / exact["L"] - 1) < DIGITS
    names = [f"W1[{i},{j}]" for i in (0, 1) for j in (0, 1)] + ["b1[0]", "b1[1]"]
    names += ["W2[0,0]", "W2[0,1]", "b2[0]"]
    assert np.abs(net.theta / [exact[name] for name in names] - 1).max() < DIGITS
