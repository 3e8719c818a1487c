"""What grades weight-decay: weights far from zero, with gradients of several sizes."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["l2", "adamw"])

ADAMW = "chapter 9, “AdamW: decay that is not divided”"
SAME = 'chapter 9, “"L2 is weight decay"”'
ADAM = "chapter 9, “Adam: both averages, and a fair start”"


@key.cases
def cases(rng):
    inputs = []
    for T, P, mu, beta1, beta2 in (
        (3, 3, 0.4, 0.9, 0.99),
        (5, 2, 0.7, 0.7, 0.95),
        (4, 4, 0.2, 0.8, 0.9),
    ):
        sides = rng.choice([-1, 1], size=P)
        scale = np.exp(rng.uniform(-1, 1, size=P))
        inputs.append(
            {
                "theta": sides * rng.uniform(1.5, 3, size=P),
                "gradients": scale * rng.normal(size=(T, P)),
                "eta": 0.2,
                "mu": mu,
                "beta1": beta1,
                "beta2": beta2,
                "eps": 1e-3,
            }
        )
    return inputs


def divided(m, s, k, beta1, beta2):
    return m / (1 - beta1**k), np.sqrt(s / (1 - beta2**k))


class Means:
    """Adam's two means, and the step that they give."""

    def __init__(self, eta, beta1, beta2, eps, fair=divided):
        self.eta, self.beta1, self.beta2, self.eps, self.fair = eta, beta1, beta2, eps, fair
        self.m = self.s = self.k = 0

    def __call__(self, d, squared=None, more=0):
        self.k += 1
        squared = d if squared is None else squared
        self.m = self.beta1 * self.m + (1 - self.beta1) * d
        self.s = self.beta2 * self.s + (1 - self.beta2) * squared * squared
        m, root = self.fair(self.m, self.s, self.k, self.beta1, self.beta2)
        return self.eta * (m + more) / (root + self.eps)


def inside(at, g, mu, step, eta, start):
    return at - step(g + mu * at)


def outside(at, g, mu, step, eta, start):
    return (1 - eta * mu) * at - step(g)


def run(
    theta, gradients, eta, mu, beta1, beta2, eps, *, l2=inside, adamw=outside, fair=divided,
    forget=True,
):  # fmt: skip
    """Both ends, each with an update that can be replaced by a wrong one."""
    ends, step = [], None
    for update in (l2, adamw):
        if forget or step is None:
            step = Means(eta, beta1, beta2, eps, fair)
        at = theta
        for g in gradients:
            at = update(at, g, mu, step, eta, theta)
        ends.append(at)
    return tuple(ends)


mistake = key.built_of_lines(run, ADAMW, 0.5)


mistake(
    "AdamW's decay not multiplied by η",
    "The decay is part of the step: each update keeps 1 − ημ of a weight, not 1 − μ.",
    adamw=lambda at, g, mu, step, eta, start: (1 - mu) * at - step(g),
)
mistake(
    "AdamW's decay after the step",
    "The weights decay first. Afterwards the step itself would be shrunk as well.",
    credit=0.75,
    adamw=lambda at, g, mu, step, eta, start: (1 - eta * mu) * (at - step(g)),
)
mistake(
    "AdamW's decay inside the quotient",
    "Added to m̂, the decay is still divided by √ŝ; AdamW takes it out of the quotient.",
    adamw=lambda at, g, mu, step, eta, start: at - step(g, more=mu * at),
)
mistake(
    "the starting weights in AdamW's decay",
    "Every update shrinks the weight as it is now.",
    adamw=lambda at, g, mu, step, eta, start: at - eta * mu * start - step(g),
)
mistake(
    "weights that grow in AdamW",
    "The decay is subtracted: (1 − ημ) θ.",
    adamw=lambda at, g, mu, step, eta, start: (1 + eta * mu) * at - step(g),
)
mistake(
    "L2 missing in the squares",
    "L2 changes the gradient itself, so g + μθ goes into both means.",
    SAME,
    l2=lambda at, g, mu, step, eta, start: at - step(g + mu * at, squared=g),
)
mistake(
    "the penalty's half forgotten",
    "The derivative of μ/2 θ² is μθ; the half cancels the 2.",
    SAME,
    l2=lambda at, g, mu, step, eta, start: at - step(g + 2 * mu * at),
)
mistake(
    "the penalty in place of its gradient",
    "What is added to the gradient is the derivative of μ/2 ‖θ‖², which is μθ entry by entry.",
    SAME,
    l2=lambda at, g, mu, step, eta, start: at - step(g + mu / 2 * np.sum(at**2)),
)
mistake(
    "signs in place of weights in the penalty",
    "μ sign θ belongs to a penalty on |θ|, called L1. The derivative of μ/2 θ² is μθ.",
    SAME,
    l2=lambda at, g, mu, step, eta, start: at - step(g + mu * np.sign(at)),
)
mistake(
    "the decay outside for both",
    "L2 adds μθ to the gradient before the means are formed; for Adam that is another rule.",
    SAME,
    l2=outside,
)
mistake(
    "L2 for both",
    "AdamW's means see the gradient alone; the decay multiplies θ directly.",
    SAME,
    adamw=inside,
)
mistake(
    "the two rules exchanged",
    "Adam with L2 comes first, then AdamW.",
    SAME,
    0.75,
    l2=outside,
    adamw=inside,
)
mistake(
    "the bias correction left out",
    "Both means start at zero; divide by 1 − β₁ᵏ and 1 − β₂ᵏ.",
    ADAM,
    fair=lambda m, s, k, beta1, beta2: (m, np.sqrt(s)),
)
mistake(
    "the corrections multiplied in place of divided",
    "The means are too small at first, and 1 − βᵏ lies below 1: dividing by it makes up for that.",
    ADAM,
    fair=lambda m, s, k, beta1, beta2: (m * (1 - beta1**k), np.sqrt(s * (1 - beta2**k))),
)
mistake(
    "β² in place of βᵏ in the corrections",
    "The exponent is the number of the update: what the start has cost fades.",
    ADAM,
    fair=lambda m, s, k, beta1, beta2: divided(m, s, 2, beta1, beta2),
)
mistake(
    "s corrected after its root",
    "s is corrected first, then comes the root: √(s/(1 − β₂ᵏ)).",
    ADAM,
    fair=lambda m, s, k, beta1, beta2: (m / (1 - beta1**k), np.sqrt(s) / (1 - beta2**k)),
)
mistake(
    "a count that goes on with every parameter",
    "One update moves all parameters, and k counts updates: it grows once for all of them.",
    ADAM,
    fair=lambda m, s, k, beta1, beta2: divided(
        m, s, (k - 1) * m.size + 1 + np.arange(m.size), beta1, beta2
    ),
)
mistake(
    "the means of the first rule carried into the second",
    "Each rule has its own m, s and k, all of them zero at the start.",
    ADAM,
    forget=False,
)


