"""An optimizer belongs to one network: its memory neither leaks into another nor gets lost."""

import copy
import pickle

import numpy as np
import pytest

import bplib
from bplib import Dense, Network, losses, optim, schedules
from bplib.layers import BatchNorm, Dropout, Residual

SE = losses.SquaredError()
RULES = {
    "SGD": lambda: optim.SGD(0.1),
    "SGD with a schedule": lambda: optim.SGD(schedules.exponential(0.1, 0.9)),
    "Momentum": lambda: optim.Momentum(0.1),
    "Nesterov": lambda: optim.Nesterov(0.1),
    "AdaGrad": lambda: optim.AdaGrad(0.1),
    "RMSProp": lambda: optim.RMSProp(0.1),
    "Adam": lambda: optim.Adam(0.1),
    "AdamW": lambda: optim.AdamW(schedules.inverse(0.1, 7)),
}
GRADS = np.random.default_rng(0).standard_normal((6, 3))


def walk(rule, theta, grads=GRADS):
    for grad in grads:
        rule.step(theta, grad.copy())
    return theta


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(
    "other", [np.ones(3), np.ones((2, 3)), np.ones(4)], ids=lambda other: str(other.shape)
)
def test_another_array_is_refused_and_left_alone(name, other):
    rule, other = RULES[name](), other.copy()
    theta = walk(rule, np.zeros(3))
    before = theta.copy()
    with pytest.raises(ValueError, match=r"another array than in the 6 updates that .*k=6"):
        rule.step(other, np.ones_like(other))
    assert rule.k == 6
    np.testing.assert_array_equal(other, 1)
    np.testing.assert_array_equal(theta, before)
    walk(rule, theta)


@pytest.mark.parametrize("name", RULES)
def test_reset_makes_it_as_new(name):
    rule = RULES[name]()
    walk(rule, np.zeros((2, 3)), np.ones((4, 2, 3)))
    rule.reset()
    assert rule.k == 0
    ours, fresh = walk(rule, np.zeros(3)), walk(RULES[name](), np.zeros(3))
    np.testing.assert_array_equal(ours, fresh)


@pytest.mark.parametrize("name", RULES)
def test_swapped_arguments_are_noticed(name):
    rule, theta, grad = RULES[name](), np.zeros(3), np.ones(3)
    rule.step(theta, grad)
    with pytest.raises(ValueError, match=r"expected step\(theta, grad\) with that array"):
        rule.step(grad, theta)
    np.testing.assert_array_equal(grad, 1)
    rule = RULES[name]()
    rule.step(np.ones(3), theta)  # swapped from the start: theta is but a gradient's value
    with pytest.raises(ValueError, match="theta is another array"):
        rule.step(np.ones(3), theta)


def test_other_views_of_the_same_memory_are_the_same_theta():
    theta, rule, usual = np.zeros((2, 3)), optim.Adam(0.1), optim.Adam(0.1)
    expected = walk(usual, np.zeros((2, 3)), np.ones((3, 2, 3)))
    for view in (theta, theta[:], theta.reshape(6).reshape(2, 3)):
        rule.step(view, np.ones((2, 3)))
    np.testing.assert_array_equal(theta, expected)
    for other in (theta[:1], theta.T, theta[::-1], theta.reshape(6)):
        with pytest.raises(ValueError, match="theta is another array"):
            rule.step(other, np.ones_like(other))


def test_a_network_that_is_gone_is_not_mistaken_for_the_next():
    """The next array may well lie where the first one was."""
    rule = optim.Momentum(0.1)
    for k in range(5):
        theta = np.zeros(3)
        if k == 0:
            rule.step(theta, np.ones(3))
        else:
            with pytest.raises(ValueError, match="theta is another array"):
                rule.step(theta, np.ones(3))
        del theta


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda rule: pickle.loads(pickle.dumps(rule))]
)
def test_a_copy_goes_on_with_a_copy_of_theta(name, copied):
    rule = RULES[name]()
    theta = walk(rule, np.zeros(3))
    twin, other = copied(rule), theta.copy()
    assert twin.k == 6
    ours, theirs = walk(rule, theta), walk(twin, other)
    np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(ValueError, match="theta is another array"):
        twin.step(theta, np.ones(3))
    if rule.memory:
        with pytest.raises(ValueError, match="theta is another array"):
            copied(rule).step(np.zeros(4), np.zeros(4))


