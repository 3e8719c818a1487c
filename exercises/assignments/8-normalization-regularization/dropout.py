"""What grades dropout: a layer behind a mask, with rates that differ from a half."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["dropped", "dW", "da"])

FORWARD = "chapter 14, “Dropout”"
BATCH = "chapter 4, “A batch”"


@key.cases
def cases(rng):
    inputs = []
    for n, n_out, m, p in ((3, 2, 4, 0.25), (4, 3, 5, 0.6), (5, 2, 3, 0.2)):
        kept = np.ones((n, m))
        kept.ravel()[rng.permutation(n * m)[: n * m // 3]] = 0
        inputs.append(
            {
                "a": rng.choice([-1, 1], size=(n, m)) * rng.uniform(0.3, 1.5, size=(n, m)),
                "kept": kept,
                "p": p,
                "W": rng.normal(size=(n_out, n)),
                "delta": rng.normal(size=(n_out, m)),
            }
        )
    return inputs


def inverted(kept, p):
    return kept / (1 - p)


def run(a, kept, p, W, delta, *, mask=inverted, back=None, into=None, mean=True):
    """All three, each with a step that can be replaced by a wrong one."""
    M = mask(kept, p)
    dropped = M * a
    below = (back or mask)(kept, p) * (W.T @ delta)
    dW = delta @ (dropped if into is None else into(a, kept, p)).T
    return dropped, dW / a.shape[1] if mean else dW, below


mistake = key.built_of_lines(run, FORWARD, 0.5)


mistake(
    "nothing divided by 1 − p",
    "Without the division the mean gets smaller by the factor 1 − p.",
    mask=lambda kept, p: kept,
)
mistake(
    "a division by p",
    "p is the probability of being struck out. What stays is divided by that of staying, 1 − p.",
    mask=lambda kept, p: kept / p,
)
mistake(
    "a product with 1 − p",
    "What stays has to make up for what is gone, so it gets larger: divide by 1 − p.",
    mask=lambda kept, p: kept * (1 - p),
)
mistake(
    "the wrong ones struck out",
    "`kept` is 1 where an activation stays.",
    mask=lambda kept, p: (1 - kept) / (1 - p),
)
mistake(
    "no mask on the way back",
    "ã = M ⊙ a has the slope M, so ∂L/∂a is M times ∂L/∂ã.",
    credit=0.5,
    back=lambda kept, p: np.ones(kept.shape),
)
mistake(
    "no division on the way back",
    "The slope of ã = a/(1 − p) is 1/(1 − p). The way back has the same mask, division included.",
    credit=0.5,
    back=lambda kept, p: kept,
)
mistake(
    "the mask twice on the way back",
    "The activation went through one mask, so its error does too.",
    credit=0.5,
    back=lambda kept, p: inverted(kept, p) ** 2,
)
mistake(
    "a before dropout in the gradient of W",
    "BP4 multiplies by what went into the layer, and that was ã.",
    credit=0.5,
    into=lambda a, kept, p: a,
)
mistake(
    "struck out, but not divided, in the gradient of W",
    "What went into the layer is ã, with its division.",
    credit=0.5,
    into=lambda a, kept, p: kept * a,
)
mistake(
    "the sum over the examples",
    "The loss is a mean over the examples, so divide the gradient of W by m.",
    BATCH,
    mean=False,
)


@key.mistake(
    "the dropped activations in place of the mask on the way back",
    "The slope of M ⊙ a in a is M; a itself does not come in.",
    FORWARD,
    0.5,
)
def _(a, kept, p, W, delta):
    dropped, dW, _ = run(a, kept, p, W, delta)
    return dropped, dW, dropped * (W.T @ delta)


@key.mistake(
    "m counted in the error of each example",
    "∂L/∂a is wanted of each example by itself; the mean is taken in the gradient of W.",
    BATCH,
    0.5,
)
def _(a, kept, p, W, delta):
    dropped, dW, da = run(a, kept, p, W, delta)
    return dropped, dW, da / a.shape[1]


@key.alternative("loops over the examples")
def _(a, kept, p, W, delta):
    n, m = a.shape
    dropped, da, dW = np.zeros((n, m)), np.zeros((n, m)), np.zeros(W.shape)
    for k in range(m):
        for j in range(n):
            if kept[j, k]:
                dropped[j, k] = a[j, k] / (1 - p)
                da[j, k] = sum(W[i, j] * delta[i, k] for i in range(len(W))) / (1 - p)
        dW += np.outer(delta[:, k], dropped[:, k]) / m
    return dropped, dW, da


@key.alternative("np.where")
def _(a, kept, p, W, delta):
    dropped = np.where(kept, a / (1 - p), 0)
    da = np.where(kept, W.T @ delta / (1 - p), 0)
    return dropped, np.mean(delta[:, None] * dropped[None], axis=-1), da


@key.alternative("zeros written into copies")
def _(a, kept, p, W, delta):
    dropped, da = a.copy(), W.T @ delta
    for array in (dropped, da):
        array[kept == 0] = 0
        array /= 1 - p
    return {"dropped": dropped, "dW": delta @ dropped.T / len(a.T), "da": da}


@key.alternative("einsum")
def _(a, kept, p, W, delta):
    M = np.einsum("jk,->jk", kept, 1 / (1 - p))
    dropped = M * a
    dW = np.einsum("ik,jk->ij", delta, dropped) / a.shape[1]
    return dropped, dW, np.einsum("jk,ij,ik->jk", M, W, delta)


@key.alternative("float32")
def _(a, kept, p, W, delta):
    return run(*(np.float32(v) for v in (a, kept, p, W, delta)))


@key.alternative("nested lists")
def _(**inputs):
    return [array.tolist() for array in run(**inputs)]
