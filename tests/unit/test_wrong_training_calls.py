"""Every wrong call of an optimizer, a schedule, a clip, fit, save or load says what is wrong."""

from types import SimpleNamespace

import numpy as np
import pytest
from support.refusals import refused

import bplib
from bplib import losses, optim, schedules

SE = losses.SquaredError()
X, Y = np.ones((2, 4)), np.ones((1, 4))
NAN, INF = float("nan"), float("inf")


def net(**kwargs):
    return bplib.mlp([2, 3, 1], **kwargs)


def train(**kwargs):
    given = {"net": net(), "loss": SE, "x": X, "y": Y, "optimizer": bplib.SGD(0.1)} | kwargs
    return lambda: bplib.fit(**given)


def step(theta=None, grad=None, rule=None):
    """A first step with theta and grad, or with usual ones."""
    theta = np.ones(3) if theta is None else theta
    grad = np.ones(3) if grad is None else grad
    return lambda: (rule or bplib.SGD(0.1)).step(theta, grad)


def read_only():
    array = np.ones(3)
    array.flags.writeable = False
    return array


# id: (call, what the message must contain: the argument, what came, what was expected)
CALLS = {
    "SGD: True": (lambda: optim.SGD(True), "eta", "True", "number"),
    "SGD: np.True_": (lambda: optim.SGD(np.True_), "eta", "True_", "number"),
    "SGD: flags": (lambda: optim.SGD([True, False]), "eta", "[True, False]", "number"),
    "SGD: text": (lambda: optim.SGD("0.1"), "eta", "'0.1'", "number"),
    "SGD: a dict": (lambda: optim.SGD({"lr": 0.1}), "eta", "{'lr': 0.1}", "number"),
    "SGD: cosine": (lambda: optim.SGD(schedules.cosine), "eta", "cosine", "cosine(0.1, steps=100)"),
    "Adam: constant": (lambda: optim.Adam(schedules.constant), "eta", "constant", "expected"),
    "SGD: a rule": (lambda: optim.SGD(optim.Adam), "eta", "Adam", "number"),
    "SGD: no k": (
        step(rule=optim.SGD(lambda: 0.1)),
        "eta",
        "lambda",
        "function of the number of updates",
    ),
    "SGD: a function that gives text": (
        step(rule=optim.SGD(lambda k: "0.1")),
        "eta(0)",
        "'0.1'",
        "number",
    ),
    "SGD: a function that gives a function": (
        step(rule=optim.SGD(lambda k: schedules.constant)),
        "eta(0)",
        "constant",
        "number",
    ),
    "SGD: a function that gives NaN": (step(rule=optim.SGD(lambda k: NAN)), "eta(0)", "nan"),
    "SGD: a function that gives True": (step(rule=optim.SGD(lambda k: True)), "eta(0)", "True"),
    "Momentum: beta True": (lambda: optim.Momentum(0.1, True), "beta", "True", "number"),
    "Momentum: beta False": (lambda: optim.Momentum(0.1, False), "beta", "False", "number"),
    "Momentum: nesterov": (
        lambda: optim.Momentum(0.1, 0.9, "no"),
        "nesterov",
        "'no'",
        "True or False",
    ),
    "Momentum: nesterov 1": (lambda: optim.Momentum(0.1, 0.9, 1), "nesterov", "1", "True or False"),
    "Momentum: beta list": (lambda: optim.Momentum(0.1, [0.9]), "beta", "[0.9]", "number"),
    "Nesterov: beta": (lambda: optim.Nesterov(0.1, 1), "beta", "1", "not including, 1"),
    "AdaGrad: eps inf": (lambda: optim.AdaGrad(eps=INF), "eps", "inf", "finite"),
    "AdaGrad: eps list": (lambda: optim.AdaGrad(eps=[1e-8]), "eps", "[1e-08]", "single"),
    "RMSProp: eps True": (lambda: optim.RMSProp(eps=True), "eps", "True", "number"),
    "RMSProp: beta None": (lambda: optim.RMSProp(beta=None), "beta", "None", "number"),
    "Adam: betas of PyTorch": (lambda: optim.Adam(0.1, (0.9, 0.999)), "beta1", "(0.9, 0.999)"),
    "Adam: eps NaN": (lambda: optim.Adam(eps=NAN), "eps", "nan", "finite"),
    "Adam: bias_correction": (
        lambda: optim.Adam(bias_correction=None),
        "bias_correction",
        "None",
        "True or False",
    ),
    "AdamW: weight_decay": (lambda: optim.AdamW(weight_decay="L2"), "weight_decay", "'L2'"),
    "AdamW: weight_decay array": (
        lambda: optim.AdamW(weight_decay=np.array([0.1, 0.2])),
        "weight_decay",
        "array([0.1, 0.2])",
        "single",
    ),
    "step: a list": (step([1.0, 2.0, 3.0]), "theta", "list", "arrays"),
    "step: a list for grad": (step(grad=[1.0, 2.0, 3.0]), "grad", "list", "arrays"),
    "step: nothing": (lambda: optim.SGD(0.1).step(None, np.ones(3)), "theta", "NoneType", "arrays"),
    "step: a network": (step(net()), "theta", "Network", "arrays"),
    "step: whole numbers": (step(np.ones(3, int)), "theta", "int64", "floats"),
    "step: complex grad": (step(grad=np.ones(3) + 1j), "grad", "complex128", "float64", "floats"),
    "step: text": (step(grad=np.array(["a", "b", "c"])), "grad", "<U1", "floats"),
    "step: a number": (step(np.array(1.0), np.array(1.0)), "theta", "float64 ()", "(..., P)"),
    "step: read-only": (step(read_only()), "theta", "read-only float64 (3,)", "not read-only"),
    "step: shapes": (step(grad=np.ones(4)), "grad", "(4,)", "theta", "(3,)"),
    "step: a grad for all members": (step(np.ones((2, 3))), "grad", "(3,)", "(2, 3)"),
    "step: one number for grad": (step(grad=np.ones(1)), "grad", "(1,)", "(3,)"),
    "by_norm: True": (lambda: optim.by_norm(True), "limit", "True", "number"),
    "by_norm: eps None": (lambda: optim.by_norm(1, None), "eps", "None", "number"),
    "by_norm: eps inf": (lambda: optim.by_norm(1, INF), "eps", "inf", "finite"),
    "by_value: False": (lambda: optim.by_value(False), "limit", "False", "number"),
    "by_value: list": (lambda: optim.by_value([1]), "limit", "[1]", "number"),
    "constant: text": (lambda: schedules.constant("0.1"), "eta", "'0.1'", "number"),
    "constant: True": (lambda: schedules.constant(True), "eta", "True", "number"),
    "step: every float": (lambda: schedules.step(0.1, 2.5), "every", "2.5", "whole number"),
    "step: every True": (lambda: schedules.step(0.1, True), "every", "True", "whole number"),
    "step: factor": (lambda: schedules.step(0.1, 5, "half"), "factor", "'half'", "number"),
    "exponential: NaN": (lambda: schedules.exponential(0.1, NAN), "factor", "nan", "finite"),
    "exponential: list": (lambda: schedules.exponential(0.1, [0.9]), "factor", "[0.9]", "single"),
    "inverse: inf": (lambda: schedules.inverse(0.1, INF), "half", "inf", "finite"),
    "inverse: True": (lambda: schedules.inverse(0.1, True), "half", "True", "number"),
    "cosine: steps float": (lambda: schedules.cosine(0.1, 1e3), "steps", "1000.0", "whole number"),
    "cosine: floor": (lambda: schedules.cosine(0.1, 10, True), "floor", "True", "number"),
    "cosine: the other way round": (lambda: schedules.cosine(100, 0.1), "steps", "0.1"),
    "warm_up: a class": (
        lambda: schedules.warm_up(5, schedules.constant),
        "then",
        "constant",
        "constant(0.1)",
    ),
    "warm_up: steps": (
        lambda: schedules.warm_up("5", schedules.constant(1)),
        "steps",
        "'5'",
        "whole number",
    ),
    "warm_up: then None": (lambda: schedules.warm_up(5, None), "then", "None", "schedule"),
    "fit: net and loss swapped": (train(net=SE, loss=net()), "net", "SquaredError", "Network"),
    "fit: a network class": (train(net=bplib.Network), "net", "type", "Network"),
    "fit: a loss class": (train(loss=losses.SquaredError), "loss", "class", "SquaredError()"),
    "fit: every True": (train(every=True), "every", "True", "whole number"),
    "fit: epochs True": (train(epochs=True), "epochs", "True", "whole number"),
    "fit: seed text": (train(seed="a"), "seed", "'a'", "whole number", "Generator"),
    "fit: seed negative": (train(seed=-1), "seed", "-1", "at least 0"),
    "fit: seed float": (train(seed=0.5), "seed", "0.5", "whole number"),
    "fit: seed True": (train(seed=True), "seed", "True", "whole number"),
    "fit: RandomState": (train(seed=np.random), "seed", "module", "Generator"),
    "fit: progress": (train(progress="yes"), "progress", "'yes'", "True or False"),
    "fit: callback a number": (train(callback=5), "callback", "5", "function", "epoch, net"),
    "fit: callback returns a number": (
        train(callback=lambda epoch, net: 0.3),
        "callback",
        "0.3",
        "True or False",
    ),
    "fit: callback returns text": (
        train(callback=lambda epoch, net: "stop"),
        "callback",
        "'stop'",
        "True or False",
    ),
    "fit: clip returns the norm": (
        train(clip=np.linalg.norm),
        "clip",
        "shape ()",
        "expected None",
        "(13,)",
    ),
    "fit: clip returns less": (train(clip=lambda g: g[:2]), "clip", "(2,)", "(13,)"),
    "fit: clip returns complex": (train(clip=lambda g: g + 0j), "clip", "complex128", "float64"),
    "fit: clip returns text": (train(clip=lambda g: "cut"), "clip(grad)", "<U3", "numbers"),
    "fit: optimizer swapped with epochs": (train(optimizer=5, epochs=1), "optimizer", "5", "SGD"),
    "fit: step no function": (
        train(optimizer=SimpleNamespace(step=3)),
        "optimizer",
        "step=3",
        "SGD(0.1)",
    ),
    "fit: schedule for another stack": (
        train(optimizer=optim.SGD(schedules.constant([0.1, 0.2]))),
        "eta",
        "(2,)",
        "()",
    ),
    "save: optimizer class": (
        lambda: bplib.save(net(), "net.npz", bplib.Adam),
        "optimizer",
        "Adam",
        "SGD(0.1)",
    ),
    "save: no network": (lambda: bplib.save(X, "net.npz"), "net", "ndarray", "Network"),
    "save: no folder": (
        lambda: bplib.save(net(), "no/such/net.npz"),
        "path",
        "'no/such/net.npz'",
        "folder that exists",
    ),
    "load: optimizer name": (
        lambda: bplib.load(net(), "net.npz", "adam"),
        "optimizer",
        "'adam'",
        "SGD(0.1)",
    ),
    "load: no network": (lambda: bplib.load(None, "net.npz"), "net", "NoneType", "Network"),
}


@pytest.mark.parametrize("name", CALLS)
def test_message(name):
    assert "expected" in refused(*CALLS[name], by=(ValueError, FileNotFoundError))


@pytest.mark.parametrize(
    "kwargs",
    [
        {"seed": "a"},
        {"callback": 5},
        {"progress": 2},
        {"batch_size": 0},
        {"optimizer": optim.SGD([0.1, 0.2])},
        {"optimizer": optim.SGD(lambda k: NAN)},
        {"clip": lambda grad: grad[:2]},
    ],
    ids="-".join,
)
def test_a_failed_call_leaves_theta_alone(kwargs):
    network = net()
    theta = network.theta.copy()
    with pytest.raises(ValueError, match="expected"):
        bplib.fit(
            **{"net": network, "loss": SE, "x": X, "y": Y, "optimizer": optim.SGD(1)} | kwargs
        )
    np.testing.assert_array_equal(network.theta, theta)
