"""Wrong calls of what takes numbers: each error says the argument, what came, what was expected."""

from datetime import date

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from support.refusals import refused

import bplib
from bplib import activations, data, initializers, losses, plots, symbolic
from bplib._errors import (
    finite,
    flag,
    float_type,
    floats,
    fraction,
    generator,
    non_negative,
    number,
    numbers,
    positive,
    positive_int,
    single,
)
from bplib.activations import Activation
from bplib.layers import BatchNorm, Dense
from bplib.plots.ledger import ledger

SE = losses.SquaredError()
X, Y = np.ones((2, 4)), np.ones((1, 4))
NAN, INF = float("nan"), float("inf")
MASKED = np.ma.masked_equal([[1.0, 2.0, 3.0, 4.0]], 2)
RNG = np.random.default_rng(0)


def net(**kwargs):
    return bplib.mlp([2, 3, 1], output="sigmoid", **kwargs)


def trained():
    network = bplib.mlp([2, 2, 1], hidden="sigmoid", output="sigmoid")
    bplib.loss_and_grad(network, SE, X[:, :1], Y[:, :1])
    return network


def check(network=None, **kwargs):
    return bplib.gradcheck(network or net(), **({"loss": SE, "x": X, "y": Y} | kwargs))


def curvature(**kwargs):
    return bplib.largest_curvature(net(), SE, X, Y, **kwargs)


def axes():
    return Figure().subplots()


def surface(ax=None, f=lambda u, v: u * u + v * v, **kwargs):
    given = {"xlim": (-1, 1), "ylim": (-1, 1)} | kwargs
    return plots.loss_surface(ax or axes(), f, **given)


def history():
    return bplib.fit(net(), SE, X, Y, bplib.SGD(0.1), epochs=2)


def nothing(ax, **values):
    pass


def explore(draw=nothing, **kwargs):
    return bplib.explore(draw, **({"eta": [0.1]} | kwargs))


