"""Reverse-mode differentiation of scalars: a tape of values, walked backwards once."""

import math
from collections.abc import Callable, Iterable

Number = int | float


class Value:
    """A number that remembers the numbers it was computed from.

    `x * y` makes a new Value whose `parents` are x and y and whose `local` slopes are
    ∂(xy)/∂x = y and ∂(xy)/∂y = x. Nothing else is stored: `backward` needs no more.

    Args:
        data: the number.
        parents: the Values it was computed from.
        local: its partial derivative with respect to each parent.
        name: what to call it in a picture.

    Attributes:
        grad: the adjoint, ∂(output)/∂(this), once `backward` has run on an output.

    Raises:
        TypeError: data is not a real number.
    """

    __slots__ = ("data", "grad", "local", "name", "parents")

    def __init__(
        self,
        data: Number,
        parents: tuple["Value", ...] = (),
        local: tuple[float, ...] = (),
        name: str = "",
    ) -> None:
        if isinstance(data, bool) or not isinstance(data, (int, float)):
            raise TypeError(f"data is {data!r}; expected a real number")
        self.data = float(data)
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
        if isinstance(exponent, bool) or not isinstance(exponent, (int, float)):
            raise TypeError(f"exponent is {exponent!r}; expected a real number")
        slope = exponent * self.data ** (exponent - 1) if exponent else 0.0
        return Value(self.data**exponent, (self,), (slope,), f"^{exponent:g}")

    def __neg__(self) -> "Value":
        return Value(-self.data, (self,), (-1.0,), "−")

    def __sub__(self, other: "Value | Number") -> "Value":
        other = value(other)
        return Value(self.data - other.data, (self, other), (1.0, -1.0), "−")

    def __truediv__(self, other: "Value | Number") -> "Value":
        other = value(other)
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
    """Return x as a Value; a Value comes back as it is."""
    return x if isinstance(x, Value) else Value(x)


def _elementary(
    name: str, f: Callable[[float], float], df: Callable[[float, float], float]
) -> Callable[[Value | Number], Value]:
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


exp = _elementary("exp", math.exp, lambda x, y: y)
log = _elementary("log", math.log, lambda x, y: 1 / x)
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
    """Return the partial derivatives of f(x1, x2, …) at a point."""
    inputs: Iterable[Value] = tuple(Value(x) for x in at)
    value(f(*inputs)).backward()
    return tuple(x.grad for x in inputs)
