"""Data: judged by loops over single examples and by what must not leak."""

import math
import statistics

import numpy as np

from bplib import data
from sabotage.part import Part

part = Part("data")

EXACT = 1e-12
M = 40


def close(a, b):
    return math.isclose(a, b, rel_tol=EXACT, abs_tol=EXACT)


@part.judge("one-hot, label by label")
def one_hot():
    labels = [2, 0, 3, 1, 0, 3]
    y = data.one_hot(labels, 4)
    assert y.shape == (4, 6)
    for column, label in zip(y.T, labels, strict=True):
        assert [*column] == [float(row == label) for row in range(4)]


def uneven():
    """Training and test inputs of very different means and deviations, and a constant row."""
    rng = np.random.default_rng(0)
    train, test = rng.standard_normal((3, 9)), 5 + 3 * rng.standard_normal((3, 6))
    train[2] = 4.0
    return train, test


@part.judge("standardized, row by row")
def standardized():
    train, test = uneven()
    ours = data.standardize(train, test)
    for before, after in zip((train, test), ours, strict=True):
        for i in range(3):
            mean, deviation = statistics.fmean(train[i]), statistics.pstdev(train[i]) or 1.0
            for old, new in zip(before[i], after[i], strict=True):
                assert close(new, (old - mean) / deviation)


@part.judge("nothing learned from the test data")
def no_leak():
    train, test = uneven()
    alone = data.standardize(train)[0]
    together = data.standardize(train, test)
    assert np.array_equal(alone, together[0])
    assert np.array_equal(together[1][:, :1], data.standardize(train, test[:, :1])[1])


def numbered():
    x = np.arange(M, dtype=float) + np.array([[0.0], [100]])
    return x, 7 * x[:1]


@part.judge("split, pairs stay together")
def pairs():
    parts = data.split(*numbered(), test=0.25, seed=2)
    for x, y in ((parts.x, parts.y), (parts.x_test, parts.y_test)):
        assert x.shape[1] == y.shape[1] > 0
        for (first, second), (target,) in zip(x.T, y.T, strict=True):
            assert second == first + 100
            assert target == 7 * first


@part.judge("split, each example once")
def each_once():
    x, y = numbered()
    parts = data.split(x, y, test=0.25, seed=2)
    assert (parts.x.shape[1], parts.x_test.shape[1]) == (30, 10)
    assert sorted([*parts.x[0], *parts.x_test[0]]) == [*x[0]]


