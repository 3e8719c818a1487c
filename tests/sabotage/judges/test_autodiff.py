"""Automatic differentiation: judged by SymPy and by counting paths."""

import math
from types import SimpleNamespace

import pytest
import sympy as sp

from bplib import autodiff
from bplib.autodiff import Value
from sabotage.planting import once, refused

RTOL = 1e-13
AT = ((0.7, -1.3), (2.0, 0.25))
PROGRAMS = {  # of a, b and where to find functions of them: in bplib or in SymPy
    "sums and products": lambda a, b, f: a * a * b - 3 * b + (2 - a) * b,
    "quotients and powers": lambda a, b, f: (a - 1) / b + 2 / a + a**3 - b**-2,
    "functions": lambda a, b, f: f.exp(a) * f.sin(b) + f.log(a) * f.cos(b),
    "neuron": lambda a, b, f: f.sigmoid(a * b + 1) + f.tanh(a - b),
    "shared twice": lambda a, b, f: (lambda s: (lambda t: t * s + t)(s * a))(a * b),
    # s right below the output and far below, now on the left and now on the right
    "near and far": lambda a, b, f: (lambda s: (s + f.sin(s * s)) * (f.cos(s * s) + s))(a * b),
}


@once
def known(name):
    """The value and both slopes at each point, from SymPy."""
    functions = SimpleNamespace(**vars(sp), sigmoid=lambda z: 1 / (1 + sp.exp(-z)))
    x, y = sp.symbols("x y")
    out = PROGRAMS[name](x, y, functions)
    exact = out, out.diff(x), out.diff(y)
    return [[float(e.evalf(30, subs={x: a, y: b})) for e in exact] for a, b in AT]


@pytest.mark.parametrize("name", PROGRAMS)
def test_sympy(name):
    for (a, b), (value, *gradient) in zip(AT, known(name), strict=True):
        a, b = Value(a), Value(b)
        out = PROGRAMS[name](a, b, autodiff)
        out.backward()
        for ours, exact in zip((out.data, a.grad, b.grad), (value, *gradient), strict=True):
            assert math.isclose(ours, exact, rel_tol=RTOL)


def test_number_of_paths():
    """The slope of a sum of copies of itself, doubled again and again, is the number of paths."""
    a = Value(1.0)
    out = a
    for _ in range(8):
        out = out + out
    out.backward()
    assert a.grad == 2**8


def test_a_second_backward():
    a = Value(3.0)
    out = a * a
    for _ in range(2):
        out.backward()
        assert (a.grad, out.grad) == (6.0, 1.0)


def test_two_outputs():
    a = Value(3.0)
    middle = a * a
    first, second = middle + a, middle * 2
    for output, slope in ((first, 7.0), (second, 12.0), (first, 7.0)):
        output.backward()
        assert a.grad == slope


def test_order():
    a, b = Value(1.0), Value(2.0)
    order = autodiff.topological_order((a + b) * a + autodiff.exp(b) * a)
    place = {id(node): i for i, node in enumerate(order)}
    assert len(place) == len(order) == 7
    assert all(place[id(p)] < place[id(node)] for node in order for p in node.parents)


def test_relu():
    for at, slope in ((2.0, 1.0), (-2.0, 0.0), (0.0, 0.0)):
        assert autodiff.grad(autodiff.relu, at) == (slope,)


def test_powers_at_zero():
    slopes = {0: 0, 0.5: math.inf, 1: 1, 1.5: 0, 2: 0, 3: 0}
    for exponent, slope in slopes.items():
        x = Value(0.0)
        out = x**exponent
        assert out.data == (exponent == 0)
        out.backward()
        assert x.grad == slope


def test_powers_below_zero():
    for exponent, value, slope in ((2, 4.0, -4.0), (3, -8.0, 12.0), (-1, -0.5, -0.25)):
        x = Value(-2.0)
        out = x**exponent
        out.backward()
        assert (out.data, x.grad) == (value, slope)
    assert refused(lambda: Value(-2.0) ** 0.5, "base", "exponent")
    assert refused(lambda: Value(0.0) ** -1, "base", "exponent")


def test_far_out():
    """Slopes and values where e^x is beyond the largest number."""
    for x in (-800.0, 800.0):
        for f, value in ((autodiff.sigmoid, x > 0), (autodiff.tanh, math.copysign(1, x))):
            at = Value(x)
            out = f(at)
            out.backward()
            assert (out.data, at.grad) == (value, 0)
    assert refused(lambda: autodiff.exp(800.0), "exp")
    assert refused(lambda: autodiff.log(0.0), "log")
