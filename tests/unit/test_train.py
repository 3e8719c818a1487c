from itertools import chain, count

import numpy as np
import pytest

import bplib
from bplib import History, losses


def problem():
    net = bplib.mlp([2, 3, 1], output="sigmoid", seed=1)
    x = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]])
    return net, losses.BinaryCrossEntropy(), x, np.array([[0.0, 1, 1, 0]])


def diverging(stack=None):
    """One weight on L = ½ (w x)² with x = 1: w ← (1 − η) w, so it explodes for η > 2."""
    net = bplib.mlp([1, 1], init=lambda rng, shape: np.ones(shape), stack=stack)
    return net, losses.SquaredError(), np.ones((1, 1)), np.zeros((1, 1))


class StopsAt:
    def __init__(self, k):
        self.k, self.inner = k, bplib.SGD(0.5)

    def step(self, theta, grad):
        if self.k == 0:
            raise KeyboardInterrupt
        self.k -= 1
        self.inner.step(theta, grad)


def test_sgd_by_hand():
    theta, grad = np.array([1.0, 2.0]), np.array([10.0, -20.0])
    bplib.SGD(0.1).step(theta, grad)
    np.testing.assert_allclose(theta, [0, 4])
    stack = np.ones((2, 3))
    bplib.SGD([0.5, 0]).step(stack, np.ones((2, 3)))
    np.testing.assert_array_equal(stack, [[0.5] * 3, [1] * 3])


def test_history_holds_the_loss_before_and_after_each_epoch():
    net, loss, x, y = problem()
    before = bplib.evaluate(net, loss, x, y)
    history = bplib.fit(net, loss, x, y, bplib.SGD(0.5), epochs=7)
    assert history.loss.shape == (8,)
    assert history.loss[0] == before
    assert history.loss[-1] == bplib.evaluate(net, loss, x, y)
    assert not history.interrupted
    assert history.diverged_at == -1


def test_no_epochs_no_change():
    net, loss, x, y = problem()
    theta = net.theta.copy()
    assert len(bplib.fit(net, loss, x, y, bplib.SGD(1), epochs=0).loss) == 1
    np.testing.assert_array_equal(net.theta, theta)


def test_xor_is_learned():
    net, loss, x, y = problem()
    history = bplib.fit(net, loss, x, y, bplib.SGD(1.0), epochs=2000)
    assert history.loss[-1] < 0.01
    np.testing.assert_array_equal(net.forward(x) > 0.5, y > 0.5)


def test_shuffling_follows_the_seed():
    thetas = []
    for seed in (3, 3, 4):
        net, loss, x, y = problem()
        bplib.fit(net, loss, x, y, bplib.SGD(0.5), epochs=3, batch_size=1, seed=seed)
        thetas.append(net.theta)
    np.testing.assert_array_equal(thetas[0], thetas[1])
    assert not np.array_equal(thetas[0], thetas[2])


def test_each_epoch_shows_each_example_once():
    net, loss, x, y = problem()
    seen = []

    class Watch(bplib.SGD):
        def step(self, theta, grad):
            seen.append(net.layers[0].a_prev.copy())
            super().step(theta, grad)

    bplib.fit(net, loss, x, y, Watch(0.1), epochs=2, batch_size=3)
    assert [batch.shape[1] for batch in seen] == [3, 1, 3, 1]
    for epoch in (seen[:2], seen[2:]):
        columns = np.concatenate(epoch, axis=1)
        assert sorted(map(tuple, columns.T)) == sorted(map(tuple, x.T))


@pytest.mark.filterwarnings("error")
def test_divergence_is_reported_not_raised():
    net, loss, x, y = diverging()
    history = bplib.fit(net, loss, x, y, bplib.SGD(1e10), epochs=60)
    first = int(history.diverged_at)
    assert 0 < first < 60
    assert np.isfinite(history.loss[:first]).all()
    assert not np.isfinite(history.loss[first])
    assert len(history.loss) == 61


