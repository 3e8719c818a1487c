"""What grades deep-backward: three layers, oblong and square, and one layer alone."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["dW[]", "db[]"])

EQUATIONS = "chapter 4"
SLOPES = "chapter 1, “Three slopes to know by heart”"
ROWS = "chapter 1, “Rows from the left, without the matrices”"
MEAN = "chapter 5, “Sum or mean?”"
BACKWARD = "chapter 5, “Backward”"


@key.cases
def cases(rng):
    inputs = []
    for widths, m in (((2, 4, 3, 2), 4), ((3, 3, 3, 3), 5), ((3, 2), 3)):
        shapes = list(zip(widths[1:], widths[:-1], strict=True))
        inputs.append(
            {
                "x": rng.normal(size=(widths[0], m)),
                "y": rng.normal(size=(widths[-1], m)),
                "W": [rng.normal(scale=0.6, size=shape) for shape in shapes],
                "b": [rng.normal(size=(n, 1)) for n, _ in shapes],
            }
        )
    return inputs


def column_sum(delta, m):
    return delta.sum(axis=1, keepdims=True)


def passes(
    x, y, W, b, *, error=lambda a, y: a - y, last=lambda z: z, out=None,
    hidden=lambda z, a: 1 - a**2, back=lambda W, delta, dW: W.T @ delta,
    inputs=lambda z, a: a, weights=lambda delta, a: delta @ a.T, mean=None, bias=column_sum,
):  # fmt: skip
    """The two passes, each line of which can be replaced by a wrong one."""
    m = x.shape[1]
    mean = mean or (lambda g: g / m)
    z, a = [x], [x]
    for l, (W_l, b_l) in enumerate(zip(W, b, strict=True), 1):
        z.append(W_l @ a[-1] + b_l)
        a.append(np.tanh(z[-1]) if l < len(W) else last(z[-1]))
    delta = error(a[-1], y) * (out(a[-1]) if out else 1)
    dW, db = [], []
    for l in reversed(range(len(W))):
        before = inputs(z[l], a[l]) if l else x
        dW.insert(0, mean(weights(delta, before)))
        db.insert(0, mean(bias(delta, m)))
        if l:
            delta = back(W[l], delta, dW[0]) * hidden(z[l], a[l])
    return dW, db


mistake = key.built_of_lines(passes, EQUATIONS, 0.25)


mistake(
    "the wrong sign, y − a",
    "The loss falls when a comes closer to y, so its derivative with respect to a is a − y.",
    BACKWARD,
    error=lambda a, y: y - a,
)
mistake(
    "the sum over the examples in place of the mean",
    "The loss is a mean, so every gradient is divided by m once.",
    MEAN,
    mean=lambda g: g,
)
mistake(
    "tanh′ taken at a in place of z",
    "The slope at z is 1 − a² with a = tanh z. Another tanh of a is one too many.",
    hidden=lambda z, a: 1 - np.tanh(a) ** 2,
)
mistake(
    "1 − z² in place of 1 − a²",
    "The short formula for tanh′ wants the activation, not the weighted input.",
    SLOPES,
    hidden=lambda z, a: 1 - z**2,
)
mistake(
    "the slopes missing in the hidden layers",
    "The error comes back to the activation of a layer; to reach z it is multiplied by the "
    "slope there.",
    hidden=lambda z, a: 1,
)
mistake(
    "a slope of tanh at the linear output",
    "The last layer hands z on as it is, so its slope is 1 and δ is a − y.",
    out=lambda a: 1 - a**2,
)
mistake(
    "tanh in the last layer too",
    "The last layer is linear: a = z there, and its slope is 1.",
    last=np.tanh,
    out=lambda a: 1 - a**2,
)
mistake(
    "W in place of its transpose",
    "W carries activations forward; the error goes back through the transpose. With a square "
    "matrix both fit, and only one is right.",
    ROWS,
    back=lambda W, delta, dW: W @ delta,
)
mistake(
    "dW in place of W on the way back",
    "What carried the activation forward carries the error back: the weight, not its gradient.",
    BACKWARD,
    back=lambda W, delta, dW: dW.T @ delta,
)
mistake(
    "dW transposed",
    "Row i of dW belongs to unit i of the layer, so δ comes first: δ aᵀ. With a square matrix "
    "only the values tell.",
    credit=0.5,
    weights=lambda delta, a: a @ delta.T,
)
mistake(
    "z in place of a in dW",
    "A weight multiplies the activation behind it, so its gradient is δ times that activation.",
    BACKWARD,
    0.5,
    inputs=lambda z, a: z,
)
mistake(
    "bias gradients with one column for each example",
    "A bias is one number for all examples, so its gradient is the mean of δ over them.",
    MEAN,
    0.5,
    bias=lambda delta, m: delta,
)
mistake(
    "bias gradients without a second axis",
    "b has the shape (n, 1). A gradient of shape (n,) is a row to NumPy, and b − η db would be a "
    "square matrix: sum with keepdims=True.",
    MEAN,
    0.5,
    bias=lambda delta, m: delta.sum(axis=1),
)
mistake(
    "the mean taken twice in the bias gradients",
    "delta.mean(axis=1) divides by m already; divided by m once more it is too small.",
    MEAN,
    0.5,
    bias=lambda delta, m: column_sum(delta, m) / m,
)


@key.mistake(
    "the lists in the order of the way back",
    "The last layer's gradients are made first, but the lists begin with those of the first "
    "layer, as W and b do.",
    EQUATIONS,
    0.75,
)
def _(x, y, W, b):
    dW, db = passes(x, y, W, b)
    return dW[::-1], db[::-1]


key.clue(
    "dW[2] dW[1] db[2] db[1]",
    "dW[0] db[0]",
    "The second layer's gradients are right and the first's are not: the fault lies on the "
    "way between their errors, or in what is special in the first layer.",
)
key.clue(
    "dW[2] db[2]",
    "dW[1] db[1]",
    "The last layer's gradients are right and those below are not: the fault lies on the "
    "way from one error to the next, in Wᵀ δ or in the slope of tanh.",
)
key.clue(
    "db[2] db[1] db[0]",
    "dW[2] dW[1]",
    "The db are right, so the errors are too: only the products that make dW of them are left.",
)
key.clue(
    "dW[2] dW[1] dW[0]",
    "db[2] db[1]",
    "The dW are right, so the errors are too: only what makes db of them is left.",
)


@key.alternative("loops over the examples")
def _(x, y, W, b):
    m = x.shape[1]
    dW, db = [np.zeros(W_l.shape) for W_l in W], [np.zeros(b_l.shape) for b_l in b]
    for k in range(m):
        one = passes(x[:, [k]], y[:, [k]], W, b)
        for totals, parts in zip((dW, db), one, strict=True):
            for total, part in zip(totals, parts, strict=True):
                total += part / m
    return dW, db


@key.alternative("recursion from the first layer")
def _(x, y, W, b):
    def below(a, l):
        z = W[l] @ a + b[l]
        if l == len(W) - 1:
            delta, dW, db = (z - y) / x.shape[1], [], []
        else:
            up, dW, db = below(np.tanh(z), l + 1)
            delta = up / np.cosh(z) ** 2
        return W[l].T @ delta, [delta @ a.T, *dW], [delta.sum(1, keepdims=True), *db]

    return below(x, 0)[1:]


@key.alternative("einsum, dictionaries of tuples")
def _(x, y, W, b):
    dW, db = passes(
        x, y, W, b,
        back=lambda W, delta, dW: np.einsum("ij,ik->jk", W, delta),
        weights=lambda delta, a: np.einsum("ik,jk->ij", delta, a),
        bias=lambda delta, m: np.einsum("ik->i", delta)[:, None],
    )  # fmt: skip
    return {"db": tuple(db), "dW": tuple(dW)}


@key.alternative("float32")
def _(x, y, W, b):
    low = [x.astype(np.float32), y.astype(np.float32)]
    return passes(*low, *([p.astype(np.float32) for p in part] for part in (W, b)))


@key.alternative("nested lists, made by iterators")
def _(x, y, W, b):
    return (map(np.ndarray.tolist, part) for part in passes(x, y, W, b))


@key.alternative("biases as weights on an input of ones")
def _(x, y, W, b):
    m = x.shape[1]
    V = [np.hstack(pair) for pair in zip(W, b, strict=True)]
    a = [np.vstack([x, np.ones((1, m))])]
    for V_l in V[:-1]:
        a.append(np.vstack([np.tanh(V_l @ a[-1]), np.ones((1, m))]))
    delta, dV = V[-1] @ a[-1] - y, [None] * len(V)
    for l in range(len(V) - 1, -1, -1):
        dV[l] = delta @ a[l].T / m
        delta = ((V[l].T @ delta) * (1 - a[l] ** 2))[:-1]
    return [d[:, :-1] for d in dV], [d[:, -1:] for d in dV]
