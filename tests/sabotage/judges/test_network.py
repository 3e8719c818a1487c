"""Networks: judged by matrix products by hand, by counting, and by what must not change."""

import copy
import math
import pickle

import numpy as np
import pytest
from oracle.reference import distance

import bplib
from bplib import losses
from bplib.layers import BatchNorm, Dense, Dropout, Layer
from bplib.network import Network
from sabotage.planting import refused

EXACT = 1e-12
SIGMA = 5  # how far a count of random draws may be from its expectation
RATE, UNITS, M = 0.5, 40, 50
SE = losses.SquaredError()


class Scaled(Layer):
    """k ⊙ a_prev + b, and a weight of three axes besides, of which nothing comes."""

    weights = ("K", "cube")

    def __init__(self, n):
        super().__init__(n, n)
        self.shapes = {"K": (n, 1), "b": (n, 1), "cube": (n, 2, 4)}

    def forward(self, a_prev, train=False):
        return self.K * a_prev + self.b


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def linear():
    """A network of two linear layers, 2-2-2, that starts at random."""
    net = Network([Dense(2, 2), Dense(2, 2)])
    net.theta[...] = draw(12, seed=1)
    return net


def matrices(theta):
    W, b, V, c = np.split(theta, [4, 6, 10])
    return W.reshape(2, 2), b.reshape(2, 1), V.reshape(2, 2), c.reshape(2, 1)


def lives_on(net, theta):
    """Assert that the network holds theta, computes with it and follows each update of it."""
    x = draw(2, 3)
    for _ in range(2):
        assert np.array_equal(net.theta, theta)
        W, b, V, c = matrices(theta)
        assert distance(net.forward(x), V @ (W @ x + b) + c) < EXACT
        theta = theta - 0.5
        home = net.theta
        home -= 0.5


def all_at_once(net, other):
    net.theta = other.theta


def one_by_one(net, other):
    for l in range(2):
        net.W[l] = other.W[l]
        net.b[l] = other.b[l]


def as_lists(net, other):
    net.W, net.b = list(other.W), list(other.b)


def to_the_layers(net, other):
    for ours, theirs in zip(net.layers, other.layers, strict=True):
        ours.W, ours.b = theirs.W, theirs.b


WAYS = {way.__name__: way for way in (all_at_once, one_by_one, as_lists, to_the_layers)}


@pytest.mark.parametrize("way", WAYS)
def test_assigned(way):
    net, other = linear(), linear()
    numbers = draw(12, seed=2)
    other.theta[...] = numbers
    WAYS[way](net, other)
    lives_on(net, numbers)
    assert np.array_equal(other.theta, numbers)


def test_assigned_gradient():
    net, numbers = linear(), draw(12, seed=2)
    net.grad = numbers
    ours = net.dW[0], net.db[0], net.dW[1], net.db[1]
    for gradient, known in zip(ours, matrices(numbers), strict=True):
        assert np.array_equal(gradient, known)


def test_assigned_of_another_shape():
    net = linear()
    for wrong in (np.ones((1, 2)), np.ones(2), 1.0):
        assert refused(lambda wrong=wrong: net.W.__setitem__(0, wrong), "W has shape", "(2, 2)")


def test_kept_gradient():
    net, x, y = linear(), draw(2, 3), draw(2, 3, seed=3)
    grad = bplib.loss_and_grad(net, SE, x, y)[1]
    kept = [*grad]
    bplib.loss_and_grad(net, SE, x, -y)
    assert [*grad] == kept


def test_gradient_of_the_inputs():
    """Of each example by itself: Wᵀ Vᵀ δ."""
    net, x, delta = linear(), draw(2, 3), draw(2, 3, seed=3)
    W, _, V, _ = matrices(net.theta)
    net.forward(x)
    assert distance(net.backward(delta), W.T @ (V.T @ delta)) < EXACT


def mixed(**settings):
    return Network([Dense(2, 3), Scaled(3), BatchNorm(3)], **settings)


def test_which_are_weights():
    net = mixed()
    here = {"W[0]": slice(0, 6), "K[1]": slice(9, 12), "cube[1]": slice(15, 39)}
    assert net.weight_slices == here
    assert net.theta.size == 45
    net.theta[...] = draw(45)
    weights = sum(t * t for of in here.values() for t in net.theta[of])
    x, y = draw(2, 5), draw(3, 5)
    more = bplib.evaluate(net, SE + losses.L2(2.0), x, y) - bplib.evaluate(net, SE, x, y)
    assert math.isclose(more, weights, rel_tol=1e-10)