@pytest.mark.filterwarnings("error")
def test_divergence_in_a_stack_is_per_member():
    net, loss, x, y = diverging(stack=3)
    history = bplib.fit(net, loss, x, y, bplib.SGD([0.1, 1e10, 1e20]), epochs=60)
    calm, wild, wilder = history.diverged_at
    assert calm == -1
    assert 0 < wilder < wild


def test_interrupt_returns_the_history_so_far():
    net, loss, x, y = problem()
    twin = problem()[0]
    history = bplib.fit(net, loss, x, y, StopsAt(3), epochs=10)
    assert history.interrupted
    assert len(history.loss) == 4
    complete = bplib.fit(twin, loss, x, y, bplib.SGD(0.5), epochs=3)
    np.testing.assert_array_equal(history.loss, complete.loss)
    np.testing.assert_array_equal(net.theta, twin.theta)


def test_an_error_of_the_optimizer_is_not_swallowed():
    class Broken:
        def step(self, theta, grad):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bplib.fit(*problem(), Broken())


def test_empty_history():
    empty = History()
    assert empty.diverged_at == -1
    series = (empty.epoch, empty.loss, empty.gradient_norm, empty.update_ratio)
    assert [len(it) for it in series] == [0, 0, 0, 0]
    assert empty.interrupted is empty.stopped_early is False


def test_progress_bar(capsys):
    bplib.fit(*problem(), bplib.SGD(0.1), epochs=2)
    assert capsys.readouterr().err == ""
    bplib.fit(*problem(), bplib.SGD(0.1), epochs=2, progress=True)
    assert "training" in capsys.readouterr().err


def seen_by(batch_size, m=7, epochs=2, **kwargs):
    """The columns of each batch, in order, as numbers 0 to m − 1."""
    net, seen = bplib.mlp([1, 1]), []

    class Watch(bplib.SGD):
        def step(self, theta, grad):
            seen.append(net.layers[0].a_prev[0].astype(int).tolist())
            super().step(theta, grad)

    x = np.arange(m, dtype=float)[None]
    bplib.fit(
        net, losses.SquaredError(), x, x, Watch(0), epochs=epochs, batch_size=batch_size, **kwargs
    )
    return seen


@pytest.mark.parametrize(
    ("batch_size", "lengths"),
    [(1, [1] * 7), (2, [2, 2, 2, 1]), (3, [3, 3, 1]), (6, [6, 1]), (7, [7]), (8, [7]), (None, [7])],
)
def test_the_last_batch_has_what_is_left(batch_size, lengths):
    seen = seen_by(batch_size)
    assert [len(batch) for batch in seen] == 2 * lengths
    half = len(lengths)
    for epoch in (seen[:half], seen[half:]):
        assert sorted(chain(*epoch)) == list(range(7))
    if half > 1:
        assert seen[:half] != seen[half:], "each epoch has an order of its own"


def test_the_order_is_that_of_the_seed():
    assert seen_by(2, seed=3) == seen_by(2, seed=3)
    assert seen_by(2, seed=3) != seen_by(2, seed=4)
    order = np.random.default_rng(3).permutation(7).tolist()
    assert list(chain(*seen_by(2, seed=3, epochs=1))) == order


def test_a_generator_may_be_passed_and_goes_on():
    rng = np.random.default_rng(3)
    both = seen_by(2, seed=rng, epochs=1) + seen_by(2, seed=rng, epochs=1)
    assert both == seen_by(2, seed=3, epochs=2)


def test_the_network_carries_the_chance_of_its_training():
    """One seed at the top makes all of it reproducible, and no two calls are alike."""

    def orders(seed, calls):
        net, order = bplib.mlp([1, 1], seed=seed), []

        class Watch(bplib.SGD):
            def step(self, theta, grad):
                order.append(net.layers[0].a_prev[0].tolist())
                super().step(theta, grad)

        x, watch = np.arange(30.0)[None], Watch(0)
        for epochs in calls:
            bplib.fit(net, losses.SquaredError(), x, x, watch, epochs=epochs, batch_size=30 - 1)
        return order

    one_by_one = orders(0, [1, 1, 1])
    assert one_by_one == orders(0, [3]) == orders(0, [1, 2])
    assert one_by_one[0] != one_by_one[2] != one_by_one[4] != one_by_one[0]
    assert one_by_one != orders(1, [3])


