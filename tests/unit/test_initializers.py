import pickle

import numpy as np
import pytest

import bplib
from bplib import initializers

SHAPE = (300, 200)
# The standard deviation of 60,000 draws is within 1.5 % of its expectation (five sigma).
STATISTICAL = 0.015


def draw(name, shape=SHAPE):
    return initializers.get(name)(np.random.default_rng(1), shape)


def test_scales():
    assert draw("normal").std() == pytest.approx(1, rel=STATISTICAL)
    assert draw(initializers.Normal(0.1)).std() == pytest.approx(0.1, rel=STATISTICAL)
    assert draw("he").std() == pytest.approx(np.sqrt(2 / 200), rel=STATISTICAL)
    assert draw("xavier").std() == pytest.approx(np.sqrt(2 / 500), rel=STATISTICAL)
    assert np.abs(draw("xavier")).max() <= np.sqrt(6 / 500)
    assert not draw("zeros").any()


def test_means_are_zero():
    for name in ("normal", "he", "xavier"):
        W = draw(name)
        assert abs(W.mean()) < 5 * W.std() / np.sqrt(W.size)


def test_fan_in_is_the_last_axis_of_a_stack_too():
    assert draw("he", (50, 30, 8)).std() == pytest.approx(0.5, rel=0.05)
    assert draw("he", (50, 8, 30)).std() == pytest.approx(np.sqrt(2 / 30), rel=0.05)


def test_every_initializer_has_its_name():
    named = {
        name for name, f in vars(initializers).items() if initializers.INITIALIZERS.get(name) is f
    }
    assert named | {"normal"} == set(initializers.INITIALIZERS)


@pytest.mark.parametrize("name", list(initializers.INITIALIZERS))
def test_shape_and_seed(name):
    assert draw(name, (4, 3, 5)).shape == (4, 3, 5)
    np.testing.assert_array_equal(draw(name), draw(name))


def test_same_seed_same_network():
    one, two, other = (bplib.mlp([3, 4, 2], seed=s) for s in (5, 5, 6))
    np.testing.assert_array_equal(one.theta, two.theta)
    np.testing.assert_array_equal(bplib.mlp([3, 4]).theta, bplib.mlp([3, 4], seed=0).theta)
    assert not np.array_equal(one.theta, other.theta)
    rng = np.random.default_rng(5)
    np.testing.assert_array_equal(bplib.mlp([3, 4, 2], seed=rng).theta, one.theta)
    assert not np.array_equal(bplib.mlp([3, 4, 2], seed=rng).theta, one.theta)


def test_own_function_and_zero_biases():
    net = bplib.mlp([3, 4, 2], init=lambda rng, shape: np.full(shape, 7.0))
    assert all((W == 7).all() for W in net.W)
    assert not any(b.any() for b in net.b)


def test_members_of_a_stack_differ():
    net = bplib.mlp([3, 4, 2], stack=2)
    assert not np.array_equal(net.theta[0], net.theta[1])


@pytest.mark.parametrize(("short", "long"), [("xavier", "xavier_uniform"), ("he", "he_normal")])
def test_a_short_name_is_its_long_one(short, long):
    np.testing.assert_array_equal(draw(short), draw(long))
    assert long in getattr(initializers, short).__doc__
    uniform = np.abs(draw(long)).max() < 1.8 * draw(long).std()  # √3 = 1.73 of a uniform one
    assert uniform == long.endswith("uniform")


def test_numpys_numbers_are_numbers():
    assert initializers.Normal(np.float32(0.5)) == initializers.Normal(0.5)
    assert initializers.Constant(np.int64(3))(None, (2, 1)).tolist() == [[3], [3]]


def test_networks_of_every_initializer_can_be_pickled():
    for init in initializers.INITIALIZERS.values():
        assert pickle.loads(pickle.dumps(init)) == init
