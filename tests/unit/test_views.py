"""Assignments, copies and pickles leave a network whose training changes what it computes."""

import copy
import gc
import pickle

import numpy as np
import pytest

import bplib
from bplib import Dense, Network, activations, losses
from bplib.layers import Activate, BatchNorm, Dropout, Layer, LayerNorm, Residual

SE = losses.SquaredError()
RNG = np.random.default_rng(3)
X, Y = RNG.standard_normal((2, 6)), RNG.random((1, 6))


def layers():
    block = Residual([LayerNorm(4), Dense(4, 4, "gelu"), Dropout(4, 0.2)])
    return [Dense(2, 4, "leaky_relu"), BatchNorm(4), Activate(4, "elu"), block, Dense(4, 1)]


def deep(stack=None, dtype=np.float64):
    net = Network(layers(), stack, dtype, seed=1)
    bplib.loss_and_grad(net, SE, X, Y)
    return net


def assert_alive(net):
    """Every parameter is a view of theta, every gradient one of grad, and training trains."""
    for layer in net.walk():
        for name in layer.shapes:
            assert np.shares_memory(getattr(layer, name), net.theta)
            assert np.shares_memory(getattr(layer, "d" + name), net.grad)
    theta, before = net.theta.copy(), bplib.evaluate(net, SE, X, Y)
    bplib.fit(net, SE, X, Y, bplib.SGD(0.01), epochs=3)
    assert np.abs(net.theta - theta).max(axis=-1).min() > 1e-4
    assert np.all(bplib.evaluate(net, SE, X, Y) != before)


COPIES = {
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "pickle": lambda net: pickle.loads(pickle.dumps(net)),
    "copy": lambda net: net.copy(),
}


