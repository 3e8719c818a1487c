"""What grades error-by-layer: square and oblong sigmoid networks of three to five layers."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["norms", "factor", "bound"])

EQUATIONS = "chapter 4, “Four equations”"
SIGMA = "chapter 4, “σ′ of a”"
SLOPES = "chapter 1, “Three slopes to know by heart”"
JACOBIANS = "chapter 1, “Vectors: Jacobians multiply”"
ROWS = "chapter 1, “Rows from the left, without the matrices”"
RULER = "chapter 3, “Which way is down?”"


@key.cases
def cases(rng):
    inputs = []
    for widths, m in (((3, 3, 3, 3), 3), ((2, 4, 3, 5, 2), 4), ((4, 4, 4, 4, 4, 4), 2)):
        shapes = list(zip(widths[1:], widths[:-1], strict=True))
        W = [rng.normal(scale=1.3, size=shape) for shape in shapes]
        a = [rng.normal(size=(widths[0], m))]
        for W_l in W:
            a.append(sigmoid(W_l @ a[-1] + rng.normal(size=(len(W_l), 1))))
        inputs.append({"W": W, "a": a[1:], "delta": rng.normal(size=(widths[-1], m))})
    return inputs


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def frobenius(v):
    return np.linalg.norm(v)


def largest(W):
    return np.linalg.norm(W, 2)


def mean_factor(norms):
    return (norms[0] / norms[-1]) ** (1 / (len(norms) - 1))


def run(
    W, a, delta, *, slope=lambda a: a * (1 - a), back=lambda W, delta: W.T @ delta,
    shift=0, norm=frobenius, factor=mean_factor, matrix=largest, steepest=1 / 4,
    passed=slice(1, None),
):  # fmt: skip
    """The way back, each line of which can be replaced by a wrong one."""
    norms = [norm(delta)]
    bound = frobenius(delta) * np.prod([steepest * matrix(W_l) for W_l in W[passed]])
    for l in reversed(range(1, len(W))):
        delta = back(W[l], delta) * slope(a[l - 1 + shift])
        norms.insert(0, norm(delta))
    return np.array(norms), factor(norms), bound


mistake = key.built_of_lines(run, EQUATIONS, 0.25)


mistake(
    "the slopes left out",
    "From a back to z the error is multiplied by the slope of each unit.",
    slope=lambda a: 1,
)
mistake(
    "σ′ taken at a in place of z",
    "The lists hold activations, σ(z) is done already: the slope is a(1 − a).",
    SIGMA,
    slope=lambda a: sigmoid(a) * (1 - sigmoid(a)),
)
mistake(
    "the slope of tanh",
    "1 − a² is the slope of tanh; a sigmoid has a(1 − a).",
    SLOPES,
    slope=lambda a: 1 - a**2,
)
mistake(
    "W in place of its transpose",
    "W carries activations forward; the error goes back through the transpose. With square "
    "matrices both fit, and only one is right.",
    ROWS,
    back=lambda W, delta: W @ delta,
)
mistake(
    "the slopes of the layer above",
    "W⁽ˡ⁺¹⁾ᵀ brings the error to a⁽ˡ⁾, so the slopes that follow are those of layer l.",
    shift=1,
)
mistake(
    "the mean of the ratios in place of their geometric mean",
    "Factors multiply. The one that gives the same product is the geometric mean.",
    JACOBIANS,
    0.75,
    factor=lambda norms: np.mean(np.divide(norms[:-1], norms[1:])),
)
mistake(
    "the root of L in place of L − 1",
    "Between L layers there are L − 1 steps.",
    JACOBIANS,
    0.75,
    factor=lambda norms: (norms[0] / norms[-1]) ** (1 / len(norms)),
)
mistake(
    "the factor on the way forward",
    "The error goes from the last layer to the first: the first norm over the last.",
    JACOBIANS,
    0.75,
    factor=lambda norms: 1 / mean_factor(norms),
)
mistake(
    "the whole quotient in place of the factor of one layer",
    "The first norm over the last is the product of all factors; the mean takes its root.",
    JACOBIANS,
    0.75,
    factor=lambda norms: norms[0] / norms[-1],
)
mistake(
    "½ in place of ¼ in the bound",
    "σ is ½ at zero, and its slope there, the largest, is ½ · ½.",
    SLOPES,
    0.75,
    steepest=1 / 2,
)
mistake(
    "the bound with the root of the sum of squares of each matrix",
    "That is a bound as well, but a looser one: the sum holds all singular values, and no column "
    "is stretched by more than the largest.",
    RULER,
    0.75,
    matrix=frobenius,
)
mistake(
    "the first layer's matrix in the bound",
    "δ⁽¹⁾ belongs to z⁽¹⁾; the error would pass through W⁽¹⁾ only on its way to the inputs.",
    EQUATIONS,
    0.75,
    passed=slice(None),
)
mistake(
    "squared norms",
    "The norm is the root of the sum of squares.",
    RULER,
    0.5,
    norm=lambda v: frobenius(v) ** 2,
)


@key.mistake(
    "the last layer first",
    "The errors come out last layer first; the array is to begin with layer 1.",
    EQUATIONS,
    0.75,
)
def _(W, a, delta):
    norms, factor, bound = run(W, a, delta)
    return norms[::-1], factor, bound


key.clue(
    "norms factor",
    "bound",
    "The way back is right: only the bound, its matrices or its ¼, is left.",
)
key.clue(
    "norms",
    "factor",
    "The norms are right: only the factor that is made of them is left.",
)


@key.alternative("loops over the entries")
def _(W, a, delta):
    squares, L, m = [np.sum(delta**2)], len(W), delta.shape[1]
    for l in range(L - 2, -1, -1):
        new = np.zeros(a[l].shape)
        for k in range(m):
            for i in range(len(new)):
                back = sum(W[l + 1][j, i] * delta[j, k] for j in range(len(delta)))
                new[i, k] = back * a[l][i, k] * (1 - a[l][i, k])
        delta = new
        squares.append(np.sum(new * new))
    norms = [square**0.5 for square in reversed(squares)]
    bound = norms[-1]
    for W_l in W[1:]:
        bound *= np.linalg.svd(W_l)[1][0] / 4
    return norms, (norms[0] / norms[-1]) ** (1 / (L - 1)), bound


@key.alternative("einsum")
def _(W, a, delta):
    norms = np.zeros(len(W))
    norms[-1] = np.sqrt(np.einsum("ij,ij->", delta, delta))
    for l in range(len(W) - 1, 0, -1):
        slope = a[l - 1] - a[l - 1] ** 2
        delta = np.einsum("ij,ik,jk->jk", W[l], delta, slope)
        norms[l - 1] = np.sqrt(np.einsum("ij,ij->", delta, delta))
    stretch = [np.sqrt(np.linalg.eigvalsh(V.T @ V)[-1]) for V in W[1:]]
    factor = np.exp(np.mean(np.log(norms[:-1] / norms[1:])))
    return norms, factor, norms[-1] * np.prod(stretch) * 0.25 ** len(stretch)


@key.alternative("Jacobians of one example after the other")
def _(W, a, delta):
    squares = np.zeros(len(W))
    for k in range(delta.shape[1]):
        row = delta[:, k]
        squares[-1] += row @ row
        for l in reversed(range(len(W) - 1)):
            row = row @ W[l + 1] @ np.diag(a[l][:, k] * (1 - a[l][:, k]))
            squares[l] += row @ row
    _, factor, bound = run(W, a, delta)
    return np.sqrt(squares), factor, bound


@key.alternative("float32")
def _(W, a, delta):
    W, a = [V.astype(np.float32) for V in W], [v.astype(np.float32) for v in a]
    return run(W, a, delta.astype(np.float32))


@key.alternative("weighted inputs recovered, lists in a dictionary")
def _(W, a, delta):
    def slope(a):
        return 1 / (4 * np.cosh(np.log(a / (1 - a)) / 2) ** 2)

    norms, factor, bound = run(W, a, delta, slope=slope)
    return {"bound": bound, "norms": norms.tolist(), "factor": [factor]}
