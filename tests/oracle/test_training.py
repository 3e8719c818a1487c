"""Fifty updates of every layer, activation, loss and optimizer beside their PyTorch twins."""

import numpy as np
import pytest

import bplib
from bplib import Dense, Network, losses
from bplib.layers import Activate, BatchNorm, Dropout, LayerNorm, Residual
from oracle.reference import distance
from oracle.twin import ACTIVATIONS, LAYERS, LOSSES, OPTIMIZERS, Twin

TOLERANCE = 1e-12  # two float64 programs that add in another order; a mistake gives > 1e-4
STEPS = 50
SE = losses.SquaredError()
OUTPUT = {
    losses.SquaredError: "tanh",
    losses.BinaryCrossEntropy: "sigmoid",
    losses.SoftmaxCrossEntropy: "identity",
}


@pytest.fixture(scope="module")
def torch():
    module = pytest.importorskip("torch", reason="PyTorch is the oracle of this test")
    module.set_num_threads(1)
    return module


def random(layers, seed=0):
    """All parameters near what an initializer gives, none of them at a special place."""
    net, rng = Network(layers), np.random.default_rng(seed)
    net.theta += rng.standard_normal(net.theta.size) / 2
    return net


def data(n_in, n_out, m=24, one_hot=False, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n_in, m))
    return x, np.eye(n_out)[:, rng.integers(0, n_out, m)] if one_hot else rng.random((n_out, m))


def assert_same(net, twin, what):
    assert distance(net.theta, twin.theta()) < TOLERANCE, what
    for name, average in twin.running().items():
        assert distance(net.state[name], average.numpy()) < TOLERANCE, (what, name)


def walk_together(torch, net, loss, x, y, eta=0.05):
    """Value, gradient, parameters and running averages after each of fifty updates."""
    twin, start, before = Twin(torch, net), net.theta.copy(), bplib.evaluate(net, loss, x, y)
    ours, theirs = bplib.SGD(eta), torch.optim.SGD(twin.parameters, lr=eta)
    for k in range(STEPS):
        value, grad = bplib.loss_and_grad(net, loss, x, y)
        assert value == pytest.approx(twin.backward(loss, x, y), rel=TOLERANCE), k
        assert distance(grad, twin.grad()) < TOLERANCE, k
        ours.step(net.theta, grad)
        theirs.step()
        assert_same(net, twin, k)
    assert distance(net.forward(x), twin.output(x)) < TOLERANCE
    expected = twin.loss(loss, x, y, train=False).item()
    assert bplib.evaluate(net, loss, x, y) == pytest.approx(expected, rel=TOLERANCE)
    assert distance(net.theta, start) > 1e-2, "training must have gone somewhere"
    assert abs(expected - before) > 1e-3


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("place", ["hidden", "by itself", "output"])
def test_activation(torch, place, name):
    layers = {
        "hidden": [Dense(3, 5, name), Dense(5, 4, name), Dense(4, 2)],
        "by itself": [Dense(3, 4), Activate(4, name), Dense(4, 2), Activate(2, name)],
        "output": [Dense(3, 4, "tanh"), Dense(4, 3, name)],
    }[place]
    net = random(layers)
    walk_together(torch, net, SE, *data(3, net.layers[-1].n_out))


KINDS = {
    Dense: lambda: [Dense(3, 4, "tanh"), Dense(4, 2)],
    Activate: lambda: [Dense(3, 4), Activate(4, "gelu"), Dense(4, 2)],
    Dropout: lambda: [Dropout(3, 0.2), Dense(3, 6, "tanh"), Dropout(6, 0.4, seed=2), Dense(6, 2)],
    BatchNorm: lambda: [
        BatchNorm(3),
        Dense(3, 4, "tanh"),
        BatchNorm(4, eps=1e-2, momentum=0.3),
        Dense(4, 2),
        BatchNorm(2),
    ],
    LayerNorm: lambda: [
        LayerNorm(3, eps=1e-2),
        Dense(3, 8, "tanh"),
        LayerNorm(8),
        Dense(8, 2),
        LayerNorm(2, eps=0.5),
    ],
    Residual: lambda: [
        Residual([Dense(3, 4, "tanh"), Dense(4, 3)]),
        Residual([Dense(3, 3, "tanh"), Residual([Dense(3, 3)])]),
        Dense(3, 2),
        Residual([Dense(2, 2)]),
    ],
}


@pytest.mark.parametrize("kind", LAYERS, ids=lambda kind: kind.__name__)
def test_layer(torch, kind):
    walk_together(torch, random(KINDS[kind]()), SE, *data(3, 2))


def everything(output="tanh"):
    """Every kind of layer, residual blocks in a residual block.

    Eight units: a layer norm over four of them now and then meets four nearly equal numbers,
    and divides roundings by their small deviation (errors of 1e-11 instead of 1e-14).
    """
    inner = Residual([BatchNorm(8, momentum=0.2), Activate(8, "softplus"), Dense(8, 8, "elu")])
    block = Residual([LayerNorm(8), Dense(8, 10, "gelu"), Dropout(10, 0.3, seed=1), Dense(10, 8)])
    return [
        Dense(3, 8, "sigmoid"),
        BatchNorm(8),
        Activate(8, "leaky_relu"),
        Residual([block, inner, Dropout(8, 0.1, seed=2)]),
        LayerNorm(8),
        Dense(8, 5, "softmax"),
        Dense(5, 4, "relu"),
        Dense(4, 3, output),
    ]


