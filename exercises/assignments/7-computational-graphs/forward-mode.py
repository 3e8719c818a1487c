"""What grades forward-mode: tapes with all operations, a number used twice among them."""

import math
import operator

import numpy as np

from exercises.exercise import Key

key = Key(returns=["values", "tangents"])

TANGENT = "chapter 2, “Forward instead”"
SLOPES = "chapter 1, “Three slopes to know by heart”"
STANDS = "chapter 1, “Why slopes multiply”"
TWO = "chapter 1, “Two paths: the effects add”"

TAPES = (
    (2, [["mul", 0, 1], ["sin", 2], ["div", 3, 1], ["tanh", 4], ["sub", 5, 0], ["add", 6, 2]]),
    (
        3,
        [["mul", 0, 0], ["div", 1, 2], ["sub", 3, 4], ["sin", 5], ["mul", 6, 4], ["tanh", 7],
         ["add", 8, 8], ["div", 9, 0]],
    ),
)  # fmt: skip


@key.cases
def cases(rng):
    inputs = []
    for n, tape in TAPES:
        x = rng.uniform(0.6, 1.8, size=n) * rng.choice([-1, 1], size=n)
        t = rng.uniform(0.5, 2, size=n) * rng.choice([-1, 1], size=n)
        inputs.append({"tape": tape, "x": x, "t": t})
    return inputs


VALUES = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "sin": np.sin,
    "tanh": np.tanh,
}
SLOPE = {
    "add": lambda a, b: (1, 1),
    "sub": lambda a, b: (1, -1),
    "mul": lambda a, b: (b, a),
    "div": lambda a, b: (1 / b, -a / b**2),
    "sin": lambda a: (np.cos(a),),
    "tanh": lambda a: (1 - np.tanh(a) ** 2,),
}


def move(name, slopes, tangents):
    """The tangent that an operation makes of those of its parents."""
    return sum(s * dot for s, dot in zip(slopes, tangents, strict=True))


def walk(tape, x, t, start=lambda t: t, move=move, **slopes):
    """Values and tangents; each step, and the slopes of an operation, can be replaced."""
    v, dot, slope = list(x), list(start(t)), SLOPE | slopes
    for name, *places in tape:
        at = [v[i] for i in places]
        dot.append(move(name, slope[name](*at), [dot[i] for i in places]))
        v.append(VALUES[name](*at))
    return np.array(v), np.array(dot)


mistake = key.built_of_lines(walk, TANGENT, 0.5)


mistake(
    "only the first factor moved",
    "Both factors of a product move, and both effects add.",
    TWO,
    mul=lambda a, b: (b, 0),
)
mistake(
    "each factor as its own slope",
    "A nudge of one factor is multiplied by the other one.",
    TWO,
    mul=lambda a, b: (a, b),
)
mistake(
    "a plus in the slope of a quotient",
    "A larger divisor makes the quotient smaller: its slope is −a/b².",
    div=lambda a, b: (1 / b, a / b**2),
)
mistake(
    "the square left out of a quotient's slope",
    "The slope of 1/b is −1/b², so that of a/b by b is −a/b².",
    div=lambda a, b: (1 / b, -a / b),
)
mistake(
    "a divisor that does not move",
    "The divisor has a tangent too, with the slope −a/b².",
    TWO,
    div=lambda a, b: (1 / b, 0),
)
mistake(
    "the second sign of a difference lost",
    "What is subtracted has the slope −1.",
    sub=lambda a, b: (1, 1),
)
mistake(
    "−cos for the slope of the sine",
    "The sine has the slope cos; the minus belongs to the slope of the cosine.",
    STANDS,
    sin=lambda a: (-np.cos(a),),
)
mistake(
    "the slope of the sine at the number made",
    "The slope is taken where the machine stands: at the parent, not at its sine.",
    STANDS,
    sin=lambda a: (np.cos(np.sin(a)),),
)
mistake(
    "1 − v² for tanh with the parent in place of the result",
    "The short formula for tanh′ wants the number that tanh has made.",
    SLOPES,
    tanh=lambda a: (1 - a**2,),
)
mistake(
    "the sigmoid's slope a(1 − a) for tanh",
    "Each function has a formula of its own; tanh has 1 − a².",
    SLOPES,
    tanh=lambda a: (np.tanh(a) * (1 - np.tanh(a)),),
)
mistake(
    "all inputs nudged by 1",
    "The inputs begin with the tangents t.",
    start=np.ones_like,
)


mistake(
    "the tangents multiplied in a product",
    "A product has two slopes: each factor moves it, with the other one as the slope.",
    TWO,
    move=lambda name, slopes, dot: math.prod(dot) if name == "mul" else move(name, slopes, dot),
)
mistake(
    "the slopes without the tangents of the parents",
    "A slope says what a nudge of the parent is multiplied by. The nudge is the parent's tangent.",
    credit=0.25,
    move=lambda name, slopes, dot: sum(slopes),
)


@key.alternative("dual numbers")
def _(tape, x, t):
    class Dual:
        def __init__(self, v, dot):
            self.v, self.dot = v, dot

        def __add__(self, other):
            return Dual(self.v + other.v, self.dot + other.dot)

        def __sub__(self, other):
            return Dual(self.v - other.v, self.dot - other.dot)

        def __mul__(self, other):
            return Dual(self.v * other.v, self.dot * other.v + self.v * other.dot)

        def __truediv__(self, other):
            v = self.v / other.v
            return Dual(v, (self.dot - v * other.dot) / other.v)

    do = VALUES | {
        "sin": lambda a: Dual(math.sin(a.v), math.cos(a.v) * a.dot),
        "tanh": lambda a: Dual(math.tanh(a.v), a.dot / math.cosh(a.v) ** 2),
    }
    numbers = [Dual(*pair) for pair in zip(x.tolist(), t.tolist(), strict=True)]
    for name, *places in tape:
        numbers.append(do[name](*(numbers[i] for i in places)))
    return [number.v for number in numbers], [number.dot for number in numbers]


@key.alternative("a walk for each input, and their sum")
def _(tape, x, t):
    parts = [walk(tape, x, e)[1] * t_k for e, t_k in zip(np.eye(len(x)), t, strict=True)]
    return walk(tape, x, t)[0], np.sum(parts, axis=0)


@key.alternative("complex numbers with a tiny imaginary part")
def _(tape, x, t):
    v = list(x + 1e-30j * t)
    for name, *places in tape:
        v.append(VALUES[name](*(v[i] for i in places)))
    return np.real(v), np.imag(v) / 1e-30


@key.alternative("float32")
def _(tape, x, t):
    return [part.astype(np.float32) for part in walk(tape, x, t)]


@key.alternative("arrays filled line by line, in a dictionary")
def _(tape, x, t):
    N = len(x) + len(tape)
    v, dot = np.zeros(N), np.zeros(N)
    v[: len(x)], dot[: len(x)] = x, t
    for k, (name, *places) in enumerate(tape, len(x)):
        at = v[places]
        v[k] = VALUES[name](*at)
        dot[k] = np.dot(SLOPE[name](*at), dot[places])
    return {"tangents": dot, "values": v.tolist()}