def test_a_copy_trains_as_the_network_would():
    net, loss, x, y = problem()
    bplib.fit(net, loss, x, y, bplib.SGD(0.5), batch_size=1)
    twin = net.copy()
    for each in (net, twin):
        bplib.fit(each, loss, x, y, bplib.SGD(0.5), epochs=5, batch_size=1)
    np.testing.assert_array_equal(net.theta, twin.theta)


@pytest.mark.parametrize("batch_size", [1, 3, 4, 99, None])
def test_lists_and_whole_numbers_are_as_good_as_arrays(batch_size):
    net, loss, x, y = problem()
    twin = net.copy()
    kwargs = {"epochs": 3, "batch_size": batch_size}
    validation = ([[0, 1], [1, 0]], [[True, False]])
    as_arrays = tuple(np.array(part, dtype=float) for part in validation)
    ours = bplib.fit(
        net,
        loss,
        x.astype(int).tolist(),
        y.astype(int),
        bplib.SGD(1),
        validation=list(validation),
        **kwargs,
    )
    theirs = bplib.fit(twin, loss, x, y, bplib.SGD(1.0), validation=as_arrays, **kwargs)
    np.testing.assert_array_equal(net.theta, twin.theta)
    np.testing.assert_array_equal(ours.loss, theirs.loss)
    np.testing.assert_array_equal(ours.validation_loss, theirs.validation_loss)


@pytest.mark.parametrize("batch_size", [None, 1, 3])
@pytest.mark.parametrize("order", ["C", "F"])
def test_nothing_that_is_passed_in_changes(batch_size, order):
    net, loss, x, y = problem()
    eta = np.array([0.5, 0.1])
    net = bplib.mlp([2, 3, 1], output="sigmoid", stack=2)
    passed = [np.array(a, order=order) for a in (x, y, x[:, :3], y[:, :3])]
    for array in (*passed, eta):
        array.flags.writeable = False
    kept = [array.copy() for array in (*passed, eta)]
    penalized = loss + losses.L2(0.1)
    history = bplib.fit(
        net,
        penalized,
        *passed[:2],
        bplib.SGD(eta),
        epochs=3,
        batch_size=batch_size,
        validation=passed[2:],
        patience=1,
        clip=bplib.optim.by_norm(0.1),
    )
    for array, before in zip((*passed, eta), kept, strict=True):
        np.testing.assert_array_equal(array, before)
    assert loss.penalties == ()
    assert penalized.penalties == (losses.L2(0.1),)
    net.theta += 1
    assert not np.shares_memory(history.loss, net.theta)


def test_a_read_only_view_of_someone_elses_data():
    """Columns of a table, taken as rows."""
    net, loss, *_ = problem()
    table = np.arange(24, dtype=float).reshape(8, 3) % 5 / 5
    bplib.fit(net, loss, table[::2, :2].T, table[::2, 2:].T, bplib.SGD(0.1), batch_size=3)
    np.testing.assert_array_equal(table, np.arange(24, dtype=float).reshape(8, 3) % 5 / 5)


@pytest.mark.parametrize(("m", "batch_size"), [(33, 16), (33, 32), (5, 1), (1, 3), (1, None)])
def test_batch_norm_refuses_a_batch_of_one_before_the_first_update(m, batch_size):
    inner = bplib.layers.Residual([bplib.layers.BatchNorm(3)])
    net = bplib.Network([bplib.Dense(2, 3), inner, bplib.Dense(3, 1)])
    net.theta += 0.5
    before = {name: array.copy() for name, array in net.state.items()}
    rng = net.rng.bit_generator.state
    x, y = np.ones((2, m)), np.ones((1, m))
    message = f"batch_size is {batch_size or m}.* {m} examples.*BatchNorm expected at least 2"
    with pytest.raises(ValueError, match=message):
        bplib.fit(net, losses.SquaredError(), x, y, bplib.SGD(0.1), batch_size=batch_size)
    for name, array in net.state.items():
        np.testing.assert_array_equal(array, before[name])
    assert net.rng.bit_generator.state == rng


