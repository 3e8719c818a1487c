"""Every wrong call about layers and networks says which argument, what came, what was expected."""

import copy

import numpy as np
import pytest
from support.refusals import refused

import bplib
from bplib import Dense, Network, losses
from bplib.layers import Activate, BatchNorm, Dropout, Layer, LayerNorm, Residual

SE, SCE = losses.SquaredError(), losses.SoftmaxCrossEntropy()
X, Y = np.ones((2, 4)), np.ones((1, 4))
NAN = float("nan")


def net(**kwargs):
    return bplib.mlp([2, 3, 1], output="sigmoid", **kwargs)


def ten():
    return bplib.mlp([2, 10])


def ran(**kwargs):
    network = net(**kwargs)
    network.forward(X)
    return network


def grad(network, x, y, loss=SE):
    return lambda: bplib.loss_and_grad(network, loss, x, y)


class Unsaid(Layer):
    """Does not say which of its parameters are weights."""

    shapes = {"K": (2, 2)}  # noqa: RUF012


class Wrong(Unsaid):
    weights = ("W",)


class Taken(Layer):
    shapes = {"start": (2, 2)}  # noqa: RUF012
    weights = ()


class Sideways(Layer):
    """Gives an output of a shape it has not announced."""

    def forward(self, a_prev, train=False):
        return a_prev[:1]


def used():
    layer = Dense(2, 2)
    network = Network([layer])
    Network([Dense(2, 2), layer])
    return network


def given(value):
    layer = Dense(2, 3)
    layer.W = value
    return Network([layer])


def assign(value, network=None):
    (network or net()).theta = value


def set_weight(value, l=0):
    net().W[l] = value


def set_layer(name, value):
    setattr(net().layers[0], name, value)


