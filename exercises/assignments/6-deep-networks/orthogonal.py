"""What grades orthogonal: tall, square and wide matrices, each with a gain."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["W"])

RECIPES = "chapter 12, “Four recipes, three conditions”"
TRAIN = "chapter 12, “Does it learn faster?”"


@key.cases
def cases(rng):
    shapes = ((6, 4), (5, 5), (3, 7))
    return [{"A": rng.normal(size=shape), "gain": rng.uniform(1.2, 2)} for shape in shapes]


def by_qr(A):
    Q, R = np.linalg.qr(A)
    return Q * np.sign(np.diag(R))


def run(A, gain, *, columns=by_qr, power=1):
    """The matrix for either shape; how its columns are made can be replaced."""
    wide = A.shape[1] > A.shape[0]
    W = gain**power * columns(A.T if wide else A)
    return W.T if wide else W


mistake = key.built_of_lines(run, RECIPES, 0.5)


def signs(rule):
    def columns(A):
        Q, R = np.linalg.qr(A)
        return Q * rule(Q, R)

    return columns


def polar(A):
    U, _, Vt = np.linalg.svd(A, full_matrices=False)
    return U @ Vt


def gram_schmidt(A, finish=True):
    Q = np.array(A, float)
    for j in range(Q.shape[1]):
        for i in range(j):
            Q[:, j] -= (Q[:, i] @ Q[:, j]) / (Q[:, i] @ Q[:, i]) * Q[:, i]
        if finish:
            Q[:, j] /= np.linalg.norm(Q[:, j])
    return Q


mistake(
    "the signs left as QR gives them",
    "The columns are orthonormal, but some point the opposite way; R’s diagonal has their signs.",
    credit=0.75,
    columns=signs(lambda Q, R: 1),
)
mistake(
    "all signs turned round",
    "Where R’s diagonal is negative the column of Q has to be turned, and only there.",
    credit=0.75,
    columns=signs(lambda Q, R: -np.sign(np.diag(R))),
)
mistake(
    "the signs of Q’s own diagonal",
    "The diagonal of R tells which way a column of Q points, seen from that of A.",
    columns=signs(lambda Q, R: np.sign(np.diag(Q))),
)
mistake(
    "columns of length 1 that are not perpendicular",
    "To divide each column by its length does not make it perpendicular to the others.",
    credit=0.25,
    columns=lambda A: A / np.linalg.norm(A, axis=0),
)
mistake(
    "perpendicular columns that keep their lengths",
    "After the shadows are taken away each column is divided by what is left of its length.",
    columns=lambda A: gram_schmidt(A, finish=False),
)
mistake(
    "the whole matrix divided by its largest singular value",
    "That bounds the stretch by 1, but most directions still shrink.",
    credit=0.25,
    columns=lambda A: A / np.linalg.norm(A, 2),
)
mistake(
    "the orthogonal matrix nearest to A",
    "U Vᵀ of the singular values is orthonormal too, but another matrix than Gram and Schmidt’s.",
    credit=0.5,
    columns=polar,
)
mistake(
    "a normal matrix at LeCun’s scale",
    "It keeps lengths on average only; orthonormal columns keep each of them.",
    credit=0.25,
    columns=lambda A: A / np.sqrt(len(A)),
)
mistake(
    "the gain left out",
    "The gain makes up for what the activation takes, such as √2 for ReLU.",
    TRAIN,
    0.75,
    power=0,
)
mistake(
    "the gain squared",
    "The gain multiplies the weights themselves; it is their mean square that gets its square.",
    TRAIN,
    0.75,
    power=2,
)
mistake(
    "divided by the gain",
    "The gain multiplies the weights: it makes up for a loss.",
    TRAIN,
    0.75,
    power=-1,
)


@key.alternative("Gram and Schmidt, column by column")
def _(A, gain):
    return run(A, gain, columns=gram_schmidt)


@key.alternative("by Cholesky of AᵀA, whose factor is R")
def _(A, gain):
    return run(A, gain, columns=lambda A: np.linalg.solve(np.linalg.cholesky(A.T @ A), A.T).T)


@key.alternative("signs by comparing with A")
def _(A, gain):
    return run(A, gain, columns=lambda A: _turned(np.linalg.qr(A).Q, A))


def _turned(Q, A):
    return np.where(np.sum(Q * A, axis=0) < 0, -Q, Q)


@key.alternative("the complete QR, cut")
def _(A, gain):
    def columns(A):
        Q, R = np.linalg.qr(A, mode="complete")
        k = A.shape[1]
        return Q[:, :k] @ np.diag(np.sign(np.diag(R)[:k]))

    return run(A, gain, columns=columns)


@key.alternative("float32")
def _(A, gain):
    return run(A.astype(np.float32), np.float32(gain))