def test_fit_refuses_before_it_touches_anything():
    def net():
        layers = [Dense(2, 3), BatchNorm(3), Dropout(3, 0.5), Dense(3, 1)]
        made = Network(layers)
        made.theta += 0.5
        return made

    x, y = np.random.default_rng(0).standard_normal((3, 6))[:2], np.ones((1, 6))
    first, second, rule = net(), net(), optim.Momentum(0.1)
    bplib.fit(first, SE, x, y, rule, epochs=4)
    before = pickle.dumps([second.state, second.rng, second.layers[2].rng])
    with pytest.raises(ValueError, match="theta is another array than in the 4 updates"):
        bplib.fit(second, SE, x, y, rule, batch_size=2)
    assert pickle.dumps([second.state, second.rng, second.layers[2].rng]) == before
    with pytest.raises(ValueError, match="theta is another array"):
        bplib.fit(first.copy(), SE, x, y, rule)
    bplib.fit(first, SE, x, y, rule)
    rule.reset()
    bplib.fit(second, SE, x, y, rule)


def deep(seed=0):
    """Chance everywhere: masks inside and out, running averages, shuffled batches."""
    inner = Residual([Dense(4, 4, "tanh"), BatchNorm(4), Dropout(4, 0.3, seed=5)])
    layers = [Dropout(2, 0.1, seed=3), Dense(2, 4, "tanh"), BatchNorm(4), inner, Dense(4, 1)]
    net = Network(layers, seed=seed)
    net.theta += np.random.default_rng(1).standard_normal(net.theta.shape) / 2
    return net


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("through", ["a file", "fit called twice"])
def test_ten_epochs_and_ten_more_are_twenty(name, through, tmp_path):
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((2, 14)), rng.standard_normal((1, 14))

    def train(net, rule, epochs):
        return bplib.fit(net, SE, x, y, rule, epochs=epochs, batch_size=4)

    whole, rule = deep(), RULES[name]()
    expected = train(whole, rule, 20)
    net, half = deep(), RULES[name]()
    first = train(net, half, 10)
    if through == "a file":
        bplib.save(net, tmp_path / "net.npz", optimizer=half)
        net, half = deep(seed=9), RULES[name]()
        net.theta[...] = 7
        net.layers[0].rng.random(5)
        assert bplib.load(net, tmp_path / "net.npz", optimizer=half) is net
        assert half.k == 40
    second = train(net, half, 10)
    assert half.k == rule.k == 80
    for key, array in whole.state.items():
        assert array.tobytes() == net.state[key].tobytes(), key
    np.testing.assert_array_equal([*first.loss, *second.loss[1:]], expected.loss)


class Largest(optim.Adam):
    """AMSGrad, more or less: a rule with a memory of its own."""

    memory = (*optim.Adam.memory, "largest")

    def update(self, theta, grad, eta):
        super().update(theta, grad, eta)
        self.largest = np.maximum(self.largest, self.s)
        theta -= eta * self.largest


def test_a_rule_of_ones_own_is_reset_and_saved_too(tmp_path):
    net, rule = bplib.mlp([2, 1]), Largest(0.1)
    grads = np.random.default_rng(0).standard_normal((4, *net.theta.shape))
    walk(rule, net.theta, grads)
    bplib.save(net, tmp_path / "net.npz", optimizer=rule)
    twin, again = bplib.mlp([2, 1], seed=1), Largest(0.1)
    bplib.load(twin, tmp_path / "net.npz", optimizer=again)
    np.testing.assert_array_equal(again.largest, rule.largest)
    np.testing.assert_array_equal(walk(again, twin.theta, grads), walk(rule, net.theta, grads))
    rule.reset()
    assert rule.largest == 0


def test_numpys_scalars_are_numbers():
    for number in (np.float32(0.5), np.float64(0.5), np.array(0.5)):
        assert optim.SGD(number).eta == 0.5
        assert schedules.cosine(number, np.int64(4))(4) == 0
    assert optim.Momentum(0.1, np.float32(0.5), np.True_).beta == 0.5
    assert optim.AdamW(weight_decay=np.int64(1), eps=np.float16(1)).weight_decay == 1
    grad = np.array([3.0, -4.0])
    optim.by_norm(np.int64(1), np.float32(0))(grad)
    np.testing.assert_allclose(grad, [0.6, -0.8], rtol=1e-15)
