"""What grades critical-point: places of every kind, some curvatures nearly zero."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["kind", "lowest"])

KINDS = "chapter 15, “Three kinds of place”"
AXES = KINDS


@key.cases
def cases(rng):
    inputs = []
    for P, tol in ((3, 1e-3), (4, 1e-4), (5, 1e-2)):
        tiny = tol * rng.uniform(0.2, 0.6, size=5)
        signs = [
            [1] * P,
            [-1] * P,
            [-1] + [1] * (P - 1),
            [-1, -1] + [1] * (P - 2),
            [-1, tiny[0]] + [1] * (P - 2),
            [tiny[1]] + [1] * (P - 1),
            [-tiny[2]] + [1] * (P - 1),
            [tiny[3]] + [-1] * (P - 1),
            [1] * P,
            [-1] + [1] * (P - 1),
        ]
        H = []
        for row in signs:
            size = np.where(np.abs(row) == 1, rng.uniform(0.5, 2, size=P), 1)
            Q = np.linalg.qr(rng.normal(size=(P, P)))[0]
            H.append(Q @ np.diag(size * row) @ Q.T)
        H.append(rng.uniform(0.5, 1) * (2 * np.ones((P, P)) - np.eye(P)))  # 1 on the diagonal
        g = 0.1 * tol * rng.uniform(-1, 1, size=(len(H), P))
        g[-3:-1] = rng.uniform(0.5, 2, size=(2, P))
        order = rng.permutation(len(H))
        H = np.array(H)[order]
        inputs.append({"g": g[order], "H": (H + H.mT) / 2, "tol": tol})
    return inputs


def by_signs(values, tol):
    up, down = (values > tol).any(axis=1), (values < -tol).any(axis=1)
    level = (abs(values) <= tol).any(axis=1)
    return np.select([up & down, level, down], [3, 4, 2], 1)


def run(
    g, H, tol, *, numbers=np.linalg.eigvalsh, kind=by_signs,
    moving=lambda g, tol: np.linalg.norm(g, axis=1) > tol, lowest=lambda values: values[:, 0],
):  # fmt: skip
    """Both answers, each step of which can be replaced by a wrong one."""
    found = kind(numbers(H), tol)
    return np.where(moving(g, tol), 0, found), lowest(np.linalg.eigvalsh(H))


mistake = key.built_of_lines(run, KINDS, 0.5)


mistake(
    "the signs of the diagonal in place of the eigenvalues",
    "The diagonal holds the curvatures along single parameters; between them it may be otherwise.",
    AXES,
    0.25,
    numbers=lambda H: np.diagonal(H, axis1=1, axis2=2),
)
mistake(
    "the sign of the mean curvature",
    "One large eigenvalue hides many small ones of the other sign. Each axis counts by itself.",
    credit=0.25,
    kind=lambda values, tol: np.select(
        [values.mean(axis=1) > tol, values.mean(axis=1) < -tol], [1, 2], 4
    ),
)
mistake(
    "the sign of the determinant",
    "Two negative eigenvalues give a positive determinant. Look at each of them.",
    AXES,
    0.25,
    kind=lambda values, tol: np.select([np.prod(values, axis=1) < 0, values[:, 0] > 0], [3, 1], 2),
)
mistake(
    "no tolerance for the eigenvalues",
    "Computed numbers are hardly ever exactly 0: what is at most tol counts as zero.",
    kind=lambda values, tol: by_signs(values, 0),
)
mistake(
    "a minimum wherever no eigenvalue is negative",
    "Where one is zero, the terms that were left out of the parabola decide.",
    kind=lambda values, tol: np.select(
        [by_signs(values, tol) != 4, (values < -tol).any(axis=1)], [by_signs(values, tol), 2], 1
    ),
)
mistake(
    "undecided wherever one eigenvalue is zero",
    "Up this way and down that way is a saddle, whatever the other eigenvalues are.",
    kind=lambda values, tol: np.where((abs(values) <= tol).any(axis=1), 4, by_signs(values, tol)),
)
mistake(
    "a saddle wherever one eigenvalue is negative",
    "If all are negative, every small step leads down: a maximum. A saddle needs both signs.",
    kind=lambda values, tol: np.where((values < -tol).any(axis=1), 3, by_signs(values, tol)),
)
mistake(
    "minimum and maximum exchanged",
    "Positive curvature bends upwards, to both sides: the place in the middle is a minimum.",
    kind=lambda values, tol: by_signs(-values, tol),
)
mistake(
    "the gradient not looked at",
    "Where the gradient is not zero, the place is on a slope and no critical point.",
    moving=lambda g, tol: np.zeros(len(g), bool),
)
mistake(
    "the eigenvalue nearest to zero",
    "The lowest eigenvalue is the most negative one, and not the smallest in absolute value.",
    AXES,
    lowest=lambda values: np.take_along_axis(
        values, np.abs(values).argmin(axis=1)[:, None], axis=1
    )[:, 0],
)
mistake(
    "the highest eigenvalue",
    "eigvalsh puts the lowest first and the highest last.",
    AXES,
    lowest=lambda values: values[:, -1],
)


@key.alternative("a loop with questions")
def _(g, H, tol):
    kind, lowest = [], []
    for slope, table in zip(g, H, strict=True):
        values = np.linalg.eigvalsh(table)
        lowest.append(values.min())
        if np.sqrt(slope @ slope) > tol:
            kind.append(0)
        elif values.max() > tol and values.min() < -tol:
            kind.append(3)
        elif np.min(np.abs(values)) <= tol:
            kind.append(4)
        else:
            kind.append(1 if values.min() > 0 else 2)
    return kind, lowest


@key.alternative("signs counted")
def _(g, H, tol):
    values = np.sort(np.linalg.eigvals(H).real, axis=1)
    signs = np.sign(values) * (abs(values) > tol)
    ups, downs = np.sum(signs > 0, axis=1), np.sum(signs < 0, axis=1)
    P = H.shape[1]
    kind = 4 - 3 * (ups == P) - 2 * (downs == P) - 1 * ((ups > 0) & (downs > 0))
    return {"kind": kind * (np.sum(g**2, axis=1) <= tol**2), "lowest": values[:, 0]}


@key.alternative("floats for the kinds")
def _(g, H, tol):
    kind, lowest = run(g, H, tol)
    return kind.astype(float), lowest[:]


@key.alternative("singular values with the signs of their vectors")
def _(g, H, tol):
    U, S, V = np.linalg.svd(H)
    values = np.sort(S * np.sign(np.sum(U * V.mT, axis=1)), axis=1)
    return np.where(np.linalg.norm(g, axis=1) > tol, 0, by_signs(values, tol)), values[:, 0]


@key.alternative("the Hessian of minus the loss as well")
def _(g, H, tol):
    lowest, highest = np.linalg.eigvalsh(H)[:, 0], -np.linalg.eigvalsh(-H)[:, 0]
    level = np.array([np.any(np.abs(np.linalg.eigvalsh(table)) <= tol) for table in H])
    kind = np.full(len(H), 4)
    kind[~level & (lowest > 0)] = 1
    kind[~level & (highest < 0)] = 2
    kind[(lowest < -tol) & (highest > tol)] = 3
    return [np.where(np.linalg.norm(g, axis=-1) <= tol, kind, 0).tolist(), lowest.tolist()]
