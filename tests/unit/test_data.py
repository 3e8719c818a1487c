"""The data sets: shapes, geometry, seeds, and no leak from test to training."""

import sys

import numpy as np
import pytest

from bplib import data


def test_xor():
    x, y = data.xor()
    assert [(*map(int, c), int(t)) for c, t in zip(x.T, y[0], strict=True)] == [
        (0, 0, 0),
        (0, 1, 1),
        (1, 0, 1),
        (1, 1, 0),
    ]


@pytest.mark.parametrize("make", [data.moons, data.circles, data.spirals])
def test_shapes_balance_and_seeds(make):
    x, y = make(m=101, seed=3)
    assert x.shape == (2, 101)
    assert y.shape[1] == 101
    assert set(np.unique(y)) == {0.0, 1.0}
    assert abs(y[0].mean() - 0.5) < 0.01
    np.testing.assert_array_equal(x, make(m=101, seed=3)[0])
    assert not np.array_equal(x, make(m=101, seed=4)[0])


@pytest.mark.parametrize("make", [data.moons, data.circles, data.spirals])
def test_a_second_call_gives_other_examples_and_one_seed_gives_both_again(make):
    """A test set made like the training set is no copy of it."""
    assert not np.isin(make(m=50)[0], make(m=50)[0]).any()
    rng, again = np.random.default_rng(0), np.random.default_rng(0)
    train, test = make(m=50, seed=rng)[0], make(m=50, seed=rng)[0]
    assert not np.isin(train, test).any()
    np.testing.assert_array_equal(make(m=50, seed=again)[0], train)
    np.testing.assert_array_equal(make(m=50, seed=again)[0], test)


def test_two_splits_differ_and_the_split_of_the_digits_stays():
    x = np.arange(100.0)[None]
    assert not np.array_equal(data.split(x, x).x_test, data.split(x, x).x_test)
    np.testing.assert_array_equal(data.digits().x_test, data.digits().x_test)
    assert not np.array_equal(data.digits().x_test, data.digits(seed=1).x_test)


def test_circles_without_noise_have_their_radii():
    x, y = data.circles(m=50, noise=0, ratio=0.4, seed=0)
    np.testing.assert_allclose(np.hypot(*x), np.where(y[0] == 1, 0.4, 1.0))


def test_moons_without_noise_lie_on_half_circles():
    x, y = data.moons(m=50, noise=0, seed=0)
    upper, lower = x[:, y[0] == 0], x[:, y[0] == 1]
    np.testing.assert_allclose(np.hypot(*upper), 1)
    np.testing.assert_allclose(np.hypot(lower[0] - 1, lower[1] - 0.5), 1)
    assert (upper[1] >= 0).all()
    assert (lower[1] <= 0.5).all()


def test_spiral_arms_are_rotations_of_each_other():
    x, y = data.spirals(m=90, classes=3, turns=0.5, noise=0, seed=0)
    assert y.shape == (3, 90)
    radius, label = np.hypot(*x), y.argmax(axis=0)
    phase = np.arctan2(x[1], x[0]) - 2 * np.pi * (0.5 * radius + label / 3)
    np.testing.assert_allclose(np.exp(1j * phase), 1)


def test_spirals_fill_the_disc_and_circles_go_all_the_way_round():
    x, _ = data.spirals(m=4000, noise=0, seed=0)
    # Quarters of 4,000 evenly drawn radii² are within 0.04 of where they should be (five sigma).
    np.testing.assert_allclose(
        np.quantile((x**2).sum(axis=0), [0.25, 0.5, 0.75]), [0.25, 0.5, 0.75], atol=0.04
    )
    x, _ = data.circles(m=4000, noise=0, ratio=1, seed=0)
    around = x[0] + 1j * x[1]
    assert abs(around.mean()) < 0.08  # the same five sigma, of a mean of unit length
    assert abs((around**2).mean()) < 0.08


@pytest.mark.parametrize("make", [data.moons, data.circles, data.spirals])
def test_noise_has_its_strength_in_every_entry(make):
    noise = make(m=5000, noise=0.3, seed=2)[0] - make(m=5000, noise=0, seed=2)[0]
    assert noise.std(axis=1) == pytest.approx([0.3, 0.3], rel=0.05)  # five sigma
    assert abs(np.corrcoef(noise)[0, 1]) < 0.08


