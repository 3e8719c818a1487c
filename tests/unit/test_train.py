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
    assert History().diverged_at == -1


def test_progress_bar(capsys):
    bplib.fit(*problem(), bplib.SGD(0.1), epochs=2)
    assert capsys.readouterr().err == ""
    bplib.fit(*problem(), bplib.SGD(0.1), epochs=2, progress=True)
    assert "training" in capsys.readouterr().err
