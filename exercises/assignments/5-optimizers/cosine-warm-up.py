"""What grades cosine-warm-up: short and long warm-ups, with a floor that shows its place."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["rates"])

SHAPES = "chapter 10, “The shapes in use”"
WARM = "chapter 10, “Warm-up: when the start is the steep part”"


@key.cases
def cases(rng):
    return [
        {"eta": rng.uniform(*eta, size=S), "K": K, "r": r, "floor": rng.uniform(0.01, 0.04)}
        for eta, K, r, S in (((0.2, 0.4), 9, 3, 2), ((0.5, 0.9), 14, 4, 3), ((0.8, 1.2), 11, 5, 1))
    ]


def line(k, r):
    return (k + 1) / r


def bow(k, K, r):
    return (1 + np.cos(np.pi * (k - r) / (K - r))) / 2


def onto(eta, floor, share):
    return floor + (eta - floor) * share


def run(eta, K, r, floor, *, up=line, down=bow, lower=onto):
    """All rates, each part of which can be replaced by a wrong one."""
    k = np.arange(K)[:, None]
    return np.where(k < r, eta * up(k, r), lower(eta, floor, down(k, K, r)))


mistake = key.built_of_lines(run, SHAPES, 0.5)


mistake(
    "a warm-up that begins at 0",
    "The first update would change nothing. In update k the share is (k + 1)/r.",
    WARM,
    up=lambda k, r: k / r,
)
mistake(
    "a warm-up that is at η one update late",
    "The last update of the warm-up, k = r − 1, has the whole rate: the share is (k + 1)/r.",
    WARM,
    up=lambda k, r: (k + 1) / (r + 1),
)
mistake(
    "no warm-up, but η from the start",
    "For k < r the rate grows in a straight line.",
    WARM,
    0.25,
    up=lambda k, r: np.ones(k.shape),
)
mistake(
    "a cosine as long as the whole training",
    "After the warm-up only K − r updates are left, and the cosine has to end with them.",
    WARM,
    down=lambda k, K, r: bow(k, K + r, r),
)
mistake(
    "a cosine that does not wait for the warm-up",
    "In update r the cosine begins, at η, so it counts from there: k − r.",
    WARM,
    down=lambda k, K, r: bow(k, K, 0),
)
mistake(
    "a cosine that is at its floor in the last update",
    "It is at the floor in update K, which is not made any more, so it is K − r long.",
    credit=0.75,
    down=lambda k, K, r: bow(k, K - 1, r),
)
mistake(
    "the half before the cosine left out",
    "1 + cos runs from 2 to 0; half of it runs from 1 to 0.",
    down=lambda k, K, r: 2 * bow(k, K, r),
)
mistake(
    "the 1 beside the cosine left out",
    "A cosine alone runs from 1 to −1, and a rate is never negative.",
    down=lambda k, K, r: (2 * bow(k, K, r) - 1) / 2,
)
mistake(
    "π left out",
    "Half a turn is π. Without it the cosine stops on the way.",
    down=lambda k, K, r: (1 + np.cos((k - r) / (K - r))) / 2,
)
mistake(
    "a whole turn in place of half a one",
    "With 2π the rate falls and rises again; it has to fall only.",
    down=lambda k, K, r: (1 + np.cos(2 * np.pi * (k - r) / (K - r))) / 2,
)
mistake(
    "a rate that rises where it should fall",
    "1 − cos begins at 0 and ends at 2. The rate begins at η.",
    down=lambda k, K, r: 1 - bow(k, K, r),
)
mistake(
    "the floor left out",
    "The cosine ends at the floor φ, not at 0.",
    lower=lambda eta, floor, share: eta * share,
)
mistake(
    "the floor added to the whole cosine",
    "The rate then begins at η + φ. Only η − φ lies between the ends.",
    lower=lambda eta, floor, share: floor + eta * share,
)


@key.mistake(
    "the warm-up's share of a cosine that runs already",
    "First the straight line up to η, and only then the cosine, from η down.",
    WARM,
    0.25,
)
def _(eta, K, r, floor):
    k = np.arange(K)[:, None]
    return np.minimum(1, line(k, r)) * onto(eta, floor, bow(k, K, 0))


@key.alternative("a loop over the updates")
def _(eta, K, r, floor):
    found = []
    for k in range(K):
        if k < r:
            found.append(eta * (k + 1) / r)
        else:
            found.append(floor + 0.5 * (eta - floor) * (1 + np.cos(np.pi * (k - r) / (K - r))))
    return found


@key.alternative("linspace for both parts")
def _(eta, K, r, floor):
    turn = np.linspace(0, np.pi, K - r + 1)[:-1, None]
    down = floor + (eta - floor) * (1 + np.cos(turn)) / 2
    return np.vstack([np.linspace(eta / r, eta, r), down])


@key.alternative("the square of a cosine of half the angle")
def _(eta, K, r, floor):
    k = np.arange(K)[:, None]
    half = np.cos(np.pi * (k - r) / (2 * (K - r)))
    return np.where(k < r, eta * (k + 1) / r, floor + (eta - floor) * half**2)


@key.alternative("a weighted mean of η and the floor, in place")
def _(eta, K, r, floor):
    found = np.empty((K, len(eta)))
    for k in range(r):
        found[k] = (k + 1) * eta / r
    c = np.cos(np.pi * np.arange(K - r) / (K - r))[:, None]
    found[r:] = eta * (1 + c) / 2 + floor * (1 - c) / 2
    return found


@key.alternative("float32")
def _(eta, K, r, floor):
    return run(eta.astype(np.float32), K, r, np.float32(floor)).astype(np.float32)
