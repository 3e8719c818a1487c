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
    x, y, W1, b1, W2, b2, *, error=lambda a, y: a - y, factor=1, out=slope, hidden=slope,
    back=lambda W2, delta2, dW2: W2.T @ delta2, inputs=lambda z, a: a,
    mean=lambda g, m, n: g / m, bias=lambda delta, m: delta.sum(axis=1, keepdims=True),
):  # fmt: skip
    """The two passes, each line of which can be replaced by a wrong one."""
    n, m = y.shape
    z1 = W1 @ x + b1
    a1 = sigmoid(z1)
    z2 = W2 @ a1 + b2
    a2 = sigmoid(z2)
    delta2 = factor * error(a2, y) * out(z2, a2)
    dW2 = mean(delta2 @ inputs(z1, a1).T, m, n)
    delta1 = back(W2, delta2, dW2) * hidden(z1, a1)
    dW1 = mean(delta1 @ x.T, m, n)
    return dW1, mean(bias(delta1, m), m, n), dW2, mean(bias(delta2, m), m, n)


mistake = key.built_of_lines(passes, BACKWARD, 0.25)


mistake(
    "the wrong sign, y − a",
    "The loss falls when a comes closer to y, so its derivative with respect to a is a − y.",
    error=lambda a, y: y - a,
)
mistake(
    "the sum over the examples in place of the mean",
    "The loss is a mean, so every gradient is divided by m once.",
    MEAN,
    mean=lambda g, m, n: g,
)
mistake(
    "a factor 2 too much",
    "The half in the loss cancels the 2 that differentiation brings down.",
    LOSS,
    factor=2,
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


mistake(
    "the mean taken twice",
    "Divide by m where the gradients are made, or divide δ by m; both together are one too many.",
    MEAN,
    mean=lambda g, m, n: g / m**2,
)
mistake(
    "the mean over examples and outputs",
    "‖a − y‖² is a sum over the outputs; only the examples are averaged.",
    MEAN,
    mean=lambda g, m, n: g / m / n,
)
mistake(
    "W₂ updated before the hidden error is computed",
    "δ₁ asks how the loss of this forward pass depends on z₁, and that pass used the old W₂.",
    ORDER,
    back=lambda W2, delta2, dW2: (W2 - dW2).T @ delta2,
)
mistake(
    "dW₂ in place of W₂ in the hidden error",
    "What carried the activation forward carries the error back: the weight, not its gradient.",
    back=lambda W2, delta2, dW2: dW2.T @ delta2,
)
mistake(
    "W₂ in place of its transpose",
    "W₂ carries activations forward; the error goes back through the transpose. With a square "
    "matrix both fit, and only one is right.",
    TRANSPOSE,
    back=lambda W2, delta2, dW2: W2 @ delta2,
)
mistake(
    "σ′ taken at a₁ in place of z₁, in the hidden layer alone",
    "The slope σ′(z₁) is a₁(1 − a₁). A σ of a₁ is one sigmoid too many.",
    hidden=lambda z, a: sigmoid(a) * (1 - sigmoid(a)),
)
mistake(
    "z₁(1 − z₁) in the hidden layer alone",
    "The formula σ′ = a(1 − a) wants the activation, in this layer as at the output.",
    SLOPE,
    hidden=lambda z, a: z * (1 - z),
)
mistake(
    "z₁ in place of a₁ in dW₂",
    "W₂ multiplies the activation a₁, so its gradient is δ₂ a₁ᵀ.",
    credit=0.5,
    inputs=lambda z, a: z,
)
mistake(
    "bias gradients with one column for each example",
    "A bias is one number for all examples, so its gradient is the mean of δ over them.",
    BATCH,
    0.5,
    bias=lambda delta, m: delta * m,
)
mistake(
    "bias gradients summed over the units in place of the examples",
    "Each unit has a bias of its own, so the sum runs along its row, over the examples: axis=1.",
    BATCH,
    0.5,
    bias=lambda delta, m: delta.sum(axis=0, keepdims=True),
)
mistake(
    "bias gradients without a second axis",
    "b has the shape (n, 1). A gradient of shape (n,) is a row to NumPy, and b − η db would be a "
    "square matrix: sum with keepdims=True.",
    BATCH,
    0.5,
    bias=lambda delta, m: delta.sum(axis=1),
)


key.clue(
    "dW1 dW2 db2",
    "db1",
    "dW1 is right, so δ₁ is too: only what makes db₁ of it is left.",
)
key.clue(
    "dW2 db1 db2",
    "dW1",
    "db₁ is right, so δ₁ is too: only its product with xᵀ is left.",
)
key.clue(
    "dW2 db2",
    "dW1 db1",
    "dW₂ and db₂ are right, so δ₂ is too; the fault lies on the way from δ₂ to δ₁: in W₂ᵀ "
    "δ₂ or in the slope σ′(z₁).",
)
key.clue(
    "dW1 db1 db2",
    "dW2",
    "The errors are right; only the product that makes dW₂ is left, δ₂ a₁ᵀ.",
)
key.clue(
    "dW1 db1 dW2",
    "db2",
    "dW₂ is right, so δ₂ is too: only what makes db₂ of it is left.",
)


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
    return passes(x, y, W1, b1, W2, b2, error=lambda a, y: (a - y) / m, mean=lambda g, m, n: g)
