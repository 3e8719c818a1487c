"""What grades confusion-matrix: outputs with repeated mistakes, and a class that is never named."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["C", "accuracy", "recall", "precision"])

READ = "chapter 16, “Which digits, and why”"


@key.cases
def cases(rng):
    inputs = []
    for n, m, silent in ((3, 17, False), (4, 23, True), (5, 31, False)):
        true = np.concatenate([np.arange(n), rng.integers(n, size=m - n)])
        true[-6:] = 0, 0, 0, 1, 1, 2
        said = np.where(rng.random(m) < 0.6, true, rng.integers(n, size=m))
        said[-6:] = 1, 1, 2, 0, 2, 2
        said[:2] = true[:2]
        if silent:
            said[said == n - 1] = 1
        order = rng.permutation(m)
        y = np.eye(n)[:, true[order]]
        a = rng.normal(size=(n, m)) * 0.5
        a[said[order], np.arange(m)] = a.max(axis=0) + rng.uniform(0.2, 1, size=m)
        inputs.append({"a": a, "y": y})
    return inputs


def count(true, said, n):
    C = np.zeros((n, n))
    np.add.at(C, (true, said), 1)
    return C


def once(true, said, n):
    C = np.zeros((n, n))
    C[true, said] += 1
    return C


def accuracy(C, recall, precision):
    return np.trace(C) / C.sum()


def rows(C):
    return C.sum(axis=1)


def columns(C):
    return C.sum(axis=0)


def share(right, named):
    return right / np.maximum(named, 1)


def run(
    a, y, *, count=count, shown=lambda C: C, accuracy=accuracy,
    found=rows, named=columns, share=share,
):  # fmt: skip
    """All four, each with a line that can be replaced by a wrong one."""
    C = count(y.argmax(axis=0), a.argmax(axis=0), len(y))
    right = np.diag(C)
    recall, precision = right / np.maximum(found(C), 1), share(right, named(C))
    return shown(C), accuracy(C, recall, precision), recall, precision


mistake = key.built_of_lines(run, READ, 0.5)


mistake(
    "rows and columns of the matrix exchanged",
    "A row belongs to what an example is, a column to what was answered.",
    shown=lambda C: C.T,
)
mistake(
    "a pair that occurs several times counted once",
    "C[i, j] += 1 with arrays i and j reads and writes each place once. Use np.add.at, or a loop.",
    "",
    0.5,
    count=once,
)
mistake(
    "shares in place of counts in the matrix",
    "The matrix holds how often something happened, undivided.",
    credit=0.75,
    shown=lambda C: C / C.sum(axis=1, keepdims=True),
)
mistake(
    "the mean of the recalls for the accuracy",
    "The accuracy counts examples, so that a frequent class weighs more than a rare one.",
    accuracy=lambda C, recall, precision: recall.mean(),
)
mistake(
    "the share of mistakes for the accuracy",
    "The accuracy is the share of right answers, the diagonal.",
    accuracy=lambda C, recall, precision: 1 - np.trace(C) / C.sum(),
)
mistake(
    "the number of right answers for the accuracy",
    "The accuracy is a share: divide by the number of examples.",
    credit=0.75,
    accuracy=lambda C, recall, precision: np.trace(C),
)
mistake(
    "the recall divided by the answers that name the class",
    "Recall is of the examples of a class, a row.",
    found=columns,
)
mistake(
    "the precision divided by the examples of the class",
    "Precision is of the answers that name a class, a column.",
    named=rows,
)
mistake(
    "recall and precision over all examples",
    "Of the class's own examples, or of the answers that name it, not of all.",
    found=np.sum,
    named=np.sum,
)
mistake(
    "NaN for a class that no answer names",
    "0/0 is not a number. Where no answer names the class, take 0.",
    credit=0.75,
    share=lambda right, named: np.divide(
        right, named, out=np.full(len(right), np.nan), where=named > 0
    ),
)


@key.mistake(
    "recall and precision exchanged", "Recall is along a row, precision down a column.", READ, 0.5
)
def _(a, y):
    C, share_right, recall, precision = run(a, y)
    return C, share_right, precision, recall


@key.alternative("comparisons")
def _(a, y):
    n = len(y)
    true, said = np.argmax(y, axis=0), np.argmax(a, axis=0)
    C = np.array([[np.sum((true == i) & (said == j)) for j in range(n)] for i in range(n)])
    precision = [C[j, j] / C[:, j].sum() if C[:, j].any() else 0.0 for j in range(n)]
    return C, np.mean(true == said), [C[i, i] / C[i].sum() for i in range(n)], precision


@key.alternative("a matrix product of columns with a single 1")
def _(a, y):
    answers = (a == a.max(axis=0)).astype(float)
    C = y @ answers.T
    named = answers.sum(axis=1)
    right = np.sum(y * answers, axis=1)
    return C, right.sum() / a.shape[1], right / y.sum(axis=1), right / np.where(named, named, 1)


@key.alternative("bincount")
def _(a, y):
    n = len(y)
    C = np.bincount(n * y.argmax(0) + a.argmax(0), minlength=n * n).reshape(n, n)
    return {
        "C": C,
        "accuracy": np.trace(C) / len(a.T),
        "recall": np.diag(C) / C.sum(1),
        "precision": np.diag(C) / np.clip(C.sum(0), 1, None),
    }


@key.alternative("float32")
def _(a, y):
    return run(np.float32(a), np.float32(y))


@key.alternative("nested lists")
def _(**inputs):
    C, right, recall, precision = run(**inputs)
    return [C.tolist(), float(right), recall.tolist(), precision.tolist()]