@pytest.mark.parametrize("kind", LOSSES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("penalties", [(), (losses.L1(0.01), losses.L2(0.02))])
def test_loss_at_the_end_of_all_layers(torch, kind, penalties):
    loss = kind()
    for penalty in penalties:
        loss = loss + penalty
    net = random(everything(OUTPUT[kind]))
    walk_together(torch, net, loss, *data(3, 3, one_hot=kind is not losses.SquaredError))


def test_gradient_where_batch_norm_and_dropout_are_at_rest(torch):
    """Outside training the backward pass goes through the running averages, without masks."""
    net, (x, y) = random(everything()), data(3, 3)
    bplib.fit(net, SE, x, y, bplib.SGD(0.1), epochs=5)
    twin = Twin(torch, net)
    a = net.forward(x)
    dx = net.backward(SE.delta(net.layers[-1].z, a, y, net.layers[-1].f))
    twin.module.eval()
    t = torch.tensor(x.T.copy(), requires_grad=True)
    (
        torch.nn.functional.mse_loss(twin.module(t), torch.tensor(y.T.copy()), reduction="sum") / 2
    ).backward()
    assert distance(dx, t.grad.numpy().T) < TOLERANCE
    assert distance(net.grad * x.shape[1], twin.grad()) < TOLERANCE


def test_dropout_with_a_mask_that_pytorch_drew(torch):
    rng = np.random.default_rng(0)
    x, da = rng.standard_normal((2, 30, 40))
    for rate in (0.0, 0.1, 0.5, 0.9):
        torch.manual_seed(0)
        mask = torch.nn.functional.dropout(torch.ones(40, 30, dtype=torch.float64), rate)
        layer = Dropout(30, rate, seed=0)
        layer.mask, layer.hold = mask.numpy().T.copy(), True
        t = torch.tensor(x.T.copy(), requires_grad=True)
        torch.manual_seed(0)
        a = torch.nn.functional.dropout(t, rate)
        a.backward(torch.tensor(da.T.copy()))
        np.testing.assert_allclose(layer.forward(x, train=True), a.detach().numpy().T, rtol=1e-15)
        np.testing.assert_allclose(layer.backward(da), t.grad.numpy().T, rtol=1e-15)
        drawn = Dropout(30, rate, seed=0)
        drawn.forward(np.ones((30, 40)), train=True)
        np.testing.assert_array_equal(np.unique(drawn.mask), np.unique(mask.numpy()))


def test_leaving_training_and_coming_back_keeps_a_held_mask():
    """Evaluations in between must not change what is held: a mask is of training only."""
    net, (x, y) = random(everything()), data(3, 3)
    for layer in net.walk():
        layer.hold = True
    value, grad = bplib.loss_and_grad(net, SE, x, y)
    kept = grad.copy()
    bplib.evaluate(net, SE, x, y)
    again, grad = bplib.loss_and_grad(net, SE, x, y)
    assert again == value
    np.testing.assert_array_equal(grad, kept)


class Recording:
    """An optimizer that notes the masks of the pass before each update."""

    def __init__(self, optimizer, net):
        self.inner, self.masks = optimizer, []
        self.dropouts = [layer for layer in net.walk() if isinstance(layer, Dropout)]

    def step(self, theta, grad):
        self.masks.append([layer.mask for layer in self.dropouts])
        self.inner.step(theta, grad)


@pytest.mark.parametrize("kind", OPTIMIZERS, ids=lambda kind: kind.__name__)
def test_fit_with_every_layer_and_mini_batches(torch, kind):
    """17 epochs of 3 batches are 51 updates; the history is PyTorch's too.

    No bias stands before a batch norm, which takes it out again: its gradient is a rounding
    error, which Adam and its kin blow up to a step of full length.
    """
    make, name, options = OPTIMIZERS[kind]
    net, (x, y), valid = random(everything()), data(3, 3, m=14), data(3, 3, m=5, seed=2)
    twin = Twin(torch, net)
    theirs = getattr(torch.optim, name)(twin.parameters, **options)
    optimizer = Recording(make(), net)
    start = net.theta.copy()
    history = bplib.fit(net, SE, x, y, optimizer, epochs=17, batch_size=5, seed=4, validation=valid)
    masks, shuffle = iter(optimizer.masks), np.random.default_rng(4)
    for epoch in range(18):
        for series, pair in ((history.loss, (x, y)), (history.validation_loss, valid)):
            value = twin.loss(SE, *pair, train=False).item()
            assert series[epoch] == pytest.approx(value, rel=TOLERANCE), epoch
        if epoch == 17:
            break
        order = shuffle.permutation(14)
        for batch in (order[:5], order[5:10], order[10:]):
            for module, mask in zip(twin.masked(), next(masks), strict=True):
                module.mask = mask
            twin.backward(SE, x[:, batch], y[:, batch])
            before = [W.detach().clone() for W in twin.weights()]
            theirs.step()
        for l, (W, old) in enumerate(zip(twin.weights(), before, strict=True)):
            norm, step = W.grad.norm().item(), (W.detach() - old).norm() / old.norm()
            assert history.gradient_norm[epoch + 1, l] == pytest.approx(norm, rel=1e-10)
            assert history.update_ratio[epoch + 1, l] == pytest.approx(step.item(), rel=1e-10)
    assert_same(net, twin, "after 51 updates")
    assert distance(net.forward(x), twin.output(x)) < TOLERANCE
    assert distance(net.theta, start) > 1e-2
    assert next(masks, None) is None
