import numpy as np
import pytest
import sympy as sp

import bplib
from bplib import symbolic
from bplib.symbolic import exact


def test_slope_of_sigmoid_is_that_of_its_definition():
    z = sp.Symbol("z")
    definition = 1 / (1 + sp.exp(-z))
    assert sp.simplify(symbolic.sigmoid(z).diff(z).rewrite(sp.exp) - definition.diff(z)) == 0
    assert symbolic.sigmoid(z).diff(z) == symbolic.sigmoid(z) * (1 - symbolic.sigmoid(z))
    second = symbolic.sigmoid(z).diff(z, 2).rewrite(sp.exp)
    assert sp.simplify(second - definition.diff(z, 2)) == 0


def test_sigmoid_in_numbers_and_print():
    assert float(symbolic.sigmoid(0).evalf()) == 0.5
    value = symbolic.sigmoid(sp.Rational(1, 10)).evalf(40)
    assert abs(value - (1 / (1 + sp.exp(-sp.Rational(1, 10)))).evalf(50)) < 1e-39
    z = sp.Symbol("z")
    assert sp.latex(symbolic.sigmoid(z)) == r"\sigma\left(z\right)"
    assert sp.latex(symbolic.sigmoid(z) ** 2) == r"\sigma\left(z\right)^{2}"


@pytest.mark.parametrize("number", [0.1, "0.1", np.float64(0.1), np.float32(0.1)])
def test_exact_reads_what_is_printed(number):
    assert exact(number) == sp.Rational(1, 10)


def test_exact_keeps_what_is_exact():
    assert exact(3) == 3
    assert exact(sp.pi) is sp.pi
    assert exact(-0.11) == sp.Rational(-11, 100)


def test_loss_and_gradient_against_an_expression_written_by_hand():
    net = symbolic.mlp([2, 1], output="sigmoid")
    w1, w2, b = net.theta
    x1, x2, y = *net.x, net.y[0]
    a = 1 / (1 + sp.exp(-(w1 * x1 + w2 * x2 + b)))
    loss = (y - a) ** 2 / 2
    assert sp.simplify(net.loss.rewrite(sp.exp) - loss) == 0
    for ours, p in zip(net.gradient(), net.theta, strict=True):
        assert sp.simplify(ours.rewrite(sp.exp) - loss.diff(p)) == 0
    delta = (a - y) * a * (1 - a)
    assert sp.simplify(net.delta(0)[0].rewrite(sp.exp) - delta) == 0


def test_several_outputs_add():
    net = symbolic.mlp([1, 2], output="identity")
    w1, w2, b1, b2 = net.theta
    (x,), (y1, y2) = net.x, net.y
    expected = ((y1 - w1 * x - b1) ** 2 + (y2 - w2 * x - b2) ** 2) / 2
    assert sp.expand(net.loss - expected) == 0


def test_theta_has_the_order_of_the_networks_theta():
    """Each parameter moves z by its own amount, so any permutation would show."""
    sizes = [2, 3, 2]
    net = bplib.mlp(sizes, hidden="tanh", output="tanh")
    net.theta[:] = np.arange(1, net.theta.size + 1) / 50
    sym = symbolic.mlp(sizes, "tanh", "tanh")
    assert len(set(sym.theta)) == net.theta.size
    x, y = [0.3, -0.7], [0.1, 0.9]
    known = sym.values(x, y, net.W, net.b)
    assert [float(known[p]) for p in sym.theta] == pytest.approx(net.theta, rel=1e-15)
    assert len(set(known[p] for p in sym.theta)) == net.theta.size
    x, y = np.array([x]).T, np.array([y]).T
    _, grad = bplib.loss_and_grad(net, bplib.losses.SquaredError(), x, y)
    values = [float(g) for g in sym.gradient().subs(known).evalf(30)]
    assert len(set(values)) == len(values)
    np.testing.assert_allclose(values, grad, rtol=1e-13)


