"""What grades back-through-activation: two shapes, zeros of z and large |z| among the entries."""

import math

import numpy as np

from exercises.exercise import Key

key = Key(returns=["sigmoid", "tanh", "relu"])

SLOPES = "chapter 1, “Three slopes to know by heart”"
NEURON = "chapter 1, “A neuron is a chain”"
WHERE = "chapter 1, “Where it goes wrong”"
KINK = "chapter 1, “The slope of ReLU at zero”"


@key.cases
def cases(rng):
    inputs = []
    for shape in ((3, 5), (4, 4)):
        z, r = rng.normal(scale=2, size=shape), rng.normal(size=shape)
        z[0, :2], z[1, 0], z[2, 1] = 0, 30, -30
        inputs.append({"z": z, "r": r})
    return inputs


def sigma(z):
    return 1 / (1 + np.exp(-z))


def through(z, r, *, sigmoid=None, tanh=None, relu=None):
    """The three products, each of which can be replaced by a wrong one."""
    s, t = sigma(z), np.tanh(z)
    return (
        r * s * (1 - s) if sigmoid is None else sigmoid(z, s, r),
        r * (1 - t**2) if tanh is None else tanh(z, t, r),
        r * (z > 0) if relu is None else relu(z, np.maximum(z, 0), r),
    )


mistake = key.built_of_lines(through, SLOPES, 0.5)


mistake(
    "σ′ taken at a in place of z",
    "The slope σ′(z) is a(1 − a) with a = σ(z). Another σ of a is one sigmoid too many.",
    WHERE,
    sigmoid=lambda z, a, r: r * sigma(a) * (1 - sigma(a)),
)
mistake(
    "z(1 − z) in place of a(1 − a)",
    "The short formula for σ′ wants the activation, not the weighted input.",
    sigmoid=lambda z, a, r: r * z * (1 - z),
)
mistake(
    "σ in place of its slope",
    "The nudge is multiplied by how steep σ is at z, not by how high it is.",
    sigmoid=lambda z, a, r: r * a,
)
mistake(
    "1 − a in place of 1 − a² for tanh",
    "The slope of tanh is 1 − tanh² z: the same at z and at −z, and never above 1.",
    tanh=lambda z, a, r: r * (1 - a),
)
mistake(
    "tanh′ taken at a in place of z",
    "The slope at z is 1 − a² with a = tanh z. Another tanh of a is one too many.",
    WHERE,
    tanh=lambda z, a, r: r * (1 - np.tanh(a) ** 2),
)
mistake(
    "1 − z² in place of 1 − a² for tanh",
    "The short formula for tanh′ wants the activation, not the weighted input.",
    tanh=lambda z, a, r: r * (1 - z**2),
)
mistake(
    "the sigmoid's slope a(1 − a) for tanh",
    "Each function has a formula of its own; a(1 − a) belongs to the sigmoid.",
    tanh=lambda z, a, r: r * a * (1 - a),
)
mistake(
    "ReLU's mask taken from what arrives, r > 0",
    "The unit is open or shut by its own z. What arrives may have either sign.",
    relu=lambda z, a, r: r * (r > 0),
)
mistake(
    "no mask for ReLU",
    "Where z is negative a nudge of z does not move a at all, so nothing comes back.",
    relu=lambda z, a, r: r * 1.0,
)
mistake(
    "ReLU times z in place of a mask",
    "The slope of ReLU is 0 or 1; its height, max(z, 0), belongs to the forward pass.",
    relu=lambda z, a, r: r * a,
)
mistake(
    "ReLU's slope 1 at z = 0",
    "At the kink there is no slope, and this book chooses 0; z >= 0 chooses 1.",
    KINK,
    0.75,
    relu=lambda z, a, r: r * (z >= 0),
)


@key.mistake(
    "what arrives left out",
    "The slopes are right, but they are one factor of the chain; the other is r.",
    NEURON,
    0.5,
)
def _(z, r):
    return through(z, np.ones_like(r))


@key.mistake(
    "what arrives added to the slope",
    "Along one path slopes multiply; only what comes by different paths is added.",
    NEURON,
    0.25,
)
def _(z, r):
    return tuple(r + slope for slope in through(z, np.ones_like(r)))


@key.alternative("loops over the entries")
def _(z, r):
    found = np.zeros((3, *z.shape))
    for i in range(z.shape[0]):
        for k in range(z.shape[1]):
            s, t = 1 / (1 + math.exp(-z[i, k])), math.tanh(z[i, k])
            found[0, i, k] = r[i, k] * s * (1 - s)
            found[1, i, k] = r[i, k] * (1 - t) * (1 + t)
            found[2, i, k] = r[i, k] if z[i, k] > 0 else 0
    return found[0], found[1], found[2]


@key.alternative("slopes without the activations")
def _(z, r):
    e = np.exp(-z)
    return r * e / (1 + e) ** 2, r / np.cosh(z) ** 2, r * np.heaviside(z, 0)


@key.alternative("float32")
def _(z, r):
    return through(z.astype(np.float32), r.astype(np.float32))


@key.alternative("nested lists in a dictionary")
def _(z, r):
    named = zip(("relu", "tanh", "sigmoid"), through(z, r)[::-1], strict=True)
    return {name: part.tolist() for name, part in named}


@key.alternative("a copy with zeros, tanh by way of the sigmoid")
def _(z, r):
    shut = r.copy()
    shut[z <= 0] = 0
    a, b = sigma(z), sigma(2 * z)
    return [r * (a - a * a), 4 * r * b * (1 - b), shut]


@key.alternative("einsum")
def _(z, r):
    slopes = through(z, 1)
    return tuple(np.einsum("ik,ik->ik", r, slope.astype(float)) for slope in slopes)
