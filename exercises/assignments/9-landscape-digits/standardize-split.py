"""What grades standardize-split: a constant input, one that hardly varies, and a shifted test."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["train", "test", "W", "b"])

COLUMNS = "chapter 16, “From ink to columns”"
PILES = "chapter 16, “Three piles”"


@key.cases
def cases(rng):
    inputs = []
    for n, m, m_test, n_out, least in ((4, 6, 3, 2, 0.6), (5, 5, 4, 3, 0.8), (6, 8, 5, 2, 0.5)):
        spread = np.concatenate([[0, 0.2 * least], rng.uniform(2, 5, size=n - 2)])[:, None]
        middle = rng.choice([-1, 1], size=(n, 1)) * rng.uniform(1, 3, size=(n, 1))
        noise = rng.normal(size=(n, m))
        noise /= noise.std(axis=1, keepdims=True)
        inputs.append(
            {
                "x": middle + spread * noise,
                "x_test": middle + 1 + (spread + 0.4) * rng.normal(size=(n, m_test)),
                "W": rng.choice([-1, 1], size=(n_out, n)) * rng.uniform(0.4, 1.5, size=(n_out, n)),
                "b": rng.normal(size=(n_out, 1)),
                "least": least,
            }
        )
    return inputs


def own(x, x_test):
    return x


def mean(x):
    return x.mean(axis=1, keepdims=True)


def deviation(x):
    return x.std(axis=1, keepdims=True)


def floor(s, least):
    return np.maximum(s, least)


def run(
    x, x_test, W, b, least, *, pile=own, theirs=own, mean=mean, spread=deviation, floor=floor,
    centre=1, centre_test=1, weights=lambda W, scale: W / scale.T,
    bias=lambda W, raw, b, m: b - raw @ m,
):  # fmt: skip
    """All four, each with a line that can be replaced by a wrong one."""
    seen, other = pile(x, x_test), theirs(pile(x, x_test), x_test)
    m, scale = mean(seen), floor(spread(seen), least)
    m_test, scale_test = mean(other), floor(spread(other), least)
    raw = weights(W, scale)
    train, test = (x - centre * m) / scale, (x_test - centre_test * m_test) / scale_test
    return train, test, raw, bias(W, raw, b, m)


mistake = key.built_of_lines(run, COLUMNS, 0.5)


mistake(
    "mean and deviation of both parts together",
    "Nothing may be learned from the test examples, not even a mean.",
    PILES,
    0.25,
    pile=lambda x, x_test: np.concatenate([x, x_test], axis=1),
)
mistake(
    "the test examples prepared by their own mean and deviation",
    "The network knows the scale of the training examples. A test example may come alone.",
    PILES,
    theirs=lambda x, x_test: x_test,
)
mistake(
    "divided by the deviation plus the least",
    "The larger of the two divides, not their sum.",
    floor=lambda s, least: s + least,
)
mistake(
    "the smaller of the two divided by",
    "least is a floor: divide by the larger of deviation and least.",
    credit=0.25,
    floor=lambda s, least: np.minimum(s, least) + (np.minimum(s, least) == 0),
)
mistake(
    "no floor but for constant inputs",
    "An input that hardly varies is divided by at least `least`, not only a constant one.",
    floor=lambda s, least: np.where(s < 1e-12, least, s),
)
mistake(
    "the variance in place of the deviation",
    "Divide by the root of the variance.",
    spread=lambda x: x.var(axis=1, keepdims=True),
)
mistake(
    "a deviation over m − 1",
    "Here the deviation has 1/m, as np.std computes it.",
    credit=0.75,
    spread=lambda x: x.std(axis=1, keepdims=True, ddof=1),
)
mistake(
    "inputs that are not centred",
    "Take the mean away before you divide.",
    credit=0.25,
    centre=0,
    centre_test=0,
)
mistake(
    "the mean not taken from the test examples",
    "Both parts are prepared in the same way.",
    centre_test=0,
)
mistake(
    "weights multiplied by the deviation",
    "w (x − m)/s holds x with the factor w/s.",
    weights=lambda W, scale: W * scale.T,
)
mistake(
    "weights left as they were",
    "A raw input is larger than a prepared one by the factor s, so its weight is smaller: w/s.",
    weights=lambda W, scale: W,
)
mistake(
    "the bias left as it was",
    "The means that are no longer taken away have to be made up for by the bias.",
    bias=lambda W, raw, b, m: b,
)
mistake(
    "W m in place of W′ m in the bias",
    "What goes into the bias is w (0 − m)/s: the mean is divided too.",
    bias=lambda W, raw, b, m: b - W @ m,
)
mistake(
    "the means added to the bias",
    "z holds −w m/s.",
    bias=lambda W, raw, b, m: b + raw @ m,
)


@key.mistake(
    "mean and deviation of all inputs together",
    "Every input has its own mean and deviation, along its row.",
    COLUMNS,
    0.25,
)
def _(**inputs):
    n = len(inputs["x"])
    return run(
        **inputs,
        mean=lambda x: np.full((n, 1), x.mean()),
        spread=lambda x: np.full((n, 1), x.std()),
    )


@key.alternative("loops over the inputs")
def _(x, x_test, W, b, least):
    train, test, raw, bias = x.copy(), x_test.copy(), W.copy(), b.copy()
    for i in range(len(x)):
        m = sum(x[i]) / len(x[i])
        s = max((sum((v - m) ** 2 for v in x[i]) / len(x[i])) ** 0.5, least)
        train[i], test[i], raw[:, i] = (x[i] - m) / s, (x_test[i] - m) / s, W[:, i] / s
        bias[:, 0] -= raw[:, i] * m
    return train, test, raw, bias


@key.alternative("both parts at once, and taken apart again")
def _(x, x_test, W, b, least):
    m = np.mean(x, axis=1)[:, None]
    s = np.clip(np.sqrt(np.mean((x - m) ** 2, axis=1)), least, None)[:, None]
    whole = (np.hstack([x, x_test]) - m) / s
    D = np.diag(1 / s[:, 0])
    return {
        "train": whole[:, : x.shape[1]],
        "test": whole[:, x.shape[1] :],
        "W": W @ D,
        "b": b + W @ ((0 - m) / s),
    }


@key.alternative("transposed, as rows")
def _(x, x_test, W, b, least):
    rows, others = x.T, x_test.T
    m, s = rows.mean(0), np.maximum(rows.std(0), least)
    return ((rows - m) / s).T, ((others - m) / s).T, W / s, b - (W / s) @ m[:, None]


@key.alternative("float32")
def _(x, x_test, W, b, least):
    return run(*(np.float32(v) for v in (x, x_test, W, b, least)))


@key.alternative("nested lists")
def _(**inputs):
    return [array.tolist() for array in run(**inputs)]