def test_names_of_wide_layers_do_not_collide():
    net = symbolic.mlp([12, 11, 1])
    assert len(set(net.theta)) == len(net.theta) == 12 * 11 + 11 + 11 + 1
    assert str(symbolic.mlp([2, 2, 1]).theta[1]) == "w^{(1)}_{12}"
    assert str(symbolic.mlp([10, 1]).theta[9]) == "w^{(1)}_{1,10}"
    assert str(symbolic.mlp([9, 1]).theta[8]) == "w^{(1)}_{19}"
    net = symbolic.mlp([2, 1])
    assert list(map(str, (*net.x, *net.y, *net.b[0]))) == ["x_{1}", "x_{2}", "y_{1}", "b^{(1)}_{1}"]


def test_shapes():
    net = symbolic.mlp([3, 4, 2])
    assert [W.shape for W in net.W] == [(4, 3), (2, 4)]
    assert [b.shape for b in net.b] == [(4, 1), (2, 1)]
    assert net.gradient().shape == (4 * 3 + 4 + 2 * 4 + 2, 1)
    assert net.gradient(net.W[0]).shape == (4, 3)
    assert net.delta(0).shape == (4, 1)
    assert all(symbol.is_real for symbol in (*net.theta, *net.x, *net.y))


def test_softmax_takes_the_whole_layer():
    sizes = [2, 3, 2]
    net = bplib.mlp(sizes, hidden="softmax", output="softmax", seed=3)
    net.theta[...] = np.round(net.theta, 2)
    sym = symbolic.mlp(sizes, "softmax", "softmax")
    x, y = [0.3, -0.7], [0.1, 0.9]
    known = sym.values(x, y, net.W, net.b)
    a = net.forward(np.array([x]).T)
    np.testing.assert_allclose(np.array(sym.a[-1].subs(known).evalf(), float), a, rtol=1e-14)


@pytest.mark.parametrize("name", ["identity", "sigmoid", "tanh", "relu"])
def test_activations_are_those_of_bplib(name):
    for z in (-1.5, -0.25, 0.5, 2.0):
        value = symbolic.ACTIVATIONS[name](exact(z)).evalf(30)
        assert float(value) == pytest.approx(bplib.activations.get(name)(np.float64(z)), rel=1e-15)


@pytest.mark.parametrize("name", ["identity", "sigmoid", "tanh", "relu"])
def test_slopes_in_numbers_are_those_of_the_activation(name):
    sym = symbolic.mlp([1, 1], output=name)
    for x in (-2, 3):
        known = sym.values([x], [0], [[1]], [[0]])
        f, z = bplib.activations.get(name), np.float64(x)
        slope = sym.numbers(known, 1)["slope1[0]"].evalf(20)
        assert float(slope) == pytest.approx(f.df(z, f(z)), rel=1e-14)


def test_an_undefined_activation_has_a_slope_and_nothing_else():
    z, w = sp.symbols("z w")
    f, slope = symbolic.any_function("f"), symbolic.any_function("f′")
    assert f(w * z).diff(z) == w * slope(w * z)
    assert f(z).diff(z, 2) == symbolic.any_function("f′′")(z)
    assert f is symbolic.any_function("f")
    assert f(z) != symbolic.any_function("g")(z)

    assert sp.latex(slope(z)) == r"f'\left(z\right)"
    assert sp.latex(slope(z) ** 2) == r"f'\left(z\right)^{2}"

    u, v = sp.symbols("u v")
    C = symbolic.any_function("C")
    assert C(u * v, v).diff(v) == u * symbolic.any_function("C_1")(
        u * v, v
    ) + symbolic.any_function("C_2")(u * v, v)


def test_a_network_of_undefined_activations_becomes_one_of_sigmoids():
    f, slope = symbolic.any_function("f"), symbolic.any_function("f′")
    general = symbolic.mlp([2, 2, 1], hidden=f, output=f)
    special = symbolic.mlp([2, 2, 1])
    sigmoid = symbolic.sigmoid
    gradient = general.gradient().replace(slope, lambda z: sigmoid(z) * (1 - sigmoid(z)))
    difference = gradient.replace(f, sigmoid) - special.gradient()
    assert difference.expand().is_zero_matrix