# id: (call, what the message must contain: the argument, what came, what was expected)
CALLS = {
    # numbers, one by one
    "positive: True": (lambda: positive("limit", True), "limit", "True", "finite number above 0"),
    "positive: np.True_": (lambda: positive("limit", np.True_), "limit", "np.True_", "number"),
    "positive: zero of NumPy": (lambda: positive("limit", np.int64(0)), "limit", "np.int64(0)"),
    "positive: array": (lambda: positive("limit", np.ones(1)), "limit", "array([1.])", "number"),
    "positive: complex": (lambda: positive("limit", 1 + 0j), "limit", "(1+0j)", "number"),
    "number: text": (lambda: number("value", "1"), "value", "'1'", "finite number"),
    "number: inf": (lambda: number("value", np.float32(INF)), "value", "inf", "finite number"),
    "single: negative": (lambda: single("eps", np.float64(-1)), "eps", "-1.0", "not negative"),
    "single: list": (lambda: single("eps", [1e-8]), "eps", "[1e-08]", "single finite number"),
    "single: inf": (lambda: single("eps", INF), "eps", "inf", "finite"),
    "fraction: True": (lambda: fraction("beta", True), "beta", "True", "from 0 up to"),
    "fraction: 1 of NumPy": (
        lambda: fraction("beta", np.float32(1)),
        "beta",
        "1.0",
        "not including",
    ),
    "positive_int: np.True_": (
        lambda: positive_int("n", np.True_),
        "n",
        "np.True_",
        "whole number",
    ),
    "positive_int: whole float": (lambda: positive_int("n", 2.0), "n", "2.0", "whole number"),
    "positive_int: array": (lambda: positive_int("n", np.array([2])), "n", "array([2])", "whole"),
    "non_negative: True": (lambda: non_negative("eta", True), "eta", "True", "number"),
    "non_negative: bools": (lambda: non_negative("eta", [True]), "eta", "[True]", "number"),
    "non_negative: date": (lambda: non_negative("eta", date(2020, 1, 1)), "eta", "2020", "number"),
    "flag: 1": (lambda: flag("log", 1), "log", "1", "True or False"),
    "flag: text": (lambda: flag("log", "no"), "log", "'no'", "True or False"),
    # arrays
    "numbers: masked": (lambda: numbers("x", MASKED), "x", "masked array", "without a mask"),
    "numbers: list of masked": (lambda: numbers("x", [MASKED, MASKED]), "x", "masked", "expected"),
    "numbers: objects": (lambda: numbers("x", [None, 1]), "x", "object", "numbers"),
    "numbers: dates": (lambda: numbers("x", np.array(["2020"], "M8[D]")), "x", "datetime64[D]"),
    "numbers: times": (lambda: numbers("x", np.array([1], "m8[s]")), "x", "timedelta64[s]"),
    "numbers: longdouble": (lambda: numbers("x", np.ones(2, np.longdouble)), "x", "numbers"),
    "numbers: bytes": (lambda: numbers("x", [b"1"]), "x", "|S1", "numbers"),
    "numbers: a dictionary": (lambda: numbers("x", {"x": 1}), "x", "object", "numbers"),
    "floats: complex": (lambda: floats("x", [1j]), "x", "complex128", "real numbers"),
    "finite": (lambda: finite("x", np.array([NAN, INF, 1])), "x", "2 entries", "none"),
    "float_type: float16": (lambda: float_type("dtype", "float16"), "dtype", "float16", "float32"),
    "float_type: longdouble": (
        lambda: float_type("dtype", np.longdouble),
        "dtype",
        str(np.dtype(np.longdouble)),
        "float64",
    ),
    "float_type: complex64": (
        lambda: float_type("dtype", "c8"),
        "dtype",
        "complex64",
        "complex128",
    ),
    "float_type: object": (lambda: float_type("dtype", object), "dtype", "object", "float64"),
    "float_type: byte order": (lambda: float_type("dtype", ">f8"), "dtype", ">f8", "float64"),
    "generator: text": (lambda: generator("seed", "a"), "seed", "'a'", "Generator"),
    "generator: negative": (lambda: generator("seed", -1), "seed", "-1", "at least 0"),
    "generator: float": (lambda: generator("seed", 1.5), "seed", "1.5", "whole number"),
    "generator: True": (lambda: generator("seed", True), "seed", "True", "whole number"),
    "generator: old": (
        lambda: generator("seed", np.random.RandomState),
        "seed",
        "RandomState",
        "Generator",
    ),
    "mlp: float16": (lambda: net(dtype=np.float16), "dtype", "float16", "float64, float32"),
    "x: masked": (lambda: net().forward(np.ma.masked_equal(X, 1)), "x", "masked", "without a mask"),
    "y: masked": (
        lambda: bplib.evaluate(net(), SE, X, np.ma.masked_equal(Y, 1)),
        "y",
        "masked",
        "without a mask",
    ),
    # activations
    "Activation: name": (lambda: Activation(np.tanh, 1, 2), "name", "tanh", "text"),
    "Activation: f": (lambda: Activation("a", 1.0, abs), "f", "1.0", "function of arrays"),
    "Activation: df": (lambda: Activation("a", np.tanh, None), "df", "None", "function of arrays"),
    "Activation: kinked": (lambda: Activation("a", abs, abs, 1), "kinked", "1", "True or False"),
    "activation of text": (lambda: activations.tanh("a"), "z", "<U1", "numbers"),
    "activation of ragged rows": (lambda: activations.relu([[1], [1, 2]]), "z", "one length"),
    "activation: a function": (
        lambda: bplib.mlp([2, 1], output=np.tanh),
        "output",
        "Activation",
    ),
    "activation: a class": (lambda: activations.get(Activation), "activation", "class", "'tanh'"),
    # losses
    "L2: True": (lambda: losses.L2(True), "strength", "True", "single finite number"),
    "L1: np.False_": (lambda: losses.L1(np.False_), "strength", "np.False_", "number"),
    "L2: masked": (lambda: losses.L2(np.ma.masked), "strength", "masked", "number"),
    "loss + True": (lambda: SE + True, "penalty", "True", "L2(0.01)"),
    # initializers
    "Constant: NaN": (lambda: initializers.Constant(NAN), "value", "nan", "finite number"),
    "Constant: inf": (lambda: initializers.Constant(-INF), "value", "-inf", "finite number"),
    "Constant: True": (lambda: initializers.Constant(True), "value", "True", "finite number"),
    "Constant: text": (lambda: initializers.Constant("1"), "value", "'1'", "finite number"),
    "Normal: True": (lambda: initializers.Normal(True), "scale", "True", "not negative"),
    "Normal: inf": (lambda: initializers.Normal(INF), "scale", "inf", "finite"),
    "Normal: list": (lambda: initializers.Normal([1, 2]), "scale", "[1, 2]", "single"),
    "init: a class": (lambda: net(init=initializers.Normal), "init", "Normal", "'he_normal'"),
    "init: None": (lambda: net(init=None), "init", "None", "(rng, shape) -> weights"),
    "xavier: a seed": (lambda: initializers.xavier(0, (2, 3)), "rng", "0", "default_rng(0)"),
    "xavier: one number": (lambda: initializers.xavier(RNG, 3), "shape", "3", "(n_out, n_in)"),
    "he: one axis": (lambda: initializers.he(RNG, (3,)), "shape", "(3,)", "(n_out, n_in)"),
    "lecun: no inputs": (lambda: initializers.lecun(RNG, (3, 0)), "shape[1]", "0", "at least 1"),
    "orthogonal: float": (lambda: initializers.orthogonal(RNG, (3, 2.0)), "shape[1]", "2.0"),
    "Normal(): a seed": (lambda: initializers.Normal()(None, (2, 2)), "rng", "None", "generator"),
    # data
    "moons: m text": (lambda: data.moons("200"), "m", "'200'", "whole number"),
    "moons: m float": (lambda: data.moons(200.0), "m", "200.0", "whole number"),
    "moons: noise True": (lambda: data.moons(noise=True), "noise", "True", "single finite"),
    "moons: noise for each": (
        lambda: data.moons(noise=[0.1, 0.2]),
        "noise",
        "[0.1, 0.2]",
        "single",
    ),
    "moons: seed": (lambda: data.moons(seed="a"), "seed", "'a'", "whole number"),
    "circles: ratio": (lambda: data.circles(ratio=[1, 2]), "ratio", "[1, 2]", "single"),
    "spirals: turns": (lambda: data.spirals(turns=NAN), "turns", "nan", "finite"),
    "spirals: m": (lambda: data.spirals(m=2, classes=3), "m", "2", "at least 3"),
    "digits: test": (lambda: data.digits(test=449), "test", "449", "not including"),
    "one_hot: one-hot": (
        lambda: data.one_hot(np.eye(3, dtype=int), 3),
        "labels",
        "(3, 3)",
        "labels.argmax(axis=0)",
    ),
    "one_hot: a row": (lambda: data.one_hot([[0, 1]], 2), "labels", "(1, 2)", "labels.ravel()"),
    "one_hot: a number": (lambda: data.one_hot(1, 2), "labels", "()", "(m,)"),
    "one_hot: text": (lambda: data.one_hot(["a"], 2), "labels", "<U1", "numbers"),
    "one_hot: bools": (lambda: data.one_hot([True], 2), "labels", "bool", "whole numbers"),
    "one_hot: whole floats": (lambda: data.one_hot([1.0], 2), "labels", "float64", "integer type"),
    "one_hot: masked": (lambda: data.one_hot(MASKED[0], 5), "labels", "masked", "expected"),
    "one_hot: negative": (lambda: data.one_hot([-1], 2), "labels", "-1", "0 to 1"),
    "one_hot: classes": (lambda: data.one_hot([0], True), "classes", "True", "whole number"),
    "split: a list": (lambda: data.split([1, 2, 3], [1, 2, 3]), "x", "(3,)", "x[None]"),
    "split: labels": (lambda: data.split(X, [0, 1, 1, 0]), "y", "(4,)", "y[None]"),
    "split: text": (lambda: data.split(X, [["a", "b", "a", "b"]]), "y", "<U1", "numbers"),
    "split: rows": (lambda: data.split(X.T, Y), "(4, 2)", "(1, 4)", "equally many columns"),
    "split: three axes": (lambda: data.split(X[None], Y), "x", "(1, 2, 4)", "(n, m)"),
    "split: nothing": (lambda: data.split([], []), "x", "(0,)", "(n, m)"),
    "split: masked": (lambda: data.split(MASKED, Y), "x", "masked", "without a mask"),
    "split: test a count": (lambda: data.split(X, Y, test=2), "test", "2", "not including"),
    "split: test True": (lambda: data.split(X, Y, test=True), "test", "True", "number"),
    "split: seed": (lambda: data.split(X, Y, seed="0"), "seed", "'0'", "Generator"),
    "standardize: NaN": (lambda: data.standardize([[1, NAN]]), "train", "1 entries", "none"),
    "standardize: other NaN": (lambda: data.standardize(X, X * NAN), "others[0]", "8 entries"),
    "standardize: a row": (lambda: data.standardize([1, 2]), "train", "(2,)", "train[None]"),
    "standardize: other rows": (lambda: data.standardize(X, Y), "others[0]", "(1, 4)", "2 rows"),
    "standardize: text": (lambda: data.standardize([["a"]]), "train", "<U1", "numbers"),
    "standardize: complex": (lambda: data.standardize(X * 1j), "train", "complex128", "real"),
    "standardize: masked": (lambda: data.standardize(MASKED), "train", "masked", "expected"),
    "standardize: empty": (lambda: data.standardize(np.ones((2, 0))), "train", "(2, 0)", "(n, m)"),
    # symbolic
    "symbolic.mlp: a number": (lambda: symbolic.mlp(3), "sizes", "3", "at least two"),
    "symbolic.mlp: text": (lambda: symbolic.mlp("22"), "sizes", "'22'", "at least two"),
    "symbolic.mlp: float": (lambda: symbolic.mlp([2, 1.5]), "sizes[1]", "1.5", "whole number"),
    "symbolic.mlp: zero": (lambda: symbolic.mlp([0, 1]), "sizes[0]", "0", "at least 1"),
    "symbolic.exact: NaN": (lambda: symbolic.exact(NAN), "number", "nan", "finite number"),
    "symbolic.exact: text": (lambda: symbolic.exact("a"), "number", "'a'", "finite number"),
    "symbolic.exact: None": (lambda: symbolic.exact(None), "number", "None", "finite number"),
    "symbolic: layers of W": (
        lambda: symbolic.mlp([1, 1, 1]).values([1], [1], [[1]], [[0], [0]]),
        "W",
        "[[1]]",
        "list of 2",
    ),
    "symbolic: layer": (lambda: symbolic.mlp([1, 1]).delta(1), "l", "1", "from 0 to 0"),
    # gradcheck and curvature
    "gradcheck: a list": (lambda: check([2, 3, 1]), "net", "[2, 3, 1]", "Network"),
    "gradcheck: loss": (lambda: check(loss=losses.SquaredError), "loss", "class", "SquaredError()"),
    "gradcheck: method None": (lambda: check(method=None), "method", "None", "'complex'"),
    "gradcheck: x masked": (lambda: check(x=np.ma.masked_equal(X, 1)), "x", "masked"),
    "hessian: a list": (lambda: bplib.hessian([2, 1], SE, X, Y), "net", "[2, 1]", "Network"),
    "hessian_vector: masked": (
        lambda: bplib.hessian_vector(net(), SE, X, Y, np.ma.ones(13)),
        "v",
        "masked",
        "without a mask",
    ),
    "largest_curvature: seed": (lambda: curvature(seed="a"), "seed", "'a'", "whole number"),
    "largest_curvature: progress": (lambda: curvature(progress="yes"), "progress", "'yes'", "True"),
    "largest_curvature: tol": (lambda: curvature(tol=False), "tol", "False", "number"),
    # pictures
    "ax: None": (lambda: plots.training_step(None), "ax", "None", "Matplotlib Axes"),
    "ax: a figure": (lambda: plots.network(Figure(), trained()), "ax", "Figure", "fig.axes[0]"),
    "ax: an array": (
        lambda: plots.equation(Figure().subplots(2), trained()),
        "ax",
        "ndarray of 2",
        "ax[0]",
    ),
    "ax: a dictionary": (
        lambda: plots.examples(Figure().subplot_mosaic("ab"), X, Y),
        "ax",
        "dict of 2",
        "one Axes",
    ),
    "ax: pyplot": (lambda: plots.decision_boundary(plt, net(), X, Y), "ax", "module", "Axes"),
    "ax: forgotten": (lambda: plots.decision_boundary(net(), X, Y, 0), "ax", "Network", "Axes"),
    "ax: a graph": (lambda: plots.computational_graph("a", 1), "ax", "'a'", "Axes"),
    "ax: norms": (lambda: plots.gradient_by_layer({}, {"a": [1]}), "ax", "dict of 0", "Axes"),
    "ax: a path": (lambda: plots.descent_path([[0, 0]], [[0, 0]]), "ax", "list of 1", "Axes"),
    "ax: a surface": (lambda: surface(ax=Figure()), "ax", "Figure", "Axes"),
    "graph: a number": (lambda: plots.computational_graph(axes(), 1.0), "output", "1.0", "Value"),
    "norms: a list": (lambda: plots.gradient_by_layer(axes(), [1, 2]), "norms", "[1, 2]", "name"),
    "norms: text": (
        lambda: plots.gradient_by_layer(axes(), {"a": ["b"]}),
        "norms['a']",
        "<U1",
        "numbers",
    ),
    "boundary: net": (lambda: plots.decision_boundary(axes(), X, X, Y), "net", "array", "Network"),
    "boundary: points": (
        lambda: plots.decision_boundary(axes(), net(), X, Y, points="all"),
        "points",
        "'all'",
        "True or False",
    ),
    "boundary: threshold": (
        lambda: plots.decision_boundary(axes(), net(), X, Y, threshold=NAN),
        "threshold",
        "nan",
        "finite number",
    ),
    "examples: threshold": (
        lambda: plots.examples(axes(), X, Y, threshold="half"),
        "threshold",
        "'half'",
        "finite number",
    ),
    "examples: complex": (lambda: plots.examples(axes(), X * 1j, Y), "x", "complex128", "real"),
    "network: a list": (lambda: plots.network(axes(), [2, 1]), "net", "[2, 1]", "Network"),
    "network: example True": (
        lambda: plots.network(axes(), trained(), example=True),
        "example",
        "True",
        "whole number",
    ),
    "network: example float": (
        lambda: plots.network(axes(), trained(), example=0.5),
        "example",
        "0.5",
        "whole number",
    ),
    "network: delta": (lambda: plots.network(axes(), trained(), delta=1), "delta", "1", "True"),
    "network: batch norm": (
        lambda: plots.network(axes(), bplib.Network([Dense(2, 2), BatchNorm(2)])),
        "net",
        "BatchNorm(2, eps=1e-05)",
        "Dense layers only",
    ),
    "network: eta": (lambda: plots.network(axes(), trained(), eta="a"), "eta", "'a'", "number"),
    "equation: y": (lambda: plots.equation(axes(), trained(), y=[1]), "y", "(1,)", "(1, 1)"),
    "equation: y rows": (lambda: plots.equation(axes(), trained(), y=[[NAN]]), "y", "NaN", "none"),
    "surface: f": (lambda: surface(f=3), "f", "3", "function of u and v"),
    "surface: f complex": (lambda: surface(f=lambda u, v: u * 1j), "f(u, v)", "complex128", "real"),
    "surface: log": (lambda: surface(log="yes"), "log", "'yes'", "True or False"),
    "surface: xlim": (lambda: surface(xlim=(1, 0)), "xlim", "(1, 0)", "rise"),
    "surface: path": (lambda: surface(path=[["a", "b"]]), "path", "<U1", "numbers"),
    "slice_loss: net": (
        lambda: plots.slice_loss(None, SE, X, Y, 0, 1, 0, 0),
        "net",
        "None",
        "Network",
    ),
    "slice_loss: u": (
        lambda: plots.slice_loss(net(), SE, X, Y, 0, 1, 1j, 0),
        "u",
        "complex128",
        "real numbers",
    ),
    "dashboard: title": (lambda: plots.dashboard(history(), title=1), "title", "1", "text"),
    "dashboard: losses": (lambda: plots.dashboard([0.1, 0.2]), "history", "[0.1, 0.2]", "fit"),
    "picture: fig": (lambda: plots.picture(axes(), "A plane."), "fig", "Axes", "Figure"),
    "picture: alt": (lambda: plots.picture(Figure(), None), "alt", "None", "sentence"),
    "figure: width": (lambda: plots.figure(0), "width", "0", "above 0"),
    "figure: height": (lambda: plots.figure(4, "tall"), "height", "'tall'", "above 0"),
    "decades: ax": (lambda: plots.decades(axes()), "axis", "Axes", "ax.yaxis"),
    "plots.number: text": (lambda: plots.number("1"), "value", "'1'", "real number"),
    "number: array": (lambda: plots.number(np.ones(2)), "value", "array", "single"),
    "number: decimals": (lambda: plots.number(1.0, -1), "decimals", "-1", "at least 0"),
    "ledger: net": (lambda: ledger(None, 1, 0.1), "net", "None", "Network"),
    "ledger: y": (lambda: ledger(trained(), [1], 0.1), "y", "[1]", "finite number"),
    "ledger: eta": (lambda: ledger(trained(), 1, "fast"), "eta", "'fast'", "number"),
    "ledger: digits": (lambda: ledger(trained(), 1, 0.1, -1), "digits", "-1", "at least 0"),
    "ledger: part": (lambda: ledger(trained(), 1, 0.1).part("forwards"), "part", "'forward'"),
    # sliders
    "explore: draw": (lambda: explore(draw=None), "draw", "None", "draw(ax, **values)"),
    "explore: background": (
        lambda: explore(background=1),
        "background",
        "1",
        "function or a dictionary",
    ),
    "explore: describe": (
        lambda: explore(describe="eta"),
        "describe",
        "'eta'",
        "function or None",
    ),
    "explore: start": (lambda: explore(start=0.1), "start", "0.1", "dictionary"),
    "explore: labels": (lambda: explore(labels=["eta"]), "labels", "['eta']", "dictionary"),
    "explore: alt": (lambda: explore(alt=None), "alt", "None", "text"),
    "explore: figsize": (lambda: explore(figsize=4), "figsize", "4", "(width, height)"),
    "explore: flat": (lambda: explore(figsize=(4, 0)), "figsize[1]", "0", "above 0"),
}


