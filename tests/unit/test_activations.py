import copy
import pickle

import mpmath
import numpy as np
import pytest

from bplib import activations
from bplib.activations import ACTIVATIONS

ELEMENTWISE = [f for name, f in ACTIVATIONS.items() if name != "softmax"]
ROUNDING = 1e-15  # two or three float64 roundings
CENTRAL = 1e-9  # central difference at h = 1e-6: h² = 1e-12 and ε/h = 2e-10


def ids(f):
    return f.name


@pytest.mark.parametrize("z", [-700.0, -500.5, -37.0, -1.25, 0.0, 0.3, 40.0, 700.0])
def test_sigmoid_is_accurate_far_out(z):
    with mpmath.workdps(50):
        exact = 1 / (1 + mpmath.exp(-mpmath.mpf(z)))
        error = abs((mpmath.mpf(float(activations.sigmoid(np.float64(z)))) - exact) / exact)
    assert error < ROUNDING


def test_sigmoid_by_tanh_would_not_be():
    """What the accuracy test is for: 0.5 (1 + tanh(z/2)) has no digit left at −40."""
    assert 0.5 * (1 + np.tanh(-40 / 2)) == 0
    assert activations.sigmoid(np.float64(-40)) > 0


@pytest.mark.parametrize("f", ELEMENTWISE, ids=ids)
def test_slope_is_the_derivative(f):
    z = np.array([[-3.1, -0.7, -0.01, 0.02, 0.4, 2.9]])
    h = 1e-6
    np.testing.assert_allclose(
        f.df(z, f(z)), (f(z + h) - f(z - h)) / (2 * h), rtol=CENTRAL, atol=CENTRAL
    )


@pytest.mark.parametrize("f", ELEMENTWISE, ids=ids)
def test_shape_and_float32_stay(f):
    z = np.linspace(-3, 3, 24, dtype=np.float32).reshape(2, 3, 4)
    a = f(z)
    assert a.shape == f.df(z, a).shape == z.shape
    assert a.dtype == f.df(z, a).dtype == np.float32


@pytest.mark.parametrize("f", [activations.sigmoid, activations.tanh], ids=ids)
def test_complex_step_gives_the_slope(f):
    z = np.array([-2.0, 0.1, 3.0])
    slope = f(z + 1e-30j).imag / 1e-30
    np.testing.assert_allclose(slope, f.df(z, f(z)), rtol=1e-14)


def test_relu_on_complex_numbers_looks_at_the_real_part():
    z = np.array([-1 + 1e-30j, 2 + 1e-30j])
    np.testing.assert_array_equal(activations.relu(z), [0, 2 + 1e-30j])


@pytest.mark.parametrize("f", ELEMENTWISE, ids=ids)
def test_nothing_overflows(f):
    z = np.array([-1000.0, -700.0, 0.0, 700.0, 1000.0])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        assert np.isfinite(f(z)).all()
        assert np.isfinite(f.df(z, f(z))).all()


def test_sigmoid_of_complex_numbers_does_not_overflow():
    z = np.array([-1000 + 0j, 1000 + 0j])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        np.testing.assert_array_equal(activations.sigmoid(z), [0, 1])


def test_values():
    z = np.array([-1.5, 0.0, 2.0])
    np.testing.assert_array_equal(activations.identity(z), z)
    np.testing.assert_array_equal(activations.relu(z), [0, 0, 2])
    np.testing.assert_array_equal(activations.relu.df(z, z), [0, 0, 1])
    np.testing.assert_allclose(activations.sigmoid(z), 1 / (1 + np.exp(-z)), rtol=ROUNDING)


def test_get():
    assert activations.get("tanh") is activations.tanh
    assert activations.get(activations.relu) is activations.relu
    assert [name for name, f in ACTIVATIONS.items() if name != f.name] == []
    assert ACTIVATIONS["relu"].kinked
    assert not ACTIVATIONS["tanh"].kinked


@pytest.mark.parametrize("f", ACTIVATIONS.values(), ids=ids)
def test_a_copy_or_a_pickle_of_an_activation_is_the_activation(f):
    assert copy.copy(f) is f
    assert copy.deepcopy(f) is f
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(f, protocol)) is f
    assert repr(f) == f"{type(f).__name__}({f.name!r})"


def square(z):
    return z * z


def twice(z, a):
    return 2 * z


def test_an_activation_of_your_own_is_copied_and_pickled_too():
    own = activations.Activation("square", square, twice, kinked=True)
    for twin in (copy.deepcopy(own), pickle.loads(pickle.dumps(own))):
        assert twin == own
        assert twin([3.0]) == [9]
    shadow = activations.Activation("tanh", square, twice)
    assert pickle.loads(pickle.dumps(shadow)).f is square
    with_lambda = activations.Activation("square", lambda z: z * z, twice)
    assert copy.deepcopy(with_lambda) == with_lambda


@pytest.mark.parametrize("f", ELEMENTWISE, ids=ids)
def test_numbers_lists_and_whole_numbers_are_taken_as_floats(f):
    expected = f(np.array([-1.0, 2.0]))
    for z in ([-1, 2], (-1.0, 2.0), np.array([-1, 2]), np.array([-1, 2], np.int8)):
        np.testing.assert_array_equal(f(z), expected)
        assert f(z).dtype == float
    assert f(2) == f(2.0) == f(np.int64(2)) == expected[1]


def test_there_is_one_softplus():
    assert activations.softplus is ACTIVATIONS["softplus"]
    assert not hasattr(activations, "soft_plus")
    assert activations.softplus(0.0) == pytest.approx(np.log(2), rel=ROUNDING)
