"""What grades clipping: gradients above the limit and below it, and one of zeros."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["clipped[]", "norm"])

RULER = "chapter 3, “Which way is down?”"
DIRECTION = "chapter 3, “Which way is down?”"
FAR = "chapter 3, “One parabola, solved”"


@key.cases
def cases(rng):
    inputs = []
    for shapes, size, limit in (
        (((2, 3), (2, 1), (1, 2), (1, 1)), 4.0, 2.5),
        (((3, 3), (3, 1)), 0.2, 3.0),
        (((4,), (2, 2), (3, 1)), 30.0, 0.6),
        (((2, 2), (2, 1)), 0.0, 1.0),
    ):
        gradients = [size * rng.uniform(0.5, 2) * rng.normal(size=shape) for shape in shapes]
        inputs.append({"gradients": gradients, "limit": limit})
    return inputs


def length(gradients):
    return np.sqrt(sum(np.sum(g**2) for g in gradients))


def shorter(norm, limit):
    return min(1, limit / norm) if norm else 1


def run(gradients, limit, *, norm=length, factor=shorter, told=None):
    """The clipping, each line of which can be replaced by a wrong one."""
    n = norm(gradients)
    c = factor(n, limit)
    return [c * g for g in gradients], told(gradients, limit) if told else n


mistake = key.built_of_lines(run, RULER, 0.25)


mistake(
    "short gradients made longer",
    "The factor is at most 1: a gradient below the limit stays as it is.",
    FAR,
    0.5,
    factor=lambda norm, limit: limit / norm if norm else 1,
)
mistake(
    "the limit missing in the factor",
    "g/‖g‖ has the norm 1; times the limit it has the norm that is wanted.",
    FAR,
    0.5,
    factor=lambda norm, limit: 1 / norm if norm > limit else 1,
)
mistake(
    "nothing clipped",
    "A norm above the limit is what the function is there for.",
    FAR,
    factor=lambda norm, limit: 1,
)
mistake(
    "a gradient above the limit dropped",
    "It is shortened, not thrown away; its direction is still good.",
    DIRECTION,
    factor=lambda norm, limit: 0 if norm > limit else 1,
)
mistake(
    "the limit divided by the squared norm",
    "The factor is c/‖g‖; with the square the result gets shorter the longer the gradient was.",
    factor=lambda norm, limit: limit / norm**2 if norm > limit else 1,
)
mistake(
    "the root left out of the norm",
    "The norm is the root of the sum of all squares.",
    norm=lambda gradients: length(gradients) ** 2,
)
mistake(
    "the norms of the arrays added up",
    "Norms do not add, their squares do: the whole is the root of the sum of the squares.",
    norm=lambda gradients: sum(np.linalg.norm(g) for g in gradients),
)
mistake(
    "the largest of the arrays' norms",
    "All arrays together make one vector, and each of them makes it longer.",
    norm=lambda gradients: max(np.linalg.norm(g) for g in gradients),
)
mistake(
    "the largest entry in place of the norm",
    "The norm takes all entries together: the root of the sum of the squares.",
    norm=lambda gradients: max(np.abs(g).max() for g in gradients),
)
mistake(
    "the root of the mean square in place of the norm",
    "The squares are added up, not averaged.",
    norm=lambda gradients: length(gradients) / np.sqrt(sum(g.size for g in gradients)),
)
mistake(
    "the norm after clipping returned",
    "The norm before the cut is what tells you how often, and how much, was cut.",
    credit=0.5,
    told=lambda gradients, limit: min(length(gradients), limit),
)


@key.mistake(
    "each array clipped by its own norm",
    "Arrays cut by different factors give another direction. One norm and one factor for all.",
    DIRECTION,
    0.5,
)
def _(gradients, limit):
    return [run([g], limit)[0][0] for g in gradients], length(gradients)


@key.mistake(
    "each entry clipped",
    "That bends the gradient towards its small entries. All are to shrink by one factor.",
    DIRECTION,
    0.25,
)
def _(gradients, limit):
    return [np.clip(g, -limit, limit) for g in gradients], length(gradients)


@key.mistake(
    "NaN for a gradient of zeros",
    "At zero c/‖g‖ divides by zero. Ask whether the norm is above the limit first.",
    FAR,
    0.5,
)
def _(gradients, limit):
    norm = length(gradients)
    return [g / norm * min(norm, limit) for g in gradients], norm


@key.alternative("one long vector, taken apart again")
def _(gradients, limit):
    flat = np.concatenate([g.ravel() for g in gradients])
    norm = np.linalg.norm(flat)
    if norm > limit:
        flat = flat * (limit / norm)
    ends = np.cumsum([g.size for g in gradients])[:-1]
    parts = np.split(flat, ends)
    return [part.reshape(g.shape) for part, g in zip(parts, gradients, strict=True)], norm


@key.alternative("loops over the entries")
def _(gradients, limit):
    total = 0.0
    for g in gradients:
        for entry in g.ravel():
            total += entry * entry
    norm, clipped = total**0.5, []
    for g in gradients:
        new = g.copy()
        if norm > limit:
            new *= limit
            new /= norm
        clipped.append(new)
    return clipped, norm


@key.alternative("PyTorch's 1e-6 in the denominator")
def _(gradients, limit):
    return run(gradients, limit, factor=lambda norm, limit: min(1.0, limit / (norm + 1e-6)))


@key.alternative("float32")
def _(gradients, limit):
    return run([g.astype(np.float32) for g in gradients], np.float32(limit))


@key.alternative("the norm of the norms, nested lists in a dictionary")
def _(gradients, limit):
    norm = np.linalg.norm([np.linalg.norm(g) for g in gradients])
    factor = limit / norm if norm > limit else 1
    return {"norm": norm, "clipped": [(factor * g).tolist() for g in gradients]}


@key.alternative("a gradient below the limit returned as it came")
def _(gradients, limit):
    norm = length(gradients)
    return (
        (gradients, norm) if norm <= limit else (tuple(g * limit / norm for g in gradients), norm)
    )