def test_start():
    """Weights as `init` draws them, biases and β at 0, γ at 1."""
    shapes = []

    def init(rng, shape):
        shapes.append(shape)
        return np.full(shape, 7.0)

    net = mixed(init=init)
    assert shapes == [(3, 2), (3, 1), (3, 8)]
    expected = [7] * 6 + [0] * 3 + [7] * 3 + [0] * 3 + [7] * 24 + [1] * 3 + [0] * 3
    assert [*net.theta] == expected


def test_given_before():
    layer = Dense(2, 1)
    layer.W, layer.b = [[1.0, 2]], [[3.0]]
    assert [*Network([layer]).theta] == [1, 2, 3]


def test_stack_of_draws():
    net = bplib.mlp([2, 3, 1], stack=4)
    assert len({*map(tuple, net.theta)}) == 4


def test_repeated():
    net = linear()
    many, numbers = net.repeat(3), [*net.theta]
    for member in many.theta:
        assert [*member] == numbers
        member += 1  # no member's numbers are another's
    assert [*net.theta] == numbers


def test_member():
    net = Network([Dense(2, 3), BatchNorm(3)], stack=3)
    for seed in range(3):
        net.forward(draw(2, 5, seed=seed), train=True)
    together = net.forward(draw(2, 5))
    for i in range(3):
        alone = net.member(i)
        assert np.array_equal(alone.theta, net.theta[i])
        assert distance(alone.forward(draw(2, 5)), together[i]) < EXACT


COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda net: pickle.loads(pickle.dumps(net)),
    "with_theta": lambda net: net.with_theta(net.theta),
}


@pytest.mark.parametrize("how", COPIES)
def test_copied(how):
    net = linear()
    numbers = net.theta.copy()
    lives_on(COPIES[how](net), numbers)
    lives_on(net, numbers)


def ones(net):
    """The network's output, in training, for nothing but ones."""
    return net.forward(np.ones((UNITS, M)), train=True)


def test_two_dropouts():
    """Alike in rate, not in their masks: a share (1 − p)² gets through both."""
    net = Network([Dropout(UNITS, RATE), Dropout(UNITS, RATE)])
    share, n = (1 - RATE) ** 2, UNITS * M
    through = np.count_nonzero(ones(net))
    assert abs(through - share * n) < SIGMA * math.sqrt(n * share * (1 - share))


def test_dropout_of_each_member():
    net = Network([Dropout(UNITS, RATE), Dense(UNITS, UNITS), Dropout(UNITS, RATE)], stack=3)
    a = ones(net)
    for kept in (net.layers[0].a, a):
        masks = np.broadcast_to(kept != 0, (3, UNITS, M))
        assert len({mask.tobytes() for mask in masks}) == 3


def test_dropout_from_the_seed_at_the_top():
    first, again, other = (ones(Network([Dropout(UNITS, RATE)], seed=s)) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_dropout_with_a_seed_of_its_own():
    first, again = (ones(Network([Dropout(UNITS, RATE, seed=5)], seed=s)) for s in (1, 2))
    assert np.array_equal(first, again)


def test_layer_of_two_networks():
    layer = Dense(2, 2)
    first = Network([layer])
    assert refused(lambda: Network([layer]), "another network")
    second = Network([copy.deepcopy(layer), Dense(2, 2)])
    second.theta[6:] = 0
    lives_on(second, np.concatenate([first.theta, np.zeros(6)]))


def test_classes():
    net, x = Network([Dense(2, 3)]), draw(2, 9)
    net.theta[...] = draw(9, seed=1)
    probabilities, predicted = net.probabilities(x), net.predict(x)
    for (u, v), ours, label in zip(x.T, probabilities.T, predicted, strict=True):
        z = [a * u + b * v + c for (a, b), (c,) in zip(net.W[0], net.b[0], strict=True)]
        e = [math.exp(entry) for entry in z]
        assert distance(ours, [entry / sum(e) for entry in e]) < EXACT
        assert label == z.index(max(z))


def test_one_sigmoid():
    net, x = Network([Dense(2, 1, "sigmoid")]), draw(2, 9)
    z = [net.W[0][0, 0] * u + net.W[0][0, 1] * v for u, v in x.T]
    assert [*net.predict(x)] == [int(entry > 0) for entry in z]
    assert distance(net.probabilities(x)[0], [1 / (1 + math.exp(-entry)) for entry in z]) < EXACT
