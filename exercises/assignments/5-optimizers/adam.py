"""What grades adam: few and many updates, with an ε that shows its place."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["path"])

ADAM = "chapter 9, “Adam: both averages, and a fair start”"
CORRECTION = "chapter 9, “Adam: both averages, and a fair start”"
RMSPROP = "chapter 9, “RMSProp: forget”"
ADAGRAD = "chapter 9, “AdaGrad: a rate for each parameter”"
DIRECTION = "chapter 3, “Which way is down?”"


@key.cases
def cases(rng):
    inputs = []
    for T, P, beta1, beta2, eps in (
        (4, 3, 0.9, 0.99, 0.1),
        (7, 2, 0.7, 0.95, 0.05),
        (3, 4, 0.8, 0.9, 0.3),
    ):
        scale = np.exp(rng.uniform(-1, 1, size=P))
        inputs.append(
            {
                "theta": rng.normal(size=P),
                "gradients": scale * (rng.choice([-1, 1], size=P) + rng.normal(size=(T, P))),
                "eta": 0.5,
                "beta1": beta1,
                "beta2": beta2,
                "eps": eps,
            }
        )
    return inputs


def fair(k, beta1, beta2, P):
    return 1 - beta1**k, 1 - beta2**k


def quotient(m, s, c1, c2, eps):
    return m / c1 / (np.sqrt(s / c2) + eps)


def run(
    theta, gradients, eta, beta1, beta2, eps, *, corrections=fair, step=quotient,
    square=lambda g, m: g * g, new=lambda beta: 1 - beta, keep=False,
):  # fmt: skip
    """The path of Adam, each line of which can be replaced by a wrong one."""
    path, m, s = [theta], np.zeros(theta.shape), np.zeros(theta.shape)
    for k, g in enumerate(gradients, 1):
        m = beta1 * m + new(beta1) * g
        s = beta2 * s + new(beta2) * square(g, m)
        c1, c2 = corrections(k, beta1, beta2, theta.size)
        path.append(path[-1] - eta * step(m, s, c1, c2, eps))
        if keep:
            m, s = m / c1, s / c2
    return np.array(path)


mistake = key.built_of_lines(run, ADAM, 0.5)


mistake(
    "the correction left out",
    "Both means start at zero and are too small at first; the root of s more than m, so the first "
    "steps are too long.",
    CORRECTION,
    corrections=lambda k, beta1, beta2, P: (1, 1),
)
mistake(
    "m corrected, but not s",
    "Both means start at zero, and each has a correction of its own.",
    CORRECTION,
    corrections=lambda k, beta1, beta2, P: (1 - beta1**k, 1),
)
mistake(
    "s corrected, but not m",
    "Both means start at zero, and each has a correction of its own.",
    CORRECTION,
    corrections=lambda k, beta1, beta2, P: (1, 1 - beta2**k),
)
mistake(
    "the correction of the first update in all updates",
    "What the start has cost fades: the power is βᵏ, with the number of the update.",
    CORRECTION,
    corrections=lambda k, beta1, beta2, P: fair(1, beta1, beta2, P),
)
mistake(
    "β² in place of βᵏ in the corrections",
    "The exponent is the number of the update: what the start has cost fades.",
    CORRECTION,
    corrections=lambda k, beta1, beta2, P: fair(2, beta1, beta2, P),
)
mistake(
    "the corrections multiplied in place of divided",
    "The means are too small at first, and 1 − βᵏ lies below 1: dividing by it makes up for that.",
    CORRECTION,
    step=lambda m, s, c1, c2, eps: m * c1 / (np.sqrt(s * c2) + eps),
)
mistake(
    "a count that goes on with every parameter",
    "One update moves all parameters, and k counts updates: it grows once for all of them.",
    CORRECTION,
    corrections=lambda k, beta1, beta2, P: fair((k - 1) * P + 1 + np.arange(P), beta1, beta2, P),
)
mistake(
    "s corrected after its root",
    "s is corrected first, then comes the root: √(s/(1 − β₂ᵏ)).",
    CORRECTION,
    0.75,
    step=lambda m, s, c1, c2, eps: m / c1 / (np.sqrt(s) / c2 + eps),
)
mistake(
    "g and g² without their 1 − β in the means",
    "With 1 − β the numbers are means of the gradients and of their squares; without it, sums.",
    new=lambda beta: 1,
)
mistake(
    "updates counted from 2",
    "At the first update k is 1, and the corrections are 1 − β₁ and 1 − β₂.",
    credit=0.75,
    corrections=lambda k, beta1, beta2, P: fair(k + 1, beta1, beta2, P),
)
mistake(
    "updates counted from 0",
    "1 − β⁰ is zero, and the first update divides by it. The first update has k = 1.",
    credit=0.75,
    corrections=lambda k, beta1, beta2, P: (
        np.array(1 - beta1 ** (k - 1)),
        np.array(1 - beta2 ** (k - 1)),
    ),
)
mistake(
    "the corrected means carried into the next update",
    "The correction is for this step only. The running means go on from m and s as they are.",
    keep=True,
)
mistake(
    "ε under the root",
    "The ε is added after the root: √ŝ + ε.",
    credit=0.75,
    step=lambda m, s, c1, c2, eps: m / c1 / np.sqrt(s / c2 + eps),
)
mistake(
    "ε added before s is corrected",
    "The ε stands beside √ŝ. Added to √s, it is magnified by the correction.",
    credit=0.75,
    step=lambda m, s, c1, c2, eps: m / c1 * np.sqrt(c2) / (np.sqrt(s) + eps),
)
mistake(
    "the root left out",
    "s is a mean of squares. Only its root has the units of a gradient, so that they cancel.",
    step=lambda m, s, c1, c2, eps: m / c1 / (s / c2 + eps),
)
mistake(
    "the square of m in place of the square of g",
    "s is the mean of the squares, which noise makes larger; the square of the mean is not.",
    RMSPROP,
    square=lambda g, m: m * m,
)
mistake(
    "one s for all parameters",
    "Each parameter has its own mean square, entry by entry; that is the point of the quotient.",
    ADAGRAD,
    square=lambda g, m: np.mean(g * g),
)
mistake(
    "the step added in place of subtracted",
    "m̂ is a mean of gradients and points uphill, so the step goes against it.",
    DIRECTION,
    step=lambda *args: -quotient(*args),
)


@key.mistake(
    "the start left out of the path",
    "The path begins where the run does, so it has one point more than there are updates.",
    DIRECTION,
    0.5,
)
def _(**inputs):
    return run(**inputs)[1:]


@key.mistake(
    "β₁ and β₂ exchanged",
    "β₁ belongs to the mean of the gradients, β₂ to that of their squares, which is longer.",
    ADAM,
    0.5,
)
def _(theta, gradients, eta, beta1, beta2, eps):
    return run(theta, gradients, eta, beta2, beta1, eps)


@key.alternative("both corrections in the learning rate")
def _(theta, gradients, eta, beta1, beta2, eps):
    path, m, s = [theta], 0, 0
    for k, g in enumerate(gradients, 1):
        m, s = m + (1 - beta1) * (g - m), s + (1 - beta2) * (g * g - s)
        root = np.sqrt(1 - beta2**k)
        rate = eta * root / (1 - beta1**k)
        path.append(path[-1] - rate * m / (np.sqrt(s) + eps * root))
    return np.stack(path)


@key.alternative("loops over the parameters")
def _(theta, gradients, eta, beta1, beta2, eps):
    columns = []
    for i in range(len(theta)):
        point, m, s = theta[i], 0.0, 0.0
        column = [point]
        for k in range(len(gradients)):
            g = gradients[k][i]
            m = beta1 * m + (1 - beta1) * g
            s = beta2 * s + (1 - beta2) * g * g
            point -= (
                eta * (m / (1 - beta1 ** (k + 1))) / ((s / (1 - beta2 ** (k + 1))) ** 0.5 + eps)
            )
            column.append(point)
        columns.append(column)
    return np.array(columns).T


@key.alternative("powers of β carried along, in place on copies")
def _(theta, gradients, eta, beta1, beta2, eps):
    point, m, s, p1, p2 = theta.copy(), 0 * theta, 0 * theta, 1.0, 1.0
    path = [point.copy()]
    for g in gradients:
        p1, p2 = p1 * beta1, p2 * beta2
        m *= beta1
        m += (1 - beta1) * g
        s *= beta2
        s += (1 - beta2) * g**2
        point -= eta * m / (1 - p1) / (np.sqrt(s / (1 - p2)) + eps)
        path.append(point.copy())
    return path


@key.alternative("weighted means of all gradients so far")
def _(theta, gradients, eta, beta1, beta2, eps):
    path = np.tile(theta, (len(gradients) + 1, 1))
    for k in range(1, len(gradients) + 1):
        past, age = gradients[:k], np.arange(k)[::-1]
        m = np.average(past, axis=0, weights=beta1**age)
        s = np.average(past**2, axis=0, weights=beta2**age)
        path[k] = path[k - 1] - eta * m / (np.sqrt(s) + eps)
    return path


@key.alternative("float32")
def _(theta, gradients, **rates):
    rates = {name: np.float32(rate) for name, rate in rates.items()}
    return run(theta.astype(np.float32), gradients.astype(np.float32), **rates)


@key.alternative("nested lists in a dictionary")
def _(**inputs):
    return {"path": run(**inputs).tolist()}