@pytest.mark.parametrize("stack", [None, (2, 3)])
@pytest.mark.parametrize("name", COPIES)
def test_a_copy_is_alive_and_goes_the_same_way(name, stack):
    net = deep(stack)
    twin = COPIES[name](net)
    for mine, theirs in zip(net.state.values(), twin.state.values(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
        assert not np.shares_memory(mine, theirs)
    np.testing.assert_array_equal(net.grad, twin.grad)
    assert (twin.stack, twin.dtype, twin.slices) == (net.stack, net.dtype, net.slices)
    start = net.theta.copy()
    assert_alive(twin)
    np.testing.assert_array_equal(net.theta, start)
    assert_alive(net)
    np.testing.assert_array_equal(net.theta, twin.theta)  # dropout too draws the same


def test_a_diverged_network_can_be_copied():
    net = deep()
    net.theta[...] = np.nan
    for make in COPIES.values():
        assert np.isnan(make(net).theta).all()


@pytest.mark.parametrize("name", sorted(activations.ACTIVATIONS))
def test_every_activation_can_be_pickled(name):
    f = activations.ACTIVATIONS[name]
    assert pickle.loads(pickle.dumps(f)) is f
    assert copy.deepcopy(f) is f


def test_copy_into_another_type():
    net = deep()
    small, large = net.copy(np.float32), net.copy(np.complex128)
    assert small.theta.dtype == small.W[0].dtype == small.layers[1].running_mean.dtype == np.float32
    np.testing.assert_array_equal(small.theta, net.theta.astype(np.float32))
    np.testing.assert_array_equal(large.theta, net.theta)
    assert_alive(small)


def numbers(array):
    return np.arange(array.size).reshape(array.shape) / 7 + 0.01


ASSIGNMENTS = {
    "net.theta": (lambda net, v: setattr(net, "theta", v), lambda net: net.theta),
    "net.grad": (lambda net, v: setattr(net, "grad", v), lambda net: net.grad),
    "net.W[0]": (lambda net, v: net.W.__setitem__(0, v), lambda net: net.W[0]),
    "net.b[-1]": (lambda net, v: net.b.__setitem__(-1, v), lambda net: net.b[-1]),
    "net.dW[1]": (lambda net, v: net.dW.__setitem__(1, v), lambda net: net.dW[1]),
    "net.db[1]": (lambda net, v: net.db.__setitem__(1, v), lambda net: net.db[1]),
    "layer.W": (lambda net, v: setattr(net.layers[0], "W", v), lambda net: net.layers[0].W),
    "layer.b": (lambda net, v: setattr(net.layers[0], "b", v), lambda net: net.layers[0].b),
    "layer.dW": (lambda net, v: setattr(net.layers[0], "dW", v), lambda net: net.layers[0].dW),
    "gamma": (lambda net, v: setattr(net.layers[1], "gamma", v), lambda net: net.layers[1].gamma),
    "dbeta": (lambda net, v: setattr(net.layers[1], "dbeta", v), lambda net: net.layers[1].dbeta),
}


@pytest.mark.parametrize("stack", [None, 3])
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_assigning_copies_the_numbers_in(name, stack):
    assign, read = ASSIGNMENTS[name]
    net = deep(stack)
    home, value, start = read(net), numbers(read(net)), read(net).copy()
    assign(net, value)
    assert read(net) is home or np.shares_memory(read(net), home)
    np.testing.assert_array_equal(home, value)
    value[...] = 5  # a copy: the caller's array stays the caller's
    assert not np.any(home == 5)
    assign(net, value.tolist())
    assert np.all(home == 5)
    assign(net, start)
    assert_alive(net)


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_wrong_numbers_are_refused_and_nothing_changes(name):
    assign, read = ASSIGNMENTS[name]
    net = deep()
    before, shape, what = read(net).copy(), read(net).shape, name.split(".")[-1].split("[")[0]
    wrong = [np.ones((*shape, 1)), 1.0, np.ones(shape) + 1j, np.full(shape, "a")]
    if not what.startswith(("d", "grad")):
        wrong.append(np.full(shape, np.nan))
    for value in wrong:
        with pytest.raises(ValueError, match=rf"^{what} (has|holds) .*expected"):
            assign(net, value)
        np.testing.assert_array_equal(read(net), before)


def test_a_gradient_may_diverge():
    net = deep()
    net.grad = np.full(net.grad.shape, np.inf)
    net.layers[0].dW = np.full((4, 2), np.nan)
    assert np.isnan(net.grad[:8]).all()


def test_steps_in_place():
    net = deep()
    theta, dW = net.theta.copy(), net.dW[0].copy()
    net.theta -= 0.5
    net.W[0] -= 0.1 * dW
    net.layers[0].b += 1
    np.testing.assert_allclose(net.theta[:8], theta[:8] - 0.5 - 0.1 * dW.ravel(), rtol=1e-15)
    np.testing.assert_allclose(net.theta[8:12], theta[8:12] + 0.5, rtol=1e-15)
    assert_alive(net)


def test_all_weights_at_once():
    net = bplib.mlp([2, 3, 1])
    net.W = [np.ones((3, 2)), np.zeros((1, 3))]
    net.b[1] = [[2.0]]
    assert net.theta.tolist() == [1] * 6 + [0] * 6 + [2]
    with pytest.raises(ValueError, match="W is 1 arrays; expected 2"):
        net.W = [np.ones((3, 2))]
    with pytest.raises(AttributeError):
        net.z = [X]


def test_a_layer_belongs_to_one_network():
    layer = Dense(2, 2)
    net = Network([layer])
    theta = net.theta.copy()
    for call in (lambda: Network([layer]), lambda: Residual([layer])):
        with pytest.raises(ValueError, match=r"layers holds Dense\(2, 2, .*copy\.deepcopy"):
            call()
    np.testing.assert_array_equal(net.theta, theta)
    assert_alive(Network([layer_of_its_own := copy.deepcopy(layer), Dense(2, 1)]))
    assert layer_of_its_own is not layer
    net.theta = np.arange(6)
    np.testing.assert_array_equal(layer.b, [[4], [5]])


def test_a_layer_whose_network_is_gone_starts_anew():
    chain = [Dense(2, 3), BatchNorm(3), Dropout(3, 0.5), Dense(3, 1)]
    net = Network(chain, seed=1)
    bplib.fit(net, SE, X, Y, bplib.SGD(0.1), epochs=2)
    del net
    gc.collect()
    again, fresh = Network(chain, seed=1), Network(copy_of(chain), seed=1)
    for one, other in zip(again.state.values(), fresh.state.values(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(again.forward(X, train=True), fresh.forward(X, train=True))


def copy_of(chain):
    kinds = {
        "Dense": lambda layer: Dense(layer.n_in, layer.n_out),
        "BatchNorm": lambda layer: BatchNorm(layer.n_in),
        "Dropout": lambda layer: Dropout(layer.n_in, layer.rate),
    }
    return [kinds[type(layer).__name__](layer) for layer in chain]


def test_a_copied_layer_brings_its_parameters_and_averages():
    net = deep()
    first, norm = copy.deepcopy(net.layers[0]), copy.deepcopy(net.layers[1])
    single = Network([first, norm, Dense(4, 1)], seed=9)
    np.testing.assert_array_equal(single.W[0], net.W[0])
    np.testing.assert_array_equal(single.layers[1].running_mean, net.layers[1].running_mean)
    assert np.ptp(single.W[1]) > 0
    stack = Network([copy.deepcopy(net.layers[0]), Dense(4, 1)], stack=3)
    np.testing.assert_array_equal(stack.W[0], np.broadcast_to(net.W[0], (3, 4, 2)))
    assert_alive(single)
    assert_alive(stack)


def test_a_layer_can_be_given_parameters_before_it_has_a_network():
    layer = Dense(2, 2)
    layer.W = [[1, 2], [3, 4]]
    net = Network([layer, Dense(2, 1)])
    assert net.theta[:6].tolist() == [1, 2, 3, 4, 0, 0]
    assert_alive(net)
    wrong = Dense(2, 2)
    wrong.W = np.ones((3, 2))
    with pytest.raises(ValueError, match=r"W has shape \(3, 2\); expected \(2, 2\)"):
        Network([wrong])


@pytest.mark.parametrize("draw", ["xavier", "he", "zeros"])
def test_network_draws_its_weights_as_mlp_does(draw):
    net = Network([Dense(2, 3, "tanh"), Dense(3, 1)], init=draw, seed=4)
    np.testing.assert_array_equal(net.theta, bplib.mlp([2, 3, 1], init=draw, seed=4).theta)
    assert np.all(net.b[0] == 0)
    assert np.ptp(net.W[0]) > 0 or draw == "zeros"


def test_by_default_a_network_can_learn():
    net = Network([Dense(2, 4, "tanh"), BatchNorm(4), Residual([Dense(4, 4)]), Dense(4, 1)])
    assert all(np.ptp(W) > 0 for W in net.W)
    assert np.all(net.layers[1].gamma == 1)
    again = Network([Dense(2, 4, "tanh"), BatchNorm(4), Residual([Dense(4, 4)]), Dense(4, 1)])
    np.testing.assert_array_equal(net.theta, again.theta)
    other = Network([Dense(2, 4, "tanh")], seed=1)
    assert not np.any(other.W[0] == net.W[0])


def test_copy_and_load_draw_nothing(tmp_path, monkeypatch):
    net = deep()
    path = bplib.save(net, tmp_path / "net.npz")
    into = deep()

    def never(*args, **kwargs):
        raise AssertionError("weights were drawn")

    monkeypatch.setattr(Layer, "initial", never)
    assert net.copy(np.float32).theta.dtype == np.float32
    np.testing.assert_array_equal(bplib.load(into, path).theta, net.theta)


# Chance


def masks(net, m=400):
    net.forward(np.ones((net.layers[0].n_in, m)), train=True)
    return [layer.mask for layer in net.walk() if isinstance(layer, Dropout)]


def dropouts(**kwargs):
    return Network([Dropout(50, 0.5), Dense(50, 50), Dropout(50, 0.5)], **kwargs)


def test_two_dropouts_draw_independently():
    first, second = masks(dropouts())
    both = np.mean((first > 0) & (second > 0))
    assert both == pytest.approx(0.25, abs=0.02)  # of 20,000 draws, six standard errors
    one, other = Network([Dropout(50, 0.5), Dropout(50, 0.5)]), np.ones((50, 400))
    kept = np.mean(one.forward(other, train=True) > 0)
    assert kept == pytest.approx(0.25, abs=0.02)


def test_dropout_follows_the_seed_at_the_top():
    pairs = zip(masks(dropouts(seed=3)), masks(dropouts(seed=3)), strict=True)
    for one, other in pairs:
        np.testing.assert_array_equal(one, other)
    for one, other in zip(masks(dropouts(seed=3)), masks(dropouts(seed=4)), strict=True):
        assert np.mean(one == other) == pytest.approx(0.5, abs=0.02)
    rng = np.random.default_rng(0)
    for one, other in zip(masks(dropouts(seed=rng)), masks(dropouts(seed=rng)), strict=True):
        assert np.mean(one == other) == pytest.approx(0.5, abs=0.02)


def test_a_dropout_with_a_seed_keeps_it():
    nets = [Network([Dense(2, 50), Dropout(50, 0.5, seed=8)], seed=k) for k in (0, 1)]
    np.testing.assert_array_equal(masks(nets[0])[0], masks(nets[1])[0])
    np.testing.assert_array_equal(
        masks(Network([Dropout(50, 0.5, seed=8)]))[0],
        2.0 * (np.random.default_rng(8).random((50, 400)) >= 0.5),
    )


def test_weights_do_not_depend_on_dropout():
    with_it = Network([Dense(2, 3), Dropout(3, 0.5), Dense(3, 1)], seed=2)
    np.testing.assert_array_equal(with_it.theta, Network([Dense(2, 3), Dense(3, 1)], seed=2).theta)


@pytest.mark.parametrize("stack", [2, (2, 3)])
def test_each_member_has_a_mask_of_its_own(stack):
    first, second = masks(dropouts(stack=stack))
    net = dropouts(stack=stack)
    assert first.shape == second.shape == (*net.stack, 50, 400)
    for mask in (first, second):
        members = mask.reshape(-1, 50, 400)
        for k in range(1, len(members)):
            both = np.mean((members[0] > 0) & (members[k] > 0))
            assert both == pytest.approx(0.25, abs=0.02)


def test_a_member_with_its_mask_is_the_network_alone():
    net = dropouts(stack=3)
    x, y = np.random.default_rng(0).standard_normal((2, 50, 8))
    value, grad = bplib.loss_and_grad(net, SE, x, y)
    for k in range(3):
        alone = net.member(k)
        for mine, theirs in zip(alone.layers[::2], net.layers[::2], strict=True):
            mine.mask, mine.hold = theirs.mask[k], True
        assert bplib.loss_and_grad(alone, SE, x, y)[0] == pytest.approx(value[k], rel=1e-13)
        np.testing.assert_allclose(bplib.loss_and_grad(alone, SE, x, y)[1], grad[k], atol=1e-14)


# What may be kept


def test_the_gradient_may_be_kept():
    net = bplib.mlp([2, 3, 1])
    _, grad = bplib.loss_and_grad(net, SE, X, Y)
    kept = grad.copy()
    np.testing.assert_array_equal(net.grad, grad)
    bplib.loss_and_grad(net, SE, 2 * X, Y)
    np.testing.assert_array_equal(grad, kept)
    assert not np.shares_memory(grad, net.grad)
    assert np.all(net.grad != kept)


def test_a_loop_of_ones_own_is_fit():
    net, twin = bplib.mlp([2, 3, 1]), bplib.mlp([2, 3, 1])
    sgd = bplib.SGD(0.1)
    for _ in range(10):
        sgd.step(net.theta, bplib.loss_and_grad(net, SE, X, Y)[1])
    bplib.fit(twin, SE, X, Y, bplib.SGD(0.1), epochs=10)
    np.testing.assert_array_equal(net.theta, twin.theta)


# One network from another


def trained_stack():
    net = Network([Dense(2, 4), BatchNorm(4), Activate(4, "tanh"), Dense(4, 1)], stack=(2, 3))
    x, y = np.random.default_rng(0).standard_normal((2, 3, 2, 6)), RNG.random((1, 6))
    bplib.fit(net, SE, x, y, bplib.SGD(0.1), epochs=4)
    return net


def test_another_theta_has_not_run_yet():
    """The numbers of a pass belong to the parameters that it was made with."""
    net, stack = deep(), trained_stack()
    bplib.loss_and_grad(stack, SE, X, Y)
    for other in (stack.member((1, 1)), net.repeat(3), net.with_theta(2 * net.theta)):
        assert other.theta.flags.c_contiguous
        assert [array.size for array in (*other.z, *other.a, *other.delta)] == [0] * 3 * len(
            other.W
        )
        assert not other.grad.any()
        with pytest.raises(ValueError, match="has not run"):
            other.backward(np.ones((1, 6)))
    for twin in (net.copy(), net.copy(np.complex128)):
        np.testing.assert_array_equal(twin.delta[0], net.delta[0])
    assert net.delta[0].size


@pytest.mark.parametrize("at", [(0, 0), (1, 2), (-1, -3), (np.int64(1), 1)])
def test_member(at):
    net = trained_stack()
    one = net.member(at)
    assert one.stack == ()
    np.testing.assert_array_equal(one.forward(X), net.forward(X)[at])
    np.testing.assert_array_equal(one.layers[1].running_mean, net.layers[1].running_mean[at])
    start = net.theta.copy()
    assert_alive(one)
    np.testing.assert_array_equal(net.theta, start)


def test_repeat():
    net = deep()
    for n, stack in ((4, (4,)), ((2, 3), (2, 3))):
        many = net.repeat(n)
        assert many.stack == stack
        np.testing.assert_array_equal(
            many.theta, np.broadcast_to(net.theta, (*stack, net.theta.size))
        )
        np.testing.assert_allclose(
            many.forward(X), np.broadcast_to(net.forward(X), (*stack, 1, 6)), rtol=1e-13
        )
        assert_alive(many)
    assert len(np.unique(many.theta[..., 0])) > 1, "each member has its own dropout"


def test_with_theta():
    net = deep()
    theta = RNG.standard_normal((5, net.theta.size))
    many = net.with_theta(theta)
    for k in range(5):
        one = net.with_theta(theta[k])
        np.testing.assert_allclose(many.forward(X)[k], one.forward(X), rtol=1e-12)
    np.testing.assert_array_equal(many.state["running_mean[1]"][2], net.layers[1].running_mean)
    assert_alive(many)
    stack = trained_stack()
    other = stack.with_theta(2 * stack.theta)
    np.testing.assert_array_equal(other.layers[1].running_mean, stack.layers[1].running_mean)
    np.testing.assert_array_equal(other.member((1, 2)).theta, 2 * stack.theta[1, 2])


# Classes


def test_probabilities_and_classes():
    x = RNG.standard_normal((2, 9))
    one = bplib.mlp([2, 3, 1], output="sigmoid")
    np.testing.assert_array_equal(one.probabilities(x), one.forward(x))
    np.testing.assert_array_equal(one.predict(x), (one.forward(x)[0] > 0.5).astype(int))
    for output in ("softmax", "identity"):
        net = bplib.mlp([2, 3, 4], output=output)
        a = net.forward(x)
        expected = a if output == "softmax" else np.exp(a) / np.exp(a).sum(axis=0)
        np.testing.assert_allclose(net.probabilities(x), expected, rtol=1e-14)
        np.testing.assert_array_equal(net.predict(x), a.argmax(axis=0))
        assert net.predict(x).dtype.kind == "i"


def test_predict_agrees_with_accuracy_in_a_stack():
    net = bplib.mlp([2, 3, 3], stack=4)
    x, labels = RNG.standard_normal((2, 30)), RNG.integers(0, 3, 30)
    assert net.predict(x).shape == (4, 30)
    share = np.mean(net.predict(x) == labels, axis=-1)
    np.testing.assert_array_equal(share, bplib.accuracy(net, x, bplib.data.one_hot(labels, 3)))
    assert 0 < share.max() < 1


@pytest.mark.parametrize("output", ["identity", "tanh", "relu"])
def test_a_single_number_is_no_class(output):
    net = bplib.mlp([2, 3, 1], output=output)
    for call in (net.predict, net.probabilities):
        with pytest.raises(ValueError, match=f"net ends in (one|1) '{output}' output"):
            call(X)
