"""Reverse-mode differentiation of scalars: a tape of values, walked backwards once."""

import math
import sys
from collections.abc import Callable
from numbers import Real
from typing import Any

__all__ = [
    "Value", "value", "exp", "log", "sin", "cos", "tanh", "sigmoid", "relu", "grad",
    "topological_order",
]  # fmt: skip

Number = int | float
Slope = Callable[[float, float], float]

_LOG_LARGEST = math.log(sys.float_info.max)


class Value:
    """A number that remembers the numbers it was computed from.

    `x * y` makes a new Value whose `parents` are x and y and whose `local` slopes are
    ∂(xy)/∂x = y and ∂(xy)/∂y = x. Nothing else is stored: `backward` needs no more.
    A number may be one of NumPy, on either side. A slope may be infinite, as that of √x at 0;
    a value may not.

    Args:
        data: the number.
        parents: the Values it was computed from.
        local: its partial derivative with respect to each parent.
        name: the label in a picture.

    Attributes:
        grad: the adjoint, ∂(output)/∂(this), once `backward` has run on an output.

    Raises:
        TypeError: data is not a real number.
        ValueError: data, or the result of an operation, is NaN, infinite or not defined.
    """

    __slots__ = ("data", "grad", "local", "name", "parents")
    __array_ufunc__ = None  # np.float64(2) * value leaves the product to value

    def __init__(
        self,
        data: Number,
        parents: tuple["Value", ...] = (),
        local: tuple[float, ...] = (),
        name: str = "",
    ) -> None:
        self.data = _number("data" if not parents else f"the result of {name}", data)
        self.grad = 0.0
        self.parents = parents
        self.local = local
        self.name = name

    def __repr__(self) -> str:
        label = f"{self.name} = " if self.name else ""
        return f"Value({label}{self.data:g}, grad={self.grad:g})"

    def __add__(self, other: "Value | Number") -> "Value":
        other = value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0), "+")

    def __mul__(self, other: "Value | Number") -> "Value":
        other = value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data), "×")

    def __pow__(self, exponent: Number) -> "Value":
        x, p = self.data, _number("exponent", exponent)
        if (x < 0 and p % 1) or (x == 0 and p < 0):
            expected = "a positive base" if p < 0 else "a base that is not negative"
            raise ValueError(f"base is {x:g} with exponent {p:g}; expected {expected}")
        slope = p * _power(x, p - 1) if p else 0.0
        return Value(_power(x, p), (self,), (slope,), f"^{p:g}")

    def __rpow__(self, base: Number) -> "Value":
        return value(base) ** self

    def __neg__(self) -> "Value":
        return Value(-self.data, (self,), (-1.0,), "−")

    def __sub__(self, other: "Value | Number") -> "Value":
        other = value(other)
        return Value(self.data - other.data, (self, other), (1.0, -1.0), "−")

    def __truediv__(self, other: "Value | Number") -> "Value":
        other = value(other)
        if not other.data:
            raise ValueError(f"divisor is {other!r}; expected one that is not 0")
        quotient = self.data / other.data
        return Value(quotient, (self, other), (1 / other.data, -quotient / other.data), "÷")

    def __rsub__(self, other: Number) -> "Value":
        return value(other) - self

    def __rtruediv__(self, other: Number) -> "Value":
        return value(other) / self

    __radd__ = __add__
    __rmul__ = __mul__

    def backward(self) -> None:
        """Set the grad of every Value that this one was computed from.

        The grads of an earlier call are cleared first, so they never add up by accident.
        """
        order = topological_order(self)
        for node in order:
            node.grad = 0.0
        self.grad = 1.0
        for node in reversed(order):
            for parent, slope in zip(node.parents, node.local, strict=True):
                parent.grad += node.grad * slope


def value(x: Value | Number) -> Value:
    """Return x as a Value; a Value comes back as it is.

    Raises:
        TypeError: x is not a real number.
    """
    return x if isinstance(x, Value) else Value(x)


def _number(argument: str, x: Any) -> float:
    """Return x as a float if it is a finite real number, of Python or of NumPy."""
    if getattr(x, "shape", None) == ():
        x = x[()]
    if isinstance(x, bool) or not isinstance(x, Real):
        raise TypeError(f"{argument} is {x!r}; expected a real number")
    try:
        x = float(x)
    except OverflowError:  # a whole number of hundreds of digits
        x = math.inf
    if not math.isfinite(x):
        raise ValueError(f"{argument} is {x}; expected a finite number")
    return x


def _power(x: float, p: float) -> float:
    try:
        return x**p
    except (OverflowError, ZeroDivisionError):
        return math.copysign(math.inf, x if p % 2 == 1 else 1.0)


def _exp(x: float) -> float:
    return math.exp(x) if x < _LOG_LARGEST else math.inf


def _log(x: float) -> float:
    if x <= 0:
        raise ValueError(f"x of log is {x:g}; expected a number above 0")
    return math.log(x)


def _elementary(name: str, f: Callable[[float], float], df: Slope) -> Callable[..., Value]:
    def function(x: Value | Number) -> Value:
        x = value(x)
        y = f(x.data)
        return Value(y, (x,), (df(x.data, y),), name)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return {name}(x) as a Value."
    return function


def _sigmoid(x: float) -> float:
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    e = math.exp(x)
    return e / (1 + e)


exp = _elementary("exp", _exp, lambda x, y: y)
log = _elementary("log", _log, lambda x, y: 1 / x)
sin = _elementary("sin", math.sin, lambda x, y: math.cos(x))
cos = _elementary("cos", math.cos, lambda x, y: -math.sin(x))
tanh = _elementary("tanh", math.tanh, lambda x, y: 1 - y * y)
sigmoid = _elementary("sigmoid", _sigmoid, lambda x, y: y * (1 - y))
relu = _elementary("relu", lambda x: max(x, 0.0), lambda x, y: float(x > 0))


def topological_order(output: Value) -> list[Value]:
    """Return every Value behind the output, parents before children, each of them once.

    The walk keeps its own stack, so a chain of 100,000 nodes is no trouble for Python.
    """
    order: list[Value] = []
    seen: set[int] = set()
    stack: list[tuple[Value, bool]] = [(output, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents)
    return order


def grad(f: Callable[..., Value], *at: Number) -> tuple[float, ...]:
    """Return the partial derivatives of f(x1, x2, …) at a point, a float for each argument.

    Raises:
        TypeError: f is no function, `at` holds what is not a number, or f returns no number.
    """
    if not callable(f):
        raise TypeError(f"f is {f!r}; expected a function of Values")
    inputs = [Value(_number(f"at[{i}]", x)) for i, x in enumerate(at)]
    output = f(*inputs)
    if not isinstance(output, Value):
        output = Value(_number("what f returns", output))
    output.backward()
    return tuple(x.grad for x in inputs)
