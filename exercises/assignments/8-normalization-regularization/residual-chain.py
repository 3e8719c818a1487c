"""What grades residual-chain: chains of two to five blocks, with weights that are not symmetric."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["dx", "dW"])

AROUND = "chapter 13, “A way around the layer”"
EQUATIONS = "chapter 4, “Four equations”"
BATCH = "chapter 4, “A batch”"


@key.cases
def cases(rng):
    return [
        {
            "W": rng.normal(size=(K, n, n)) / np.sqrt(n),
            "x": rng.normal(size=(n, m)),
            "g": rng.normal(size=(n, m)),
        }
        for K, n, m in ((2, 3, 4), (3, 4, 2), (5, 3, 5))
    ]


def run(
    W, x, g, *, forward=lambda x, t: x + t, slope=lambda t, x, after: 1 - t**2,
    seen=lambda x, t, after: x, down=lambda g, W, delta: g + W.T @ delta, back=None,
    of=lambda delta, g: delta,
):  # fmt: skip
    """Both passes, each line of which can be replaced by a wrong one."""
    kept = []
    for W_l in W:
        t = np.tanh(W_l @ x)
        after = forward(x, t)
        kept.append((x, t, after))
        x = after
    dW = np.zeros(W.shape)
    W_back = W if back is None else back(W)
    for l in reversed(range(len(W))):
        before, t, after = kept[l]
        delta = g * slope(t, before, after)
        dW[l] = of(delta, g) @ seen(before, t, after).T
        g = down(g, W_back[l], delta)
    return g, dW


mistake = key.built_of_lines(run, AROUND, 0.25)


mistake(
    "the way around left out on the way back",
    "a + F(a) has the Jacobian I + J: g itself comes down as well.",
    down=lambda g, W, delta: W.T @ delta,
)
mistake(
    "the way around left out on the way forward",
    "Each block adds its tanh to what it was given; the slopes are needed where it really stands.",
    forward=lambda x, t: t,
)
mistake(
    "the way around left out both ways",
    "That is a plain chain. A residual block has two ways, forward and back.",
    credit=0.1,
    forward=lambda x, t: t,
    down=lambda g, W, delta: W.T @ delta,
)
mistake(
    "the branch left out on the way back",
    "The way around brings g down unchanged, and the branch adds Wᵀδ to it.",
    down=lambda g, W, delta: g,
)
mistake(
    "the slope of tanh on the way around too",
    "The way around has no activation: its Jacobian is I.",
    credit=0.5,
    down=lambda g, W, delta: delta + W.T @ delta,
)
mistake(
    "the slope of tanh left out",
    "An error passes the slope 1 − tanh² of the branch before it meets W.",
    EQUATIONS,
    slope=lambda t, x, after: np.ones(t.shape),
)
mistake(
    "the slope taken at the sum",
    "1 − t² needs the tanh t that the branch added, and not what the block handed on.",
    EQUATIONS,
    0.5,
    slope=lambda t, x, after: 1 - after**2,
)
mistake(
    "the slope written t(1 − t)",
    "That is the slope of a sigmoid; that of tanh is 1 − t².",
    EQUATIONS,
    0.5,
    slope=lambda t, x, after: t * (1 - t),
)
mistake(
    "W in place of Wᵀ on the way back",
    "An error goes back along the edges that brought the values: with Wᵀ.",
    EQUATIONS,
    down=lambda g, W, delta: g + W @ delta,
)
mistake(
    "the weights of the blocks in the wrong order on the way back",
    "The last block is passed first on the way back, with its own weights.",
    EQUATIONS,
    back=lambda W: W[::-1],
)
mistake(
    "the derivative by W with what the block handed on",
    "W was multiplied by what the block was given, a of the block before.",
    EQUATIONS,
    0.5,
    seen=lambda x, t, after: after,
)
mistake(
    "the derivative by W from g in place of the branch's error",
    "BP4 needs the error of the branch, g times the slope of tanh.",
    EQUATIONS,
    0.5,
    of=lambda delta, g: g,
)


@key.mistake(
    "the derivatives by W with the last block first",
    "Going back, the last block comes first; the array begins with W of block 1.",
    EQUATIONS,
    0.75,
)
def _(W, x, g):
    dx, dW = run(W, x, g)
    return dx, dW[::-1]


@key.mistake(
    "the mean over the examples",
    "L is computed from all examples, and their parts of a weight's derivative add up.",
    BATCH,
    0.5,
)
def _(W, x, g):
    dx, dW = run(W, x, g)
    return dx, dW / x.shape[1]


@key.alternative("a recursive function")
def recursive(W, x, g):
    if not len(W):
        return g, np.zeros((0, *W.shape[1:]))
    t = np.tanh(W[0] @ x)
    g, above = recursive(W[1:], x + t, g)
    delta = g * (1 - t * t)
    return g + W[0].T @ delta, np.concatenate([(delta @ x.T)[None], above])


@key.alternative("Jacobians I + J, one example after the other")
def _(W, x, g):
    n = x.shape[0]
    dx, dW = np.zeros(x.shape), np.zeros(W.shape)
    for k in range(x.shape[1]):
        a, given, slopes = x[:, k], [], []
        for W_l in W:
            given.append(a)
            t = np.tanh(W_l @ a)
            slopes.append(1 - t**2)
            a = a + t
        row = g[:, k]
        for l in range(len(W) - 1, -1, -1):
            dW[l] += np.outer(row * slopes[l], given[l])
            row = row @ (np.eye(n) + np.diag(slopes[l]) @ W[l])
        dx[:, k] = row
    return dx, dW


@key.alternative("einsum, slopes by cosh")
def _(W, x, g):
    a = [x]
    for W_l in W:
        a.append(a[-1] + np.tanh(np.einsum("ij,jk->ik", W_l, a[-1])))
    dW = []
    for W_l, before in zip(W[::-1], a[-2::-1], strict=True):
        delta = g / np.cosh(np.einsum("ij,jk->ik", W_l, before)) ** 2
        dW.insert(0, np.einsum("ik,jk->ij", delta, before))
        g = g + np.einsum("ij,ik->jk", W_l, delta)
    return g, np.array(dW)


@key.alternative("the tanh recovered from differences")
def _(W, x, g):
    a = [x]
    for W_l in W:
        a += [a[-1] + np.tanh(W_l @ a[-1])]
    dW = [None] * len(W)
    for l in range(len(W), 0, -1):
        delta = g * (1 - (a[l] - a[l - 1]) ** 2)
        dW[l - 1] = (delta @ a[l - 1].T).tolist()
        g = g + (delta.T @ W[l - 1]).T
    return {"dx": g, "dW": dW}


@key.alternative("float32")
def _(W, x, g):
    return run(W.astype(np.float32), x.astype(np.float32), g.astype(np.float32))