@pytest.mark.parametrize(("m", "batch_size"), [(33, 11), (34, 16), (2, 99), (33, None)])
def test_batch_norm_takes_any_other_batches(m, batch_size):
    net = bplib.Network([bplib.layers.BatchNorm(2)])
    x = np.random.default_rng(0).standard_normal((2, m))
    kwargs = {"batch_size": batch_size, "epochs": 3}
    history = bplib.fit(net, losses.SquaredError(), x, 2 * x, bplib.SGD(0.1), **kwargs)
    assert history.loss[-1] < history.loss[0]


def test_clip_and_optimizer_see_the_gradient_once_each_update():
    net, loss, x, y = problem()
    order = []

    class Watch(bplib.SGD):
        def step(self, theta, grad):
            order.append("step")
            assert grad is net.grad
            assert theta is net.theta

    def clip(grad):
        order.append("clip")
        assert grad is net.grad

    bplib.fit(net, loss, x, y, Watch(0.1), epochs=2, batch_size=2, clip=clip)
    assert order == ["clip", "step"] * 4


def halved(grad):
    return grad / 2


def halve(grad):
    grad /= 2


def halve_and_return(grad):
    grad /= 2
    return grad


@pytest.mark.parametrize("clip", [halved, halve, halve_and_return, lambda g: (g / 2).tolist()])
def test_a_clip_works_in_place_or_returns_what_to_take(clip):
    net, loss, x, y = problem()
    twin = net.copy()
    bplib.fit(net, loss, x, y, bplib.SGD(1.0), epochs=3, clip=clip)
    bplib.fit(twin, loss, x, y, bplib.SGD(0.5), epochs=3)
    np.testing.assert_allclose(net.theta, twin.theta, rtol=1e-14)


def test_a_clip_of_numpys_own():
    """One weight, L = ½ (w x)²: the gradient 1 becomes 0.25."""
    net, *rest = diverging()
    bplib.fit(net, *rest, bplib.SGD(1.0), clip=lambda grad: np.clip(grad, -0.25, 0.25))
    np.testing.assert_array_equal(net.theta, [0.75, -0.25])


def test_a_callback_comes_after_each_epoch_and_true_ends_it():
    net, loss, x, y = problem()
    seen = []

    def watch(epoch, network):
        seen.append((epoch, bplib.evaluate(network, loss, x, y)))
        assert network is net
        return epoch == 7

    history = bplib.fit(net, loss, x, y, bplib.SGD(0.5), epochs=900, batch_size=3, callback=watch)
    assert [epoch for epoch, _ in seen] == list(range(1, 8))
    assert history.epoch.tolist() == [0, 7]
    assert history.loss[1] == seen[-1][1]
    assert np.all(history.update_ratio[1] > 0)
    assert not history.stopped_early
    assert not history.interrupted


@pytest.mark.parametrize("batch_size", [None, 3])
def test_a_callback_that_only_looks_changes_nothing(batch_size):
    """Looking leaves other examples' activations in the layers."""
    net, loss, x, y = problem()
    twin = net.copy()
    kwargs = {"epochs": 5, "batch_size": batch_size}
    answers = iter([None, False, np.False_, None, False])

    def look(epoch, network):
        network.forward(x[:, :1] + 9)
        bplib.accuracy(network, x[:, 1:], y[:, 1:])
        return next(answers)

    watched = bplib.fit(net, loss, x, y, bplib.Adam(0.1), callback=look, **kwargs)
    alone = bplib.fit(twin, loss, x, y, bplib.Adam(0.1), **kwargs)
    np.testing.assert_array_equal(net.theta, twin.theta)
    np.testing.assert_array_equal(watched.loss, alone.loss)
    np.testing.assert_array_equal(watched.gradient_norm, alone.gradient_norm)


