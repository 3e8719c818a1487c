"""What grades restarts: shares for which every shortcut gives another number of runs."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["p", "R", "chance"])

AGAIN = "chapter 15, “Start again”"
RATE = "chapter 7, “How often does it learn?”"


@key.cases
def cases(rng):
    inputs = []
    for sure in (0.95, 0.99, 0.995):
        while True:
            S = int(rng.integers(16, 40))
            solved = int(rng.integers(S // 5, S // 2))
            p = solved / S
            exact = np.log(1 - sure) / np.log(1 - p)
            others = exact, np.log(1 - sure) / np.log(p), sure / p
            if 0.05 < exact % 1 < 0.45 and len({int(v) for v in others}) == 3 and exact > 4:
                break
        limit = rng.uniform(0.04, 0.2)
        good = limit * rng.uniform(0.05, 0.9, size=solved)
        bad = rng.choice([0.347, 0.477, 0.693], size=S - solved) * rng.uniform(0.98, 1.02)
        inputs.append({"losses": rng.permutation(np.r_[good, bad]), "limit": limit, "sure": sure})
    return inputs


def exact(p, sure):
    return np.log(1 - sure) / np.log(1 - p)


def run(
    losses, limit, sure, *, share=lambda losses, limit: np.mean(losses < limit), runs=exact,
    whole=np.ceil, chance=lambda p, R: 1 - (1 - p) ** R,
):  # fmt: skip
    """All three, each with a line that can be replaced by a wrong one."""
    p = share(losses, limit)
    R = whole(runs(p, sure))
    return p, R, chance(p, R)


mistake = key.built_of_lines(run, AGAIN, 0.5)


mistake(
    "the share that failed",
    "A run has succeeded if its loss is below the limit.",
    RATE,
    share=lambda losses, limit: np.mean(losses >= limit),
)
mistake(
    "the number of runs rounded down, or to the nearest",
    "One run fewer does not reach `sure`: round up.",
    whole=np.floor,
)
mistake(
    "the number of runs not rounded",
    "There is no third of a run: round up.",
    whole=lambda R: R,
)
mistake(
    "the number of runs from sure/p",
    "Chances of several runs do not add up. Multiply the chances of failing.",
    runs=lambda p, sure: sure / p,
)
mistake(
    "log p in place of log(1 − p)",
    "p to the power R is the chance that all runs succeed. All fail with (1 − p) to the power R.",
    runs=lambda p, sure: np.log(1 - sure) / np.log(p),
)
mistake(
    "log sure in place of log(1 − sure)",
    "All runs fail with at most 1 − sure.",
    runs=lambda p, sure: np.log(sure) / np.log(1 - p),
)
mistake(
    "the chance that all runs fail",
    "At least one succeeds with 1 minus that.",
    chance=lambda p, R: (1 - p) ** R,
)
mistake(
    "the chance that exactly one succeeds",
    "Several may succeed. At least one does unless all fail.",
    chance=lambda p, R: R * p * (1 - p) ** (R - 1),
)
mistake(
    "the chance that all runs succeed",
    "One is enough: 1 minus the chance that all fail.",
    chance=lambda p, R: p**R,
)


@key.mistake(
    "the number that succeeded in place of the share",
    "p is a share: divide by the number of runs.",
    RATE,
    0.25,
)
def _(losses, limit, sure):
    return np.sum(losses < limit), 1, 1.0


@key.mistake(
    "chances of runs added up",
    "Two runs of ½ do not give certainty: they can both fail. Multiply the chances of failing.",
    AGAIN,
    0.25,
)
def _(losses, limit, sure):
    p = np.mean(losses < limit)
    R = np.ceil(sure / p)
    return p, R, min(1, R * p)


@key.alternative("a loop until it is enough")
def _(losses, limit, sure):
    p, fail, R = (losses < limit).sum() / len(losses), 1.0, 0
    while 1 - fail < sure:
        fail *= 1 - p
        R += 1
    return p, R, 1 - fail


@key.alternative("log1p, integers")
def _(losses, limit, sure):
    p = np.count_nonzero(losses < limit) / losses.size
    R = int(np.ceil(np.log1p(-sure) / np.log1p(-p)))
    return {"p": p, "R": R, "chance": -np.expm1(R * np.log1p(-p))}


@key.alternative("a table of chances")
def _(losses, limit, sure):
    p = np.where(losses < limit, 1, 0).mean()
    chances = 1 - (1 - p) ** np.arange(1, 200)
    R = np.searchsorted(chances, sure) + 1
    return [p, R, chances[R - 1]]


@key.alternative("logarithms to the base 10")
def _(losses, limit, sure):
    p = float(np.mean(losses < limit))
    R = float(np.ceil(np.log10(1 - sure) / np.log10(1 - p)))
    return p, R, 1 - (1 - p) ** R


@key.alternative("float32")
def _(losses, limit, sure):
    p = np.float32(np.mean(losses < limit))
    R = np.ceil(np.log(np.float32(1 - sure)) / np.log(1 - p))
    return p, R, 1 - (1 - p) ** R
