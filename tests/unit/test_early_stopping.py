"""Early stopping: when it stops, and what comes back."""

import numpy as np
import pytest

import bplib
from bplib import Dense, Network, losses
from bplib.layers import BatchNorm, LayerNorm, Residual

SE = losses.SquaredError()
ONE, ZERO, HALF = [[1.0]], [[0.0]], [[0.5]]


def falling(stack=None):
    """One weight 1 and one bias 0 at x = 1, y = 0: a ← (1 − 2η) a, from a = 1.

    Held against ½ instead of 0, the loss first falls and then rises.
    """
    net = bplib.mlp([1, 1], init=lambda rng, shape: np.ones(shape), stack=stack)
    return net, SE, ONE, ZERO


def output(net):
    return net.forward(ONE)[..., 0, 0]


@pytest.mark.parametrize(("patience", "last"), [(1, 4), (2, 5), (4, 7), (7, 10)])
def test_it_stops_after_so_many_epochs_without_a_lower_loss(patience, last):
    """With η = 0.1, a = 0.8ᵏ: 1, 0.8, 0.64, 0.512, 0.41, …; 0.512 is closest to ½."""
    net, *problem = falling()
    history = bplib.fit(
        net, *problem, bplib.SGD(0.1), epochs=100, validation=(ONE, HALF), patience=patience
    )
    assert history.epoch.tolist() == list(range(last + 1))
    assert history.stopped_early
    assert not history.interrupted
    assert history.best_epoch == 3
    assert output(net) == pytest.approx(0.8**3, rel=1e-15)
    np.testing.assert_allclose(
        history.validation_loss, (0.8 ** np.arange(last + 1) - 0.5) ** 2 / 2, rtol=1e-12
    )


@pytest.mark.parametrize(
    ("every", "patience", "entries"),
    [
        (1, 3, [0, 1, 2, 3, 4, 5, 6]),
        (2, 3, [0, 2, 4, 6]),
        (2, 4, [0, 2, 4, 6, 7]),
        (5, 1, [0, 4]),
        (1000, 5, [0, 8]),
        (None, 5, [0, 5, 8]),
    ],
)
def test_every_epoch_counts_however_few_have_an_entry(every, patience, entries):
    net, *problem = falling()
    history = bplib.fit(
        net,
        *problem,
        bplib.SGD(0.1),
        epochs=500,
        validation=(ONE, HALF),
        patience=patience,
        every=every,
    )
    assert history.epoch.tolist() == entries
    assert history.stopped_early
    assert history.best_epoch == 3
    assert output(net) == pytest.approx(0.8**3, rel=1e-15)
    last = entries[-1]
    assert history.loss[-1] == pytest.approx(0.8 ** (2 * last) / 2, rel=1e-12)
    # a ← 0.8 a with equal gradients a of weight and bias: ΔW = −0.1 a, W = (1 + a) / 2
    before = 0.8 ** (last - 1)
    assert history.gradient_norm[-1, 0] == pytest.approx(before, rel=1e-12)
    assert history.update_ratio[-1, 0] == pytest.approx(0.2 * before / (1 + before), rel=1e-12)


def test_without_patience_the_best_of_the_entries_is_named():
    net, *problem = falling()
    kwargs = {"epochs": 8, "validation": (ONE, HALF), "every": 2}
    history = bplib.fit(net, *problem, bplib.SGD(0.1), **kwargs)
    assert history.epoch.tolist() == [0, 2, 4, 6, 8]
    assert history.best_epoch == 4  # 0.8⁴ = 0.41 is closer to ½ than 0.8² = 0.64


def test_the_best_come_back_though_patience_never_ran_out():
    net, *problem = falling()
    history = bplib.fit(
        net, *problem, bplib.SGD(0.1), epochs=6, validation=(ONE, HALF), patience=50
    )
    assert len(history.epoch) == 7
    assert not history.stopped_early
    assert history.best_epoch == 3
    assert output(net) == pytest.approx(0.8**3, rel=1e-15)


def test_without_patience_the_last_parameters_stay():
    net, *problem = falling()
    history = bplib.fit(net, *problem, bplib.SGD(0.1), epochs=6, validation=(ONE, HALF))
    assert history.best_epoch == 3
    assert output(net) == pytest.approx(0.8**6, rel=1e-15)


def test_an_equal_loss_is_not_a_lower_one():
    net, *problem = falling()
    history = bplib.fit(net, *problem, bplib.SGD(0), epochs=9, validation=(ONE, HALF), patience=2)
    assert history.epoch.tolist() == [0, 1, 2]
    assert history.best_epoch == 0


