"""Data: judged by loops over single examples and by what must not leak."""

import math
import statistics

import numpy as np
import pytest

from bplib import data

EXACT = 1e-12
M = 40


def close(a, b):
    return math.isclose(a, b, rel_tol=EXACT, abs_tol=EXACT)


def test_one_hot():
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


def test_standardized():
    train, test = uneven()
    ours = data.standardize(train, test)
    for before, after in zip((train, test), ours, strict=True):
        for i in range(3):
            mean, deviation = statistics.fmean(train[i]), statistics.pstdev(train[i]) or 1.0
            for old, new in zip(before[i], after[i], strict=True):
                assert close(new, (old - mean) / deviation)


def test_no_leak():
    train, test = uneven()
    together = data.standardize(train, test)
    assert np.array_equal(together[0], data.standardize(train)[0])
    assert np.array_equal(together[1][:, :1], data.standardize(train, test[:, :1])[1])


def numbered():
    x = np.arange(M, dtype=float) + np.array([[0.0], [100]])
    return x, 7 * x[:1]


def test_split_pairs():
    parts = data.split(*numbered(), test=0.25, seed=2)
    for x, y in ((parts.x, parts.y), (parts.x_test, parts.y_test)):
        assert x.shape[1] == y.shape[1] > 0
        for (first, second), (target,) in zip(x.T, y.T, strict=True):
            assert second == first + 100
            assert target == 7 * first


def test_split_each_once():
    x, y = numbered()
    parts = data.split(x, y, test=0.25, seed=2)
    assert (parts.x.shape[1], parts.x_test.shape[1]) == (30, 10)
    assert sorted([*parts.x[0], *parts.x_test[0]]) == [*x[0]]


def test_split_at_random():
    drawn = [[*data.split(*numbered(), seed=seed).x_test[0]] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert max(drawn[0]) - min(drawn[0]) > len(drawn[0])  # not one piece


def test_geometry_circles():
    x, y = data.circles(m=M, noise=0, ratio=0.25, seed=1)
    for (u, v), label in zip(x.T, y[0], strict=True):
        assert close(math.hypot(u, v), 0.25 if label else 1)
    assert {(u > 0, v > 0, label) for (u, v), label in zip(x.T, y[0], strict=True)} == {
        (right, above, label) for right in (0, 1) for above in (0, 1) for label in (0, 1)
    }


def test_geometry_moons():
    x, y = data.moons(m=M, noise=0, seed=1)
    for (u, v), label in zip(x.T, y[0], strict=True):
        centre, up = ((1, 0.5), -1) if label else ((0, 0), 1)
        assert close(math.hypot(u - centre[0], v - centre[1]), 1)
        assert up * (v - centre[1]) >= 0


def test_geometry_spirals():
    x, y = data.spirals(m=M, classes=4, turns=0.5, noise=0, seed=1)
    for (u, v), label in zip(x.T, y.argmax(axis=0), strict=True):
        angle = math.pi * math.hypot(u, v) + math.pi / 2 * label
        assert close(math.atan2(v, u) % math.tau, angle % math.tau)


def test_noise():
    calm, restless = (data.circles(4000, noise, seed=1)[0] for noise in (0, 0.3))
    errors = restless - calm
    assert abs(statistics.fmean(errors[0] * errors[1])) < 5 * 0.3**2 / math.sqrt(4000)
    for error in errors:
        assert abs(statistics.fmean(error)) < 5 * 0.3 / math.sqrt(4000)
        assert abs(statistics.pstdev(error) / 0.3 - 1) < 5 / math.sqrt(2 * 4000)


def test_xor():
    x, y = data.xor()
    table = {(*map(int, column), int(t)) for column, t in zip(x.T, y[0], strict=True)}
    assert table == {(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)}


MADE = {f.__name__: f for f in (data.moons, data.circles, data.spirals)}


@pytest.mark.parametrize("name", MADE)
def test_another_draw(name):
    """Without a seed, and from a generator that has moved on; the same from the same seed."""
    make, rng = MADE[name], np.random.default_rng(4)
    draws = [make(M)[0] for _ in range(2)] + [make(M, seed=rng)[0] for _ in range(2)]
    draws += [make(M, seed=seed)[0] for seed in (1, 2)]
    assert len({draw.tobytes() for draw in draws}) == 6
    assert np.array_equal(make(M, seed=1)[0], draws[4])
    assert np.array_equal(make(M, seed=np.random.default_rng(4))[0], draws[2])


def test_another_split():
    x, y = numbered()
    assert len({data.split(x, y).x_test.tobytes() for _ in range(3)}) == 3


def test_digits_stay_apart():
    """What a call sets apart is set apart by every call, unless another seed is asked for."""
    first, again, other = data.digits(), data.digits(), data.digits(seed=1)
    assert np.array_equal(first.x_test, again.x_test)
    assert not np.array_equal(first.x_test, other.x_test)
    assert first.x.shape[1] + first.x_test.shape[1] == 1797
    for row in first.x:
        assert abs(statistics.fmean(row)) < 1e-9
        assert len({*row}) == 1 or abs(statistics.pstdev(row) - 1) < 1e-9
