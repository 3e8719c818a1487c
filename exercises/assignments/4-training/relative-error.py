"""What grades relative-error: kinks, tiny gradients, nothing but zeros, nothing to compare."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["error", "kinks"])

KINK = "chapter 8, “A kink is a bug”"
ERROR = "chapter 8, “A check of your own, in five lines”"
ZERO = "chapter 8, “Zero is zero”"


@key.cases
def cases(rng):
    inputs = []
    for P, K, switches, size in ((6, 3, 2, 1), (9, 4, 3, 1e-8), (7, 2, 2, 0), (4, 3, 4, 1)):
        above = rng.choice([-1, 1], size=(P, K)) * rng.uniform(0.5, 2, size=(P, K))
        below = above * rng.uniform(0.5, 0.9, size=(P, K))
        for count, i in enumerate(rng.permutation(P)[:switches]):
            units = rng.permutation(K)[: min(K, 1 + count)]  # the first has one, others more
            below[i, units] *= -1
        switched = ((above > 0) != (below > 0)).any(axis=1)[:, None]
        a = size * rng.normal(size=(P, 1))
        n = a + size * 0.3 * rng.normal(size=(P, 1))
        if size == 0:
            a, n = a + switched, n + 0.5 * switched
        inputs.append(
            {"analytic": a, "numeric": np.where(switched, n + 2 * a, n)}
            | {"above": above, "below": below}
        )
    return inputs


def norm(v):
    return np.linalg.norm(v)


def quotient(a, n):
    scale = norm(a) + norm(n)
    return norm(a - n) / scale if scale else 0.0


def changed(above, below):
    return (above > 0) != (below > 0)


def run(
    analytic, numeric, above, below, *, error=quotient, nothing=np.nan, count=None,
    left_out=lambda switched: switched.any(axis=1),
):  # fmt: skip
    """The comparison, each line of which can be replaced by a wrong one."""
    switched = changed(above, below)
    out = left_out(switched)
    kinks = count(switched) if count else out.sum()
    if out.all():
        return nothing, kinks
    return error(analytic[~out], numeric[~out]), kinks


mistake = key.built_of_lines(run, ERROR, 0.5)


def zero_if_equal(formula):
    """Return the formula with 0 where there is nothing but zeros."""
    return lambda a, n: formula(a, n) if np.any(a) or np.any(n) else 0.0


@key.mistake(
    "the kinks counted, but not left out",
    "Where a unit switched, the finite difference mixes the slopes of both sides and proves "
    "nothing.",
    KINK,
    0.25,
)
def _(analytic, numeric, above, below):
    return quotient(analytic, numeric), changed(above, below).any(axis=1).sum()


mistake(
    "the parameters with a kink compared and all others left out",
    "The switched ones go, the others stay: the mask needs a ~.",
    KINK,
    0.25,
    left_out=lambda switched: ~switched.any(axis=1),
)
mistake(
    "a parameter left out only if all units switched",
    "One unit that switches is enough to spoil a difference: any, not all.",
    KINK,
    left_out=lambda switched: switched.all(axis=1),
)
mistake(
    "switched units counted in place of parameters",
    "Several units may switch for one parameter; it is left out once.",
    KINK,
    0.75,
    count=np.sum,
)
mistake(
    "the parameters compared counted in place of those left out",
    "The number says how much has not been checked.",
    KINK,
    0.75,
    count=lambda switched: (~switched.any(axis=1)).sum(),
)
mistake(
    "NaN where both gradients are zero",
    "Two gradients of zeros agree; 0/0 has to be caught.",
    ZERO,
    0.75,
    error=lambda a, n: norm(a - n) / np.float64(norm(a) + norm(n)),
)
mistake(
    "an error of 0 where nothing is left to compare",
    "Zero would say that the gradient is right. Nothing has been checked, and NaN says so.",
    ZERO,
    0.75,
    nothing=0.0,
)
mistake(
    "the absolute error",
    "A difference of 0.01 is small beside a gradient of 100 and large beside one of 0.01.",
    ERROR,
    error=lambda a, n: norm(a - n),
)
mistake(
    "‖a‖ alone in the denominator",
    "With both norms the error treats the two alike and cannot be above 1.",
    ERROR,
    error=zero_if_equal(lambda a, n: norm(a - n) / norm(a)),
)
mistake(
    "the norm of the sum in the denominator",
    "‖a + n‖ is zero for a gradient with the wrong sign; ‖a‖ + ‖n‖ is not.",
    ERROR,
    error=zero_if_equal(lambda a, n: norm(a - n) / norm(a + n)),
)
mistake(
    "squared norms",
    "Squares make a small error look far smaller: 10⁻⁴ turns into 10⁻⁸.",
    ERROR,
    error=zero_if_equal(lambda a, n: norm(a - n) ** 2 / (norm(a) ** 2 + norm(n) ** 2)),
)
mistake(
    "the mean of the relative errors of the entries",
    "Entries that are nearly zero have large relative errors by rounding alone; the norm takes "
    "all entries together.",
    ZERO,
    error=zero_if_equal(lambda a, n: np.mean(abs(a - n) / (abs(a) + abs(n)))),
)
mistake(
    "1e-8 added to the denominator",
    "A gradient may be as small as that itself, and then any error hides behind it. Catch 0/0 "
    "by name.",
    ZERO,
    0.75,
    error=lambda a, n: norm(a - n) / (norm(a) + norm(n) + 1e-8),
)
mistake(
    "sums of sizes in place of Euclidean norms",
    "‖v‖ is the root of the sum of squares.",
    ERROR,
    error=zero_if_equal(lambda a, n: abs(a - n).sum() / (abs(a).sum() + abs(n).sum())),
)


@key.alternative("loops and counters")
def _(analytic, numeric, above, below):
    difference = a_square = n_square = 0.0
    kinks = 0
    for i in range(len(analytic)):
        if any((u > 0) != (v > 0) for u, v in zip(above[i], below[i], strict=True)):
            kinks += 1
            continue
        a, n = analytic[i, 0], numeric[i, 0]
        difference, a_square, n_square = difference + (a - n) ** 2, a_square + a**2, n_square + n**2
    if kinks == len(analytic):
        return float("nan"), kinks
    if a_square == n_square == 0:
        return 0.0, kinks
    return difference**0.5 / (a_square**0.5 + n_square**0.5), kinks


@key.alternative("the sign of the product")
def _(analytic, numeric, above, below):
    keep = np.all(above * below > 0, axis=1)
    a, n = analytic[keep, 0], numeric[keep, 0]
    if not keep.any():
        return np.nan, np.sum(~keep)
    return (norm(a - n) / (norm(a) + norm(n)) if any(a) or any(n) else 0), np.sum(~keep)


@key.alternative("kinks set to zero in both")
def _(analytic, numeric, above, below):
    keep = (np.sign(above) == np.sign(below)).all(axis=1, keepdims=True)
    error = quotient(analytic * keep, numeric * keep) if keep.any() else np.nan
    return {"kinks": int(keep.size - keep.sum()), "error": error}


@key.alternative("float32")
def _(**inputs):
    return run(**{name: value.astype(np.float32) for name, value in inputs.items()})


@key.alternative("the smallest positive number added")
def _(**inputs):
    tiny = np.finfo(float).tiny
    return run(**inputs, error=lambda a, n: norm(a - n) / (norm(a) + norm(n) + tiny))


@key.alternative("row numbers, arrays of one entry")
def _(analytic, numeric, above, below):
    out = {int(i) for i in np.argwhere(changed(above, below))[:, 0]}
    rows = [i for i in range(len(analytic)) if i not in out]
    error = quotient(analytic[rows], numeric[rows]) if rows else np.nan
    return np.array([error]), np.array([len(out)])