key.clue(
    "l2",
    "adamw",
    "Adam itself is right, as the first result shows: only AdamW's decay is left.",
)
key.clue(
    "adamw",
    "l2",
    "Adam itself is right, as the second result shows: only what L2 adds to the gradient is left.",
)


@key.alternative("both rules side by side")
def _(theta, gradients, eta, mu, beta1, beta2, eps):
    at = np.stack([theta, theta])
    m, s = np.zeros_like(at), np.zeros_like(at)
    penalty, decay = np.array([[mu], [0.0]]), np.array([[0.0], [mu]])
    for k, g in enumerate(gradients, 1):
        d = g + penalty * at
        m, s = beta1 * m + (1 - beta1) * d, beta2 * s + (1 - beta2) * d**2
        step = m / (1 - beta1**k) / (np.sqrt(s / (1 - beta2**k)) + eps)
        at = (1 - eta * decay) * at - eta * step
    return at[0], at[1]


@key.alternative("loops over the parameters")
def _(theta, gradients, eta, mu, beta1, beta2, eps):
    ends = {"l2": [], "adamw": []}
    for i, first in enumerate(theta.tolist()):
        for name, end in ends.items():
            at, m, s = first, 0.0, 0.0
            for k, g in enumerate(gradients[:, i].tolist(), 1):
                d = g + mu * at if name == "l2" else g
                m += (1 - beta1) * (d - m)
                s += (1 - beta2) * (d * d - s)
                if name == "adamw":
                    at *= 1 - eta * mu
                at -= eta * m / (1 - beta1**k) / ((s / (1 - beta2**k)) ** 0.5 + eps)
            end.append(at)
    return ends


@key.alternative("in place on copies")
def _(theta, gradients, eta, mu, beta1, beta2, eps):
    ends = [theta.copy(), theta.copy()]
    for at, penalty, decay in zip(ends, (mu, 0), (0, mu), strict=True):
        m, s = np.zeros_like(at), np.zeros_like(at)
        for k, g in enumerate(gradients, 1):
            d = g + penalty * at
            m *= beta1
            m += (1 - beta1) * d
            s *= beta2
            s += (1 - beta2) * d * d
            at -= eta * decay * at
            at -= eta * m / (1 - beta1**k) / (np.sqrt(s / (1 - beta2**k)) + eps)
    return ends


@key.alternative("float32")
def _(theta, gradients, **rates):
    rates = {name: np.float32(rate) for name, rate in rates.items()}
    return run(theta.astype(np.float32), gradients.astype(np.float32), **rates)


@key.alternative("nested lists")
def _(**inputs):
    return [end.tolist() for end in run(**inputs)]


@key.alternative("both corrections in the learning rate")
def _(theta, gradients, eta, mu, beta1, beta2, eps):
    def end(l2):
        at, m, s = theta, 0, 0
        for k, g in enumerate(gradients, 1):
            d = g + l2 * mu * at
            m, s = beta1 * m + (1 - beta1) * d, beta2 * s + (1 - beta2) * d * d
            root = (1 - beta2**k) ** 0.5
            step = eta * root / (1 - beta1**k) * m / (s**0.5 + eps * root)
            at = at * (1 - (1 - l2) * eta * mu) - step
        return at

    return end(1), end(0)
