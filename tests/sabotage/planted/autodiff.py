"""Automatic differentiation: judged by SymPy and by counting paths."""

import math
from functools import cache

import sympy as sp

from bplib import autodiff
from bplib.autodiff import Value
from sabotage.part import Part

part = Part("automatic differentiation")

RTOL = 1e-13
AT = ((0.7, -1.3), (2.0, 0.25))
x, y = sp.symbols("x y")

PROGRAMS = {
    "sums and products": (
        lambda a, b: a * a * b - 3 * b + (2 - a) * b,
        x * x * y - 3 * y + (2 - x) * y,
    ),
    "quotients and powers": (
        lambda a, b: (a - 1) / b + 2 / a + a**3 - b**-2,
        (x - 1) / y + 2 / x + x**3 - y**-2,
    ),
    "functions": (
        lambda a, b: autodiff.exp(a) * autodiff.sin(b) + autodiff.log(a) * autodiff.cos(b),
        sp.exp(x) * sp.sin(y) + sp.log(x) * sp.cos(y),
    ),
    "neuron": (
        lambda a, b: autodiff.sigmoid(a * b + 1) + autodiff.tanh(a - b),
        1 / (1 + sp.exp(-x * y - 1)) + sp.tanh(x - y),
    ),
    "shared twice": (
        lambda a, b: (lambda s: (lambda t: t * s + t)(s * a))(a * b),
        (lambda s: (lambda t: t * s + t)(s * x))(x * y),
    ),
}


def near_and_far(s, sin, cos):
    """Use s right below the output and far below, now on the left and now on the right."""
    return (s + sin(s * s)) * (cos(s * s) + s)


PROGRAMS["near and far"] = (
    lambda a, b: near_and_far(a * b, autodiff.sin, autodiff.cos),
    near_and_far(x * y, sp.sin, sp.cos),
)


@cache
def known(name):
    """The value and both slopes at each point, from SymPy."""
    expression = PROGRAMS[name][1]
    return [
        [
            float(e.evalf(30, subs={x: a, y: b}))
            for e in (expression, expression.diff(x), expression.diff(y))
        ]
        for a, b in AT
    ]


def is_sympys(name):
    for (a, b), (value, *gradient) in zip(AT, known(name), strict=True):
        a, b = Value(a), Value(b)
        out = PROGRAMS[name][0](a, b)
        out.backward()
        for ours, exact in zip((out.data, a.grad, b.grad), (value, *gradient), strict=True):
            assert math.isclose(ours, exact, rel_tol=RTOL)


for _name in PROGRAMS:
    part.judge(f"SymPy, {_name}")(lambda name=_name: is_sympys(name))


@part.judge("number of paths")
def paths():
    """The slope of a sum of copies of itself, doubled again and again, is the number of paths."""
    a = Value(1.0)
    out = a
    for _ in range(8):
        out = out + out
    out.backward()
    assert a.grad == 2**8


@part.judge("a second backward")
def second_time():
    a = Value(3.0)
    out = a * a
    for _ in range(2):
        out.backward()
        assert (a.grad, out.grad) == (6.0, 1.0)


@part.judge("two outputs of one graph")
def two_outputs():
    a = Value(3.0)
    middle = a * a
    first, second = middle + a, middle * 2
    for output, slope in ((first, 7.0), (second, 12.0), (first, 7.0)):
        output.backward()
        assert a.grad == slope


@part.judge("order")
def parents_first():
    a, b = Value(1.0), Value(2.0)
    order = autodiff.topological_order((a + b) * a + autodiff.exp(b) * a)
    place = {id(node): i for i, node in enumerate(order)}
    assert len(place) == len(order) == 7
    assert all(place[id(p)] < place[id(node)] for node in order for p in node.parents)


@part.judge("ReLU on both sides of zero")
def relu():
    for at, slope in ((2.0, 1.0), (-2.0, 0.0), (0.0, 0.0)):
        assert autodiff.grad(autodiff.relu, at) == (slope,)


def _backward(
    patch,
    seed=lambda node: 1.0,
    reset=lambda order: order,
    order=lambda node: autodiff.topological_order(node),
    collect=lambda parent, part: parent.grad + part,
):
    """The lines of Value.backward."""

    def backward(self):
        nodes = order(self)
        for node in reset(nodes):
            node.grad = 0.0
        self.grad = seed(self)
        for node in nodes[::-1]:
            for parent, slope in zip(node.parents, node.local, strict=True):
                parent.grad = collect(parent, node.grad * slope)

    patch.setattr(Value, "backward", backward)


def _operator(patch, name, slopes, f):
    """An operator of two Values, with the slopes slopes(u, v, f(u, v))."""

    def operator(self, other):
        other = autodiff.value(other)
        u, v = self.data, other.data
        return Value(f(u, v), (self, other), slopes(u, v, f(u, v)))

    patch.setattr(Value, f"__{name}__", operator)
    if name == "mul":
        patch.setattr(Value, "__rmul__", operator)


def _product(patch, slopes=lambda u, v, w: (v, u)):
    _operator(patch, "mul", slopes, lambda u, v: u * v)


