"""What grades penalised-gradient: weights of both signs, and one that is zero."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["J", "dW[]", "db[]"])

PULL = "chapter 14, “A pull on the weights”"


@key.cases
def cases(rng):
    inputs = []
    for sizes, lam, mu in (((2, 3, 1), 0.3, 0.2), ((3, 2, 2), 0.15, 0.4), ((2, 2, 3, 1), 0.5, 0.1)):
        shapes = list(zip(sizes[1:], sizes, strict=False))
        W = [rng.choice([-1, 1], s) * rng.uniform(0.3, 2, s) for s in shapes]
        W[0][0, -1] = 0
        inputs.append(
            {
                "loss": rng.uniform(0.5, 2),
                "W": W,
                "b": [rng.choice([-1, 1], (n, 1)) * rng.uniform(0.3, 2, (n, 1)) for n, _ in shapes],
                "dW": [rng.normal(size=s) for s in shapes],
                "db": [rng.normal(size=(n, 1)) for n, _ in shapes],
                "lam": lam,
                "mu": mu,
            }
        )
    return inputs


def half_square(w):
    return np.sum(w**2) / 2


def size(w):
    return np.sum(np.abs(w))


def itself(w):
    return w


def run(
    loss, W, b, dW, db, lam, mu, *, l2=half_square, l1=size, slope2=itself, slope1=np.sign,
    both=False, counted=False,
):  # fmt: skip
    """J and its gradients, each with a term that can be replaced by a wrong one."""
    J = loss + sum(lam * l2(w) + mu * l1(w) for w in (*W, *(b if counted else ())))
    gW = [g + lam * slope2(w) + mu * slope1(w) for g, w in zip(dW, W, strict=True)]
    gb = [g + (lam * slope2(w) + mu * slope1(w)) * both for g, w in zip(db, b, strict=True)]
    return J, gW, gb


mistake = key.built_of_lines(run, PULL, 0.5)


mistake(
    "biases penalised",
    "The sums go over weights. A bias moves a curve and does not make it steep.",
    both=True,
    counted=True,
)
mistake(
    "biases pulled, but not counted in J",
    "No bias is penalised, so its gradient stays as it was.",
    both=True,
)
mistake(
    "2λw for L2",
    "The derivative of λ/2 w² is λw: the half cancels the 2.",
    slope2=lambda w: 2 * w,
)
mistake(
    "the ½ missing in J",
    "L2 costs λ/2 times the sum of the squares.",
    l2=lambda w: np.sum(w**2),
)
mistake(
    "the size of w in place of its sign",
    "The slope of |w| is 1 or −1, however large w is.",
    slope1=np.abs,
)
mistake(
    "w in place of its sign",
    "L1 pulls every weight with the same force. λw is the pull of L2.",
    slope1=itself,
)
mistake(
    "no sign for L1",
    "L1 pulls towards zero: with +μ for positive weights, −μ for negative ones.",
    slope1=np.ones_like,
)
mistake(
    "a slope of 1 at zero",
    "At w = 0 take 0, which is what np.sign does.",
    credit=0.75,
    slope1=lambda w: np.where(w >= 0, 1, -1),
)
mistake(
    "NaN at zero",
    "w/|w| divides by zero where a weight is zero; np.sign does not.",
    slope1=lambda w: np.divide(w, np.abs(w), out=np.full(w.shape, np.nan), where=w != 0),
)
mistake(
    "the penalty in place of its slope",
    "What is added to a gradient is the derivative of the penalty, entry by entry.",
    slope2=half_square,
    slope1=size,
)
mistake(
    "weights pushed away from zero",
    "The penalty is added to the loss, so its derivative is added too.",
    slope2=np.negative,
    slope1=lambda w: -np.sign(w),
)
mistake(
    "J without penalties",
    "J is the loss and both penalties.",
    l2=lambda w: 0,
    l1=lambda w: 0,
)


@key.mistake("λ and μ exchanged", "λ belongs to the squares, μ to the sizes.", PULL, 0.5)
def _(lam, mu, **inputs):
    return run(lam=mu, mu=lam, **inputs)


@key.mistake("the last layer only", "The sums go over the weights of all layers.", PULL, 0.25)
def _(loss, W, b, dW, db, lam, mu):
    J, last, _ = run(loss, W[-1:], b[-1:], dW[-1:], db[-1:], lam, mu)
    return J, [*dW[:-1], *last], db


@key.alternative("one long vector, taken apart again")
def _(loss, W, b, dW, db, lam, mu):
    w = np.concatenate([part.ravel() for part in W])
    pull = lam * w + mu * np.sign(w)
    ends = np.cumsum([part.size for part in W])[:-1]
    parts = np.split(pull, ends)
    J = loss + 0.5 * lam * w @ w + mu * np.linalg.norm(w, 1)
    return J, [g + part.reshape(g.shape) for g, part in zip(dW, parts, strict=True)], db


@key.alternative("loops over the entries")
def _(loss, W, b, dW, db, lam, mu):
    J, gradients = loss, []
    for w, g in zip(W, dW, strict=True):
        new = g.copy()
        for i, j in np.ndindex(w.shape):
            J += lam / 2 * w[i, j] ** 2 + mu * abs(w[i, j])
            new[i, j] += lam * w[i, j] + (mu if w[i, j] > 0 else -mu if w[i, j] < 0 else 0)
        gradients.append(new)
    return J, gradients, [g.copy() for g in db]


@key.alternative("a dictionary of tuples")
def _(**inputs):
    J, gW, gb = run(**inputs)
    return {"J": J, "dW": tuple(gW), "db": tuple(gb)}


@key.alternative("float32")
def _(loss, W, b, dW, db, lam, mu):
    lists = ([np.float32(array) for array in arrays] for arrays in (W, b, dW, db))
    return run(np.float32(loss), *lists, np.float32(lam), np.float32(mu))


@key.alternative("nested lists")
def _(**inputs):
    J, gW, gb = run(**inputs)
    return [float(J), [g.tolist() for g in gW], [g.tolist() for g in gb]]


@key.alternative("a difference of two comparisons for the sign")
def _(**inputs):
    return run(**inputs, slope1=lambda w: (w > 0) * 1.0 - (w < 0))
