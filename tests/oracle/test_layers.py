"""Normalization, dropout and residual layers against PyTorch, complex step and differences."""

import numpy as np
import pytest

import bplib
from bplib.layers import Activate, BatchNorm, Dense, Dropout, LayerNorm, Residual

RTOL = 1e-12
ATOL = 1e-13  # sums over a batch cancel to zero in some entries
COMPLEX_TOLERANCE = 1e-13


def filled(layer, rng, stack=()):
    """Bind a layer to random parameters and return it."""
    theta = rng.standard_normal((*stack, layer.n_params))
    layer.bind(theta, np.zeros_like(theta))
    theta[...] = rng.standard_normal(theta.shape)
    return layer


def through_torch(torch, module, x, da):
    """Forward and backward with columns as examples; return output, dx and parameter gradients."""
    t = torch.tensor(x.T.copy(), requires_grad=True)
    out = module(t)
    out.backward(torch.tensor(da.T.copy()))
    grads = [p.grad.numpy() for p in module.parameters()]
    return out.detach().numpy().T, t.grad.numpy().T, grads


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is the oracle of this test")


@pytest.mark.parametrize("kind", ["batch", "layer"])
def test_normalization_is_pytorchs(torch, kind):
    rng = np.random.default_rng(0)
    n, m = 5, 7
    layer = filled(BatchNorm(n) if kind == "batch" else LayerNorm(n), rng)
    module = torch.nn.BatchNorm1d(n) if kind == "batch" else torch.nn.LayerNorm(n)
    module = module.double()
    with torch.no_grad():
        module.weight[:] = torch.tensor(layer.gamma[:, 0])
        module.bias[:] = torch.tensor(layer.beta[:, 0])
    for _ in range(3):
        x, da = 3 * rng.standard_normal((2, n, m)) + 1
        module.zero_grad()
        a, dx, (dgamma, dbeta) = through_torch(torch, module, x, da)
        np.testing.assert_allclose(layer.forward(x, train=True), a, rtol=RTOL, atol=ATOL)
        np.testing.assert_allclose(layer.backward(da), dx, rtol=RTOL, atol=ATOL)
        np.testing.assert_allclose(layer.dgamma[:, 0], dgamma, rtol=RTOL, atol=ATOL)
        np.testing.assert_allclose(layer.dbeta[:, 0], dbeta, rtol=RTOL, atol=ATOL)
    module.eval()
    x, da = rng.standard_normal((2, n, m))
    module.zero_grad()
    a, dx, (dgamma, _) = through_torch(torch, module, x, da)
    np.testing.assert_allclose(layer.forward(x), a, rtol=RTOL, atol=ATOL)
    np.testing.assert_allclose(layer.backward(da), dx, rtol=RTOL, atol=ATOL)
    np.testing.assert_allclose(layer.dgamma[:, 0], dgamma, rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("kind", [BatchNorm, LayerNorm])
def test_normalization_starts_with_scale_one_and_no_shift(kind):
    net = bplib.Network([kind(3)], stack=2)
    np.testing.assert_array_equal(net.layers[0].gamma, np.ones((2, 3, 1)))
    np.testing.assert_array_equal(net.layers[0].beta, np.zeros((2, 3, 1)))


def deep(rng=None):
    """A network with every kind of layer, residual blocks inside a residual block too."""
    block = Residual(
        [
            LayerNorm(4),
            Dense(4, 6, "gelu"),
            Dropout(6, 0.3, seed=1),
            Dense(6, 4),
            Residual([BatchNorm(4), Activate(4, "softplus"), Dense(4, 4, "tanh")]),
        ]
    )
    return [Dense(3, 4), BatchNorm(4), Activate(4, "elu"), block, Dense(4, 2)]


@pytest.mark.parametrize("method", ["central", "complex"])
def test_nested_network_passes_the_gradient_check(method):
    rng = np.random.default_rng(2)
    net = bplib.Network(deep())
    net.theta[...] = rng.standard_normal(net.theta.shape)
    x, y = rng.standard_normal((3, 6)), np.eye(2)[:, [0, 1, 1, 0, 1, 0]]
    check = bplib.gradcheck(net, bplib.losses.SoftmaxCrossEntropy(), x, y, method)
    assert check.ok, str(check)
    if method == "complex":
        assert check.error < COMPLEX_TOLERANCE
    assert {"gamma[1]", "beta[1]", "W[0]", "gamma[2]"} <= set(check.by_parameter)
    assert sum(1 for name in check.by_parameter if name.startswith("W")) == 5


def test_stack_of_nested_networks_is_its_members():
    rng = np.random.default_rng(3)
    loss = bplib.losses.SquaredError()
    stack = bplib.Network(deep_without_dropout(), stack=3)
    stack.theta[...] = rng.standard_normal(stack.theta.shape)
    x, y = rng.standard_normal((3, 6)), rng.standard_normal((2, 6))
    values, grads = bplib.loss_and_grad(stack, loss, x, y)
    for k in range(3):
        net = bplib.Network(deep_without_dropout())
        net.theta[...] = stack.theta[k]
        value, grad = bplib.loss_and_grad(net, loss, x, y)
        assert values[k] == pytest.approx(value, rel=1e-13)
        np.testing.assert_allclose(grads[k], grad, rtol=1e-11, atol=ATOL)
        for name in ("running_mean", "running_variance"):
            ours, theirs = (getattr(it.layers[1], name) for it in (stack, net))
            np.testing.assert_allclose(ours[k], theirs, rtol=1e-13)


def deep_without_dropout():
    return [Dense(3, 4, "relu"), BatchNorm(4), Residual([Dense(4, 4), LayerNorm(4)]), Dense(4, 2)]


def test_dropout_keeps_the_expectation_and_the_mask():
    layer = Dropout(50, rate=0.25, seed=0)
    x = np.ones((50, 2000))
    a = layer.forward(x, train=True)
    assert set(np.unique(a)) == {0.0, 1 / 0.75}
    # 100,000 draws: the standard error of the mean is 0.002.
    assert a.mean() == pytest.approx(1, abs=0.01)
    np.testing.assert_array_equal(layer.backward(x), a)
    np.testing.assert_array_equal(layer.forward(x), x)
    np.testing.assert_array_equal(layer.backward(x), x)


def test_dropout_draws_a_new_mask_unless_held():
    layer, x = Dropout(20, 0.5, seed=0), np.ones((20, 20))
    first, second = layer.forward(x, train=True), layer.forward(x, train=True)
    assert not np.array_equal(first, second)
    layer.hold = True
    np.testing.assert_array_equal(layer.forward(x, train=True), second)


def test_dropout_follows_its_seed():
    x = np.ones((20, 20))
    masks = [Dropout(20, 0.5, seed).forward(x, train=True) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(masks[0], masks[1])
    assert not np.array_equal(masks[0], masks[2])


def test_momentum_zero_keeps_the_first_average_and_one_only_the_last():
    rng = np.random.default_rng(1)
    old, new = rng.standard_normal((2, 3, 8))
    for momentum, mean, variance in [(0, 0, 1), (1, new.mean(1), new.var(1, ddof=1))]:
        layer = filled(BatchNorm(3, momentum=momentum), rng)
        for x in (old, new):
            layer.forward(x, train=True)
        np.testing.assert_allclose(layer.running_mean[:, 0], mean, rtol=RTOL, atol=ATOL)
        np.testing.assert_allclose(layer.running_variance[:, 0], variance, rtol=RTOL)


def test_batch_norm_forgets_the_bias_before_it():
    net = bplib.Network([Dense(2, 3), BatchNorm(3), Dense(3, 1)])
    rng = np.random.default_rng(4)
    net.theta[...] = rng.standard_normal(net.theta.shape)
    x, y = rng.standard_normal((2, 8)), rng.standard_normal((1, 8))
    bplib.loss_and_grad(net, bplib.losses.SquaredError(), x, y)
    np.testing.assert_allclose(net.db[0], 0, atol=1e-15)
    assert np.abs(net.dW[0]).max() > 1e-3


def test_copy_shares_nothing():
    net = bplib.Network(deep())
    twin = net.copy()
    twin.theta += 1
    assert (net.theta != twin.theta).all()
    x = np.random.default_rng(5).standard_normal((3, 6))
    net.forward(x, train=True)
    assert np.array_equal(twin.layers[1].running_mean, np.zeros((4, 1)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Dropout(3, 1.0), "rate is 1.0; expected a number from 0"),
        (lambda: Dropout(3, "a"), "rate is 'a'"),
        (lambda: BatchNorm(0), "n is 0"),
        (lambda: BatchNorm(3, eps=0), "eps is 0; expected a finite number above 0"),
        (lambda: BatchNorm(3, momentum=2), "momentum is 2"),
        (lambda: LayerNorm(3, eps=-1), "eps is -1"),
        (lambda: Residual([]), "layers is empty"),
        (lambda: Residual([Dense(2, 3)]), "layers go from 2 to 3 units"),
        (lambda: Residual([Dense(2, 3), Dense(4, 2)]), r"layers\[0\] has n_out = 3"),
        (lambda: Activate(3, "swish"), "activation is 'swish'; expected one of"),
        (
            lambda: filled(BatchNorm(2), np.random.default_rng(0)).forward(np.ones((2, 1)), True),
            "the batch has 1 example",
        ),
        (lambda: bplib.Network([d := Dense(2, 2), Residual([d])]), "the same layer twice"),
    ],
)
def test_wrong_calls_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