@part.judge("split, at random and by its seed")
def shuffled():
    drawn = [[*data.split(*numbered(), seed=seed).x_test[0]] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert max(drawn[0]) - min(drawn[0]) > len(drawn[0])  # not one piece


@part.judge("geometry, circles")
def circles():
    x, y = data.circles(m=M, noise=0, ratio=0.25, seed=1)
    for (u, v), label in zip(x.T, y[0], strict=True):
        assert close(math.hypot(u, v), 0.25 if label else 1)
    assert {(u > 0, v > 0, label) for (u, v), label in zip(x.T, y[0], strict=True)} == {
        (right, above, label) for right in (0, 1) for above in (0, 1) for label in (0, 1)
    }


@part.judge("geometry, moons")
def moons():
    x, y = data.moons(m=M, noise=0, seed=1)
    for (u, v), label in zip(x.T, y[0], strict=True):
        centre, up = ((1, 0.5), -1) if label else ((0, 0), 1)
        assert close(math.hypot(u - centre[0], v - centre[1]), 1)
        assert up * (v - centre[1]) >= 0


@part.judge("geometry, spirals")
def spirals():
    x, y = data.spirals(m=M, classes=4, turns=0.5, noise=0, seed=1)
    for (u, v), label in zip(x.T, y.argmax(axis=0), strict=True):
        angle = math.pi * math.hypot(u, v) + math.pi / 2 * label
        assert close(math.atan2(v, u) % math.tau, angle % math.tau)


@part.judge("noise")
def noise():
    calm, restless = (data.circles(m=4000, noise=size, seed=1)[0] for size in (0, 0.3))
    for error in restless - calm:
        assert abs(statistics.fmean(error)) < 5 * 0.3 / math.sqrt(4000)
        assert abs(statistics.pstdev(error) / 0.3 - 1) < 5 / math.sqrt(2 * 4000)


@part.judge("XOR")
def xor():
    x, y = data.xor()
    table = {(*map(int, column), int(t)) for column, t in zip(x.T, y[0], strict=True)}
    assert table == {(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)}


def _standardize(
    patch,
    source=lambda train, x: train,
    center=lambda s: s.mean(axis=1, keepdims=True),
    scale=lambda s: s.std(axis=1, keepdims=True),
    guard=True,
):
    def standardize(train, *others):
        out = []
        for x in (train, *others):
            known = source(train, x)
            width = scale(known)
            if guard:
                width = np.where(width == 0, 1, width)
            out.append((x - center(known)) / width)
        return out

    patch.setattr(data, "standardize", standardize)


def _one_hot(patch, row=lambda label, classes: label):
    def one_hot(labels, classes):
        y = np.zeros((classes, len(labels)))
        for column, label in enumerate(labels):
            y[row(label, classes), column] = 1
        return y

    patch.setattr(data, "one_hot", one_hot)


def _split(
    patch,
    order=lambda rng, m: rng.permutation(m),
    order_y=None,
    train=lambda order, n: order[n:],
    test=lambda order, n: order[:n],
):
    def split(x, y, test_share=0.25, seed=0, **named):
        m = x.shape[-1]
        n = round(named.get("test", test_share) * m)
        rng = np.random.default_rng(seed)
        i = order(rng, m)
        j = order_y(rng, m) if order_y else i
        return data.Split(x[:, train(i, n)], y[:, train(j, n)], x[:, test(i, n)], y[:, test(j, n)])

    patch.setattr(data, "split", split)


def _noise(patch, noisy=lambda x, noise, rng: x + noise * rng.standard_normal(x.shape)):
    patch.setattr(data, "_noisy", noisy)


@part.control("the same, written again")
def _(patch):
    for lines in (_standardize, _one_hot, _split, _noise):
        lines(patch)


@part.mutant("scaled with the test data's own statistics")
def _(patch):
    _standardize(patch, source=lambda train, x: x)


@part.mutant("scaled before the split: statistics of all data")
def _(patch):
    def standardize(train, *others):
        known = np.concatenate([train, *others], axis=1)
        return [
            (x - known.mean(1, keepdims=True)) / known.std(1, keepdims=True)
            for x in (train, *others)
        ]

    patch.setattr(data, "standardize", standardize)


@part.mutant("scaled by the variance")
def _(patch):
    _standardize(patch, scale=lambda s: s.var(axis=1, keepdims=True))


@part.mutant("scaled by the unbiased deviation")
def _(patch):
    _standardize(patch, scale=lambda s: s.std(axis=1, ddof=1, keepdims=True))


@part.mutant("scaled, not centred")
def _(patch):
    _standardize(patch, center=lambda s: 0)


@part.mutant("centred, not scaled")
def _(patch):
    _standardize(patch, scale=lambda s: np.ones((len(s), 1)))


@part.mutant("one mean and deviation for all rows")
def _(patch):
    _standardize(patch, center=np.mean, scale=np.std)


@part.mutant("scaled by zero where a row is constant")
def _(patch):
    _standardize(patch, guard=False)


@part.mutant("one-hot: off by one")
def _(patch):
    _one_hot(patch, lambda label, classes: label - 1)


@part.mutant("one-hot: classes from the last to the first")
def _(patch):
    _one_hot(patch, lambda label, classes: classes - 1 - label)


@part.mutant("one-hot: examples as rows")
def _(patch):
    patch.setattr(data, "one_hot", lambda labels, classes: np.eye(classes)[labels])


@part.mutant("split: x and y shuffled differently")
def _(patch):
    _split(patch, order_y=lambda rng, m: rng.permutation(m))


@part.mutant("split: not shuffled")
def _(patch):
    _split(patch, order=lambda rng, m: np.arange(m))


@part.mutant("split: drawn with replacement")
def _(patch):
    _split(patch, order=lambda rng, m: rng.integers(0, m, m))


@part.mutant("split: test data left in the training data")
def _(patch):
    _split(patch, train=lambda order, n: order)


@part.mutant("split: one example lost at the seam")
def _(patch):
    _split(patch, train=lambda order, n: order[n + 1 :])


@part.mutant("split: parts swapped")
def _(patch):
    _split(patch, train=lambda order, n: order[:n], test=lambda order, n: order[n:])


@part.mutant("split: seed ignored")
def _(patch):
    _split(patch, order=lambda rng, m: np.random.default_rng(0).permutation(m))


@part.mutant("noise: never negative")
def _(patch):
    _noise(patch, lambda x, noise, rng: x + noise * rng.random(x.shape))


@part.mutant("noise: variance for the deviation")
def _(patch):
    _noise(patch, lambda x, noise, rng: x + noise**2 * rng.standard_normal(x.shape))


@part.mutant("noise: one draw for both coordinates")
def _(patch):
    _noise(patch, lambda x, noise, rng: x + noise * rng.standard_normal(1))


@part.mutant("half a turn too little: angles from 0 to π")
def _(patch):
    right = data.circles

    def circles(*args, **named):
        x, y = right(*args, **named)
        return np.stack([x[0], np.abs(x[1])]), y

    patch.setattr(data, "circles", circles)