def test_the_stack_trains_until_no_member_gets_better():
    """η = 0.1 is best after 3 epochs, 0.2 after 1 (0.6, not 0.36), 0.03 after 11, 0 at once."""
    net, *problem = falling(stack=4)
    eta = np.array([0.1, 0.2, 0.03, 0])
    history = bplib.fit(
        net, *problem, bplib.SGD(eta), epochs=100, validation=(ONE, HALF), patience=4
    )
    assert history.best_epoch.tolist() == [3, 1, 11, 0]
    assert history.epoch[-1] == 11 + 4
    assert history.stopped_early
    np.testing.assert_allclose(output(net), (1 - 2 * eta) ** [3, 1, 11, 0], rtol=1e-13)
    np.testing.assert_array_equal(history.validation_loss.argmin(axis=0), [3, 1, 11, 0])


def test_a_diverging_run_gives_back_finite_parameters():
    net, *problem = falling(stack=2)
    history = bplib.fit(
        net, *problem, bplib.SGD([1e9, 0.1]), epochs=200, validation=(ONE, HALF), patience=60
    )
    assert history.diverged_at[0] > 0
    assert history.best_epoch.tolist() == [0, 3]
    np.testing.assert_allclose(output(net), [1, 0.8**3], rtol=1e-15)
    assert np.isnan(history.validation_loss[-1, 0])
    assert history.epoch[-1] == 63


def deep(stack=None):
    block = Residual([LayerNorm(4), Dense(4, 4, "tanh"), BatchNorm(4)])
    net = Network([Dense(2, 4, "tanh"), BatchNorm(4), block, Dense(4, 1)], stack, init="zeros")
    net.theta += np.random.default_rng(1).standard_normal(net.theta.shape) / 2
    return net


@pytest.mark.parametrize("stack", [None, 3, (2, 2)])
def test_parameters_and_running_averages_of_the_best_epoch_come_back(stack):
    """Against a copy trained one epoch after the other, each epoch's numbers kept."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 12)), rng.standard_normal((1, 12))
    valid = rng.standard_normal((2, 9)), rng.standard_normal((1, 9))
    net = deep(stack)
    twin, kept, validation_loss = net.copy(), [], []
    optimizer, shuffle = bplib.Adam(0.1), np.random.default_rng(7)
    for epoch in range(26):
        if epoch:
            bplib.fit(twin, SE, x, y, optimizer, batch_size=4, seed=shuffle)
        kept.append({name: array.copy() for name, array in twin.state.items()})
        validation_loss.append(bplib.evaluate(twin, SE, *valid))
    best = np.argmin(validation_loss, axis=0)
    assert np.all((best > 0) & (best < 25)), "so that there is something to come back to"
    assert stack is None or len(set(best.flat)) > 1
    history = bplib.fit(
        net,
        SE,
        x,
        y,
        bplib.Adam(0.1),
        epochs=25,
        batch_size=4,
        seed=7,
        validation=valid,
        patience=25,
    )
    np.testing.assert_array_equal(history.best_epoch, best)
    for name, array in net.state.items():
        for member in np.ndindex(*net.stack):
            expected = kept[int(best[member])][name][member]
            np.testing.assert_array_equal(array[member], expected, err_msg=name)
    np.testing.assert_array_equal(bplib.evaluate(net, SE, *valid), np.min(validation_loss, axis=0))


def test_training_goes_on_from_the_best():
    """The parameters are put back into theta, of which W is still a view."""
    net, *problem = falling()
    kwargs = {"epochs": 10, "validation": (ONE, HALF), "patience": 1}
    bplib.fit(net, *problem, bplib.SGD(0.1), **kwargs)
    again = bplib.fit(net, *problem, bplib.SGD(0.1), **kwargs)
    assert again.best_epoch == 0
    assert again.validation_loss[0] == pytest.approx((0.8**3 - 0.5) ** 2 / 2, rel=1e-12)
    assert output(net) == net.W[0][0, 0] + net.b[0][0, 0]


@pytest.mark.parametrize("epochs", [0, 1])
def test_no_time_to_get_better(epochs):
    net, *problem = falling()
    history = bplib.fit(
        net, *problem, bplib.SGD(2.0), epochs=epochs, validation=(ONE, HALF), patience=3
    )
    assert history.best_epoch == 0
    assert not history.stopped_early
    assert output(net) == 1