def _quotient(patch, slopes=lambda u, v, w: (1 / v, -w / v)):
    _operator(patch, "truediv", slopes, lambda u, v: u / v)


def _difference(patch, slopes=lambda u, v, w: (1.0, -1.0)):
    _operator(patch, "sub", slopes, lambda u, v: u - v)


def _power(patch, slope=lambda u, n: n * u ** (n - 1)):
    patch.setattr(
        Value, "__pow__", lambda self, n: Value(self.data**n, (self,), (slope(self.data, n),))
    )


SLOPES = {
    "exp": (math.exp, lambda u, w: w),
    "log": (math.log, lambda u, w: 1 / u),
    "sin": (math.sin, lambda u, w: math.cos(u)),
    "cos": (math.cos, lambda u, w: -math.sin(u)),
    "tanh": (math.tanh, lambda u, w: 1 - w**2),
    "sigmoid": (lambda u: 1 / (1 + math.exp(-u)), lambda u, w: w * (1 - w)),
    "relu": (lambda u: u * (u > 0), lambda u, w: 1.0 * (u > 0)),
}


def _function(patch, name, slope=None):
    f, right = SLOPES[name]

    def function(u):
        u = autodiff.value(u)
        w = f(u.data)
        return Value(w, (u,), ((slope or right)(u.data, w),))

    patch.setattr(autodiff, name, function)


@part.control("the walk and all slopes, written again")
def _(patch):
    for lines in (_backward, _product, _quotient, _difference, _power):
        lines(patch)
    for name in SLOPES:
        _function(patch, name)


@part.mutant("= for +=")
def _(patch):
    _backward(patch, collect=lambda parent, part: part)


@part.mutant("no reset")
def _(patch):
    _backward(patch, reset=lambda order: [])


@part.mutant("reset of the inputs only")
def _(patch):
    _backward(patch, reset=lambda order: [node for node in order if not node.parents])


@part.mutant("no seed")
def _(patch):
    _backward(patch, seed=lambda node: node.grad)


@part.mutant("seed: the output itself")
def _(patch):
    _backward(patch, seed=lambda node: node.data)


@part.mutant("order: breadth first, not topological")
def _(patch):
    def breadth_first(output):
        order, seen = [output], {id(output)}
        for node in order:
            for parent in node.parents:
                if id(parent) not in seen:
                    seen.add(id(parent))
                    order.append(parent)
        return order[::-1]

    patch.setattr(autodiff, "topological_order", breadth_first)


@part.mutant("order: depth first, a node before its parents")
def _(patch):
    def depth_first(output):
        order, seen = [], set()

        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                order.append(node)
                for parent in node.parents:
                    visit(parent)

        visit(output)
        return order[::-1]

    patch.setattr(autodiff, "topological_order", depth_first)


@part.mutant("order: the way in which nodes were made, backwards")
def _(patch):
    right = autodiff.topological_order
    patch.setattr(autodiff, "topological_order", lambda output: right(output)[::-1])


@part.mutant("nodes visited once for each path")
def _(patch):
    """A recursion that hands on all that a node has got so far, each time it is reached."""

    def backward(self):
        for node in autodiff.topological_order(self):
            node.grad = 0.0
        self.grad = 1.0

        def down(node):
            for parent, slope in zip(node.parents, node.local, strict=True):
                parent.grad += node.grad * slope
                down(parent)

        down(self)

    patch.setattr(Value, "backward", backward)


@part.mutant("product: each factor's own value as its slope")
def _(patch):
    _product(patch, lambda u, v, w: (u, v))


@part.mutant("quotient: sign of the denominator's slope")
def _(patch):
    _quotient(patch, lambda u, v, w: (1 / v, w / v))


@part.mutant("quotient: denominator not squared")
def _(patch):
    _quotient(patch, lambda u, v, w: (1 / v, -u / v))


@part.mutant("difference: both slopes 1")
def _(patch):
    _difference(patch, lambda u, v, w: (1.0, 1.0))


@part.mutant("power: exponent not lowered")
def _(patch):
    _power(patch, lambda u, n: n * u**n)


@part.mutant("power: exponent not in front")
def _(patch):
    _power(patch, lambda u, n: u ** (n - 1))


@part.mutant("cos′ = sin")
def _(patch):
    _function(patch, "cos", lambda u, w: math.sin(u))


@part.mutant("log′ = 1 / log")
def _(patch):
    _function(patch, "log", lambda u, w: 1 / w)


@part.mutant("exp′: the power rule")
def _(patch):
    _function(patch, "exp", lambda u, w: u * math.exp(u - 1))


@part.mutant("tanh′ = 1 − tanh")
def _(patch):
    _function(patch, "tanh", lambda u, w: 1 - w)


@part.mutant("tanh′ from the input")
def _(patch):
    _function(patch, "tanh", lambda u, w: 1 - u**2)


@part.mutant("σ′ from the input")
def _(patch):
    _function(patch, "sigmoid", lambda u, w: u * (1 - u))


@part.mutant("ReLU′ = 1 everywhere")
def _(patch):
    _function(patch, "relu", lambda u, w: 1.0)


@part.mutant("ReLU′ = ReLU")
def _(patch):
    _function(patch, "relu", lambda u, w: w)
