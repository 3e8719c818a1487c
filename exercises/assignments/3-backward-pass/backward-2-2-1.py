"""What grades backward-2-2-1: a square and an oblong network, several examples each."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["dW1", "db1", "dW2", "db2"])

BACKWARD = "chapter 5, “Backward”"
BATCH = "chapter 4"
MEAN = "chapter 5, “Sum or mean?”"
LOSS = "chapter 5, “Loss”"
SLOPE = "chapter 1, “Three slopes to know by heart”"
TRANSPOSE = "chapter 1, “Rows from the left, without the matrices”"
ORDER = "chapter 5, “Updating as you go”"


@key.cases
def cases(rng):
    inputs = []
    for n0, n1, n2, m in ((2, 2, 1, 1), (3, 3, 3, 5), (2, 4, 3, 4)):
        inputs.append(
            {
                "x": rng.normal(size=(n0, m)),
                "y": rng.integers(2, size=(n2, m)).astype(float),
                "W1": rng.normal(scale=0.7, size=(n1, n0)),
                "b1": rng.normal(scale=0.7, size=(n1, 1)),
                "W2": rng.normal(scale=0.7, size=(n2, n1)),
                "b2": rng.normal(scale=0.7, size=(n2, 1)),
            }
        )
    return inputs


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def slope(z, a):
    return a * (1 - a)


def passes(
    x, y, W1, b1, W2, b2, *, error=lambda a, y: a - y, out=slope, hidden=slope, back=None,
    inputs=lambda z, a: a, mean=None, bias=None,
):  # fmt: skip
    """The two passes, each line of which can be replaced by a wrong one."""
    m = x.shape[1]
    mean = mean or (lambda g: g / m)
    bias = bias or (lambda delta: delta.sum(axis=1, keepdims=True))
    z1 = W1 @ x + b1
    a1 = sigmoid(z1)
    z2 = W2 @ a1 + b2
    a2 = sigmoid(z2)
    delta2 = error(a2, y) * out(z2, a2)
    delta1 = (back(W2, delta2, a1, m) if back else W2.T @ delta2) * hidden(z1, a1)
    dW2, dW1 = mean(delta2 @ inputs(z1, a1).T), mean(delta1 @ x.T)
    return dW1, mean(bias(delta1)), dW2, mean(bias(delta2))


def mistake(name, why, read=BACKWARD, credit=0.25, **slip):
    key.slip(passes, slip, name, why, read, credit)


mistake(
    "the wrong sign, y − a",
    "The loss falls when a comes closer to y, so its derivative with respect to a is a − y.",
    error=lambda a, y: y - a,
)
mistake(
    "the sum over the examples in place of the mean",
    "The loss is a mean, so every gradient is divided by m once.",
    MEAN,
    mean=lambda g: g,
)
mistake(
    "a factor 2 too much",
    "The half in the loss cancels the 2 that differentiation brings down.",
    LOSS,
    error=lambda a, y: 2 * (a - y),
)
mistake(
    "σ′ taken at a in place of z",
    "The slope σ′(z) is a(1 − a), with a = σ(z). A σ of a is one sigmoid too many.",
    out=lambda z, a: sigmoid(a) * (1 - sigmoid(a)),
    hidden=lambda z, a: sigmoid(a) * (1 - sigmoid(a)),
)
mistake(
    "z(1 − z) in place of a(1 − a)",
    "The formula σ′ = a(1 − a) wants the activation, not the weighted input.",
    SLOPE,
    out=lambda z, a: z * (1 - z),
    hidden=lambda z, a: z * (1 - z),
)
mistake(
    "σ′ missing in the hidden layer",
    "The error comes back to the activation a₁; to reach z₁ it is multiplied by the slope there.",
    hidden=lambda z, a: 1,
)
mistake(
    "σ′ missing at the output",
    "a − y alone is the output error of cross-entropy; with the squared error σ′(z₂) stays.",
    out=lambda z, a: 1,
)


@key.mistake(
    "the mean taken twice",
    "Divide by m where the gradients are made, or divide δ by m; both together are one too many.",
    MEAN,
    0.25,
)
def _(x, y, W1, b1, W2, b2):
    return tuple(g / x.shape[1] for g in passes(x, y, W1, b1, W2, b2))


@key.mistake(
    "the mean over examples and outputs",
    "‖a − y‖² is a sum over the outputs; only the examples are averaged.",
    MEAN,
    0.25,
)
def _(x, y, W1, b1, W2, b2):
    return tuple(g / y.shape[0] for g in passes(x, y, W1, b1, W2, b2))


@key.mistake(
    "W₂ updated before the hidden error is computed",
    "δ₁ asks how the loss of this forward pass depends on z₁, and that pass used the old W₂.",
    ORDER,
    0.25,
)
def _(x, y, W1, b1, W2, b2):
    def back(W2, delta2, a1, m):
        return (W2 - delta2 @ a1.T / m).T @ delta2

    return passes(x, y, W1, b1, W2, b2, back=back)


mistake(
    "W₂ in place of its transpose",
    "W₂ carries activations forward; the error goes back through the transpose. With a square "
    "matrix both fit, and only one is right.",
    TRANSPOSE,
    back=lambda W2, delta2, a1, m: W2 @ delta2,
)


@key.mistake(
    "z₁ in place of a₁ in dW₂",
    "W₂ multiplies the activation a₁, so its gradient is δ₂ a₁ᵀ.",
    BACKWARD,
    0.5,
)
def _(x, y, W1, b1, W2, b2):
    return passes(x, y, W1, b1, W2, b2, inputs=lambda z, a: z)


@key.mistake(
    "bias gradients with one column for each example",
    "A bias is one number for all examples, so its gradient is the mean of δ over them.",
    BATCH,
    0.5,
)
def _(x, y, W1, b1, W2, b2):
    return passes(x, y, W1, b1, W2, b2, bias=lambda delta: delta * x.shape[1])


@key.mistake(
    "bias gradients summed over the units in place of the examples",
    "Each unit has a bias of its own, so the sum runs along its row, over the examples: axis=1.",
    BATCH,
    0.5,
)
def _(x, y, W1, b1, W2, b2):
    return passes(x, y, W1, b1, W2, b2, bias=lambda delta: delta.sum(axis=0, keepdims=True))


@key.alternative("loops over the examples")
def _(x, y, W1, b1, W2, b2):
    m, totals = x.shape[1], [np.zeros_like(p) for p in (W1, b1, W2, b2)]
    for k in range(m):
        a1 = sigmoid(W1 @ x[:, [k]] + b1)
        a2 = sigmoid(W2 @ a1 + b2)
        d2 = (a2 - y[:, [k]]) * a2 * (1 - a2)
        d1 = (W2.T @ d2) * a1 * (1 - a1)
        for total, part in zip(totals, (d1 @ x[:, [k]].T, d1, d2 @ a1.T, d2), strict=True):
            total += part
    return [total / m for total in totals]


@key.alternative("einsum")
def _(x, y, W1, b1, W2, b2):
    m = x.shape[1]
    a1 = sigmoid(np.einsum("ij,jk->ik", W1, x) + b1)
    a2 = sigmoid(np.einsum("ij,jk->ik", W2, a1) + b2)
    d2 = (a2 - y) * a2 * (1 - a2)
    d1 = np.einsum("ij,ik->jk", W2, d2) * a1 * (1 - a1)
    return (
        np.einsum("ik,jk->ij", d1, x) / m,
        np.einsum("ik->i", d1)[:, None] / m,
        np.einsum("ik,jk->ij", d2, a1) / m,
        np.einsum("ik->i", d2)[:, None] / m,
    )


@key.alternative("float32")
def _(x, y, W1, b1, W2, b2):
    return passes(*(np.asarray(p, np.float32) for p in (x, y, W1, b1, W2, b2)))


@key.alternative("nested lists in a dictionary")
def _(x, y, W1, b1, W2, b2):
    parts = passes(x, y, W1, b1, W2, b2)
    return {name: part.tolist() for name, part in zip(key.returns, parts, strict=True)}


@key.alternative("1/m in the error, sums after that")
def _(x, y, W1, b1, W2, b2):
    m = x.shape[1]
    return passes(x, y, W1, b1, W2, b2, error=lambda a, y: (a - y) / m, mean=lambda g: g)
