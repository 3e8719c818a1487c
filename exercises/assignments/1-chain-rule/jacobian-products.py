"""What grades jacobian-products: one, two and three layers, oblong and square."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["Jt", "JTr"])

SLOPES = "chapter 1, “Three slopes to know by heart”"
VECTORS = "chapter 1, “Vectors: Jacobians multiply”"
ROWS = "chapter 1, “Rows from the left, without the matrices”"
COLUMNS = "chapter 1, “Columns from the right”"
WHERE = "chapter 1, “Where it goes wrong”"


@key.cases
def cases(rng):
    inputs = []
    for widths, m in (((3, 5, 4, 2), 4), ((3, 3, 3), 5), ((4, 2), 2)):
        shapes = list(zip(widths[1:], widths[:-1], strict=True))
        inputs.append(
            {
                "x": rng.normal(size=(widths[0], m)),
                "t": rng.normal(size=(widths[0], m)),
                "r": rng.normal(size=(widths[-1], m)),
                "W": [rng.normal(scale=0.6, size=shape) for shape in shapes],
                "b": [rng.normal(size=(n, 1)) for n, _ in shapes],
            }
        )
    return inputs


def forward(x, W, b):
    """Return the weighted inputs, and the activations from x on."""
    z, a = [], [x]
    for W_l, b_l in zip(W, b, strict=True):
        z.append(W_l @ a[-1] + b_l)
        a.append(np.tanh(z[-1]))
    return z, a


def tangent(z, a):
    return 1 - a**2


def one_layer_forth(W, b, slope, t):
    return slope * (W @ t)


def one_layer_back(W, slope, r):
    return W.T @ (slope * r)


def passes(
    x, t, r, W, b, *, slope=tangent, forth=one_layer_forth, back=one_layer_back,
    order=reversed, kept=None,
):  # fmt: skip
    """Both products, each step of which can be replaced by a wrong one."""
    z, a = forward(x, W, b)
    slopes = [slope(z_l, a_l) for z_l, a_l in zip(z, a[1:], strict=True)]
    for W_l, b_l, slope_l in zip(W, b, slopes, strict=True):
        t = forth(W_l, b_l, slope_l, t)
    layers = list(zip(W, kept(slopes) if kept else slopes, strict=True))
    for W_l, slope_l in order(layers):
        r = back(W_l, slope_l, r)
    return t, r


mistake = key.built_of_lines(passes, ROWS, 0.25)


mistake(
    "the slopes of tanh left out",
    "A layer contributes D W, and D holds its slopes. W alone is a layer without activation.",
    VECTORS,
    slope=lambda z, a: 1,
)
mistake(
    "tanh′ taken at a in place of z",
    "The slope at z is 1 − a² with a = tanh z. Another tanh of a is one too many.",
    WHERE,
    slope=lambda z, a: 1 - np.tanh(a) ** 2,
)
mistake(
    "1 − z² in place of 1 − a²",
    "The short formula for tanh′ wants the activation, not the weighted input.",
    SLOPES,
    slope=lambda z, a: 1 - z**2,
)
mistake(
    "1 − a in place of 1 − a²",
    "The slope of tanh is 1 − tanh² z: the same at z and at −z, and never above 1.",
    SLOPES,
    slope=lambda z, a: 1 - a,
)
mistake(
    "the last layer's slope left out on the way back",
    "The last layer has an activation too, so r meets its slopes before it meets its W.",
    credit=0.5,
    kept=lambda slopes: [*slopes[:-1], 1],
)
mistake(
    "W in place of its transpose on the way back",
    "J r and Jᵀ r differ. Where W is square both can be computed, and only one is asked for.",
    credit=0.5,
    back=lambda W, slope, r: W @ (slope * r),
)
mistake(
    "W before the slopes on the way back",
    "(D W)ᵀ r is Wᵀ (D r): transposing turns the order round, so the slopes come first.",
    credit=0.5,
    back=lambda W, slope, r: slope * (W.T @ r),
)
mistake(
    "the layers taken from first to last on the way back",
    "r belongs to the outputs, so the last layer is the first that it meets.",
    credit=0.5,
    order=list,
)
mistake(
    "the bias added to the direction t",
    "Moving the input does not move the bias. The Jacobian of W a + b is W.",
    COLUMNS,
    0.5,
    forth=lambda W, b, slope, t: slope * (W @ t + b),
)
mistake(
    "the direction t sent through tanh",
    "A direction is multiplied by the slope of tanh at z; tanh itself is for the activations.",
    COLUMNS,
    0.5,
    forth=lambda W, b, slope, t: np.tanh(W @ t),
)


@key.mistake(
    "the slopes one layer off on the way back",
    "Wᵀ leads from z of a layer to its input. The slope of that layer belongs before it, "
    "and x has no slope at all.",
    ROWS,
    0.5,
)
def _(x, t, r, W, b):
    a, g = forward(x, W, b)[1], r
    for W_l, before in zip(reversed(W), reversed(a[:-1]), strict=True):
        g = (W_l.T @ g) * (1 - before**2)
    return passes(x, t, r, W, b)[0], g


@key.mistake(
    "ones in place of r",
    "The way back starts from what is asked about the outputs. Ones ask for the sum of them.",
    ROWS,
    0.5,
)
def _(x, t, r, W, b):
    return passes(x, t, np.ones_like(r), W, b)


@key.mistake(
    "the result divided by the number of examples",
    "Each column is an example with a product of its own. Nothing is averaged here.",
    ROWS,
    0.5,
)
def _(x, t, r, W, b):
    return tuple(g / x.shape[1] for g in passes(x, t, r, W, b))


@key.mistake(
    "the biases left out of the forward pass",
    "The slopes are those at z = W a + b. A bias does not appear in J, but it decides where "
    "the slopes are taken.",
    VECTORS,
    0.5,
)
def _(x, t, r, W, b):
    return passes(x, t, r, W, [0 * b_l for b_l in b])


key.clue(
    "Jt",
    "JTr",
    "J t is right, so the slopes are too: only the order, the transposes or the start of "
    "the way back are left.",
)
key.clue(
    "JTr",
    "Jt",
    "Jᵀ r is right, so the slopes are too: only what happens to t in a layer is left.",
)


@key.alternative("the Jacobian of each example, built after all")
def _(x, t, r, W, b):
    forth, back = [], []
    for k in range(x.shape[1]):
        J, a = np.eye(len(x)), x[:, [k]]
        for W_l, b_l in zip(W, b, strict=True):
            a = np.tanh(W_l @ a + b_l)
            J = np.diag(1 - a[:, 0] ** 2) @ W_l @ J
        forth.append(J @ t[:, k])
        back.append(J.T @ r[:, k])
    return np.array(forth).T, np.array(back).T


@key.alternative("einsum")
def _(x, t, r, W, b):
    return passes(
        x, t, r, W, b,
        forth=lambda W, b, slope, t: np.einsum("ik,ij,jk->ik", slope, W, t),
        back=lambda W, slope, r: np.einsum("ij,ik,ik->jk", W, slope, r),
    )  # fmt: skip


@key.alternative("recursion")
def _(x, t, r, W, b):
    def below(a, t, l):
        if l == len(W):
            return t, r
        after = np.tanh(W[l] @ a + b[l])
        slope = 1 - after * after
        t, g = below(after, slope * (W[l] @ t), l + 1)
        return t, W[l].T @ (slope * g)

    return below(x, t, 0)


@key.alternative("float32")
def _(x, t, r, W, b):
    low = [p.astype(np.float32) for p in (x, t, r)]
    return passes(*low, *([p.astype(np.float32) for p in part] for part in (W, b)))


@key.alternative("nested lists in a dictionary, slopes by cosh")
def _(x, t, r, W, b):
    t, r = passes(x, t, r, W, b, slope=lambda z, a: 1 / np.cosh(z) ** 2)
    return {"JTr": r.tolist(), "Jt": t.tolist()}


@key.alternative("loops over examples and units")
def _(x, t, r, W, b):
    forth = np.zeros((len(W[-1]), x.shape[1]))
    back = np.zeros_like(x)
    for k in range(x.shape[1]):
        a, u, slopes = list(x[:, k]), list(t[:, k]), []
        for W_l, b_l in zip(W, b, strict=True):
            n_out, n_in = W_l.shape
            z = [sum(W_l[i, j] * a[j] for j in range(n_in)) + b_l[i, 0] for i in range(n_out)]
            a = [np.tanh(z_i) for z_i in z]
            slopes.append([1 - a_i**2 for a_i in a])
            u = [slopes[-1][i] * sum(W_l[i, j] * u[j] for j in range(n_in)) for i in range(n_out)]
        g = list(r[:, k])
        for W_l, s in zip(reversed(W), reversed(slopes), strict=True):
            n_out, n_in = W_l.shape
            g = [sum(W_l[i, j] * s[i] * g[i] for i in range(n_out)) for j in range(n_in)]
        forth[:, k], back[:, k] = u, g
    return forth, back
