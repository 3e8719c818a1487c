"""What grades forward-mode: arrays that are not square, and mistakes that no two of them hide."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["da"])

BATCH = "chapter 4, “A batch”"  # where to read on


@key.cases
def cases(rng):
    return [
        {"a": rng.normal(size=shape), "y": rng.normal(size=shape)} for shape in ((3, 4), (2, 5))
    ]


@key.mistake("the wrong sign, y − a", "The derivative of ½(a − y)² by a is a − y.", credit=0.5)
def _(a, y):
    return (y - a) / a.shape[1]


@key.mistake(
    "no mean over the examples", "The loss is a mean: an example counts for 1/m.", BATCH, 0.5
)
def _(a, y):
    return a - y


@key.mistake(
    "the mean over outputs and examples", "The loss is a sum over the outputs.", BATCH, 0.5
)
def _(a, y):
    return (a - y) / a.size


@key.mistake("a factor 2 too much", "The half in the loss cancels the 2.", credit=0.5)
def _(a, y):
    return 2 * (a - y) / a.shape[1]


@key.mistake("the target left out", "The loss compares a with y.")
def _(a, y):
    return a / a.shape[1]


@key.mistake("an absolute value", "Outputs too large and too small differ by the sign.")
def _(a, y):
    return np.abs(a - y) / a.shape[1]


@key.alternative("by np.subtract")
def _(a, y):
    return np.subtract(a, y) / len(a.T)


@key.alternative("entry by entry")
def _(a, y):
    found = np.empty_like(a)
    for i, k in np.ndindex(a.shape):
        found[i, k] = (a[i, k] - y[i, k]) / a.shape[1]
    return found


@key.alternative("example by example")
def _(a, y):
    m = a.shape[1]
    return np.column_stack([(a[:, k] - y[:, k]) / m for k in range(m)])


@key.alternative("a list of lists")
def _(a, y):
    return ((a - y) / a.shape[1]).tolist()


@key.alternative("two means")
def _(a, y):
    return a / a.shape[1] - y / y.shape[1]
