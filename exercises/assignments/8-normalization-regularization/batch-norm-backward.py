"""What grades batch-norm-backward: wide and narrow batches, with an epsilon that can be seen."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["dx", "dgamma", "dbeta"])

WAYS = "chapter 13, “Three ways to the loss”"
TAKEN = "chapter 13, “What is taken out”"
LAYER = "chapter 13, “Layer norm”"
MODES = "chapter 13, “Training and test”"


@key.cases
def cases(rng):
    inputs = []
    for (n, m), eps in (((3, 4), 0.1), ((2, 6), 0.4), ((4, 5), 0.02)):
        x = rng.uniform(0.7, 1.6, size=(n, 1)) * rng.normal(size=(n, m)) + rng.normal(size=(n, 1))
        gamma = rng.uniform(0.5, 2, size=(n, 1)) * rng.choice([-1, 1], size=(n, 1))
        inputs.append({"da": rng.normal(size=(n, m)) + 0.3, "x": x, "gamma": gamma, "eps": eps})
    return inputs


def mean(values):
    return values.mean(axis=1, keepdims=True)


def total(values):
    return values.sum(axis=1, keepdims=True)


def root(variance, eps):
    return np.sqrt(variance + eps)


def run(
    da, x, gamma, eps, *, over=mean, root=root, unbiased=False, common=1, along=1, inner=mean,
    scaled=True, divide=lambda dx, spread: dx / spread, shown=None, add=total,
):  # fmt: skip
    """The backward pass, each line of which can be replaced by a wrong one."""
    apart = x - over(x)
    variance = over(apart**2)
    if unbiased:
        variance = variance * x.shape[1] / (x.shape[1] - 1)
    spread = root(variance, eps)
    x_hat = apart / spread
    g = gamma * da if scaled else da
    dx = divide(g - common * inner(g) - along * x_hat * inner(g * x_hat), spread)
    return dx, add(da * (x_hat if shown is None else shown(x, g, x_hat, gamma))), add(da)


mistake = key.built_of_lines(run, WAYS, 0.25)


mistake(
    "mean and spread taken as fixed",
    "That is the slope of test mode. In training both are computed from x, which opens two more "
    "ways to the loss.",
    MODES,
    common=0,
    along=0,
)
mistake(
    "the way through the spread left out",
    "Every x moves the variance, and with it all x̂: the part of g along x̂ goes.",
    credit=0.5,
    along=0,
)
mistake(
    "the way through the mean left out",
    "Every x moves the mean, and with it all x̂: the mean of g goes.",
    credit=0.5,
    common=0,
)
mistake(
    "the part along x̂ added in place of taken away",
    "When the spread grows, every x̂ shrinks: the slope is −x̂/r.",
    credit=0.5,
    along=-1,
)
mistake(
    "sums in place of means",
    "One x has the share 1/m in the mean and in the variance, so what is taken out are means.",
    credit=0.5,
    inner=total,
)
mistake(
    "γ left out of ∂L/∂x",
    "a = γ x̂ + β, so the slope in x̂ is γ times the slope in a.",
    credit=0.5,
    scaled=False,
)
mistake(
    "not divided by the spread",
    "All three ways have 1/r in them: x̂ is x − μ divided by the spread.",
    TAKEN,
    0.5,
    divide=lambda dx, spread: dx,
)
mistake(
    "divided by the variance in place of the spread",
    "x̂ is x − μ divided by the root of v + ε, and so is the slope.",
    TAKEN,
    0.5,
    divide=lambda dx, spread: dx / spread**2,
)
mistake(
    "ε left out",
    "The spread is the root of v + ε, on the way back as on the way forward.",
    credit=0.5,
    root=lambda variance, eps: np.sqrt(variance),
)
mistake(
    "ε outside the root",
    "ε is added to the variance, and then the root is taken.",
    credit=0.5,
    root=lambda variance, eps: np.sqrt(variance) + eps,
)
mistake(
    "the variance over m − 1",
    "The batch is normalised by the variance over m; m − 1 is for running averages only.",
    MODES,
    0.5,
    unbiased=True,
)
mistake(
    "the derivative by γ with x in place of x̂",
    "γ multiplies x̂, so its derivative adds up ∂L/∂a times x̂.",
    credit=0.75,
    shown=lambda x, g, x_hat, gamma: x,
)
mistake(
    "means for γ and β",
    "γ and β are in the a of every example, and these ways add up.",
    credit=0.5,
    add=mean,
)


@key.mistake(
    "mean and spread over the units",
    "That is layer norm. Batch norm takes them over the examples, along a row.",
    LAYER,
    0.25,
)
def _(da, x, gamma, eps):
    def columns(values):
        return values.mean(axis=0, keepdims=True)

    return run(da, x, gamma, eps, over=columns, inner=columns)


@key.alternative("three ways, one by one")
def _(da, x, gamma, eps):
    m = x.shape[1]
    apart = x - mean(x)
    r = root(mean(apart**2), eps)
    g = gamma * da
    dr = total(-g * apart / r**2)
    dv = dr / (2 * r)
    dmu = total(-g / r)
    return g / r + dmu / m + dv * 2 * apart / m, total(da * apart / r), total(da)


@key.alternative("a Jacobian for each unit")
def _(da, x, gamma, eps):
    n, m = x.shape
    dx, dgamma = np.empty((n, m)), np.empty((n, 1))
    for i in range(n):
        r = np.sqrt(np.var(x[i]) + eps)
        hat = (x[i] - np.mean(x[i])) / r
        J = (np.eye(m) - np.ones((m, m)) / m - np.outer(hat, hat) / m) / r
        dx[i] = J.T @ (gamma[i] * da[i])
        dgamma[i] = hat @ da[i]
    return dx, dgamma, da @ np.ones((m, 1))


@key.alternative("loops over all entries")
def _(da, x, gamma, eps):
    n, m = x.shape
    dx, dgamma, dbeta = np.zeros((n, m)), np.zeros((n, 1)), np.zeros((n, 1))
    for i in range(n):
        mu = sum(x[i]) / m
        r = (sum((u - mu) ** 2 for u in x[i]) / m + eps) ** 0.5
        hat = [(u - mu) / r for u in x[i]]
        g = [gamma[i, 0] * d for d in da[i]]
        for j in range(m):
            dx[i, j] = (m * g[j] - sum(g) - hat[j] * sum(map(float.__mul__, hat, g))) / (m * r)
        dgamma[i] = sum(d * h for d, h in zip(da[i], hat, strict=True))
        dbeta[i] = sum(da[i])
    return dx, dgamma, dbeta


@key.alternative("float32, lists in a dictionary")
def _(da, x, gamma, eps):
    parts = run(da.astype(np.float32), x.astype(np.float32), gamma.astype(np.float32), eps)
    return dict(zip(key.returns, (part.tolist() for part in parts), strict=True))


@key.alternative("what a straight line in x leaves")
def _(da, x, gamma, eps):
    apart = x - mean(x)
    g = gamma * da
    tilt = total(g * apart) / (total(apart**2) + x.shape[1] * eps)
    r = root(mean(apart**2), eps)
    return (g - mean(g) - tilt * apart) / r, total(da * apart / r), total(da)
