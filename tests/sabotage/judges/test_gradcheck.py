"""The gradient check: judged by gradients that are known to be right, and known to be wrong."""

import numpy as np
import pytest
from oracle.reference import complex_step_gradient, data, distance, network

import bplib
from bplib import losses
from bplib.layers import BatchNorm, Dense, Dropout
from bplib.network import Network
from sabotage.planting import refused

SE = losses.SquaredError()
METHODS = {"central": 1e-7, "complex": 1e-12}


class Flipped(Dense):
    """A dense layer whose weights' gradient, or its biases', has the wrong sign or is 0."""

    wrong, factor = "dW", -1

    def backward_from(self, delta, down=True):
        da = super().backward_from(delta, down)
        gradient = getattr(self, self.wrong)
        gradient *= self.factor
        return da

    def backward(self, da, down=True):
        return self.backward_from(self.f.vjp(da, self.z, self.a), down)


def problem(net, m=5):
    rng = np.random.default_rng(7)
    return net, SE, *data([net.layers[0].n_in, net.layers[-1].n_out], SE, m, rng)


def deep(first=Dense):
    """Ten layers of sigmoids: the gradient of the first is a billionth of the last one's."""
    layers = [first(2, 3, "sigmoid"), *(Dense(3, 3, "sigmoid") for _ in range(9))]
    return problem(Network(layers, seed=1))


@pytest.mark.parametrize("method", METHODS)
def test_right(method):
    for sizes, names in (([2, 4, 3, 2], ["tanh", "sigmoid", "identity"]), ([3, 1], ["sigmoid"])):
        net, loss, x, y = problem(network(sizes, names, np.random.default_rng(3)))
        theta = net.theta.copy()
        assert not refused(lambda of=(net, loss, x, y): bplib.gradcheck(*of, method))
        check = bplib.gradcheck(net, loss, x, y, method)
        assert check
        assert check.ok
        assert check.error < METHODS[method]
        exact = complex_step_gradient(sizes, names, SE, theta, x, y)
        assert distance(check.numeric, exact) < METHODS[method]
        assert set(check.verdict.values()) <= {"agrees", "agrees to rounding"}
        assert np.array_equal(net.theta, theta)


@pytest.mark.parametrize("method", METHODS)
def test_right_in_ten_layers(method):
    assert bplib.gradcheck(*deep(), method)


@pytest.mark.parametrize("method", METHODS)
def test_wrong_in_one_of_ten_layers(method):
    check = bplib.gradcheck(*deep(Flipped), method)
    assert not check
    assert not check.ok
    assert {name for name, told in check.verdict.items() if told == "DISAGREES"} == {"W[0]"}
    assert abs(check.by_parameter["W[0]"] - 1) < 0.1  # ‖g + g‖ of ‖g‖ + ‖g‖


def test_wrong_biases():
    net = Network([Dense(2, 3, "tanh"), Flipped(3, 2)], seed=1)
    net.layers[1].wrong = "db"
    check = bplib.gradcheck(*problem(net))
    assert not check
    assert [name for name, told in check.verdict.items() if told == "DISAGREES"] == ["b[1]"]


def test_forgotten_gradient():
    net = Network([Dense(2, 3, "tanh"), Flipped(3, 2)], seed=1)
    net.layers[1].factor = 0
    check = bplib.gradcheck(*problem(net))
    assert not check
    assert [name for name, told in check.verdict.items() if told == "DISAGREES"] == ["W[1]"]


def test_at_the_minimum():
    """A straight line through points on it: nothing but roundings are left of the gradient."""
    net = Network([Dense(2, 1)])
    net.theta[...] = [0.3, -1.7, 0.9]
    x = np.random.default_rng(7).standard_normal((2, 9))
    y = 0.3 * x[:1] - 1.7 * x[1:] + 0.9
    check = bplib.gradcheck(net, SE, x, y)
    assert check
    assert set(check.verdict.values()) == {"both 0"}


def test_kinks_of_relu():
    """One unit 1e-7 from its kink, the other far away: what moves the first is left out."""
    net = Network([Dense(1, 2, "relu"), Dense(2, 1)], seed=1)
    net.layers[0].W, net.layers[0].b = [[1.0], [1.0]], [[-1 + 1e-7], [0.5]]
    check = bplib.gradcheck(net, SE, np.ones((1, 1)), np.ones((1, 1)))
    assert check
    assert check.kinks == 2
    assert [*np.isnan(check.numeric)] == [1, 0, 1, 0, 0, 0, 0]


def test_kinks_of_l1():
    """|w| bends at 0 and nowhere else, and biases have no penalty."""
    net = Network([Dense(3, 1)])
    net.theta[...] = [1e-7, -0.5, -1e-6, 1e-7]
    _, _, x, y = problem(net)
    check = bplib.gradcheck(net, SE + losses.L1(0.3), x, y)
    assert check
    assert check.kinks == 2
    assert [*np.isnan(check.numeric)] == [1, 0, 1, 0]
    assert bplib.gradcheck(net, SE, x, y).kinks == 0


def test_nothing_compared():
    """A network that sits on its kink with all it has: no agreement."""
    net = Network([Dense(1, 1, "relu")])
    net.theta[...] = 0
    check = bplib.gradcheck(net, SE, np.ones((1, 1)), np.ones((1, 1)))
    assert check.kinks == 2
    assert not check
    assert not check.ok


def test_chance_and_batches():
    """Masks stay as they were drawn; running averages are left alone but for one call."""
    layers = [Dense(2, 6, "tanh"), Dropout(6, 0.5), BatchNorm(6), Dense(6, 2)]
    net, loss, x, y = problem(Network(layers, seed=1), m=8)
    try:
        check = bplib.gradcheck(net, loss, x, y)
    except ValueError as error:
        raise AssertionError(f"right code is refused: {error}") from error
    assert check
    assert check.error < METHODS["central"]
    mean = (net.layers[1].a.sum(axis=-1, keepdims=True)) / 8
    assert distance(net.layers[2].running_mean, 0.1 * mean) < 1e-12
