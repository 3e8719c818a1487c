"""What grades momentum-path: gradients at random, a light and a heavy ball."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["momentum", "nesterov"])

MOMENTUM = "chapter 9, “Momentum: one rate for all directions”"
NESTEROV = "chapter 9, “Nesterov: brake before the bend”"
SGD = "chapter 3, “A gradient from a few examples”"
DIRECTION = "chapter 3, “Which way is down?”"
PLAY = "chapter 3, “Play first”"


@key.cases
def cases(rng):
    inputs = []
    for T, P, eta, beta in ((4, 2, 0.3, 0.8), (6, 3, 0.1, 0.9), (3, 3, 0.5, 0.6)):
        inputs.append(
            {
                "theta": rng.normal(size=P),
                "gradients": 0.5 + rng.normal(size=(T, P)),
                "eta": eta,
                "beta": beta,
            }
        )
    return inputs


def heavy(g, v, old, beta):
    return v


def ahead(g, v, old, beta):
    return g + beta * v


def run(
    theta, gradients, eta, beta, step, *, grow=lambda v, g, beta, k: beta * v + g, origin=None,
    start=0.0,
):  # fmt: skip
    """One path, each line of which can be replaced by a wrong one; and the last velocity."""
    points, v = [theta], start + np.zeros(theta.shape)
    for k, g in enumerate(gradients):
        old, v = v, grow(v, g, beta, k)
        points.append((points[-1] if origin is None else origin) - eta * step(g, v, old, beta))
    return np.array(points), v


def both(theta, gradients, eta, beta, *, momentum=heavy, nesterov=ahead, **slip):
    return tuple(run(theta, gradients, eta, beta, step, **slip)[0] for step in (momentum, nesterov))


mistake = key.built_of_lines(both, MOMENTUM, 0.25)


mistake(
    "(1 − β) g in place of g in the velocity",
    "That is a running mean, as Adam has it. Here the velocity is a sum in which old gradients "
    "fade.",
    credit=0.5,
    grow=lambda v, g, beta, k: beta * v + (1 - beta) * g,
)
mistake(
    "the velocity not damped",
    "Without β every gradient pushes for ever; β is what is left of the velocity after one update.",
    grow=lambda v, g, beta, k: v + g,
)
mistake(
    "no velocity",
    "The gradient alone is plain gradient descent; v carries what came before it.",
    SGD,
    grow=lambda v, g, beta, k: g,
)
mistake(
    "β at the gradient in place of the velocity",
    "β shrinks what is old. The new gradient enters whole.",
    grow=lambda v, g, beta, k: v + beta * g,
)
mistake(
    "a velocity that starts at the first gradient",
    "Before the first update the velocity is zero; after it, it is the first gradient.",
    credit=0.5,
    grow=lambda v, g, beta, k: beta * v + g if k else (1 + beta) * g,
)
mistake(
    "the step added in place of subtracted",
    "The velocity collects gradients, which point uphill, so it is subtracted.",
    DIRECTION,
    credit=0.5,
    momentum=lambda *args: -heavy(*args),
    nesterov=lambda *args: -ahead(*args),
)
mistake(
    "the position moved before the velocity is renewed",
    "First the velocity takes the gradient in, then θ moves by the new velocity.",
    momentum=lambda g, v, old, beta: old,
    nesterov=lambda g, v, old, beta: g + beta * old,
)
mistake(
    "the old velocity in the look ahead",
    "g + βv with the old v is the new velocity, and the rule is momentum again. The look ahead "
    "takes the new one.",
    NESTEROV,
    0.5,
    nesterov=lambda g, v, old, beta: v,
)
mistake(
    "v + βv in place of g + βv",
    "The look ahead adds βv to the gradient; v has the gradient in it already, and more.",
    NESTEROV,
    0.5,
    nesterov=lambda g, v, old, beta: v + beta * v,
)
mistake(
    "the gradient missing in the look ahead",
    "The step is g + βv: this update's gradient, and what the velocity will carry on.",
    NESTEROV,
    0.5,
    nesterov=lambda g, v, old, beta: beta * v,
)
mistake(
    "g + v in place of g + βv",
    "In the next update only β of the velocity will be left, and that is what looks ahead.",
    NESTEROV,
    0.5,
    nesterov=lambda g, v, old, beta: g + v,
)


mistake(
    "the look ahead with the wrong sign, g − βv",
    "Looking ahead goes the way that the velocity goes, so βv is added to the gradient.",
    NESTEROV,
    0.5,
    nesterov=lambda g, v, old, beta: g - beta * v,
)
mistake(
    "Nesterov's rule in place of momentum",
    "The first path moves by the velocity v alone; g + βv looks ahead, and belongs to the second.",
    credit=0.5,
    momentum=ahead,
)
mistake(
    "the two paths exchanged",
    "Momentum comes first, then Nesterov.",
    NESTEROV,
    0.75,
    momentum=ahead,
    nesterov=heavy,
)


@key.mistake(
    "η in the velocity and in the step too",
    "A step has one η: in the velocity, or where θ moves.",
    MOMENTUM,
    0.5,
)
def _(theta, gradients, eta, beta):
    return both(theta, gradients, eta**2, beta)


@key.mistake(
    "the velocity of the first run carried into the second",
    "Each rule starts with a velocity of zero; what the other run has left must go.",
    NESTEROV,
    0.5,
)
def _(theta, gradients, eta, beta):
    first, v = run(theta, gradients, eta, beta, heavy)
    return first, run(theta, gradients, eta, beta, ahead, start=v)[0]


@key.mistake(
    "every step taken from the start",
    "An update starts where the last one has ended, not at the first point again.",
    PLAY,
    0.25,
)
def _(theta, gradients, eta, beta):
    return both(theta, gradients, eta, beta, origin=theta)


@key.mistake(
    "the start left out of the paths",
    "A path begins where the run does, so it has one point more than there are updates.",
    PLAY,
    0.5,
)
def _(theta, gradients, eta, beta):
    return [path[1:] for path in both(theta, gradients, eta, beta)]


key.clue(
    "momentum",
    "nesterov",
    "The first path is right, so the velocity is too: only the step g + βv is left.",
)
key.clue(
    "nesterov",
    "momentum",
    "The second path is right, so the velocity is too: only the step of the first is left, "
    "which is v.",
)


@key.alternative("η in the velocity")
def _(theta, gradients, eta, beta):
    paths = []
    for nesterov in (False, True):
        path, v = [theta], 0
        for g in gradients:
            v = beta * v - eta * g
            path.append(path[-1] + (beta * v - eta * g if nesterov else v))
        paths.append(np.stack(path))
    return paths


@key.alternative("loops over the parameters")
def _(theta, gradients, eta, beta):
    T, P = gradients.shape
    first, second = np.zeros((T + 1, P)), np.zeros((T + 1, P))
    for i in range(P):
        first[0, i] = second[0, i] = theta[i]
        v = 0
        for k in range(T):
            v = beta * v + gradients[k, i]
            first[k + 1, i] = first[k, i] - eta * v
            second[k + 1, i] = second[k, i] - eta * (gradients[k, i] + beta * v)
    return first, second


@key.alternative("velocities as a product with a triangle of powers")
def _(theta, gradients, eta, beta):
    k = np.arange(len(gradients))
    v = np.tril(beta ** np.maximum(k[:, None] - k, 0.0)) @ gradients
    still = np.zeros((1, len(theta)))
    steps = (v, gradients + beta * v)
    return [theta - eta * np.cumsum(np.vstack([still, step]), axis=0) for step in steps]


@key.alternative("in place on copies, each row copied")
def _(theta, gradients, eta, beta):
    found = {}
    for name in ("nesterov", "momentum"):
        point, v = theta.copy(), np.zeros_like(theta)
        rows = [point.copy()]
        for g in gradients:
            v *= beta
            v += g
            point -= eta * (v if name == "momentum" else g + beta * v)
            rows.append(point.copy())
        found[name] = rows
    return found


@key.alternative("float32")
def _(theta, gradients, eta, beta):
    theta, gradients = theta.astype(np.float32), gradients.astype(np.float32)
    return both(theta, gradients, np.float32(eta), np.float32(beta))


@key.alternative("momentum without a velocity, from the last two points")
def _(theta, gradients, eta, beta):
    x, path, look = [theta, theta], [], []
    for g in gradients:
        x.append(x[-1] - eta * g + beta * (x[-1] - x[-2]))
    path = np.array(x[1:])
    look = path + beta * np.vstack([0 * theta, np.diff(path, axis=0)])
    return path.tolist(), look.tolist()
