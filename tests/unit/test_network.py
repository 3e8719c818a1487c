import numpy as np
import pytest
from oracle.reference import MATCHED, data, network

import bplib
from bplib import Dense, Network, losses
from bplib.layers import Activate, BatchNorm, Dropout, Layer, LayerNorm, Residual

SAME = 1e-15  # the same products, at most one rounding apart


def small(**kwargs):
    return bplib.mlp([2, 3, 1], hidden="tanh", output="sigmoid", **kwargs)


def test_shapes():
    net = small()
    x = np.ones((2, 5))
    assert net.forward(x).shape == (1, 5)
    assert net.theta.shape == net.grad.shape == (3 * 3 + 4,)
    assert [W.shape for W in net.W] == [dW.shape for dW in net.dW] == [(3, 2), (1, 3)]
    assert [b.shape for b in net.b] == [db.shape for db in net.db] == [(3, 1), (1, 1)]
    value, grad = bplib.loss_and_grad(net, losses.SquaredError(), x, np.ones((1, 5)))
    assert np.ndim(value) == 0
    assert grad.shape == net.grad.shape
    assert [array.shape for array in net.z] == [(3, 5), (1, 5)]
    assert [array.shape for array in net.delta] == [array.shape for array in net.a]
    assert net.backward(net.delta[-1]).shape == (2, 5)


@pytest.mark.parametrize(("stack", "shape"), [(4, (4,)), ((2, 3), (2, 3)), (1, (1,))])
def test_shapes_of_a_stack(stack, shape):
    net = small(stack=stack)
    x, y = np.ones((2, 5)), np.ones((1, 5))
    assert net.theta.shape == (*shape, 13)
    assert net.W[0].shape == (*shape, 3, 2)
    assert net.b[1].shape == (*shape, 1, 1)
    assert net.forward(x).shape == (*shape, 1, 5)
    value, grad = bplib.loss_and_grad(net, losses.SquaredError(), x, y)
    assert value.shape == shape
    assert grad.shape == net.theta.shape


def test_w_and_b_are_views_of_theta():
    net = small(stack=2)
    for views, home in (((*net.W, *net.b), net.theta), ((*net.dW, *net.db), net.grad)):
        for view in views:
            assert np.shares_memory(view, home)
    net.theta[...] = 5
    assert all((p == 5).all() for p in (*net.W, *net.b))
    net.W[1][1, 0, 2] = -1
    assert (net.theta == -1).sum() == 1
    net.grad[...] = 1
    bplib.SGD(0.5).step(net.theta, net.grad)
    assert net.b[0][0, 0, 0] == 4.5
    assert net.W[1][1, 0, 2] == -1.5


def test_order_of_theta():
    net = small()
    net.theta[...] = np.arange(13)
    np.testing.assert_array_equal(net.W[0], [[0, 1], [2, 3], [4, 5]])
    np.testing.assert_array_equal(net.b[0], [[6], [7], [8]])
    np.testing.assert_array_equal(net.W[1], [[9, 10, 11]])
    np.testing.assert_array_equal(net.b[1], [[12]])


@pytest.mark.parametrize(("loss", "output"), MATCHED)
def test_stack_equals_single_networks(loss, output):
    rng = np.random.default_rng(3)
    sizes, names, loss = [3, 4, 2], ["tanh", output], loss()
    stack = network(sizes, names, rng, stack=4)
    x, y = data(sizes, loss, 5, rng)
    eta = np.array([0.1, 0.2, 0.0, 0.4])
    singles = [network(sizes, names, rng) for _ in range(4)]
    for single, theta in zip(singles, stack.theta, strict=True):
        single.theta[...] = theta
    histories = [
        bplib.fit(net, loss, x, y, bplib.SGD(rate), epochs=10)
        for net, rate in zip(singles, eta, strict=True)
    ]
    start = stack.theta.copy()
    history = bplib.fit(stack, loss, x, y, bplib.SGD(eta), epochs=10)
    assert history.loss.shape == (11, 4)
    for k in range(4):
        np.testing.assert_allclose(stack.theta[k], singles[k].theta, rtol=0, atol=10 * SAME)
        np.testing.assert_allclose(history.loss[:, k], histories[k].loss, rtol=10 * SAME)
    np.testing.assert_array_equal(stack.theta[2], start[2])
    assert not np.array_equal(stack.theta[3], start[3])


def test_a_stack_may_have_data_of_its_own():
    net, loss = small(stack=3), losses.SquaredError()
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((3, 2, 4)), rng.random((3, 1, 4))
    values, grads = bplib.loss_and_grad(net, loss, x, y)
    single = small()
    for k in range(3):
        single.theta[...] = net.theta[k]
        value, grad = bplib.loss_and_grad(single, loss, x[k], y[k])
        assert values[k] == pytest.approx(value, rel=SAME)
        np.testing.assert_allclose(grads[k], grad, rtol=0, atol=SAME)


