"""What grades descend: bowls on which the run creeps in, crosses or flies off."""

import numpy as np

from bplib.checks.packing import Quadratic
from exercises.exercise import Key

key = Key(returns=["path", "losses"])

DIRECTION = "chapter 3, “Which way is down?”"
FAR = "chapter 3, “One parabola, solved”"
PLAY = "chapter 3, “Play first”"
RULER = "chapter 3, “Which way is down?”"
ORDER = "chapter 5, “Updating as you go”"
UPDATE = "chapter 5, “Update”"


@key.cases
def cases(rng):
    inputs = []
    for P, updates, reach in ((2, 6, 0.8), (3, 2, 1.6), (4, 3, 2.4)):  # η times the curvature
        A = rng.normal(size=(P, P))
        H = A @ A.T + np.eye(P)
        inputs.append(
            {
                "loss": Quadratic(H, rng.normal(size=(P, 1))),
                "theta": rng.normal(size=(P, 1)),
                "eta": reach / float(np.linalg.eigvalsh(H)[-1]),
                "updates": updates,
            }
        )
    return inputs


def run(loss, theta, eta, updates, step=None):
    """The points and losses, with a step that can be replaced by a wrong one."""
    step = step or (lambda point: point - eta * loss.gradient(point))
    path = [theta]
    for _ in range(updates):
        path.append(step(path[-1]))
    return np.hstack(path), np.array([loss(point) for point in path])


def mistake(name, why, read, credit, step):
    """Register a step, which gets the loss, the point, η and the start."""

    @key.mistake(name, why, read, credit)
    def _(loss, theta, eta, updates):
        return run(loss, theta, eta, updates, lambda point: step(loss, point, eta, theta))


def one_by_one(loss, point, eta, start):
    new = point.copy()
    for i in range(len(point)):
        new[i] -= eta * loss.gradient(new)[i]
    return new


mistake(
    "the gradient added in place of subtracted",
    "The gradient points where the loss grows; the step goes against it.",
    DIRECTION,
    0.5,
    lambda loss, point, eta, start: point + eta * loss.gradient(point),
)
mistake(
    "the gradient at the start used for all updates",
    "The slope changes on the way, so every update asks for it at the point where it stands.",
    FAR,
    0.25,
    lambda loss, point, eta, start: point - eta * loss.gradient(start),
)
mistake(
    "every step taken from the start",
    "An update starts where the last one has ended, not at the first point again.",
    PLAY,
    0.25,
    lambda loss, point, eta, start: start - eta * loss.gradient(point),
)
mistake(
    "θ updated entry by entry, each with the new values of those before",
    "All entries move at the same moment, by a gradient that was taken at the old point.",
    ORDER,
    0.25,
    one_by_one,
)
mistake(
    "steps of one length",
    "The step is η times the gradient, length and all. Divided by its length, it does not "
    "become shorter near the minimum.",
    FAR,
    0.25,
    lambda loss, point, eta, start: (
        point - eta * loss.gradient(point) / np.linalg.norm(loss.gradient(point))
    ),
)
mistake(
    "the signs of the gradient in place of the gradient",
    "The sign is the steepest direction by another ruler. Here each entry moves by η times its "
    "own derivative.",
    RULER,
    0.25,
    lambda loss, point, eta, start: point - eta * np.sign(loss.gradient(point)),
)
mistake(
    "the loss in place of its gradient",
    "How high you stand does not say which way is down. Every entry moves by its own slope.",
    DIRECTION,
    0.25,
    lambda loss, point, eta, start: point - eta * loss(point),
)
mistake(
    "the learning rate left out",
    "The gradient gives the direction; how far to go is what η is for.",
    FAR,
    0.25,
    lambda loss, point, eta, start: point - loss.gradient(point),
)


@key.mistake(
    "the start left out",
    "The path begins where the run does, so it has one point more than there are updates.",
    PLAY,
    0.5,
)
def _(loss, theta, eta, updates):
    path, losses = run(loss, theta, eta, updates)
    return path[:, 1:], losses[1:]


@key.mistake(
    "the last point left out",
    "The point after the last update belongs to the path: there is one more than updates.",
    PLAY,
    0.5,
)
def _(loss, theta, eta, updates):
    return run(loss, theta, eta, updates - 1)


@key.mistake(
    "one row for each point in place of one column",
    "The path has the shape (P, updates + 1); in this book columns lie side by side.",
    PLAY,
    0.75,
)
def _(loss, theta, eta, updates):
    path, losses = run(loss, theta, eta, updates)
    return path.T, losses


@key.mistake(
    "the same array at every point of the path",
    "A list keeps the array, not a copy. theta -= … changes all entries of the list at once, "
    "so all points are the last one. Write theta = theta − … instead.",
    UPDATE,
    0.5,
)
def _(loss, theta, eta, updates):
    path, losses = run(loss, theta, eta, updates)
    return np.repeat(path[:, [-1]], updates + 1, axis=1), losses


@key.alternative("arrays filled column by column")
def _(loss, theta, eta, updates):
    path, losses = np.empty((theta.size, updates + 1)), np.empty(updates + 1)
    path[:, [0]], losses[0] = theta, loss(theta)
    for k in range(updates):
        path[:, [k + 1]] = path[:, [k]] - eta * loss.gradient(path[:, [k]])
        losses[k + 1] = loss(path[:, [k + 1]])
    return path, losses


@key.alternative("a loop over the entries, gradient first")
def _(loss, theta, eta, updates):
    point, path, losses = [float(t) for t in theta[:, 0]], [], []
    for _ in range(updates + 1):
        column = np.array(point)[:, None]
        path.append(list(point))
        losses.append(loss(column))
        g = loss.gradient(column)
        point = [p - eta * float(g[i, 0]) for i, p in enumerate(point)]
    return np.array(path).T, losses


@key.alternative("in place, with copies")
def _(loss, theta, eta, updates):
    theta = theta.copy()
    path, losses = [theta.copy()], [loss(theta)]
    for _ in range(updates):
        theta -= eta * loss.gradient(theta)
        path.append(theta.copy())
        losses.append(loss(theta))
    return np.concatenate(path, axis=1), np.stack(losses)


@key.alternative("float32")
def _(loss, theta, eta, updates):
    def step(point):
        return (point - eta * loss.gradient(point)).astype(np.float32)

    path, losses = run(loss, theta.astype(np.float32), eta, updates, step)
    return path, losses.astype(np.float32)


@key.alternative("nested lists in a dictionary")
def _(loss, theta, eta, updates):
    path, losses = run(loss, theta, eta, updates)
    return {"losses": losses.tolist(), "path": path.tolist()}


@key.alternative("recursion")
def _(loss, theta, eta, updates):
    if not updates:
        return theta, [loss(theta)]
    path, losses = _descend(loss, theta, eta, updates - 1)
    new = path[:, -1:] - eta * loss.gradient(path[:, -1:])
    return np.c_[path, new], [*losses, loss(new)]


_descend = key.alternatives["recursion"]