@pytest.mark.parametrize("name", CALLS)
def test_message(name):
    assert "expected" in refused(*CALLS[name])


ONES = [1, 1.0, np.int64(1), np.uint8(1), np.float16(1), np.float32(1), np.float64(1)]
ONES += [np.longdouble(1), np.array(1), np.array(1.0)]


@pytest.mark.parametrize(
    "one", ONES, ids=lambda one: f"{type(one).__name__}-{np.asarray(one).dtype}"
)
def test_every_number_of_numpy_is_a_number(one):
    for function in (number, single, positive):
        assert function("a", one) == 1.0
        assert type(function("a", one)) is float
    assert fraction("a", one / 2) == 0.5
    assert non_negative("a", np.asarray(one, float)) == 1
    assert losses.L2(one) == losses.L2(1)
    assert bplib.optim.by_norm(one)
    assert bplib.layers.BatchNorm(2, eps=one, momentum=one).eps == 1
    if np.asarray(one).dtype.kind in "iu":
        assert positive_int("a", one) == 1
        assert type(positive_int("a", one)) is int
        assert data.moons(m=one + 1, seed=int(one))[0].shape == (2, 2)


@pytest.mark.parametrize("kind", [bool, np.int8, np.uint64, np.float16, np.float32])
def test_inputs_of_other_types_are_converted(kind):
    network, x = net(), np.array([[0, 1], [1, 0]], kind)
    assert network.forward(x).dtype == np.float64
    np.testing.assert_array_equal(network.forward(x), network.forward(x.astype(float)))


@pytest.mark.parametrize("dtype", [np.float64, "float32", complex])
def test_three_types_are_taken(dtype):
    assert float_type("dtype", dtype) == np.dtype(dtype)
