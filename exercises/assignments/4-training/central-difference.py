"""What grades central-difference: bowls of two, three and four parameters, with large steps."""

import numpy as np

from bplib.checks.packing import Quadratic
from exercises.exercise import Key

key = Key(returns=["forward", "central"])

SLOPE = "chapter 8, “Play first: how small a nudge?”"
BEND = "chapter 8, “Two misses that pull apart”"
EACH = "chapter 8, “A check of your own, in five lines”"


@key.cases
def cases(rng):
    inputs = []
    for P, h in ((2, 0.5), (3, 0.2), (4, 0.3)):
        A = rng.normal(size=(P, P))
        inputs.append(
            {
                "loss": Quadratic(A @ A.T + np.eye(P), rng.normal(size=(P, 1))),
                "theta": rng.normal(size=(P, 1)),
                "h": h,
            }
        )
    return inputs


def ahead(above, here, below, h):
    return (above - here) / h


def both(above, here, below, h):
    return (above - below) / (2 * h)


def run(
    loss, theta, h, *, forward=ahead, central=both, nudge=lambda theta, i, h: h * unit(theta, i)
):
    """Both differences, each made of the losses above, here and below by a formula."""
    found = []
    for i in range(len(theta)):
        d = nudge(theta, i, h)
        losses = loss(theta + d), loss(theta), loss(theta - d)
        found.append((forward(*losses, h), central(*losses, h)))
    return tuple(np.array(found).T[..., None])


def unit(theta, i):
    return np.eye(len(theta))[:, i : i + 1]


mistake = key.built_of_lines(run, SLOPE, 0.5)


mistake(
    "the central difference divided by h in place of 2h",
    "From −h to +h is a way of 2h, and a slope is rise over way.",
    SLOPE,
    central=lambda above, here, below, h: (above - below) / h,
)
mistake(
    "the difference not divided by the step",
    "A slope is the rise divided by the way; the rise alone depends on h.",
    SLOPE,
    0.25,
    forward=lambda above, here, below, h: above - here,
    central=lambda above, here, below, h: above - below,
)
mistake(
    "the order of the two losses exchanged",
    "The loss ahead comes first: the slope is positive where the loss grows.",
    SLOPE,
    forward=lambda *args: -ahead(*args),
    central=lambda *args: -both(*args),
)
mistake(
    "the backward difference in place of the forward one",
    "The nudge goes ahead, to θ + h, and the loss at θ is subtracted.",
    credit=0.75,
    forward=lambda above, here, below, h: (here - below) / h,
)
mistake(
    "the forward difference for both",
    "The central difference needs a third loss, at θ − h.",
    SLOPE,
    central=ahead,
)
mistake(
    "the curvature in place of the central difference",
    "Above minus twice here plus below, divided by h², is the second derivative.",
    BEND,
    central=lambda above, here, below, h: (above - 2 * here + below) / h**2,
)
mistake(
    "all parameters nudged at once",
    "Entry i asks what parameter i does alone, with all others held still.",
    EACH,
    0.25,
    nudge=lambda theta, i, h: h * np.ones(theta.shape),
)
mistake(
    "nudges in proportion to the parameter, divided by h alone",
    "A nudge of hθᵢ is fine if you divide by hθᵢ. Divided by h, each slope comes out θᵢ times.",
    SLOPE,
    0.25,
    nudge=lambda theta, i, h: h * theta[i] * unit(theta, i),
)
mistake(
    "the loss multiplied by the nudge",
    "Each entry compares two losses. A single one does not say which way is down.",
    credit=0,
    forward=lambda above, here, below, h: here * h,
    central=lambda above, here, below, h: here * h,
)


@key.mistake(
    "nudges not taken back",
    "Before the next parameter is nudged, the last one goes back to where it was.",
    EACH,
    0.25,
)
def _(loss, theta, h):
    theta, found = theta.copy(), []
    for i in range(len(theta)):
        here = loss(theta)
        theta[i] += h
        above = loss(theta)
        theta[i] -= 2 * h
        below = loss(theta)
        found.append(((above - here) / h, (above - below) / (2 * h)))
    return tuple(np.array(found).T[..., None])


@key.mistake(
    "a nudge of h/2 to both sides, divided by 2h",
    "Half a step to each side makes a way of h.",
    SLOPE,
    0.5,
)
def _(loss, theta, h):
    return run(loss, theta, h)[0], run(loss, theta, h / 2)[1] / 2


@key.mistake(
    "flat arrays in place of columns",
    "A gradient has the shape of its parameters, or the next update broadcasts the two into a "
    "matrix.",
    "chapter 1, “The gradient is the Jacobian”",
    0.75,
)
def _(loss, theta, h):
    return [part.ravel() for part in run(loss, theta, h)]


@key.alternative("columns of the identity")
def _(loss, theta, h):
    units = [e[:, None] for e in np.eye(len(theta))]
    here = loss(theta)
    return (
        np.array([[(loss(theta + h * e) - here) / h] for e in units]),
        np.array([[(loss(theta + h * e) - loss(theta - h * e)) / h / 2] for e in units]),
    )


@key.alternative("in place on a copy, each entry put back")
def _(loss, theta, h):
    theta, here = theta.copy(), loss(theta)
    forward, central = np.empty_like(theta), np.empty_like(theta)
    for i, old in enumerate(theta.ravel().tolist()):
        theta[i] = old + h
        above = loss(theta)
        theta[i] = old - h
        below = loss(theta)
        theta[i] = old
        forward[i], central[i] = (above - here) / h, (above - below) / (2 * h)
    return forward, central


@key.alternative("the central difference as the mean of forward and backward")
def _(loss, theta, h):
    forward, backward = run(loss, theta, h)[0], run(loss, theta, -h)[0]
    return forward, (forward + backward) / 2


@key.alternative("float32")
def _(loss, theta, h):
    return [part.astype(np.float32) for part in run(loss, theta.astype(np.float32), h)]


@key.alternative("nested lists in a dictionary")
def _(loss, theta, h):
    forward, central = run(loss, theta, h)
    return {"central": central.tolist(), "forward": forward.tolist()}


@key.alternative("matrices of nudged columns")
def _(loss, theta, h):
    P = len(theta)
    ahead_, behind = theta + h * np.eye(P), theta - h * np.eye(P)
    above = np.array([loss(ahead_[:, [i]]) for i in range(P)]).reshape(-1, 1)
    below = np.array([loss(behind[:, [i]]) for i in range(P)]).reshape(-1, 1)
    return (above - loss(theta)) / h, (above - below) / (2 * h)
