"""The layers of the reference's recipe, taken from the page, beside slow code in plain loops."""

import copy
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

import bplib
from bplib import Dense, Network, losses
from bplib.layers import Layer, Residual

PAGE = Path(__file__).parents[2] / "chapters" / "api.md"
SE = losses.SquaredError()


@pytest.fixture(scope="module")
def recipe():
    """Everything that the section's code defines, run from top to bottom."""
    section = re.search(r"\(own-layer\)=\n(.*?)\n## ", PAGE.read_text("utf-8"), re.S).group(1)
    blocks = re.findall(r"```python\n(.*?)```", section, re.S)
    assert len(blocks) == 4
    names = {"__name__": __name__}
    exec("\n".join(blocks), names)
    return names


def test_no_layer_is_longer_than_its_promise():
    text = PAGE.read_text("utf-8")
    for name in ("Convolution", "Recurrent", "Noise"):
        body = re.search(rf"class {name}\(Layer\):\n(.*?)```", text, re.S).group(1)
        passes = body[body.index("    def forward") :]
        assert len([line for line in passes.splitlines() if line.strip()]) <= 20, name


def test_convolution_is_the_sum_on_the_page(recipe):
    layer = recipe["Convolution"](2, 3, length=5, width=2)
    net = Network([layer], stack=2, seed=3)
    net.theta += np.random.default_rng(1).standard_normal(net.theta.shape)
    x = np.random.default_rng(0).standard_normal((10, 4))
    a = net.forward(x)
    for member, c, i, m in np.ndindex(2, 3, 4, 4):
        z = layer.b[member, c, 0, 0]
        for below in range(2):
            for j in range(2):
                z += layer.K[member, c, below, j] * x[5 * below + i + j, m]
        assert a[member, 4 * c + i, m] == pytest.approx(z, rel=1e-13)


def test_recurrent_is_step_after_step(recipe):
    layer = recipe["Recurrent"](2, 3, steps=4)
    net = Network([layer])
    net.theta += np.random.default_rng(1).standard_normal(net.theta.shape)
    x = np.random.default_rng(0).standard_normal((8, 5))
    h = np.zeros((3, 5))
    for t in range(4):
        h = np.tanh(layer.Wx @ x[2 * t : 2 * t + 2] + layer.Wh @ h + layer.b)
    np.testing.assert_allclose(net.forward(x), h, rtol=1e-14)


def network(recipe, stack=None, dtype=np.float64, seed=5):
    """All three layers, one of them below and one inside another."""
    inner = Residual([recipe["Convolution"](1, 2, 4, 1), Dense(8, 4, "tanh")])
    convolution, noise = recipe["Convolution"](2, 3, length=8, width=3), recipe["Noise"](18, 18)
    layers = [convolution, noise, recipe["Recurrent"](3, 4, steps=6), inner, Dense(4, 1)]
    return Network(layers, stack, dtype, seed=seed)


def data():
    rng = np.random.default_rng(2)
    return rng.standard_normal((16, 5)), rng.standard_normal((1, 5))


@pytest.mark.parametrize("method", ["central", "complex"])
def test_gradients(recipe, method):
    net = network(recipe)
    net.theta += 0.3 * np.random.default_rng(1).standard_normal(net.theta.shape)
    check = bplib.gradcheck(net, SE + losses.L2(0.1), *data(), method)
    assert check.ok, str(check)
    names = ["K[0]", "b[0]", "Wx[1]", "Wh[1]", "b[1]", "K[2]", "b[2]", "W[3]", "b[3]"]
    assert list(check.by_parameter)[: len(names)] == names


def test_what_goes_further_down(recipe):
    """∂L/∂x by central differences, which no gradient of a parameter shows."""
    for layer in (recipe["Convolution"](2, 3, 4, 2), recipe["Recurrent"](2, 3, 4)):
        net, rng = Network([layer]), np.random.default_rng(0)
        x, c = rng.standard_normal((8, 3)), rng.standard_normal((layer.n_out, 3))
        net.forward(x)
        down, h = layer.backward(c), 1e-5
        for at in np.ndindex(*x.shape):
            nudge = np.zeros_like(x)
            nudge[at] = h
            slope = np.sum(c * (net.forward(x + nudge) - net.forward(x - nudge))) / (2 * h)
            assert down[at] == pytest.approx(slope, abs=1e-8)


