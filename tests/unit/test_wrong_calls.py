"""Every wrong call says which argument is wrong, what came and what was expected."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import bplib
from bplib import Dense, Network, activations, init, losses, plots, symbolic
from bplib.curvature import hessian, hessian_vector, largest_curvature
from bplib.ledger import ledger

SE, BCE, SCE = losses.SquaredError(), losses.BinaryCrossEntropy(), losses.SoftmaxCrossEntropy()
X, Y = np.ones((2, 4)), np.ones((1, 4))
NAN, INF = float("nan"), float("inf")


def net(output="sigmoid", **kwargs):
    return bplib.mlp([2, 3, 1], output=output, **kwargs)


def three(output="identity"):
    return bplib.mlp([2, 3], output=output)


def hole(value):
    x = X.copy()
    x[0, 1] = value
    return x


def grad(network, loss, x, y):
    return lambda: bplib.loss_and_grad(network, loss, x, y)


def train(**kwargs):
    return lambda: bplib.fit(net(), SE, X, Y, **{"optimizer": bplib.SGD(0.1)} | kwargs)


def product(v, network=None, x=X):
    return lambda: hessian_vector(network or net(), SE, x, Y, v)


def curvature(network=None, **kwargs):
    return lambda: largest_curvature(network or net(), SE, X, Y, **kwargs)


def lost():
    network = net()
    network.theta[...] = NAN
    return network


def nothing(ax, **values):
    pass


def fails(ax, eta, init):
    if init == 2:
        raise ZeroDivisionError("oh")


def mute(eta):
    raise KeyError("silent")


def trained(**kwargs):
    network = bplib.mlp([2, 2, 1], hidden="sigmoid", output="sigmoid", **kwargs)
    bplib.loss_and_grad(network, SE, X[:, :1], Y[:, :1])
    return network


def after_two_examples():
    network = trained()
    bplib.loss_and_grad(network, SE, X[:, :2], Y[:, :2])
    return network


def forwarded():
    network = net()
    network.forward(X)
    return network


def axes():
    return Figure().subplots()


def ragged():
    return [[1, 2], [3]]


def empty_stats():
    return bplib.gradcheck(lost(), SE, X, Y)


# id: (call, what the message must contain: the argument, what came, what was expected)
CALLS = {
    "mlp: one size": (lambda: bplib.mlp([2]), "sizes", "[2]", "at least two"),
    "mlp: a number": (lambda: bplib.mlp(5), "sizes", "5", "at least two"),
    "mlp: nothing": (lambda: bplib.mlp(None), "sizes", "None", "at least two"),
    "mlp: size zero": (lambda: bplib.mlp([2, 0, 1]), "sizes[1]", "0", "at least 1"),
    "mlp: size negative": (lambda: bplib.mlp([-2, 1]), "sizes[0]", "-2", "at least 1"),
    "mlp: size float": (lambda: bplib.mlp([2, 2.5]), "sizes[1]", "2.5", "whole number"),
    "mlp: size bool": (lambda: bplib.mlp([2, True]), "sizes[1]", "True", "whole number"),
    "mlp: hidden": (lambda: bplib.mlp([2, 3, 1], hidden="sigmoyd"), "sigmoyd", "'sigmoid'"),
    "mlp: output": (lambda: bplib.mlp([2, 1], output=3), "activation", "3", "'tanh'"),
    "mlp: init": (lambda: bplib.mlp([2, 1], init="glorot!"), "init", "glorot!", "'xavier'"),
    "mlp: stack 0": (lambda: net(stack=0), "stack", "0", "at least 1"),
    "mlp: stack list": (lambda: net(stack=[2]), "stack", "[2]", "whole number"),
    "mlp: stack (2, 0)": (lambda: net(stack=(2, 0)), "stack", "0", "at least 1"),
    "mlp: dtype int": (lambda: net(dtype=int), "dtype", "int64", "floating type"),
    "mlp: dtype nonsense": (lambda: net(dtype="real"), "dtype", "'real'", "float64"),
    "Normal: negative": (lambda: init.Normal(-1), "scale", "-1", "not negative"),
    "Normal: NaN": (lambda: init.Normal(NAN), "scale", "nan", "not negative"),
    "init.get": (lambda: init.get("uniform"), "init", "uniform", "'he'"),
    "activations.get": (lambda: activations.get("step"), "activation", "step", "'relu'"),
    "Dense: n_in": (lambda: Dense(0, 2), "n_in", "0", "at least 1"),
    "Dense: n_out": (lambda: Dense(2, "2"), "n_out", "'2'", "whole number"),
    "Dense: activation": (lambda: Dense(2, 2, "no"), "activation", "'no'", "'tanh'"),
    "Network: empty": (lambda: Network([]), "layers", "empty", "at least one"),
    "Network: misfit": (
        lambda: Network([Dense(2, 3), Dense(4, 1)]),
        "layers[0]",
        "n_out = 3",
        "n_in = 4",
        "equal",
    ),
    "Network: twice": (lambda: Network([Dense(2, 2)] * 2), "layers", "twice", "expected"),
    "x: rows": (lambda: net().forward(X.T), "x", "(4, 2)", "(2, m)", "columns"),
    "x: vector": (lambda: net().forward([1, 2]), "x", "(2,)", "(2, m)", "columns"),
    "x: scalar": (lambda: net().forward(1.0), "x", "()", "(2, m)"),
    "x: 3-d": (lambda: net().forward(X[None]), "x", "(1, 2, 4)", "(2, m)"),
    "x: other stack": (lambda: net(stack=3).forward(X[None]), "x", "(1, 2, 4)", "(2, m)"),
    "x: no example": (lambda: net().forward(X[:, :0]), "x", "(2, 0)", "at least one column"),
    "x: NaN": (lambda: net().forward(hole(NAN)), "x", "1 entries", "NaN", "none"),
    "x: inf": (lambda: net().forward(hole(-INF)), "x", "1 entries", "infinite", "none"),
    "x: text": (lambda: net().forward([["a"], ["b"]]), "x", "<U1", "numbers"),
    "x: ragged": (lambda: net().forward(ragged()), "x", "[3]", "one length"),
    "x: complex": (lambda: net().forward(X + 1j), "x", "complex128", "real"),
    "x: None": (lambda: net().forward(None), "x", "object", "numbers"),
    "y: rows": (grad(net(), SE, X, Y.T), "y", "(4, 1)", "(1, m)", "columns"),
    "y: vector": (grad(net(), SE, X, [1, 1, 1, 1]), "y", "(4,)", "(1, m)", "columns"),
    "y: other m": (grad(net(), SE, X, Y[:, :3]), "(2, 4)", "(1, 3)", "same number of columns"),
    "y: NaN": (grad(net(), SE, X, Y * NAN), "y", "4 entries", "NaN", "none"),
    "y: ragged": (grad(net(), SE, X, ragged()), "y", "[3]", "one length"),
    "x: ragged with y": (grad(net(), SE, ragged(), Y), "x", "[3]", "one length"),
    "y: above 1": (grad(net(), BCE, X, 2 * Y), "y", "2.0", "from 0 to 1"),
    "y: below 0": (grad(net(), BCE, X, -Y), "y", "-1.0", "from 0 to 1"),
    "y: not one-hot": (grad(three(), SCE, X, np.ones((3, 4))), "y", "3", "sum 1"),
    "y: negative share": (
        grad(three(), SCE, X, np.array([[2.0], [-1], [0]]) * Y),
        "y",
        "columns",
        "probabilities",
    ),
    "y: labels, not columns": (grad(three(), SCE, X, [[0, 1, 2, 1]]), "y", "(1, 4)", "(3, m)"),
    "BCE on tanh": (grad(net("tanh"), BCE, X, Y), "'tanh'", "BinaryCrossEntropy", "'sigmoid'"),
    "SCE on sigmoid": (
        grad(three("sigmoid"), SCE, X, np.eye(3, 4)),
        "output activation",
        "'sigmoid'",
        "'identity'",
    ),
    "loss: a class": (grad(net(), losses.SquaredError, X, Y), "loss", "class", "SquaredError()"),
    "loss: a name": (grad(net(), "mse", X, Y), "loss", "'mse'", "SquaredError()"),
    "evaluate": (lambda: bplib.evaluate(net(), SE, X.T, Y), "x", "(4, 2)", "columns"),
    "SGD: negative": (lambda: bplib.SGD(-0.1), "eta", "-0.1", "not negative"),
    "SGD: NaN": (lambda: bplib.SGD(NAN), "eta", "nan", "not negative"),
    "SGD: inf": (lambda: bplib.SGD(INF), "eta", "inf", "finite"),
    "SGD: one negative": (lambda: bplib.SGD([0.1, -1]), "eta", "-1", "not negative"),
    "SGD: text": (lambda: bplib.SGD("fast"), "eta", "'fast'", "number"),
    "SGD: None": (lambda: bplib.SGD(None), "eta", "None", "number"),
    "SGD: other stack": (
        lambda: bplib.fit(net(stack=3), SE, X, Y, bplib.SGD([0.1, 0.2])),
        "eta",
        "(2,)",
        "(3,)",
    ),
    "SGD: no stack": (train(optimizer=bplib.SGD([0.1, 0.2])), "eta", "(2,)", "()"),
    "fit: epochs": (train(epochs=-1), "epochs", "-1", "at least 0"),
    "fit: epochs float": (train(epochs=1.5), "epochs", "1.5", "whole number"),
    "fit: batch_size": (train(batch_size=0), "batch_size", "0", "at least 1"),
    "fit: optimizer a class": (train(optimizer=bplib.SGD), "optimizer", "SGD", "SGD(0.1)"),
    "fit: optimizer a name": (train(optimizer="adam"), "optimizer", "'adam'", "SGD(0.1)"),
    "fit: x": (
        lambda: bplib.fit(net(), SE, X.T, Y, bplib.SGD(1)),
        "x has shape (4, 2)",
        "columns",
    ),
    "gradcheck: method": (
        lambda: bplib.gradcheck(net(), SE, X, Y, "forward"),
        "method",
        "'forward'",
        "'central'",
    ),
    "gradcheck: stack": (
        lambda: bplib.gradcheck(net(stack=2), SE, X, Y),
        "net",
        "(2,)",
        "single network",
    ),
    "gradcheck: float32": (
        lambda: bplib.gradcheck(net(dtype=np.float32), SE, X, Y),
        "net",
        "float32",
        "float64",
    ),
    "gradcheck: NaN": (empty_stats, "net", "NaN", "expected"),
    "hessian_vector: short": (product(np.ones(3)), "v", "(3,)", "(13,)", "each parameter"),
    "hessian_vector: column": (product(np.ones((13, 1))), "v", "(13, 1)", "(13,)"),
    "hessian_vector: number": (product(1.0), "v", "()", "(13,)"),
    "hessian_vector: NaN": (product([NAN] * 13), "v", "13 entries", "NaN", "none"),
    "hessian_vector: inf": (product([INF] + [0] * 12), "v", "1 entries", "infinite", "none"),
    "hessian_vector: complex": (product(np.ones(13) * 1j), "v", "complex128", "real"),
    "hessian_vector: text": (product(["a"] * 13), "v", "<U1", "numbers"),
    "hessian_vector: ragged": (product(ragged()), "v", "[3]", "one length"),
    "hessian_vector: stack": (product(np.ones(13), net(stack=2)), "net", "(2,)", "single"),
    "hessian_vector: float32": (
        product(np.ones(13), net(dtype=np.float32)),
        "net",
        "float32",
        "float64",
    ),
    "hessian_vector: lost": (product(np.ones(13), lost()), "net", "NaN", "expected"),
    "hessian_vector: x complex": (product(np.ones(13), x=X + 1j), "x", "complex128", "real"),
    "hessian_vector: rows": (product(np.ones(13), x=X.T), "x", "(4, 2)", "columns"),
    "hessian: stack": (lambda: hessian(net(stack=2), SE, X, Y), "net", "(2,)", "single network"),
    "hessian: loss": (lambda: hessian(net(), "mse", X, Y), "loss", "'mse'", "SquaredError()"),
    "largest_curvature: stack": (curvature(net(stack=2)), "net", "(2,)", "single network"),
    "largest_curvature: lost": (curvature(lost()), "net", "NaN", "expected"),
    "largest_curvature: iterations": (curvature(iterations=0), "iterations", "0", "at least 1"),
    "largest_curvature: iterations float": (
        curvature(iterations=1e3),
        "iterations",
        "1000.0",
        "whole number",
    ),
    "largest_curvature: tol": (curvature(tol=-1e-6), "tol", "-1e-06", "from 0"),
    "largest_curvature: tol NaN": (curvature(tol=NAN), "tol", "nan", "from 0"),
    "largest_curvature: tol 1": (curvature(tol=1), "tol", "1", "not including, 1"),
    "explore: no axis": (lambda: bplib.explore(nothing), "no axis", "expected"),
    "explore: empty": (lambda: bplib.explore(nothing, eta=[]), "eta", "empty", "at least one"),
    "explore: number": (lambda: bplib.explore(nothing, eta=0.1), "eta", "0.1", "list of values"),
    "explore: text": (lambda: bplib.explore(nothing, eta="abc"), "eta", "'abc'", "list"),
    "explore: too many": (
        lambda: bplib.explore(nothing, eta=range(21), init=range(20)),
        "420 frames",
        "21 eta",
        "20 init",
        "at most 400",
    ),
    "explore: start name": (
        lambda: bplib.explore(nothing, eta=[1], start={"rate": 1}),
        "start",
        "'rate'",
        "eta",
    ),
    "explore: start value": (
        lambda: bplib.explore(nothing, eta=[1, 2], start={"eta": 3}),
        "start['eta']",
        "3",
        "[1, 2]",
    ),
    "explore: labels": (
        lambda: bplib.explore(nothing, eta=[1], labels={"rate": "r"}),
        "labels",
        "'rate'",
        "eta",
    ),
    "explore: draw raises": (
        lambda: bplib.explore(fails, eta=[0.1], init=[1, 2]),
        "eta=0.1",
        "init=2",
        "ZeroDivisionError",
        "oh",
    ),
    "explore: describe raises": (
        lambda: bplib.explore(nothing, describe=mute, eta=[0.5]),
        "eta=0.5",
        "KeyError",
        "silent",
    ),
    "plots.show: alt": (lambda: plots.show(Figure(), ""), "alt", "empty", "sentence"),
    "plots.show: blank": (lambda: plots.show(Figure(), " \n"), "alt", "empty", "sentence"),
    "plots.network: stack": (
        lambda: plots.network(axes(), trained(stack=2)),
        "net",
        "(2,)",
        "single network",
    ),
    "plots.network: no forward": (
        lambda: plots.network(axes(), net()),
        "net",
        "not run forward",
        "net.forward(x)",
    ),
    "plots.network: no backward": (
        lambda: plots.network(axes(), forwarded()),
        "net",
        "not run backward",
        "loss_and_grad",
    ),
    "plots.network: example": (
        lambda: plots.network(axes(), trained(), example=1),
        "example",
        "1",
        "0 to 0",
    ),
    "ledger: stack": (lambda: ledger(trained(stack=2), 1, 0.1), "net", "(2,)", "single network"),
    "ledger: tanh": (lambda: ledger(forwarded(), 1, 0.1), "net", "tanh", "sigmoid everywhere"),
    "ledger: two examples": (
        lambda: ledger(after_two_examples(), 1, 0.1),
        "net",
        "(1, 2)",
        "one example",
    ),
    "ledger: not run": (
        lambda: ledger(bplib.mlp([2, 1], output="sigmoid"), 1, 0.1),
        "net",
        "(0,)",
        "backward pass",
    ),
    "symbolic.mlp: sizes": (lambda: symbolic.mlp([2]), "sizes", "[2]", "at least two"),
    "symbolic.mlp: hidden": (
        lambda: symbolic.mlp([2, 2, 1], hidden="step"),
        "hidden",
        "'step'",
        "'sigmoid'",
    ),
    "symbolic.mlp: output": (
        lambda: symbolic.mlp([2, 1], output="step"),
        "output",
        "'step'",
        "'sigmoid'",
    ),
    "symbolic: x": (
        lambda: symbolic.mlp([2, 1]).values([1], [1], [[1, 1]], [[0]]),
        "x",
        "1 entries",
        "expected 2",
    ),
    "symbolic: W": (
        lambda: symbolic.mlp([2, 1]).values([1, 1], [1], [[1, 1, 1]], [[0]]),
        "W[0]",
        "3 entries",
        "expected 2",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_message(name):
    call, *parts = CALLS[name]
    with pytest.raises((ValueError, RuntimeError)) as caught:
        call()
    message = str(caught.value)
    assert [part for part in parts if part not in message] == [], message
    assert message.strip() == message
    assert len(message) < 300


def test_a_failed_call_leaves_theta_alone():
    network = net()
    theta = network.theta.copy()
    for x, y in ((X.T, Y), (hole(NAN), Y), (X, Y * NAN)):
        with pytest.raises(ValueError, match="expected"):
            bplib.fit(network, SE, x, y, bplib.SGD(0.1))
        np.testing.assert_array_equal(network.theta, theta)


def test_cause_of_a_failing_draw_is_kept():
    with pytest.raises(RuntimeError) as caught:
        bplib.explore(fails, eta=[0.1], init=[2])
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_unknown_attribute():
    with pytest.raises(AttributeError, match="'bplib' has no attribute 'lstm'"):
        _ = bplib.lstm