def test_digits():
    datasets = pytest.importorskip("sklearn.datasets", reason="the digits are scikit-learn's")
    parts = data.digits()
    assert parts.x.shape == (64, 1348)
    assert parts.y.shape == (10, 1348)
    assert parts.x_test.shape == (64, 449)
    assert parts.y_test.shape == (10, 449)
    np.testing.assert_allclose(parts.x.mean(axis=1), 0, atol=1e-13)
    moving = parts.x.std(axis=1) > 0
    np.testing.assert_allclose(parts.x[moving].std(axis=1), 1)
    assert 50 < moving.sum() <= 64
    raw, label = datasets.load_digits(return_X_y=True)
    raw = data.split(raw.T, data.one_hot(label, 10), seed=5)
    parts = data.digits(seed=5)
    np.testing.assert_array_equal(parts.x_test, data.standardize(raw.x, raw.x_test)[1])
    np.testing.assert_array_equal(parts.y_test, raw.y_test)


def test_the_digits_need_nothing_but_bplib(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert data.digits().x.shape == (64, 1348)


def test_split_keeps_pairs_and_loses_nothing():
    x = np.arange(20.0)[None]
    parts = data.split(x, 10 * x, test=0.3, seed=1)
    assert parts.x.shape == (1, 14)
    np.testing.assert_array_equal(parts.y, 10 * parts.x)
    np.testing.assert_array_equal(parts.y_test, 10 * parts.x_test)
    np.testing.assert_array_equal(np.sort(np.concatenate([parts.x, parts.x_test], 1)), x)
    again, other = (data.split(x, x, test=0.3, seed=seed) for seed in (1, 2))
    np.testing.assert_array_equal(again.x, parts.x)
    assert not np.array_equal(other.x, parts.x)
    assert data.split(x, x, test=0.05).x_test.shape == (1, 1)
    assert data.split(x, x).x_test.shape == (1, 5)


def test_standardize_learns_nothing_from_the_others():
    train, other = np.array([[1.0, 3.0], [5.0, 5.0]]), np.array([[100.0], [7.0]])
    a, b = data.standardize(train, other)
    np.testing.assert_array_equal(a, [[-1, 1], [0, 0]])
    np.testing.assert_array_equal(b, [[98], [2]])


def test_a_constant_row_is_only_centred_whatever_its_mean_rounds_to():
    """The deviation of 0.1 six times is 1e-17."""
    train, other = np.full((1, 6), 0.1), np.array([[0.2]])
    assert train.std() > 0
    a, b = data.standardize(train, other)
    np.testing.assert_allclose(a, 0, atol=1e-16)
    np.testing.assert_allclose(b, 0.1, rtol=1e-15)


def test_lists_whole_numbers_and_float32_are_taken():
    a, b = data.standardize([[1, 3]], [[5]])
    assert (a.tolist(), b.tolist()) == ([[-1, 1]], [[3]])
    assert data.standardize(np.float32([[1, 3]]))[0].dtype == np.float32
    parts = data.split([[1, 2, 3, 4]], [[0, 1, 1, 0]], seed=0)
    assert parts.x.shape == (1, 3)
    np.testing.assert_array_equal(
        data.one_hot(np.array([1, 0], np.uint8), np.int64(2)), 1 - np.eye(2)
    )


def test_one_hot():
    np.testing.assert_array_equal(data.one_hot([2, 0], 3), [[0, 1], [0, 0], [1, 0]])
    np.testing.assert_array_equal(data.one_hot([1, 1], 2), [[0, 0], [1, 1]])
    assert data.one_hot(np.zeros(0, int), 2).shape == (2, 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: data.moons(m=0), "m is 0; expected a whole number, at least 2"),
        (lambda: data.moons(noise=-1), "noise is -1"),
        (lambda: data.circles(ratio=-1), "ratio is -1"),
        (lambda: data.spirals(classes=1), "classes is 1"),
        (lambda: data.spirals(turns="a"), "turns is 'a'"),
        (lambda: data.one_hot([0], 0), "classes is 0"),
        (lambda: data.one_hot([0, 3], 3), "labels reach from 0 to 3; expected 0 to 2"),
        (lambda: data.one_hot([0.5], 3), "labels holds float64 values; expected whole numbers"),
        (lambda: data.one_hot([[0]], 3), r"labels has shape \(1, 1\)"),
        (lambda: data.split(np.ones((1, 4)), np.ones((1, 3))), "expected equally many columns"),
        (lambda: data.split(np.ones((1, 4)), np.ones((1, 4)), test=0), "test is 0, which sets 0"),
        (
            lambda: data.split(np.ones((1, 4)), np.ones((1, 4)), test=1),
            "test is 1; expected a number from 0",
        ),
    ],
)
def test_wrong_calls_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
