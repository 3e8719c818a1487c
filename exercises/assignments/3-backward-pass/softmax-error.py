"""What grades softmax-error: more examples than classes, as many, and one with z = 1000."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["loss", "delta"])

SOFTMAX = "chapter 4"
MEAN = "chapter 5, “Sum or mean?”"
BACKWARD = "chapter 5, “Backward”"


@key.cases
def cases(rng):
    inputs = []
    for n, m in ((3, 5), (4, 4), (3, 4)):
        labels = rng.integers(n, size=m)
        inputs.append(
            {"z": rng.normal(scale=2, size=(n, m)), "y": np.eye(n)[:, labels]},
        )
    z, y = inputs[-1].values()  # whole numbers, so that float32 has them too
    z[:, 0] = 1000 - rng.permutation(3)
    z[:, 1] = rng.permutation([1000, 998, 200])
    y[:, 1] = z[:, 1] == 200
    return inputs


def softmax(z, axis=0):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(z, axis=0):
    z = z - z.max(axis=axis, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def cross_entropy(log_a, y):
    return -np.sum(y * log_a) / y.shape[1]


def mistake(name, why, read=SOFTMAX, credit=0.25, loss=None, delta=None):
    """Register a wrong loss or a wrong δ, each made of z, a and y."""

    @key.mistake(name, why, read, credit)
    def _(z, y):
        a = softmax(z)
        return (
            loss(z, a, y) if loss else cross_entropy(log_softmax(z), y),
            delta(z, a, y) if delta else a - y,
        )


mistake(
    "the wrong sign, y − a",
    "Raising z of the right class lowers the loss, so δ is negative there: a − 1.",
    credit=0.5,
    delta=lambda z, a, y: y - a,
)
mistake(
    "the mean over the examples in δ already",
    "Each column of δ belongs to its own example; 1/m comes in where the gradients are made. "
    "In both places it is one too many.",
    MEAN,
    0.75,
    delta=lambda z, a, y: (a - y) / y.shape[1],
)
mistake(
    "the sum over the examples in place of the mean",
    "The loss is the mean over the m examples.",
    MEAN,
    0.5,
    loss=lambda z, a, y: cross_entropy(log_softmax(z), y) * y.shape[1],
)
mistake(
    "the mean over examples and classes",
    "For each example the sum runs over the classes; only the examples are averaged. np.mean "
    "over all entries divides by the number of classes too.",
    MEAN,
    0.5,
    loss=lambda z, a, y: cross_entropy(log_softmax(z), y) / len(y),
)
mistake(
    "the binary cross-entropy",
    "The terms (1 − y) log(1 − a) belong to outputs that are independent yes-or-no answers. Here "
    "the right class alone counts.",
    credit=0.5,
    loss=lambda z, a, y: -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a)) / y.shape[1],
)
mistake(
    "only the diagonal of softmax's Jacobian",
    "Raising one z lowers all other activations of the column, so every entry of the loss's "
    "slope takes part in every entry of δ. ⊙ with a(1 − a) is for units that do not mix.",
    delta=lambda z, a, y: -y * (1 - a),
)
mistake(
    "a − y multiplied by a(1 − a)",
    "a − y is the whole error already: the slope of softmax has cancelled against that of the "
    "logarithm.",
    delta=lambda z, a, y: (a - y) * a * (1 - a),
)
mistake(
    "a in place of a − y",
    "The activation alone does not know what was wanted; δ is a − y.",
    BACKWARD,
    delta=lambda z, a, y: a,
)
mistake(
    "the logarithm of a probability that has become 0",
    "e to the −800 is 0 in floating point, and its logarithm infinite. log a is z minus the "
    "logarithm of Σ eᶻ, and never needs a.",
    "",
    0.75,
    loss=lambda z, a, y: cross_entropy(np.log(a), y),
)

for base, shown in ((10, "log₁₀"), (2, "log₂")):
    mistake(
        f"{shown} in place of the natural logarithm",
        "δ = a − y belongs to the natural logarithm, np.log; with another base it has a factor.",
        SOFTMAX,
        0.75,
        loss=lambda z, a, y, base=base: cross_entropy(log_softmax(z), y) / np.log(base),
    )


@key.mistake(
    "softmax over all entries at once",
    "Every column is an example with probabilities of its own that add up to 1: the sum runs along "
    "axis=0, with keepdims=True.",
    SOFTMAX,
    0.25,
)
def _(z, y):
    return cross_entropy(log_softmax(z, axis=None), y), softmax(z, axis=None) - y


@key.mistake(
    "softmax over the examples in place of the classes",
    "The probabilities of one example, a column, add up to 1: the sum runs along axis=0.",
    SOFTMAX,
    0.25,
)
def _(z, y):
    return cross_entropy(log_softmax(z, axis=1), y), softmax(z, axis=1) - y


@key.mistake(
    "softmax applied twice",
    "z goes through softmax once. A second one squeezes all probabilities towards each other.",
    SOFTMAX,
    0.25,
)
def _(z, y):
    a = softmax(z)
    return cross_entropy(log_softmax(a), y), softmax(a) - y


@key.mistake(
    "a sigmoid in place of softmax",
    "Sigmoids look at each entry alone, and a column of them does not add up to 1.",
    SOFTMAX,
    0.25,
)
def _(z, y):
    a = 1 / (1 + np.exp(-z))
    return cross_entropy(np.log(a), y), a - y


@key.mistake(
    "eᶻ computed without subtracting the largest entry",
    "e to the 1000 is infinite in floating point. Subtract the largest entry of each column first: "
    "the quotient is the same.",
    "",
    0.5,
)
def _(z, y):
    a = np.exp(z) / np.exp(z).sum(axis=0, keepdims=True)
    return cross_entropy(np.log(a), y), a - y


@key.mistake(
    "the largest entry of all columns subtracted",
    "A column far below the largest entry of another becomes e to the −1000, which is 0, and 0/0 "
    "is no number. Each column needs its own maximum, axis=0.",
    "",
    0.5,
)
def _(z, y):
    z = z - z.max()
    a = np.exp(z) / np.exp(z).sum(axis=0, keepdims=True)
    return cross_entropy(z - np.log(np.exp(z).sum(axis=0, keepdims=True)), y), a - y


key.clue(
    "delta",
    "loss",
    "δ is right, so softmax is too: only the logarithm, the sum or the mean of the loss are left.",
)
key.clue(
    "loss",
    "delta",
    "The loss is right, so softmax is too: only what makes δ of it is left, a − y.",
)


@key.alternative("loops over the examples")
def _(z, y):
    delta, total = np.zeros(z.shape), 0.0
    for k in range(z.shape[1]):
        shifted = z[:, k] - max(z[:, k])
        e = [float(np.exp(s)) for s in shifted]
        right = int(np.argmax(y[:, k]))
        total += np.log(sum(e)) - shifted[right]
        delta[:, k] = [e_i / sum(e) - y_i for e_i, y_i in zip(e, y[:, k], strict=True)]
    return total / z.shape[1], delta


@key.alternative("the whole Jacobian of each example, times −y/a")
def _(z, y):
    delta = np.zeros(z.shape)
    for k in range(z.shape[1]):
        a = softmax(z[:, [k]])
        J = np.diag(a[:, 0]) - a @ a.T
        slope = -y[:, [k]] / np.maximum(a, 1e-300)
        usable = a[y[:, k] == 1].item() > 1e-300
        delta[:, [k]] = J.T @ slope if usable else a - y[:, [k]]
    return cross_entropy(log_softmax(z), y), delta


@key.alternative("labels picked by their numbers, late division")
def _(z, y):
    labels, columns = y.argmax(axis=0), np.arange(y.shape[1])
    delta = softmax(z)
    delta[labels, columns] -= 1
    total = np.logaddexp.reduce(z, axis=0).sum() - z[labels, columns].sum()
    return total / y.shape[1], delta


@key.alternative("einsum")
def _(z, y):
    log_a = log_softmax(z)
    return -np.einsum("ik,ik->", y, log_a) / z.shape[1], np.exp(log_a) - y


@key.alternative("float32")
def _(z, y):
    z, y = z.astype(np.float32), y.astype(np.float32)
    return cross_entropy(log_softmax(z), y), softmax(z) - y


@key.alternative("nested lists in a dictionary, the loss as an array")
def _(z, y):
    loss = cross_entropy(log_softmax(z), y)
    return {"delta": (softmax(z) - y).tolist(), "loss": np.array([[loss]])}


@key.alternative("examples as rows")
def _(z, y):
    rows = z.T - z.T.max(axis=1, keepdims=True)
    e = np.exp(rows)
    losses = np.log(e.sum(axis=1)) - (rows * y.T).sum(axis=1)
    return losses.mean(), (e / e.sum(axis=1, keepdims=True)).T - y
