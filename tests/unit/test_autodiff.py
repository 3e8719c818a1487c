"""The scalar engine against SymPy, and where hand-rolled engines go wrong."""

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from bplib import autodiff
from bplib.autodiff import Value

RTOL = 1e-14

x, y = sp.symbols("x y")
EXPRESSIONS = {
    "polynomial": (lambda a, b: a * a * b - 3 * b + 2, x * x * y - 3 * y + 2),
    "quotient": (lambda a, b: (a - 1) / b + 2 / a, (x - 1) / y + 2 / x),
    "powers": (lambda a, b: a**3 - b**-2 + a**0, x**3 - y**-2 + 1),
    "negation": (lambda a, b: -a * b - (1 - a), -x * y - (1 - x)),
    "elementary": (
        lambda a, b: autodiff.exp(a) * autodiff.sin(b) + autodiff.log(a) * autodiff.cos(b),
        sp.exp(x) * sp.sin(y) + sp.log(x) * sp.cos(y),
    ),
    "neuron": (
        lambda a, b: autodiff.sigmoid(a * b) + autodiff.tanh(a - b),
        1 / (1 + sp.exp(-x * y)) + sp.tanh(x - y),
    ),
    "shared": (
        lambda a, b: (lambda s: s * s + s * a)(autodiff.sin(a * b)),
        sp.sin(x * y) ** 2 + sp.sin(x * y) * x,
    ),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
@pytest.mark.parametrize("at", [(0.7, -1.3), (2.0, 0.25)])
def test_gradient_is_sympys(name, at):
    program, expression = EXPRESSIONS[name]
    known = dict(zip((x, y), at, strict=True))
    expected = [float(expression.diff(s).evalf(30, subs=known)) for s in (x, y)]
    assert autodiff.grad(program, *at) == pytest.approx(expected, rel=RTOL)
    value = float(expression.evalf(30, subs=known))
    assert program(*map(Value, at)).data == pytest.approx(value, rel=RTOL)


def test_a_number_to_the_power_of_zero_has_no_slope():
    assert autodiff.grad(lambda a: a**0, 0.0) == (0.0,)


def test_every_operation_has_a_name():
    a = Value(3.0, name="a")
    results = [a + 1, a - 1, 1 - a, a * 2, a / 2, 1 / a, -a, a**2, a**-0.5]
    assert [r.name for r in results] == ["+", "−", "−", "×", "÷", "÷", "−", "^2", "^-0.5"]
    for name in ("exp", "log", "sin", "cos", "tanh", "sigmoid", "relu"):
        f = getattr(autodiff, name)
        assert f(a).name == f.__name__ == f.__qualname__ == name
        assert f.__doc__ == f"Return {name}(x) as a Value."
    assert repr(a) == "Value(a = 3, grad=0)"
    assert repr(Value(0.5)) == "Value(0.5, grad=0)"


def test_relu_passes_or_blocks():
    assert [autodiff.relu(x).data for x in (-2.0, 0.0, 0.5)] == [0.0, 0.0, 0.5]
    assert autodiff.grad(autodiff.relu, 0.5) == (1.0,)
    assert autodiff.grad(autodiff.relu, -2.0) == (0.0,)
    assert autodiff.grad(autodiff.relu, 0.0) == (0.0,)


def test_two_paths_add():
    a = Value(3.0)
    (a * a + a).backward()
    assert a.grad == 7.0


def test_a_node_waits_for_all_its_children():
    a = Value(1.5)
    b = a * 2
    c = b * b
    d = c + b
    (d * c).backward()
    t = sp.Symbol("t")
    expected = ((4 * t**2 + 2 * t) * 4 * t**2).diff(t).subs(t, sp.Rational(3, 2))
    assert a.grad == pytest.approx(float(expected), rel=RTOL)


def test_a_second_backward_starts_from_zero():
    a = Value(3.0)
    out = a * a
    out.backward()
    out.backward()
    assert a.grad == 6.0


def test_each_node_is_visited_once():
    out = Value(1.0)
    for _ in range(60):
        out = out + out  # 2⁶⁰ paths
    assert len(autodiff.topological_order(out)) == 61
    out.backward()
    order = autodiff.topological_order(out)
    assert order[0].grad == 2.0**60


def test_parents_come_before_children():
    a, b = Value(1.0), Value(2.0)
    order = autodiff.topological_order((a + b) * a + autodiff.exp(b))
    place = {id(node): i for i, node in enumerate(order)}
    assert all(place[id(p)] < place[id(n)] for n in order for p in n.parents)


def test_a_long_chain_does_not_overflow_the_stack():
    a = Value(1.0)
    out = a
    for _ in range(100_000):
        out = out + 1e-5
    out.backward()
    assert a.grad == 1.0


def test_sigmoid_survives_large_inputs():
    assert autodiff.sigmoid(-1000.0).data == 0.0
    assert autodiff.sigmoid(1000.0).data == 1.0
    assert autodiff.sigmoid(-700.0).data == pytest.approx(math.exp(-700), rel=RTOL)


SCALARS = [np.int64(2), np.uint8(2), np.float16(2), np.float32(2), np.float64(2), np.longdouble(2)]
SCALARS += [np.array(2), np.array(2.0), Fraction(2)]


@pytest.mark.parametrize("two", SCALARS, ids=lambda two: type(two).__name__)
def test_every_number_is_a_number_on_either_side(two):
    a = Value(3.0)
    left = [a + two, a - two, a * two, a / two, a**two]
    right = [two + a, two - a, two * a, two / a]
    assert [v.data for v in left] == [5, 1, 6, 1.5, 9]
    assert [v.data for v in right] == [5, -1, 6, pytest.approx(2 / 3)]
    for v in [*left, *right, Value(two)]:
        assert type(v) is Value
        assert type(v.data) is float
    assert autodiff.grad(lambda x: x * x, two) == (4.0,)
    assert autodiff.sigmoid(two).data == autodiff.sigmoid(2).data


@pytest.mark.parametrize(
    ("base", "exponent", "result", "slope"),
    [
        (0.0, 0.5, 0, math.inf),
        (-0.0, 0.5, 0, math.inf),
        (0.0, 1, 0, 1),
        (0.0, 1.5, 0, 0),
        (0.0, 2, 0, 0),
        (0.0, 0, 1, 0),
        (-2.0, 3, -8, 12),
        (-2.0, -3.0, -1 / 8, -3 / 16),
        (1e-200, -1.5, 1e300, -math.inf),
        (-1e-160, -1, -1e160, -math.inf),
    ],
)
def test_powers_at_their_ends(base, exponent, result, slope):
    a = Value(base)
    power = a**exponent
    power.backward()
    assert power.data == pytest.approx(result, rel=RTOL)
    assert a.grad == pytest.approx(slope, rel=RTOL)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Value(1.0) / 0, r"divisor is Value\(0, grad=0\); expected one that is not 0"),
        (lambda: 1 / Value(0.0), "divisor is Value"),
        (lambda: Value(0.0) ** -1, "base is 0 with exponent -1; expected a positive base"),
        (lambda: Value(-8.0) ** (1 / 3), "base is -8 with exponent 0.333.*not negative"),
        (lambda: Value(-8.0) ** -0.5, "base is -8 with exponent -0.5; expected a positive base"),
        (lambda: autodiff.log(0), "x of log is 0; expected a number above 0"),
        (lambda: autodiff.log(Value(-1.0)), "x of log is -1"),
        (lambda: autodiff.exp(1000), "the result of exp is inf; expected a finite number"),
        (lambda: Value(1e200) ** 2, r"the result of \^2 is inf"),
        (lambda: Value(-1e200) ** 3, r"the result of \^3 is -inf"),
        (lambda: Value(1e200) * 1e200, "the result of × is inf"),
        (lambda: Value(1e300) / 1e-300, "the result of ÷ is inf"),
        (lambda: Value(math.nan), "data is nan; expected a finite number"),
        (lambda: Value(1.0) + math.inf, "data is inf"),
        (lambda: Value(10**400), "data is inf"),
        (lambda: Value(1.0) ** math.nan, "exponent is nan"),
    ],
)
def test_what_has_no_value_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Value("3"), "data is '3'; expected a real number"),
        (lambda: Value(1j), "data is 1j"),
        (lambda: Value(1.0) * None, "data is None"),
        (lambda: Value(1.0) ** Value(2.0), "exponent is Value"),
        (lambda: 2 ** Value(2.0), "exponent is Value.*expected a real number"),
        (lambda: np.float64(2) ** Value(2.0), "exponent is Value"),
        (lambda: Value(1.0) ** "2", "exponent is '2'"),
        (lambda: Value(True), "data is True; expected a real number"),
        (lambda: Value(1.0) * np.bool_(True), "data is np.True_"),
        (lambda: np.array([1.0, 2.0]) * Value(1.0), r"data is array\(\[1., 2.\]\)"),
        (lambda: Value(1.0) * np.array([1.0, 2.0]), r"data is array\(\[1., 2.\]\)"),
        (lambda: Value(np.ma.masked), "data is masked"),
        (lambda: autodiff.exp("1"), "data is '1'"),
        (lambda: autodiff.grad(3, 1.0), "f is 3; expected a function of Values"),
        (lambda: autodiff.grad(lambda a: None, 1.0), "what f returns is None"),
        (lambda: autodiff.grad(lambda a: a, [1.0, 2.0]), r"at\[0\] is \[1.0, 2.0\]"),
    ],
)
def test_wrong_calls_are_named(call, message):
    with pytest.raises(TypeError, match=message):
        call()
