"""Every wrong call says which argument is wrong, what came and what was expected."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from support.refusals import refused

import bplib
from bplib import Dense, Network, activations, initializers, losses, optim, plots, symbolic
from bplib.curvature import hessian, hessian_vector, largest_curvature
from bplib.plots.ledger import ledger

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
    given = {"loss": SE, "x": X, "y": Y, "optimizer": bplib.SGD(0.1)} | kwargs
    return lambda: bplib.fit(net(), **given)


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
    "mlp: output": (lambda: bplib.mlp([2, 1], output=3), "output", "3", "'tanh'"),
    "mlp: init": (lambda: bplib.mlp([2, 1], init="glorot!"), "init", "glorot!", "'xavier'"),
    "mlp: stack 0": (lambda: net(stack=0), "stack", "0", "at least 1"),
    "mlp: stack list": (lambda: net(stack=[2]), "stack", "[2]", "whole number"),
    "mlp: stack (2, 0)": (lambda: net(stack=(2, 0)), "stack", "0", "at least 1"),
    "mlp: dtype int": (lambda: net(dtype=int), "dtype", "int64", "float32 or complex128"),
    "mlp: dtype nonsense": (lambda: net(dtype="real"), "dtype", "'real'", "float64"),
    "Normal: negative": (lambda: initializers.Normal(-1), "scale", "-1", "not negative"),
    "Normal: NaN": (lambda: initializers.Normal(NAN), "scale", "nan", "not negative"),
    "initializers.get": (lambda: initializers.get("uniform"), "init", "uniform", "'he'"),
    "activations.get": (lambda: activations.get("step"), "activation", "step", "'relu'"),
    "Dense: n_in": (lambda: Dense(0, 2), "n_in", "0", "at least 1"),
    "Dense: n_out": (lambda: Dense(2, "2"), "n_out", "'2'", "whole number"),
    "Dense: activation": (lambda: Dense(2, 2, "no"), "activation", "'no'", "'tanh'"),
    "Network: empty": (lambda: Network([]), "layers", "empty", "at least one"),
    "Network: misfit": (
        lambda: Network([Dense(2, 3), Dense(4, 1)]),
        "layers[0] has n_out = 3",
        "layers[1] has n_in = 4",
        "equal",
    ),
    "Network: twice": (lambda: Network([Dense(2, 2)] * 2), "layers", "twice", "expected"),
    "x: rows": (lambda: net().forward(X.T), "x", "(4, 2)", "(2, m)", "columns"),
    "x: vector": (lambda: net().forward([1, 2]), "x", "(2,)", "(2, m)", "columns"),
    "x: scalar": (lambda: net().forward(1.0), "x", "()", "(2, m)"),
    "x: 3-d": (lambda: net().forward(X[None]), "x", "(1, 2, 4)", "(2, m)"),
    "x: other stack": (lambda: net(stack=3).forward(X[None]), "x", "(1, 2, 4)", "(2, m)"),
    "x: no example": (lambda: net().forward(X[:, :0]), "x", "(2, 0)", "at least one column"),
    "x: no example for a stack": (
        lambda: net(stack=3).forward(np.ones((3, 2, 0))),
        "x has shape (3, 2, 0)",
        "at least one column",
    ),
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
    "y: NaN with BCE": (grad(net(), BCE, X, Y * NAN), "y has 4 entries", "NaN", "none"),
    "y: NaN with SCE": (grad(three(), SCE, X, np.eye(3, 4) * NAN), "y has 12 entries", "none"),
    "y: above 1": (grad(net(), BCE, X, 2 * Y), "y", "2.0", "from 0 to 1"),
    "y: below 0": (grad(net(), BCE, X, -Y), "y", "-1.0", "from 0 to 1"),
    "y: not one-hot": (grad(three(), SCE, X, np.ones((3, 4))), "y", "3", "sum 1"),
    "y: some not one-hot": (grad(three(), SCE, X, np.tri(3, 4)), "sum to 0…3", "sum 1"),
    "y: negative share": (
        grad(three(), SCE, X, np.array([[2.0], [-1], [0]]) * Y),
        "y",
        "columns",
        "probabilities",
    ),
    "y: labels, not columns": (grad(three(), SCE, X, [[0, 1, 2, 1]]), "y holds labels", "one_hot"),
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
    "SGD: a number as text": (lambda: bplib.SGD("0.1"), "eta", "'0.1'", "number"),
    "SGD: complex": (lambda: bplib.SGD(0.1j), "eta", "0.1j", "number"),
    "SGD: ragged": (lambda: bplib.SGD(ragged()), "eta", "[[1, 2], [3]]", "number"),
    "Adam: eps as text": (lambda: bplib.Adam(eps="1e-8"), "eps", "'1e-8'", "number"),
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
    "fit: optimizer without step": (train(optimizer=object()), "optimizer", "object", "SGD(0.1)"),
    "fit: optimizer None": (train(optimizer=None), "optimizer", "None", "SGD(0.1)"),
    "fit: batch_size float": (train(batch_size=2.0), "batch_size", "2.0", "whole number"),
    "fit: every 0": (train(every=0), "every", "0", "at least 1"),
    "fit: every float": (train(every=0.5), "every", "0.5", "whole number"),
    "fit: patience 0": (train(patience=0, validation=(X, Y)), "patience", "0", "at least 1"),
    "fit: patience float": (
        train(patience=1.5, validation=(X, Y)),
        "patience",
        "1.5",
        "whole number",
    ),
    "fit: patience True": (train(patience=True, validation=(X, Y)), "patience", "True"),
    "fit: patience alone": (train(patience=3), "patience", "3", "without validation", "both"),
    "fit: clip a number": (train(clip=1.0), "clip", "1.0", "by_norm(1.0)"),
    "fit: clip a name": (train(clip="norm"), "clip", "'norm'", "by_norm(1.0)"),
    "fit: clip not yet made": (train(clip=optim.by_norm), "limit", "array", "above 0"),
    "fit: validation one array": (train(validation=X), "validation", "ndarray", "(x, y)"),
    "fit: validation of three": (train(validation=(X, Y, Y)), "validation", "tuple", "(x, y)"),
    "fit: validation empty": (train(validation=()), "validation", "tuple", "(x, y)"),
    "fit: validation text": (train(validation="xy"), "validation", "str", "(x, y)"),
    "fit: validation x": (
        train(validation=(X.T, Y)),
        "validation",
        "x has shape (4, 2)",
        "columns",
    ),
    "fit: validation y": (train(validation=(X, Y.T)), "validation", "y has shape (4, 1)"),
    "fit: validation other m": (
        train(validation=(X, Y[:, :2])),
        "validation",
        "(2, 4)",
        "(1, 2)",
        "same number of columns",
    ),
    "fit: validation NaN": (train(validation=(hole(NAN), Y)), "validation", "x", "NaN", "none"),
    "fit: validation labels": (
        train(loss=BCE, validation=(X, 2 * Y)),
        "validation",
        "y",
        "2.0",
        "from 0 to 1",
    ),
    "fit: loss": (train(loss="mse"), "loss", "'mse'", "SquaredError()"),
    "fit: penalty for a loss": (train(loss=losses.L2(0.1)), "loss", "L2", "SquaredError()"),
    "fit: epochs None": (train(epochs=None), "epochs", "None", "whole number"),
    "accuracy: y": (
        lambda: bplib.accuracy(net(), X, Y / 2),
        "y does not say a class",
        "0 or 1",
    ),
    "accuracy: several labels": (
        lambda: bplib.accuracy(three(), X, np.ones((3, 4))),
        "y",
        "one 1 among zeros",
    ),
    "accuracy: y rows": (lambda: bplib.accuracy(net(), X, Y.T), "y", "(4, 1)", "columns"),
    "accuracy: x": (lambda: bplib.accuracy(net(), X.T, Y), "x", "(4, 2)", "columns"),
    "accuracy: class numbers": (
        lambda: bplib.accuracy(three(), X, [[0, 1, 2, 1]]),
        "y holds labels",
        "data.one_hot(np.ravel(y).astype(int), 3)",
    ),
    "L2: negative": (lambda: losses.L2(-0.1), "strength", "-0.1", "not negative"),
    "L2: NaN": (lambda: losses.L2(NAN), "strength", "nan", "finite"),
    "L2: inf": (lambda: losses.L2(INF), "strength", "inf", "finite"),
    "L2: text": (lambda: losses.L2("strong"), "strength", "'strong'", "number"),
    "L2: None": (lambda: losses.L2(None), "strength", "None", "number"),
    "L2: one for each member": (lambda: losses.L2([0.1, 0.2]), "strength", "[0.1, 0.2]", "single"),
    "L1: negative": (lambda: losses.L1(-1), "strength", "-1", "not negative"),
    "L1: array": (lambda: losses.L1(np.ones(2)), "strength", "array", "single"),
    "loss + number": (lambda: SE + 0.1, "penalty", "0.1", "L2(0.01)"),
    "loss + class": (lambda: SE + losses.L2, "penalty", "L2", "L2(0.01)"),
    "loss + loss": (lambda: SE + BCE, "penalty", "BinaryCrossEntropy", "L2(0.01)"),
    "loss + None": (lambda: SE + None, "penalty", "None", "L2(0.01)"),
    "by_norm: 0": (lambda: optim.by_norm(0), "limit", "0", "above 0"),
    "by_norm: negative": (lambda: optim.by_norm(-1.0), "limit", "-1.0", "above 0"),
    "by_norm: NaN": (lambda: optim.by_norm(NAN), "limit", "nan", "finite"),
    "by_norm: inf": (lambda: optim.by_norm(INF), "limit", "inf", "finite"),
    "by_norm: text": (lambda: optim.by_norm("1"), "limit", "'1'", "number"),
    "by_norm: None": (lambda: optim.by_norm(None), "limit", "None", "number"),
    "by_norm: eps": (lambda: optim.by_norm(1, eps=-1e-6), "eps", "-1e-06", "not negative"),
    "by_value: 0": (lambda: optim.by_value(0.0), "limit", "0.0", "above 0"),
    "by_value: negative": (lambda: optim.by_value(-0.1), "limit", "-0.1", "above 0"),
    "by_value: a pair": (lambda: optim.by_value((-1, 1)), "limit", "(-1, 1)", "number"),
    "save: other suffix": (lambda: bplib.save(net(), "net.npy"), "path", "'net.npy'", ".npz"),
    "save: no suffix": (lambda: bplib.save(net(), Path("net")), "path", "'net'", ".npz"),
    "save: a number": (lambda: bplib.save(net(), 3), "path", "3", ".npz"),
    "save: None": (lambda: bplib.save(net(), None), "path", "None", ".npz"),
    "save: the other way round": (lambda: bplib.save("net.npz", net()), "path", "Network", ".npz"),
    "load: other suffix": (lambda: bplib.load(net(), "net.pt"), "path", "'net.pt'", ".npz"),
    "load: a number": (lambda: bplib.load(net(), 3.5), "path", "3.5", ".npz"),
    "load: the other way round": (lambda: bplib.load("net.npz", net()), "path", "Network", ".npz"),
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
    "plots.picture: alt": (lambda: plots.picture(Figure(), ""), "alt", "empty", "sentence"),
    "plots.picture: blank": (lambda: plots.picture(Figure(), " \n"), "alt", "empty", "sentence"),
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
    "plots.equation: stack": (
        lambda: plots.equation(axes(), trained(stack=2)),
        "net",
        "(2,)",
        "single network",
    ),
    "plots.equation: no backward": (
        lambda: plots.equation(axes(), forwarded()),
        "net",
        "not run backward",
        "loss_and_grad",
    ),
    "plots.equation: example": (
        lambda: plots.equation(axes(), trained(), example=1),
        "example",
        "1",
        "0 to 0",
    ),
    "plots.equation: a string": (
        lambda: plots.equation(axes(), trained(), reads="z1"),
        "reads",
        "'z1'",
        "list of keys",
    ),
    "plots.equation: no such quantity": (
        lambda: plots.equation(axes(), trained(), writes=["theta"]),
        "writes",
        "'theta'",
        "'delta2' or 'W1'",
    ),
    "plots.equation: layer": (
        lambda: plots.equation(axes(), trained(), reads=["z9"]),
        "reads",
        "'z9'",
        "layer from 1 to",
    ),
    "plots.equation: layer 0": (
        lambda: plots.equation(axes(), trained(), reads=["delta0"]),
        "reads",
        "'delta0'",
        "layer from 1 to",
    ),
    "plots.equation: one index of a weight": (
        lambda: plots.equation(axes(), trained(), reads=["W1[0]"]),
        "reads",
        "'W1[0]'",
        "2 indices or none",
    ),
    "plots.equation: index": (
        lambda: plots.equation(axes(), trained(), reads=["z1[9]"]),
        "reads",
        "'z1[9]'",
        "indices below",
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
    "symbolic.mlp: a function of Python": (
        lambda: symbolic.mlp([2, 1], output=abs),
        "output",
        "abs",
        "SymPy function",
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
    refused(*CALLS[name], by=(ValueError, RuntimeError))


def test_a_failed_call_leaves_theta_alone():
    network = net()
    theta = network.theta.copy()
    for x, y in ((X.T, Y), (hole(NAN), Y), (X, Y * NAN)):
        with pytest.raises(ValueError, match="expected"):
            bplib.fit(network, SE, x, y, bplib.SGD(0.1))
        np.testing.assert_array_equal(network.theta, theta)
    wrong = [{"every": 0}, {"patience": 2}, {"clip": 1.0}, {"validation": X}, {"batch_size": 0}]
    for kwargs in wrong:
        with pytest.raises(ValueError, match="expected"):
            bplib.fit(network, SE, X, Y, bplib.SGD(0.1), **kwargs)
        np.testing.assert_array_equal(network.theta, theta)


def test_cause_of_a_failing_draw_is_kept():
    with pytest.raises(RuntimeError) as caught:
        bplib.explore(fails, eta=[0.1], init=[2])
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_unknown_attribute():
    with pytest.raises(AttributeError, match="'bplib' has no attribute 'lstm'"):
        _ = bplib.lstm