def test_weights_are_what_the_layers_say(recipe):
    net = network(recipe)
    assert list(net.weight_slices) == ["K[0]", "Wx[1]", "Wh[1]", "K[2]", "W[3]", "W[4]"]
    by_name = {name: net.theta[here] for name, here in net.slices.items()}
    for name, values in by_name.items():
        weight = name in net.weight_slices
        assert np.all(net.is_weight[net.slices[name]] == weight)
        assert (np.abs(values).min() > 0) == weight, "weights are drawn, biases are 0"
    squares = sum(np.sum(by_name[name] ** 2) for name in net.weight_slices)
    bare, x = bplib.evaluate(net, SE, *data()), data()
    penalized = bplib.evaluate(net, SE + losses.L2(0.2), *x)
    assert penalized == pytest.approx(bare + 0.1 * squares, rel=1e-13)


def test_a_filter_is_drawn_for_its_inputs(recipe):
    """He's variance is 2 / (channels in × width); a single row's is 2 / its length."""
    layer = recipe["Convolution"](8, 200, length=5, width=5)
    Network([layer], init="he")
    assert np.var(layer.K) == pytest.approx(2 / 40, rel=0.05)

    class Row(Layer):
        weights = ("w",)
        shapes = {"w": (5000,), "scale": ()}  # noqa: RUF012

    row = Row(1, 1)
    net = Network([row], init="he", stack=2)
    assert row.w.shape == (2, 5000)
    assert row.scale.shape == (2,)
    assert np.var(row.w) == pytest.approx(2 / 5000, rel=0.1)
    net.theta[:, -1] = [3, 4]
    assert row.scale.tolist() == [3, 4]


def test_stack_is_its_members(recipe):
    net, (x, y) = network(recipe, stack=3), data()
    value, grad = bplib.loss_and_grad(net, SE, x, y)
    noise = net.layers[1].noise
    assert noise.shape == (3, 18, 5)
    for k in range(3):
        one = net.member(k)
        one.layers[1].noise, one.layers[1].hold = noise[k], True
        alone = bplib.loss_and_grad(one, SE, x, y)
        assert alone[0] == pytest.approx(value[k], rel=1e-13)
        np.testing.assert_allclose(alone[1], grad[k], rtol=1e-11, atol=1e-14)


def test_float32_copies_pickles_and_training(recipe):
    small = network(recipe, dtype=np.float32)
    assert bplib.loss_and_grad(small, SE, *data())[1].dtype == np.float32
    assert small.forward(data()[0]).dtype == np.float32
    net = network(recipe)
    before = bplib.evaluate(net, SE, *data())
    twin = copy.deepcopy(net)
    for each in (net, twin):
        bplib.fit(each, SE, *data(), bplib.Adam(0.01), epochs=100)
    np.testing.assert_array_equal(net.theta, twin.theta)
    assert bplib.evaluate(net, SE, *data()) < before / 4


class Plain(Layer):
    """A module-level class, as pickle wants it."""

    weights = ("k",)
    shapes = {"k": (2, 1)}  # noqa: RUF012

    def forward(self, a_prev, train=False):
        return self.k * a_prev

    def backward(self, da, down=True):
        self.dk = (da * self.a).sum(axis=-1, keepdims=True) / self.k
        return self.k * da


def test_an_own_layer_is_pickled():
    net = Network([Plain(2, 2), Dense(2, 1)])
    again = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(again.theta, net.theta)
    assert np.shares_memory(again.layers[0].k, again.theta)
    x = np.array([[1.0, 2], [3, 4]])
    assert bplib.gradcheck(again, SE, x, x[:1]).ok
