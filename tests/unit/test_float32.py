"""A float32 network computes, remembers and reports in float32, whatever it is trained with."""

import numpy as np
import pytest

import bplib
from bplib import Dense, Network, activations, losses, optim, schedules
from bplib.layers import Activate, BatchNorm, Dropout, LayerNorm, Residual

SINGLE = np.dtype(np.float32)
SE = losses.SquaredError()
WIDE = np.float64(0.01)  # a number that NumPy would let decide the type

OPTIMIZERS = {
    "SGD": bplib.SGD,
    "Momentum": bplib.Momentum,
    "Nesterov": bplib.Nesterov,
    "AdaGrad": bplib.AdaGrad,
    "RMSProp": bplib.RMSProp,
    "Adam": bplib.Adam,
    "AdamW": bplib.AdamW,
    "Adam without correction": lambda eta: bplib.Adam(eta, bias_correction=False),
    "AdamW, numpy decay": lambda eta: bplib.AdamW(eta, weight_decay=WIDE, eps=WIDE),
}
RATES = {
    "number": 0.01,
    "numpy number": WIDE,
    "schedule": schedules.warm_up(3, schedules.cosine(0.01, 10)),
    "numpy schedule": lambda k: WIDE,
}
LOSSES = {
    "no penalty": SE,
    "L2": SE + losses.L2(0.01),
    "L1 and L2, numpy": SE + losses.L1(WIDE) + losses.L2(WIDE),
}
CLIPS = {
    "no clip": None,
    "by norm": optim.by_norm(0.1),
    "by value": optim.by_value(0.01),
    "by norm, numpy": optim.by_norm(WIDE, eps=WIDE),
}


def deep(stack=None, hidden="gelu"):
    inner = Residual([LayerNorm(4, eps=WIDE), Dropout(4, 0.3)])
    block = Residual([LayerNorm(4), Dense(4, 4, hidden), Dropout(4, 0.3), inner])
    layers = [Dense(2, 4), BatchNorm(4, eps=WIDE, momentum=WIDE), Activate(4, hidden), block]
    net = Network([*layers, Dense(4, 1, "sigmoid")], stack, np.float32)
    net.theta += np.random.default_rng(1).standard_normal(net.theta.shape).astype(SINGLE) / 2
    return net


def data(m=7):
    rng = np.random.default_rng(0)
    return rng.standard_normal((2, m)), (rng.random((1, m)) > 0.5).astype(float)  # float64


def floats(thing):
    """The types of all floating arrays that an object holds."""
    arrays = {name: it for name, it in vars(thing).items() if isinstance(it, np.ndarray)}
    return {name: array.dtype for name, array in arrays.items() if array.dtype.kind in "fc"}


def assert_single(net, history, optimizer):
    assert net.theta.dtype == net.grad.dtype == SINGLE
    for layer in net.walk():
        assert set(floats(layer).values()) == {SINGLE}, f"{layer}: {floats(layer)}"
    memory = floats(optimizer)
    memory.pop("eta", None)  # the caller's own, and cast when it is used
    assert set(memory.values()) <= {SINGLE}, memory
    for name, dtype in floats(history).items():
        if not name.endswith("accuracy"):  # a share of examples, counted in float64
            assert dtype == SINGLE, name


def train(net, optimizer, loss=SE, clip=None, **kwargs):
    history = bplib.fit(
        net,
        loss,
        *data(),
        optimizer,
        epochs=3,
        batch_size=4,
        clip=clip,
        validation=data(5),
        patience=2,
        **kwargs,
    )
    assert np.isfinite(history.loss).all()
    assert_single(net, history, optimizer)
    value, grad = bplib.loss_and_grad(net, loss, *data())
    assert value.dtype == grad.dtype == bplib.evaluate(net, loss, *data()).dtype == SINGLE
    assert net.forward(data()[0]).dtype == SINGLE


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("stack", [None, 3])
def test_every_optimizer_and_schedule(stack, name, rate):
    train(deep(stack), OPTIMIZERS[name](RATES[rate]))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_rate_for_each_member(name):
    train(deep(3), OPTIMIZERS[name](np.array([0.01, 0.02, 0.0])))
    train(deep(3), OPTIMIZERS[name](lambda k: np.array([0.01, 0.02, 0.0])))


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("stack", [None, 3])
def test_every_penalty_and_clip(stack, loss, clip):
    train(deep(stack), bplib.Adam(0.01), LOSSES[loss], CLIPS[clip])


@pytest.mark.parametrize("name", activations.ACTIVATIONS)
@pytest.mark.parametrize("stack", [None, 3])
def test_every_activation(stack, name):
    train(deep(stack, name), bplib.SGD(0.01))


@pytest.mark.parametrize(
    ("loss", "output", "y"),
    [
        (losses.SquaredError(), "identity", np.eye(3)),
        (losses.BinaryCrossEntropy(), "sigmoid", np.eye(3)),
        (losses.SoftmaxCrossEntropy(), "identity", np.eye(3)),
    ],
)
def test_every_loss(loss, output, y):
    net = Network([Dense(3, 4, "tanh"), Dense(4, 3, output)], dtype=np.float32)
    net.theta += np.random.default_rng(0).standard_normal(net.theta.size) / 2
    history = bplib.fit(net, loss + losses.L2(WIDE), np.eye(3), y, bplib.SGD(0.1), epochs=3)
    assert_single(net, history, bplib.SGD(0.1))


def test_a_copy_in_another_type_has_running_averages_of_that_type():
    net = Network([Dense(2, 3), BatchNorm(3), Dense(3, 1)])
    bplib.fit(net, SE, *data(), bplib.SGD(0.01), epochs=3)
    small = net.copy(np.float32)
    assert small.forward(data()[0]).dtype == SINGLE
    assert small.layers[1].running_mean.dtype == SINGLE
    np.testing.assert_allclose(
        small.layers[1].running_variance, net.layers[1].running_variance, rtol=1e-6
    )
    large = small.copy(np.float64)
    assert large.forward(data()[0]).dtype == large.layers[1].running_mean.dtype == np.float64


def test_a_held_mask_goes_with_a_copy_in_another_type():
    net = Network([Dense(2, 4), Dropout(4, 0.5), Dense(4, 1)])
    net.layers[1].hold = True
    bplib.loss_and_grad(net, SE, *data())
    small = net.copy(np.float32)
    _, grad = bplib.loss_and_grad(small, SE, *data())
    assert grad.dtype == small.layers[1].a.dtype == SINGLE
    np.testing.assert_array_equal(small.layers[1].a == 0, net.layers[1].a == 0)
