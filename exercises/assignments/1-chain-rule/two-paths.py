"""What grades two-paths: W with more rows than columns, fewer, and as many."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["dx", "dW"])

PATHS = "chapter 1, “Two paths: the effects add”"
TWICE = "chapter 1, “A weight that is used twice”"
SLOPES = "chapter 1, “Three slopes to know by heart”"
ROWS = "chapter 1, “Rows from the left, without the matrices”"
WHERE = "chapter 1, “Where it goes wrong”"


@key.cases
def cases(rng):
    return [
        {
            "x": rng.normal(size=(n, m)),
            "W": rng.normal(size=(k, n)),
            "r": rng.normal(size=(n, m)) / m,
        }
        for k, n, m in ((4, 2, 3), (3, 3, 5), (2, 4, 4))
    ]


def passes(x, W, r, *, slope=None, dx=None, dW=None):
    """The block's backward pass, each line of which can be replaced by a wrong one."""
    z = W @ x
    a = np.tanh(z)
    dz = (W @ r) * (slope(z, a) if slope else 1 - a**2)
    inner = W.T @ dz
    return (
        dx(r, inner) if dx else r + inner,
        dW(x, z, a, dz, r) if dW else a @ r.T + dz @ x.T,
    )


mistake = key.built_of_lines(passes, PATHS, 0.25)


mistake(
    "the direct path forgotten",
    "x acts on y through the inner layer and directly. The effects of both paths add.",
    WHERE,
    dx=lambda r, inner: inner,
)
mistake(
    "the inner path forgotten",
    "x acts on y directly and through the inner layer. The effects of both paths add.",
    dx=lambda r, inner: r,
)
mistake(
    "the direct path counted twice",
    "Each path counts once. A node that is visited twice on the way back adds its share twice.",
    dx=lambda r, inner: 2 * r + inner,
)
mistake(
    "the two paths multiplied",
    "Slopes multiply along a path; different paths add.",
    dx=lambda r, inner: r * inner,
)
mistake(
    "1 for the direct path in place of r",
    "The slope of the direct path is 1, but it is multiplied by what arrives at its end.",
    dx=lambda r, inner: 1 + inner,
)
mistake(
    "= in place of += for dW",
    "The second use of W comes first on the way back. When the first use overwrites what it "
    "has left in dW, one of two paths is lost.",
    TWICE,
    dW=lambda x, z, a, dz, r: dz @ x.T,
)
mistake(
    "the use of W on the way in forgotten",
    "W acts on y through Wᵀ and through z as well. The effects of both uses add.",
    TWICE,
    dW=lambda x, z, a, dz, r: a @ r.T,
)
mistake(
    "the use of W on the way in counted twice",
    "Each use of W counts once. A node that is visited twice adds its share twice.",
    TWICE,
    dW=lambda x, z, a, dz, r: a @ r.T + 2 * dz @ x.T,
)
mistake(
    "z in place of a in dW",
    "The matrix on the way out multiplies a, so the gradient of that use is a rᵀ.",
    TWICE,
    0.5,
    dW=lambda x, z, a, dz, r: z @ r.T + dz @ x.T,
)
mistake(
    "dW transposed",
    "A gradient has the shape of its parameter, here (k, n). Where W is square only the values "
    "tell.",
    WHERE,
    0.5,
    dW=lambda x, z, a, dz, r: (a @ r.T + dz @ x.T).T,
)
mistake(
    "a second mean over the examples in dW",
    "The 1/m of the mean is in r already; divided by m once more, dW is too small.",
    TWICE,
    0.5,
    dW=lambda x, z, a, dz, r: (a @ r.T + dz @ x.T) / x.shape[1],
)
mistake(
    "the slope of tanh left out",
    "The inner path leads through tanh, so it is multiplied by 1 − a².",
    slope=lambda z, a: 1,
)
mistake(
    "tanh′ taken at a in place of z",
    "The slope at z is 1 − a² with a = tanh z. Another tanh of a is one too many.",
    WHERE,
    slope=lambda z, a: 1 - np.tanh(a) ** 2,
)


@key.mistake(
    "W and its transpose exchanged on the way back",
    "What goes forward through Wᵀ comes back through W, and the other way round. Where W is "
    "square both orders can be computed.",
    ROWS,
    0.25,
)
def _(x, W, r):
    a = np.tanh(W @ x)
    dz = (W.T @ r) * (1 - a**2)
    return r + W @ dz, a @ r.T + dz @ x.T


key.clue(
    "dx",
    "dW",
    "dx is right, so what arrives at z is too: only the two products that make dW are left.",
)
key.clue(
    "dW",
    "dx",
    "dW is right, so what arrives at z is too: only the sum of the two paths to x is left.",
)


@key.alternative("loops over the examples")
def _(x, W, r):
    dx, dW = np.zeros(x.shape), np.zeros(W.shape)
    for j in range(x.shape[1]):
        a = np.tanh(W @ x[:, j])
        dz = (W @ r[:, j]) * (1 - a) * (1 + a)
        dx[:, j] = r[:, j] + W.T @ dz
        dW += np.outer(a, r[:, j]) + np.outer(dz, x[:, j])
    return dx, dW


@key.alternative("einsum")
def _(x, W, r):
    a = np.tanh(np.einsum("kn,nm->km", W, x))
    dz = np.einsum("kn,nm,km->km", W, r, 1 - a**2)
    dW = np.einsum("km,nm->kn", a, r) + np.einsum("km,nm->kn", dz, x)
    return r + np.einsum("kn,km->nm", W, dz), dW


@key.alternative("float32")
def _(x, W, r):
    return passes(*(p.astype(np.float32) for p in (x, W, r)))


@key.alternative("nested lists in a dictionary")
def _(x, W, r):
    dx, dW = passes(x, W, r)
    return {"dW": dW.tolist(), "dx": dx.tolist()}


@key.alternative("two names for the matrix, one product for both uses")
def _(x, W, r):
    U, V = W, W.T.copy()
    a = np.tanh(U @ x)
    dz = (V.T @ r) / np.cosh(U @ x) ** 2
    dW = np.hstack([a, dz]) @ np.hstack([r, x]).T
    return U.T @ dz + r, dW


@key.alternative("the 1/m taken out and put back at the end")
def _(x, W, r):
    m = x.shape[1]
    dx, dW = passes(x, W, r * m)
    return dx / m, dW / m
