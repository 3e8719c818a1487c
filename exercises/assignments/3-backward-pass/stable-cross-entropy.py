"""What grades stable-cross-entropy: more examples than outputs, as many, and |z| up to 3000."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["loss", "delta"])

LARGE = "chapter 6, “Numbers too large”"
ERROR = "chapter 6, “Why δ is a − y”"
CHANCE = "chapter 6, “Yes or no”"
SUM = "chapter 6, “½, mean, sum”"
CLIP = "chapter 6, “Clipping the logarithm is harmless”"


@key.cases
def cases(rng):
    inputs = []
    for n, m in ((3, 5), (4, 4), (2, 3), (2, 4), (2, 5)):
        y = rng.integers(2, size=(n, m)).astype(float)
        y[0] = rng.integers(1, 8, size=m) / 8  # not sure; eighths, so that float32 has them too
        y[0, 1] = 0.375
        inputs.append({"z": rng.normal(scale=2, size=(n, m)), "y": y})
    negative, positive, both = inputs[2:]
    negative["z"][:, 0], negative["y"][:, 0] = rng.permutation([-1000, -3000]), 1
    positive["z"][:, 0], positive["y"][:, 0] = rng.permutation([1000, 1300]), 0
    both["z"][:, 0], both["y"][:, 0] = (3000, -2000), (1, 0)  # certain and right
    both["z"][:, 2], both["y"][:, 2] = (-2000, 2500), (1, 0)  # certain and wrong
    return inputs


def sigmoid(z):
    small = np.exp(-abs(z))
    return np.where(z > 0, 1, small) / (1 + small)


def softplus(z):
    return np.logaddexp(0, z)


def total(losses):
    return losses.sum() / losses.shape[1]


def by_logarithms(a, y):
    return total(-y * np.log(a) - (1 - y) * np.log(1 - a))


def mistake(name, why, read=ERROR, credit=0.5, loss=None, delta=None):
    """Register a wrong loss or a wrong δ, each made of z, a and y."""

    @key.mistake(name, why, read, credit)
    def _(z, y):
        a = sigmoid(z)
        return (
            loss(z, a, y) if loss else total(softplus(z) - y * z),
            delta(z, a, y) if delta else a - y,
        )


for eps, shown in ((1e-7, "10⁻⁷"), (1e-12, "10⁻¹²")):
    mistake(
        f"a kept {shown} away from 0 and 1",
        "The loss of a certain and wrong answer grows like |z|. Clipped, or with a small number "
        "added to a, it stops growing. Write the logarithm in z, and it never is that of 0.",
        CLIP,
        0.5,
        loss=lambda z, a, y, eps=eps: by_logarithms(np.clip(a, eps, 1 - eps), y),
    )
mistake(
    "the logarithm of an a that has become 0 or 1",
    "σ(−1000) is 0 in floating point, and σ(50) is 1. Write log a and log(1 − a) in z, and a is "
    "not needed for the loss.",
    LARGE,
    0.5,
    loss=lambda z, a, y: by_logarithms(a, y),
)
mistake(
    "log(1 + eᶻ) computed as it stands",
    "e to the 1000 is infinite in floating point. Take the larger of 0 and z out first.",
    LARGE,
    0.5,
    loss=lambda z, a, y: total(np.log(1 + np.exp(z)) - y * z),
)
mistake(
    "eᶻ/(1 + eᶻ) computed as it stands",
    "∞/∞ is no number. For positive z divide both by eᶻ: 1/(1 + e⁻ᶻ) has no large exponent there.",
    LARGE,
    0.5,
    delta=lambda z, a, y: np.exp(z) / (1 + np.exp(z)) - y,
)
mistake(
    "the largest z of each column taken out of all its logarithms",
    "Every output has a log-sum-exp of its own, of 0 and its z. With another output's maximum both "
    "exponentials can become 0, and then so does their sum.",
    LARGE,
    0.5,
    loss=lambda z, a, y: total(shifted(z, np.maximum(z.max(axis=0, keepdims=True), 0)) - y * z),
)
mistake(
    "z shifted by the maximum but not the 1",
    "The 1 is e to the 0, and is shifted like z: it becomes e to the −max(z, 0).",
    LARGE,
    0.5,
    loss=lambda z, a, y: total(np.maximum(z, 0) + np.log(1 + np.exp(z - np.maximum(z, 0))) - y * z),
)
mistake(
    "the sum over the examples in place of the mean",
    "The loss is the mean over the m examples.",
    SUM,
    0.5,
    loss=lambda z, a, y: (softplus(z) - y * z).sum(),
)
mistake(
    "the mean over examples and outputs",
    "For each example the sum runs over the outputs; only the examples are averaged. np.mean over "
    "all entries divides by the number of outputs too.",
    SUM,
    0.5,
    loss=lambda z, a, y: np.mean(softplus(z) - y * z),
)
mistake(
    "the mean over the examples in δ already",
    "Each column of δ belongs to its own example; 1/m comes in where the gradients are made. "
    "In both places it is one too many.",
    SUM,
    0.75,
    delta=lambda z, a, y: (a - y) / y.shape[1],
)
mistake(
    "the wrong sign, y − a",
    "Raising z lowers the loss where the answer is below the target, so δ is negative there.",
    delta=lambda z, a, y: y - a,
)
mistake(
    "a − y multiplied by a(1 − a)",
    "a − y is the whole error already: the slope of the sigmoid has cancelled against that of the "
    "logarithm. With a(1 − a) it is the error of the squared error.",
    delta=lambda z, a, y: (a - y) * a * (1 - a),
)
mistake(
    "the loss without its second term, (1 − y) log(1 − a)",
    "An answer of 1 where 0 was right would cost nothing. The second term belongs to the noes.",
    CHANCE,
    0.25,
    loss=lambda z, a, y: total(y * softplus(-z)),
)
mistake(
    "the wrong sign on the second term of the loss",
    "The minus stands before the whole bracket: both terms are costs, −y log a and "
    "−(1 − y) log(1 − a).",
    CHANCE,
    0.5,
    loss=lambda z, a, y: total(y * softplus(-z) - (1 - y) * softplus(z)),
)
mistake(
    "what the output decides, 0 or 1, in place of its answer in δ",
    "δ is a − y with the probability a. Rounded, it says nothing about how far off the answer is.",
    delta=lambda z, a, y: (a > 0.5) - y,
)
for base, shown in ((10, "log₁₀"), (2, "log₂")):
    mistake(
        f"{shown} in place of the natural logarithm",
        "δ = a − y belongs to the natural logarithm, np.log; with another base it has a factor.",
        CHANCE,
        0.75,
        loss=lambda z, a, y, base=base: total(softplus(z) - y * z) / np.log(base),
    )


def shifted(z, M):
    return M + np.log(np.exp(-M) + np.exp(z - M))


@key.mistake(
    "softmax in place of sigmoids",
    "Each output answers its own question; they need not add up to 1.",
    "chapter 6, “One of several”",
    0.25,
)
def _(z, y):
    z = z - z.max(axis=0, keepdims=True)
    log_a = z - np.log(np.exp(z).sum(axis=0, keepdims=True))
    return -np.sum(y * log_a) / z.shape[1], np.exp(log_a) - y


key.clue(
    "delta",
    "loss",
    "δ is right, so the sigmoid is too: only the terms of the loss, their sum or their mean "
    "are left.",
)
key.clue(
    "loss",
    "delta",
    "The loss is right, so only the sigmoid and a − y are left.",
)


@key.alternative("logaddexp")
def _(z, y):
    return (np.logaddexp(0, z) - y * z).sum(axis=0).mean(), np.exp(-np.logaddexp(0, -z)) - y


@key.alternative("two logarithms of the sigmoid, each from z")
def _(z, y):
    log_a, log_not_a = -np.logaddexp(0, -z), -np.logaddexp(0, z)
    with np.errstate(over="ignore"):
        a = 1 / (1 + np.exp(-z))
    return -np.sum(y * log_a + (1 - y) * log_not_a) / z.shape[1], a - y


@key.alternative("the hyperbolic tangent")
def _(z, y):
    losses = np.maximum(z, 0) - y * z + np.log(1 + np.exp(-np.abs(z)))
    return np.mean(np.sum(losses, axis=0)), (1 + np.tanh(z / 2)) / 2 - y


@key.alternative("loops and the math of Python")
def _(z, y):
    delta, loss = np.zeros(z.shape), 0.0
    for (i, k), value in np.ndenumerate(z):
        small = float(np.exp(-abs(value)))
        a = 1 / (1 + small) if value > 0 else small / (1 + small)
        delta[i, k] = a - y[i, k]
        loss += max(value, 0) + float(np.log(1 + small)) - y[i, k] * value
    return loss / z.shape[1], delta


@key.alternative("softmax of 0 and z")
def _(z, y):
    both = np.stack([np.zeros_like(z), z])
    both = both - both.max(axis=0)
    log_p = both - np.log(np.exp(both).sum(axis=0))
    return -np.sum((1 - y) * log_p[0] + y * log_p[1]) / z.shape[1], np.exp(log_p[1]) - y


@key.alternative("float32")
def _(z, y):
    z, y = z.astype(np.float32), y.astype(np.float32)
    return total(softplus(z) - y * z), sigmoid(z) - y


@key.alternative("nested lists in a dictionary, the loss as an array")
def _(z, y):
    loss = total(softplus(z) - y * z)
    return {"delta": (sigmoid(z) - y).tolist(), "loss": np.array([[loss]])}