def test_a_callback_may_change_the_parameters():
    net, *rest = diverging()

    def pull(epoch, network):
        network.theta[...] = [epoch, 0]

    history = bplib.fit(net, *rest, bplib.SGD(0.1), epochs=4, callback=pull)
    np.testing.assert_array_equal(history.loss, [0.5, 0.5, 2, 4.5, 8])
    np.testing.assert_allclose(history.gradient_norm[1:, 0], [1, 1, 2, 3], rtol=1e-15)


def shortens_the_twelfth():
    n = count()
    return lambda grad: grad if next(n) < 11 else grad[1:]


FAILING = {
    "a schedule turns negative": {"optimizer": lambda: bplib.SGD(lambda k: 0.1 * (10.5 - k))},
    "a schedule turns NaN": {"optimizer": lambda: bplib.SGD(lambda k: 0.1 if k < 11 else np.nan)},
    "a clip": {"clip": shortens_the_twelfth()},
    "a callback": {"callback": lambda epoch, net: None if epoch < 11 else 0.3},
}


@pytest.mark.parametrize("name", FAILING)
def test_an_error_in_training_brings_the_history_along(name):
    net, loss, x, y = problem()
    twin, case = net.copy(), dict(FAILING[name])
    optimizer = case.pop("optimizer", lambda: bplib.SGD(0.1))()
    with pytest.raises(
        ValueError, match=r"eta\(11\) is|clip returned|callback\(.*\) is 0.3"
    ) as caught:
        bplib.fit(net, loss, x, y, optimizer, epochs=50, **case)
    history = caught.value.history
    whole = 10 if name == "a callback" else 11
    assert history.epoch.tolist() == list(range(whole + 1))
    assert "history" in caught.value.__notes__[0]
    if name != "a schedule turns negative":
        expected = bplib.fit(twin, loss, x, y, bplib.SGD(0.1), epochs=11)
        np.testing.assert_array_equal(history.loss, expected.loss[: whole + 1])
        np.testing.assert_array_equal(net.theta, twin.theta)


def test_an_error_leaves_the_best_parameters():
    """With a ← 0.8 a from 1, held against ½, the third epoch is the best."""
    net, *rest = diverging()

    def fail(epoch, network):
        if epoch == 6:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        bplib.fit(
            net,
            *rest,
            bplib.SGD(0.1),
            epochs=9,
            callback=fail,
            validation=([[1.0]], [[0.5]]),
            patience=99,
        )
    assert caught.value.history.best_epoch == 3
    assert net.forward([[1.0]])[0, 0] == pytest.approx(0.8**3, rel=1e-15)


SHORT = {
    "cosine": (bplib.schedules.cosine(0.1, steps=20), True),
    "step": (bplib.schedules.step(0.1, every=10), True),
    "exponential": (bplib.schedules.exponential(0.1, 0.8), True),
    "warm up": (bplib.schedules.warm_up(10, bplib.schedules.cosine(0.1, steps=20)), True),
    "cosine in updates": (bplib.schedules.cosine(0.1, steps=80), False),
    "cosine to a floor": (bplib.schedules.cosine(0.1, steps=20, floor=0.01), False),
    "inverse": (bplib.schedules.inverse(0.1, 20), False),
    "constant": (bplib.schedules.constant(0), False),
    "a function": (lambda k: 0.0, False),
}


@pytest.mark.parametrize("name", SHORT)
def test_a_schedule_that_counts_epochs_is_noticed(name, recwarn):
    """20 epochs of 4 updates."""
    schedule, short = SHORT[name]
    bplib.fit(*problem(), bplib.SGD(schedule), epochs=20, batch_size=1)
    said = [str(warning.message) for warning in recwarn]
    assert len(said) == short, said
    if short:
        assert "80 updates; a schedule counts updates, not epochs" in said[0]
        assert recwarn[0].filename == __file__