@pytest.mark.parametrize(("loss", "output"), MATCHED)
def test_float32_stays_float32(loss, output):
    rng = np.random.default_rng(3)
    loss = loss()
    net = network([3, 4, 2], ["tanh", output], rng, dtype=np.float32)
    x, y = data([3, 4, 2], loss, 5, rng)  # float64
    value, grad = bplib.loss_and_grad(net, loss, x, y)
    arrays = [net.theta, grad, *net.W, *net.b, *net.z, *net.a, *net.delta, *net.dW, *net.db]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    assert value.dtype == np.float32
    assert bplib.evaluate(net, loss, x, y).dtype == np.float32
    history = bplib.fit(net, loss, x, y, bplib.SGD(np.float64(0.1)), epochs=2)
    assert net.theta.dtype == history.loss.dtype == np.float32
    assert net.layers[0].a_prev.dtype == np.float32


def test_complex_network_carries_the_imaginary_part():
    net = Network([Dense(2, 2, "tanh"), Dense(2, 1)], dtype=np.complex128)
    net.theta[...] = np.linspace(-1, 1, 9)
    net.theta[0] += 1e-30j
    value = bplib.evaluate(net, losses.SquaredError(), np.ones((2, 1)), np.ones((1, 1)))
    assert np.iscomplexobj(value)
    assert value.imag != 0


def test_lists_and_integers_are_welcome():
    net = small()
    np.testing.assert_array_equal(net.forward([[0, 1], [1, 0]]), net.forward(np.eye(2)[::-1]))
    with_bools = bplib.evaluate(net, losses.BinaryCrossEntropy(), np.eye(2), [[True, False]])
    assert with_bools == bplib.evaluate(net, losses.BinaryCrossEntropy(), np.eye(2), [[1, 0]])


def test_input_is_left_alone():
    net, x, y = small(), np.ones((2, 3)), np.ones((1, 3))
    bplib.loss_and_grad(net, losses.SquaredError(), x, y)
    assert (x == 1).all()
    assert (y == 1).all()


def test_repr():
    assert repr(small(stack=3)) == (
        "Network([2, 3, 1], ['tanh', 'sigmoid'], 13 parameters, stack=(3,))"
    )
    assert repr(small()) == "Network([2, 3, 1], ['tanh', 'sigmoid'], 13 parameters)"
    block = Residual([LayerNorm(2), Dropout(2, 0.5), Dense(2, 2), Activate(2, "relu")])
    assert repr(block) == (
        "Residual([LayerNorm(2, eps=1e-05), Dropout(2), Dense(2, 2, 'identity'), "
        "Activate(2, 'relu')])"
    )
    assert repr(BatchNorm(3, eps=0.1)) == "BatchNorm(3, eps=0.1)"


def test_forward_drops_units_only_in_training():
    net, x = Network([Dropout(50, 0.5)]), np.ones((50, 4))
    np.testing.assert_array_equal(net.forward(x), x)
    assert set(np.unique(net.forward(x, train=True))) == {0.0, 2.0}


def test_what_goes_below_the_first_layer_can_be_left_out():
    net = small()
    delta = np.ones_like(net.forward(np.ones((2, 3))))
    assert net.backward(delta).shape == (2, 3)
    grad = net.grad.copy()
    assert net.backward(delta, down=False) is None
    np.testing.assert_array_equal(net.grad, grad)


def test_a_layer_may_have_more_than_two_parameters():
    class Three(Layer):
        shapes = {"p": (1, 2), "q": (2, 1), "r": (1, 1)}  # noqa: RUF012
        weights = ("p",)

    net = Network([Three(2, 1)], stack=2)
    net.theta[...] = np.arange(10).reshape(2, 5)
    layer = net.layers[0]
    np.testing.assert_array_equal(layer.p[1], [[5, 6]])
    np.testing.assert_array_equal(layer.q[1], [[7], [8]])
    np.testing.assert_array_equal(layer.r[1], [[9]])
    assert list(net.slices) == ["p[0]", "q[0]", "r[0]"]


def test_a_layer_says_that_it_has_no_passes_of_its_own():
    class Empty(Layer):
        pass

    with pytest.raises(TypeError, match="Empty has no forward pass"):
        Empty(2, 2).forward(np.ones((2, 1)))
    with pytest.raises(TypeError, match="Empty has no backward pass"):
        Empty(2, 2).backward(np.ones((2, 1)))


def test_dense_by_hand():
    net = Network([Dense(2, 2, "relu")])
    net.theta[...] = [1, 2, 3, -4, 0.5, 0.25]  # W = [[1, 2], [3, −4]], b = [½, ¼]
    x = np.array([[1.0, 2], [1, 0]])
    np.testing.assert_array_equal(net.forward(x), [[3.5, 2.5], [0, 6.25]])
    da = net.layers[0].backward(np.array([[1.0, 10], [100, 1000]]))
    np.testing.assert_array_equal(net.delta[0], [[1, 10], [0, 1000]])
    np.testing.assert_array_equal(net.dW[0], [[21, 1], [2000, 0]])  # summed over examples
    np.testing.assert_array_equal(net.db[0], [[11], [1000]])
    np.testing.assert_array_equal(da, [[1, 3010], [2, -3980]])
