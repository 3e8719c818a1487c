import warnings

import mpmath
import numpy as np
import pytest

from bplib import activations
from bplib.losses import L1, L2, BinaryCrossEntropy, Loss, SoftmaxCrossEntropy, SquaredError

ROUNDING = 1e-14


def rising():
    return np.array([[-1000.0, -700, -1, 0, 1, 700, 1000]])


def test_squared_error_by_hand():
    a, y = np.array([[1.0, 2], [3, 4]]), np.array([[0.0, 0], [3, 1]])
    loss, f = SquaredError(), activations.identity
    assert loss.value(a, a, y) == (1 / 2 + (4 + 9) / 2) / 2
    np.testing.assert_array_equal(loss.delta(a, a, y, f), a - y)
    z = np.array([[0.3, -2.0]])
    a, y = activations.sigmoid(z), np.array([[1.0, 0.0]])
    expected = (a - y) * a * (1 - a)
    np.testing.assert_allclose(loss.delta(z, a, y, activations.sigmoid), expected, rtol=ROUNDING)


@pytest.mark.parametrize("y", [0.0, 0.3, 1.0])
def test_binary_cross_entropy_is_its_formula(y):
    z = np.array([[-3.0, 0.2, 2.5]])
    a, target = activations.sigmoid(z), np.full((1, 3), y)
    expected = np.mean(-y * np.log(a) - (1 - y) * np.log(1 - a))
    loss = BinaryCrossEntropy()
    assert loss.value(z, a, target) == pytest.approx(expected, rel=ROUNDING)
    np.testing.assert_array_equal(loss.delta(z, a, target, activations.sigmoid), a - target)


def test_softmax_cross_entropy_is_its_formula():
    z, y = np.array([[1.0, -2], [0, 1], [3, 0.5]]), np.array([[0.0, 0.2], [1, 0.3], [0, 0.5]])
    p = np.exp(z) / np.exp(z).sum(axis=0)
    loss = SoftmaxCrossEntropy()
    expected = -(y * np.log(p)).sum() / 2
    assert loss.value(z, z, y) == pytest.approx(expected, rel=ROUNDING)
    np.testing.assert_allclose(loss.delta(z, z, y, activations.identity), p - y, atol=1e-15)


@pytest.mark.parametrize("y", [0.0, 1.0])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_binary_cross_entropy_is_stable(y, dtype):
    z = rising().astype(dtype)
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        a = activations.sigmoid(z)
        values = [
            BinaryCrossEntropy().value(z[:, [k]], a[:, [k]], np.full((1, 1), y, dtype))
            for k in range(z.size)
        ]
        delta = BinaryCrossEntropy().delta(z, a, np.full_like(z, y), activations.sigmoid)
    with mpmath.workdps(700):
        exact = [float(mpmath.log(1 + mpmath.exp(t)) - y * t) for t in map(float, z[0])]
    np.testing.assert_allclose(np.array(values), exact, rtol=8 * np.finfo(dtype).eps, atol=1e-300)
    assert np.isfinite(delta).all()
    assert delta.dtype == dtype


@pytest.mark.parametrize("shift", [-1000.0, 0.0, 1000.0])
def test_softmax_cross_entropy_is_stable(shift):
    z, y = np.array([[1.0, 1000], [2, -1000]]) + shift, np.array([[1.0, 0], [0, 1]])
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        value = SoftmaxCrossEntropy().value(z, z, y)
        delta = SoftmaxCrossEntropy().delta(z, z, y, activations.identity)
    assert value == pytest.approx((np.log1p(np.e) + 2000) / 2, rel=ROUNDING)
    np.testing.assert_allclose(delta[:, 1], [1, -1], atol=1e-15)


@pytest.mark.parametrize("loss", [SquaredError(), BinaryCrossEntropy(), SoftmaxCrossEntropy()])
def test_leading_axes_are_networks(loss):
    rng = np.random.default_rng(0)
    z = rng.standard_normal((5, 3, 4))
    f = activations.sigmoid if isinstance(loss, BinaryCrossEntropy) else activations.identity
    y = np.eye(3)[:, [0, 1, 2, 1]]
    values, deltas = loss.value(z, f(z), y), loss.delta(z, f(z), y, f)
    assert values.shape == (5,)
    for k in range(5):
        assert values[k] == pytest.approx(loss.value(z[k], f(z[k]), y), rel=1e-15)
        np.testing.assert_allclose(deltas[k], loss.delta(z[k], f(z[k]), y, f), atol=1e-15)


@pytest.mark.parametrize("sign", [-1, 1])
def test_complex_binary_cross_entropy_does_not_overflow(sign):
    z = np.array([[sign * 1000 + 1e-30j]])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        value = BinaryCrossEntropy().value(z, activations.sigmoid(z), np.ones((1, 1)))
    assert value.real == (0 if sign > 0 else 1000)


def test_a_loss_prints_as_it_is_written():
    class Own(Loss):
        value = delta = None

    for loss in (SquaredError(), BinaryCrossEntropy() + L2(0.01), Own() + L1(2.0) + L2(1e-3)):
        assert eval(repr(loss)).penalties == loss.penalties
        assert type(eval(repr(loss))) is type(loss)
    assert repr(BinaryCrossEntropy() + L2(np.float32(0.5))) == "BinaryCrossEntropy() + L2(0.5)"
    assert repr(SoftmaxCrossEntropy()) == "SoftmaxCrossEntropy()"
