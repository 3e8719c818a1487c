"""Every activation against SymPy's derivative, complex step and PyTorch."""

import numpy as np
import pytest
import sympy as sp

from bplib import activations, initializers, symbolic
from oracle.twin import ACTIVATIONS as TORCH

RTOL = 1e-14  # a few roundings of float64 in each formula
ATOL = 1e-15  # 1 − a² and 1 − a are rounded where a is close to 1
ELEMENTWISE = [name for name in activations.ACTIVATIONS if name != "softmax"]
Z = np.array([-4.1, -1.5, -0.3, 0.2, 0.9, 3.7])


def test_no_activation_is_without_a_twin():
    assert set(symbolic.ACTIVATIONS) == set(activations.ACTIVATIONS) == set(TORCH)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_value_and_slope_are_sympys(name):
    f, z = activations.get(name), sp.Symbol("z", real=True)
    expression = symbolic.ACTIVATIONS[name](z)
    for number in Z:
        at = {z: sp.Rational(str(number))}
        value = float(expression.subs(at).evalf(40))
        slope = float(expression.diff(z).subs(at).doit().evalf(40))
        here = np.array([number])
        np.testing.assert_allclose(f(here), value, rtol=RTOL, atol=ATOL)
        np.testing.assert_allclose(f.df(here, f(here)), slope, rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_slope_is_the_complex_steps(name):
    f = activations.get(name)
    h, z = 1e-30, np.append(Z, 0.0)
    np.testing.assert_allclose(f(z + 1j * h).imag / h, f.df(z, f(z)), rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("name", TORCH)
def test_vjp_is_pytorchs(name):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle of this test")
    rng = np.random.default_rng(0)
    z, da = 3 * rng.standard_normal((2, 4, 5))
    twin = torch.tensor(z, requires_grad=True)
    a = TORCH[name](torch.nn.functional, twin)
    a.backward(torch.tensor(da))
    f = activations.get(name)
    np.testing.assert_allclose(f(z), a.detach().numpy(), rtol=1e-12, atol=ATOL)
    np.testing.assert_allclose(f.vjp(da, z, f(z)), twin.grad.numpy(), rtol=1e-12, atol=1e-14)


def test_softmax_vjp_is_sympys_jacobian():
    z = sp.Matrix(sp.symbols("z1:4"))
    jacobian = symbolic.softmax(z).jacobian(z)
    numbers, da = np.array([[0.3], [-1.2], [0.8]]), np.array([[1.0], [-2.0], [0.5]])
    known = dict(zip(z, map(sp.Rational, map(str, numbers.ravel())), strict=True))
    expected = np.array(jacobian.T.subs(known).evalf(30), dtype=float) @ da
    f = activations.softmax
    np.testing.assert_allclose(f.vjp(da, numbers, f(numbers)), expected, rtol=1e-13)


def test_softmax_has_no_elementwise_slope():
    with pytest.raises(TypeError, match="use its vjp"):
        activations.softmax.df(Z, Z)


@pytest.mark.parametrize("name", TORCH)
def test_extreme_inputs_neither_overflow_nor_warn(name):
    f, z = activations.get(name), np.array([[-1000.0], [-40.0], [0.0], [40.0], [1000.0]])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        a = f(z)
        assert np.isfinite(a).all()
        assert np.isfinite(f.vjp(np.ones_like(z), z, a)).all()


VARIANCES = {
    "normal": lambda n_in, n_out: 1.0,
    "xavier": lambda n_in, n_out: 2 / (n_in + n_out),
    "xavier_normal": lambda n_in, n_out: 2 / (n_in + n_out),
    "he": lambda n_in, n_out: 2 / n_in,
    "he_uniform": lambda n_in, n_out: 2 / n_in,
    "lecun": lambda n_in, n_out: 1 / n_in,
}


@pytest.mark.parametrize("shape", [(400, 150), (100, 40, 15)])
@pytest.mark.parametrize("name", VARIANCES)
def test_variance_of_the_initial_weights(name, shape):
    n_out, n_in = shape[-2:]
    W = initializers.get(name)(np.random.default_rng(0), shape)
    expected = VARIANCES[name](n_in, n_out)
    assert W.shape == shape
    # 60,000 draws: the standard error of the variance is at most 0.6 %, of the mean 0.4 %.
    assert W.var() == pytest.approx(expected, rel=0.03)
    assert abs(W.mean()) < 0.02 * np.sqrt(expected)


def test_uniform_weights_stay_in_their_range():
    W = initializers.he_uniform(np.random.default_rng(0), (100, 6))
    assert 0.99 < np.abs(W).max() <= 1.0


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (7, 2, 3)])
def test_orthogonal(shape):
    W = initializers.orthogonal(np.random.default_rng(0), shape)
    assert W.shape == shape
    gram = W.mT @ W if shape[-2] >= shape[-1] else W @ W.mT
    np.testing.assert_allclose(
        gram, np.broadcast_to(np.eye(min(shape[-2:])), gram.shape), atol=1e-14
    )


def test_constants():
    rng = np.random.default_rng(0)
    assert (initializers.zeros(rng, (2, 3)) == 0).all()
    assert (initializers.Constant(0.3)(rng, (2, 3)) == 0.3).all()
