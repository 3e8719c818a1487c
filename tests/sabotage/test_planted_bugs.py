"""Bugs planted in bplib: each must be caught by a check against something independent."""

from functools import cache

import numpy as np
import pytest
from oracle import worked
from oracle.reference import complex_step_gradient, data, distance, loss_value, network

import bplib
from bplib import losses
from sabotage.mutants import MUTANTS

CENTRAL = 1e-7  # correct code reaches about 1e-10, planted bugs 1e-4 and more
EXACT = 1e-12  # float64 roundings
DIGITS = 1e-14  # the worked example has nine parameters and few roundings
HARNESS = "nothing but the harness"

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


def by_gradcheck(name):
    check = bplib.gradcheck(*fresh(name))
    assert check.error < CENTRAL
    assert check.kinks == 0


def by_complex_step(name):
    *_, value, gradient = problem(name)
    net, loss, x, y = fresh(name)
    for _ in range(2):  # the second call must not remember the first
        our_value, grad = bplib.loss_and_grad(net, loss, x, y)
        assert abs(our_value - value) <= EXACT * value
        assert distance(grad, gradient) < EXACT


def by_training(name):
    """Three steps of `fit` against θ − η ∂L/∂θ by complex step."""
    sizes, names, loss, theta, x, y, *_ = problem(name)
    net = fresh(name)[0]
    bplib.fit(net, loss, x.copy(), y.copy(), bplib.SGD(0.3), epochs=3)
    for _ in range(3):
        theta = theta - 0.3 * complex_step_gradient(sizes, names, loss, theta, x, y)
    assert distance(net.theta, theta) < EXACT


def by_the_worked_example():
    """One step of `fit` on 2-2-1 against SymPy's exact numbers."""
    exact = worked.numbers()
    net, x, y = worked.network()
    history = bplib.fit(net, losses.SquaredError(), x, y, bplib.SGD(worked.ETA), epochs=1)
    assert abs(history.loss[0] / exact["L"] - 1) < DIGITS
    for l in (0, 1):
        for i in range(len(net.b[l])):
            assert abs(net.b[l][i, 0] / exact[f"b{l + 1}[{i}]"] - 1) < DIGITS
            for j in range(2):
                assert abs(net.W[l][i, j] / exact[f"W{l + 1}[{i},{j}]"] - 1) < DIGITS


JUDGES = {"worked example": by_the_worked_example}
for _name in PROBLEMS:
    JUDGES |= {
        f"gradcheck, {_name}": lambda name=_name: by_gradcheck(name),
        f"complex step, {_name}": lambda name=_name: by_complex_step(name),
        f"training, {_name}": lambda name=_name: by_training(name),
    }


def complaints():
    """The judges that find something wrong, an assertion or a crash."""
    found = []
    with np.errstate(all="ignore"):
        for name, judge in JUDGES.items():
            try:
                judge()
            except (AssertionError, ValueError, ArithmeticError):
                found.append(name)
    return found


@pytest.mark.parametrize("name", [name for name in MUTANTS if name != HARNESS])
def test_planted_bug_is_caught(name, monkeypatch, record_property):
    assert complaints() == [], "without the bug nothing complains"
    with monkeypatch.context() as patch:
        MUTANTS[name](patch)
        caught = complaints()
    record_property("caught by", "; ".join(caught))
    assert caught, f"{name!r} survived all {len(JUDGES)} checks"
    assert complaints() == [], "the bug has been taken out again"


def test_harness_alone_is_not_caught(monkeypatch):
    """What catches a mutant is its bug, not the way it was planted."""
    MUTANTS[HARNESS](monkeypatch)
    assert complaints() == []


def test_gradcheck_alone_catches_the_bugs_of_the_backward_pass(monkeypatch):
    """Loss and gradient that are wrong in the same way are beyond any difference quotient."""
    beyond = {
        HARNESS,
        "update as you go: each layer steps before the one below is reached",
        "no mean, in the loss as well",
        "mean over examples × outputs, in the loss as well",
        "biases are never updated",
        "step uphill",
        "a step on a copy of theta",
        "gradients of the last batch are added to",  # the first batch is still right
    }
    missed = set()
    for name, plant in MUTANTS.items():
        with monkeypatch.context() as patch, np.errstate(all="ignore"):
            plant(patch)
            if not any(c.startswith("gradcheck") for c in complaints()):
                missed.add(name)
    assert missed == beyond
