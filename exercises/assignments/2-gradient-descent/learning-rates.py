"""What grades learning-rates: bowls with two, three and five curvatures, all turned."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["border", "best", "rate"])

BOWL = "chapter 3, “A bowl, solved”"
BEST = "chapter 3, “The best single learning rate”"
FAR = "chapter 3, “One parabola, solved”"
MOMENTUM = "chapter 9, “The best β for a whole bowl”"


@key.cases
def cases(rng):
    inputs = []
    for P in (2, 3, 5):
        Q, _ = np.linalg.qr(rng.normal(size=(P, P)))
        curvatures = np.exp(rng.uniform(-1.5, 1.5, size=P))
        curvatures[:2] = 0.2 * curvatures[0], 4 + curvatures[1]
        H = Q @ np.diag(curvatures) @ Q.T
        inputs.append({"H": (H + H.T) / 2})
    return inputs


def extremes(H):
    curvatures = np.linalg.eigvalsh(H)
    return curvatures[0], curvatures[-1]


def numbers(low, high):
    """The three numbers by their formulas."""
    return 2 / high, 2 / (low + high), (high - low) / (high + low)


def mistake(name, why, read=BEST, credit=0.5, **slip):
    """Register a wrong formula for one of the three, made of both curvatures and H."""

    @key.mistake(name, why, read, credit)
    def _(H):
        low, high = extremes(H)
        parts = dict(zip(key.returns, numbers(low, high), strict=True))
        return parts | {name: formula(low, high, H) for name, formula in slip.items()}


mistake(
    "1/λmax in place of 2/λmax for the border",
    "With 1/λ a parabola is solved at once; the multiplier reaches −1 at twice that.",
    BOWL,
    border=lambda low, high, H: 1 / high,
)
mistake(
    "the smallest curvature in place of the largest in the border",
    "The steepest direction is the first to fly off, so the largest curvature sets the border.",
    BOWL,
    border=lambda low, high, H: 2 / low,
)
mistake(
    "half the border for the best learning rate",
    "1/λmax solves the steepest direction at once and leaves the flattest one slow. A larger η "
    "lets one overshoot a little and helps the other.",
    best=lambda low, high, H: 1 / high,
)
mistake(
    "a factor ½ too much in the best learning rate",
    "1 − ηλmin = −(1 − ηλmax) gives η (λmin + λmax) = 2.",
    best=lambda low, high, H: 1 / (low + high),
)
mistake(
    "the mean of all curvatures in the best learning rate",
    "Only the flattest and the steepest direction decide; what lies between is faster than both. "
    "With two curvatures there is no difference.",
    best=lambda low, high, H: len(H) / np.trace(H),
)
mistake(
    "the condition number in place of the rate",
    "The rate is made of κ: (κ − 1)/(κ + 1). A factor above 1 would not shrink anything.",
    rate=lambda low, high, H: high / low,
)
mistake(
    "the rate of the loss in place of that of the distance",
    "The loss is quadratic in the distance, so it shrinks by this factor's square.",
    credit=0.75,
    rate=lambda low, high, H: ((high - low) / (high + low)) ** 2,
)
mistake(
    "√κ in place of κ in the rate",
    "The square root is what momentum makes of it; plain gradient descent has κ itself.",
    MOMENTUM,
    rate=lambda low, high, H: (np.sqrt(high) - np.sqrt(low)) / (np.sqrt(high) + np.sqrt(low)),
)
mistake(
    "the rate with its sign",
    "The multiplier of the steepest direction is negative; how fast the distance shrinks is its "
    "size.",
    credit=0.75,
    rate=lambda low, high, H: (low - high) / (high + low),
)
mistake(
    "the rate that belongs to η = 1/λmax",
    "1 − 1/κ is the pace of the flattest direction with η = 1/λmax. The best η is larger.",
    rate=lambda low, high, H: 1 - low / high,
)


@key.mistake(
    "the diagonal of H in place of its eigenvalues",
    "The diagonal holds the curvatures along the axes. A bowl that is turned has its steepest "
    "direction elsewhere.",
    BOWL,
    0.25,
)
def _(H):
    return numbers(np.diag(H).min(), np.diag(H).max())


@key.mistake(
    "the Frobenius norm in place of λmax",
    "np.linalg.norm(H) is the root of the sum of all λ², which is more than the largest of "
    "them. np.linalg.norm(H, 2) is the largest.",
    FAR,
    0.25,
)
def _(H):
    return numbers(extremes(H)[0], np.linalg.norm(H))


@key.mistake(
    "the trace in place of λmax",
    "The trace is the sum of all curvatures; the border is set by the largest alone.",
    FAR,
    0.25,
)
def _(H):
    return numbers(extremes(H)[0], np.trace(H))


@key.alternative("eigenvalues of any matrix, sorted by hand")
def _(H):
    found = sorted(value.real for value in np.linalg.eigvals(H))
    border = 2 / found[-1]
    return border, 2 / (found[0] + found[-1]), 1 - 2 / (found[0] + found[-1]) * found[0]


@key.alternative("by the condition number")
def _(H):
    kappa, high = np.linalg.cond(H), np.linalg.norm(H, 2)
    return 2 / high, 2 / (high * (1 + 1 / kappa)), (kappa - 1) / (kappa + 1)


@key.alternative("float32, arrays of one entry")
def _(H):
    low, high = np.split(np.array(extremes(H), np.float32), 2)
    return numbers(low, high)


@key.alternative("the multiplier of the steepest direction, its size")
def _(H):
    low, high = extremes(H)
    eta = 2 / (low + high)
    return {"border": 2 / high, "best": eta, "rate": abs(1 - eta * high)}


@key.alternative("one array of three numbers")
def _(H):
    return np.array(numbers(*extremes(H)))


@key.alternative("singular values in nested lists")
def _(H):
    values = np.linalg.svd(H, compute_uv=False)
    return [[float(number)] for number in numbers(values[-1], values[0])]


@key.alternative("power iteration, twice")
def _(H):
    def largest(A):
        v = np.arange(1.0, len(A) + 1)[:, None]
        for _ in range(12):  # A to the power 2¹²
            A = A @ A
            A = A / np.abs(A).max()
        v = A @ v
        return v / np.linalg.norm(v)

    v = largest(H)
    high = (v.T @ H @ v).item()
    w = largest(high * np.eye(len(H)) - H)
    return numbers((w.T @ H @ w).item(), high)