# id: (call, what the message must contain: the argument, what came, what was expected)
CALLS = {
    "Network: one layer": (
        lambda: Network(Dense(2, 2)),
        "layers is Dense(2, 2, 'identity')",
        "a list of layers",
    ),
    "Network: a name among layers": (
        lambda: Network([Dense(2, 3), "relu"]),
        "layers[1] is 'relu'",
        "a layer such as Dense(2, 3)",
    ),
    "Network: sizes": (lambda: Network([2, 3, 1]), "layers[0] is 2", "Dense(2, 3)"),
    "Network: a class": (lambda: Network([Dense]), "layers[0]", "Dense", "such as Dense(2, 3)"),
    "Network: a string": (lambda: Network("mlp"), "layers is 'mlp'", "list of layers"),
    "Network: None": (lambda: Network(None), "layers is None", "list of layers"),
    "Network: a network": (lambda: Network([net()]), "layers[0] is Network", "Dense(2, 3)"),
    "Network: layer in use": (used, "layers holds Dense(2, 2", "copy.deepcopy(layer)"),
    "Network: seed text": (lambda: Network([Dense(2, 1)], seed="a"), "seed is 'a'", "Generator"),
    "Network: seed float": (
        lambda: Network([Dense(2, 1)], seed=1.5),
        "seed is 1.5",
        "whole number",
    ),
    "Network: seed negative": (
        lambda: Network([Dense(2, 1)], seed=-1),
        "seed is -1",
        "whole number",
    ),
    "Network: seed bool": (lambda: Network([Dense(2, 1)], seed=True), "seed is True", "Generator"),
    "Network: init name": (
        lambda: Network([Dense(2, 1)], init="glorot"),
        "init",
        "'glorot'",
        "'he'",
    ),
    "Network: init number": (lambda: Network([Dense(2, 1)], init=0.1), "init is 0.1", "'xavier'"),
    "Network: init np.zeros": (
        lambda: Network([Dense(2, 1)], init=np.zeros),
        "init is <built-in function zeros>",
        "(rng, shape) -> weights",
    ),
    "Network: init of another shape": (
        lambda: Network([Dense(2, 1)], init=lambda rng, shape: np.ones(3)),
        "init gave weights of shape (3,)",
        "expected (1, 2)",
    ),
    "Network: init NaN": (
        lambda: Network([Dense(2, 1)], init=lambda rng, shape: np.full(shape, NAN)),
        "init has 2 entries",
        "NaN",
        "expected none",
    ),
    "Network: float16": (
        lambda: Network([Dense(2, 1)], dtype=np.float16),
        "dtype is float16",
        "float64, float32 or complex128",
    ),
    "Network: longdouble": (
        lambda: Network([Dense(2, 1)], dtype=np.longdouble),
        f"dtype is {np.dtype(np.longdouble)}",
        "float64, float32 or complex128",
    ),
    "Network: complex64": (lambda: net(dtype="complex64"), "dtype is complex64", "complex128"),
    "Network: bool": (lambda: net(dtype=bool), "dtype is bool", "float64"),
    "Network: object": (lambda: net(dtype=object), "dtype is object", "float64"),
    "Network: dtype None": (lambda: net(dtype=None), "dtype is None", "float64"),
    "Network: stack float": (lambda: net(stack=2.0), "stack is 2.0", "whole number"),
    "Network: stack bool": (lambda: net(stack=True), "stack is True", "whole number"),
    "Network: weights not named": (
        lambda: Network([Unsaid(2, 2)]),
        "weights of Unsaid(2) is None",
        "K",
    ),
    "Network: weights misnamed": (
        lambda: Network([Wrong(2, 2)]),
        "weights of Wrong(2) is ('W',)",
        "K",
    ),
    "Network: given weights": (lambda: given(np.ones((2, 3))), "W has shape (2, 3)", "(3, 2)"),
    "Network: given NaN": (lambda: given(np.full((3, 2), NAN)), "W has 6 entries", "none"),
    "Network: a parameter's name is taken": (
        lambda: Network([Taken(2, 2)]),
        "shapes of Taken(2) has ['start']",
        "names that no Layer has",
    ),
    "Network: given one number": (lambda: given(3), "W has shape ()", "(3, 2)"),
    "mlp: seed": (lambda: bplib.mlp([2, 1], seed="a"), "seed is 'a'", "Generator"),
    "mlp: sizes text": (lambda: bplib.mlp("231"), "sizes is '231'", "[2, 3, 1]"),
    "mlp: hidden": (lambda: bplib.mlp([2, 1], hidden="sigmoyd"), "hidden", "'sigmoyd'", "'tanh'"),
    "mlp: hidden a function": (lambda: bplib.mlp([2, 1], hidden=np.tanh), "hidden", "'tanh'"),
    "mlp: output None": (lambda: bplib.mlp([2, 1], output=None), "output is None", "'tanh'"),
    "Dense: n_in float": (lambda: Dense(2.0, 3), "n_in is 2.0", "whole number"),
    "Dense: n_out bool": (lambda: Dense(2, True), "n_out is True", "whole number"),
    "Dense: n_out None": (lambda: Dense(2, None), "n_out is None", "whole number"),
    "Dense: activation class": (lambda: Dense(2, 3, np.tanh), "activation", "'tanh'"),
    "Activate: n": (lambda: Activate(1.5, "tanh"), "n is 1.5", "whole number"),
    "Dropout: n": (lambda: Dropout(0, 0.5), "n is 0", "at least 1"),
    "Dropout: rate 1": (lambda: Dropout(3, 1), "rate is 1", "not including, 1"),
    "Dropout: rate NaN": (lambda: Dropout(3, NAN), "rate is nan", "not including, 1"),
    "Dropout: seed": (lambda: Dropout(3, 0.5, seed="a"), "seed is 'a'", "Generator"),
    "BatchNorm: eps inf": (lambda: BatchNorm(3, eps=float("inf")), "eps is inf", "finite"),
    "BatchNorm: eps bool": (lambda: BatchNorm(3, eps=True), "eps is True", "above 0"),
    "BatchNorm: eps text": (lambda: BatchNorm(3, eps="1e-5"), "eps is '1e-5'", "above 0"),
    "BatchNorm: momentum": (lambda: BatchNorm(3, momentum=1.5), "momentum is 1.5", "from 0 to 1"),
    "BatchNorm: momentum bool": (lambda: BatchNorm(3, momentum=True), "momentum", "from 0 to 1"),
    "BatchNorm: momentum NaN": (lambda: BatchNorm(3, momentum=NAN), "momentum", "from 0 to 1"),
    "LayerNorm: n": (lambda: LayerNorm("3"), "n is '3'", "whole number"),
    "Residual: a layer": (lambda: Residual(Dense(2, 2)), "layers is Dense(2, 2", "list of layers"),
    "Residual: a name": (lambda: Residual(["tanh"]), "layers[0] is 'tanh'", "a layer such as"),
    "layer: no network yet": (
        lambda: Dense(2, 3).forward(X),
        "Dense(2, 3, 'identity') has no parameters yet",
        "Network first",
    ),
    "layer: norm without a network": (
        lambda: BatchNorm(2).forward(X, train=True),
        "BatchNorm(2, eps=1e-05) has no parameters yet",
        "Network first",
    ),
    "layer: chance without a network": (
        lambda: Dropout(2, 0.5).forward(X, train=True),
        "Dropout(2) has no generator yet",
        "a seed, or a Network first",
    ),
    "layer: rows": (
        lambda: net().layers[0].forward(X.T),
        "a_prev has shape (4, 2)",
        "(2, m)",
        "columns",
    ),
    "layer: vector": (lambda: net().layers[0].forward([1, 2]), "a_prev", "(2,)", "(2, m)"),
    "layer: NaN": (lambda: net().layers[0].forward(X * NAN), "a_prev has 8", "NaN", "none"),
    "layer: rows for a norm": (
        lambda: Network([LayerNorm(3)]).layers[0].forward(Y),
        "a_prev has shape (1, 4)",
        "(3, m)",
    ),
    "layer: backward first": (
        lambda: net().layers[0].backward(X),
        "Dense(2, 3, 'tanh') has not run",
        "a forward pass before backward",
    ),
    "layer: backward of another batch": (
        lambda: ran().layers[0].backward(np.ones((3, 5))),
        "da has shape (3, 5)",
        "(3, 4)",
    ),
    "layer: output of another shape": (
        lambda: Network([Sideways(2, 2)]).forward(X),
        "Sideways.forward gave shape (1, 4)",
        "(2, m)",
    ),
    "backward: before forward": (
        lambda: net().backward(Y),
        "Dense(3, 1, 'sigmoid') has not run",
        "a forward pass before backward",
    ),
    "backward: rows": (lambda: ran().backward(Y.T), "delta has shape (4, 1)", "(1, 4)"),
    "backward: too few": (lambda: ran().backward(Y[:, :3]), "delta has shape (1, 3)", "(1, 4)"),
    "backward: one of a stack": (
        lambda: ran(stack=3).backward(Y),
        "delta has shape (1, 4)",
        "(3, 1, 4)",
    ),
    "backward: NaN": (lambda: ran().backward(Y * NAN), "delta has 4 entries", "NaN", "none"),
    "backward: text": (lambda: ran().backward("delta"), "delta holds", "numbers"),
    "backward: None": (lambda: ran().backward(None), "delta holds object", "numbers"),
    "x: examples as rows": (
        lambda: net().forward(np.ones((200, 2))),
        "x has shape (200, 2); expected (2, m): examples are columns; x.T has that shape",
    ),
    "x: one number each": (
        lambda: bplib.mlp([1, 1]).forward([1, 2, 3]),
        "x has shape (3,); expected (1, m)",
        "x[None, :] has that shape",
    ),
    "y: labels": (
        grad(ten(), X, [3, 1, 4, 9], SCE),
        "y holds labels; expected one-hot columns: data.one_hot(y, 10)",
    ),
    "y: labels as floats": (
        grad(ten(), X, np.array([[3.0, 1, 4, 9]]), SCE),
        "y holds labels",
        "data.one_hot(np.ravel(y).astype(int), 10)",
    ),
    "y: labels for accuracy": (
        lambda: bplib.accuracy(ten(), X, np.array([3, 1, 4, 9])),
        "y holds labels",
        "data.one_hot(y, 10)",
    ),
    "y: a vector": (
        grad(net(), X, [0, 1, 1, 0]),
        "y has shape (4,); expected (1, m)",
        "y[None, :] has that shape",
    ),
    "y: examples as rows": (
        grad(ten(), X, np.eye(10)[[3, 1, 4, 9]], SCE),
        "y has shape (4, 10)",
        "(10, m)",
        "y.T has that shape",
    ),
    "loss: a class": (
        grad(net(), X, Y, losses.SquaredError),
        "loss is <class 'bplib.losses.SquaredError'>",
        "SquaredError()",
    ),
    "loss: a name": (grad(net(), X, Y, "mse"), "loss is 'mse'", "SquaredError()"),
    "loss: an optimizer": (grad(net(), X, Y, bplib.SGD(0.1)), "loss is", "SquaredError()"),
    "loss and net swapped": (grad(SE, X, Y, net()), "net is", "expected a Network"),
    "evaluate: net a class": (
        lambda: bplib.evaluate(Network, SE, X, Y),
        "net is <class 'bplib.network.Network'>",
        "expected a Network",
    ),
    "accuracy: no net": (lambda: bplib.accuracy(X, X, Y), "net is", "expected a Network"),
    "theta: shape": (lambda: assign(np.ones(12)), "theta has shape (12,)", "(13,)"),
    "theta: NaN": (lambda: assign(np.full(13, NAN)), "theta has 13 entries", "none"),
    "theta: one number": (lambda: assign(0), "theta has shape ()", "(13,)"),
    "theta: too large for float32": (
        lambda: assign(np.full(13, 1e300), net(dtype=np.float32)),
        "theta has 13 entries",
        "infinite",
    ),
    "W[0]: transposed": (lambda: set_weight(np.ones((2, 3))), "W has shape (2, 3)", "(3, 2)"),
    "W[0]: complex": (lambda: set_weight(np.ones((3, 2)) * 1j), "W holds complex128", "real"),
    "layer.b: a row": (lambda: set_layer("b", [1, 2, 3]), "b has shape (3,)", "(3, 1)"),
    "with_theta: size": (lambda: net().with_theta(np.ones(12)), "theta", "(12,)", "(13,)"),
    "with_theta: other stack": (
        lambda: net(stack=3).with_theta(np.ones((4, 13))),
        "theta has shape (4, 13)",
        "(3, 13)",
    ),
    "with_theta: NaN": (lambda: net().with_theta(np.full(13, NAN)), "theta has 13", "none"),
    "with_theta: complex": (
        lambda: net().with_theta(np.ones(13) * 1j),
        "theta holds complex128",
        "real",
    ),
    "copy: complex into real": (
        lambda: net(dtype=complex).copy(float),
        "theta holds complex128",
        "real",
    ),
    "copy: dtype": (lambda: net().copy("float16"), "dtype is float16", "float32"),
    "member: of a single network": (lambda: net().member(0), "member is 0", "()", "stack"),
    "member: too far": (lambda: net(stack=3).member(3), "member is 3", "(3,)", "its members"),
    "member: one of two axes": (
        lambda: net(stack=(2, 3)).member(1),
        "member is 1",
        "(2, 3)",
        "an index for each axis",
    ),
    "member: a slice": (lambda: net(stack=3).member(slice(2)), "member is slice", "(3,)"),
    "member: bool": (lambda: net(stack=3).member(True), "member is True", "(3,)"),
    "repeat: 0": (lambda: net().repeat(0), "n is 0", "at least 1"),
    "repeat: None": (lambda: net().repeat(None), "n is None", "whole number"),
    "repeat: a stack": (lambda: net(stack=2).repeat(3), "net is a stack of shape (2,)", "single"),
    "predict: one number": (
        lambda: bplib.mlp([2, 1]).predict(X),
        "net ends in one 'identity' output",
        "'sigmoid' or several outputs",
    ),
    "predict: rows": (lambda: net().predict(X.T), "x has shape (4, 2)", "(2, m)", "x.T"),
    "probabilities: tanh": (
        lambda: bplib.mlp([2, 3], output="tanh").probabilities(X),
        "net ends in 3 'tanh' outputs",
        "'softmax'",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_message(name):
    assert "expected" in refused(*CALLS[name])


def test_a_refused_network_leaves_its_layers_free():
    layer = Dense(2, 3)
    layer.W = np.ones((3, 2))
    wrong_init = {"init": lambda rng, shape: np.full(shape, NAN)}
    for wrong in ({"seed": "a"}, {"dtype": int}, {"stack": 0}, wrong_init):
        with pytest.raises(ValueError, match="expected"):
            Network([layer, Dense(3, 1)], **wrong)
    with pytest.raises(ValueError, match="expected"):
        Network([layer, Dense(4, 1)])
    network = Network([layer, Dense(3, 1)])
    assert network.theta[:9].tolist() == [1] * 6 + [0] * 3


def test_the_advice_in_a_message_helps():
    labels, x = np.array([3, 1, 4, 9]), X
    y = bplib.data.one_hot(labels, 10)
    assert np.isfinite(bplib.loss_and_grad(ten(), SCE, x, y)[0])
    floats = np.array([[3.0, 1, 4, 9]])
    np.testing.assert_array_equal(bplib.data.one_hot(np.ravel(floats).astype(int), 10), y)
    layer = Dense(2, 2)
    network = Network([layer])
    assert Network([copy.deepcopy(layer)]).theta.size == network.theta.size


def test_an_unbound_parameter_says_so():
    Network([Dense(2, 3)])
    layer = Dense(2, 3)
    assert repr(layer.W) == "W has no numbers yet; expected its layer in a Network first"
    with pytest.raises(ValueError, match="W has no numbers yet"):
        _ = layer.W @ X
