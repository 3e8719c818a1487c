"""Ctrl-C keeps the history so far and the best parameters, at whatever moment it comes."""

import numpy as np
import pytest

import bplib
from bplib import Dense, Network, losses, train
from bplib.layers import BatchNorm

SE = losses.SquaredError()


def problem(stack=None):
    net = Network([Dense(2, 3, "tanh"), BatchNorm(3), Dense(3, 1)], stack)
    net.theta += np.random.default_rng(1).standard_normal(net.theta.shape)
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((2, 5)), np.array([[0.0, 1, 1, 0, 1]])
    return net, x, y, (rng.standard_normal((2, 4)), np.array([[1.0, 1, 0, 0]]))


class StopsAt(bplib.SGD):
    def __init__(self, k):
        super().__init__(0.1)
        self.left = k

    def step(self, theta, grad):
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        super().step(theta, grad)


def test_in_the_middle_of_an_epoch():
    """What was learned since the last entry stays."""
    net, x, y, _ = problem()
    twin = net.copy()
    history = bplib.fit(net, SE, x, y, StopsAt(5), epochs=9, batch_size=3, seed=0)
    assert history.interrupted
    assert history.epoch.tolist() == [0, 1, 2]
    optimizer, shuffle = bplib.SGD(0.1), np.random.default_rng(0)
    for k in range(3):
        order = shuffle.permutation(5)
        for batch in (order[:3], order[3:])[: 1 if k == 2 else 2]:
            bplib.loss_and_grad(twin, SE, x[:, batch], y[:, batch])
            optimizer.step(twin.theta, twin.grad)
    np.testing.assert_allclose(net.theta, twin.theta, rtol=1e-13)


def test_between_two_entries():
    net, x, y, _ = problem()
    history = bplib.fit(net, SE, x, y, StopsAt(17), epochs=40, every=5)
    assert history.interrupted
    assert history.epoch.tolist() == [0, 5, 10, 15]


@pytest.mark.parametrize("when", [1, 2, 3, 4])
def test_while_the_best_numbers_are_put_aside(monkeypatch, when):
    """θ of one epoch never comes back with the running averages of another."""
    net, x, y, validation = problem()
    right, calls = Network.state.fget, []

    class Halfway(dict):
        def items(self):
            yield from list(super().items())[:1]
            raise KeyboardInterrupt

    def state(self):
        calls.append(self)
        return (Halfway if len(calls) == when + 1 else dict)(right(self))  # the first is fit's own

    monkeypatch.setattr(Network, "state", property(state))
    kwargs = {"validation": validation, "patience": 9, "epochs": 9}
    history = bplib.fit(net, SE, x, y, bplib.SGD(0.01), **kwargs)
    assert history.interrupted
    assert len(history.epoch) == when - 1, "each of the first epochs was the best so far"
    if len(history.epoch):
        found = bplib.evaluate(net, SE, *validation)
        assert found == history.validation_loss[history.best_epoch] == history.validation_loss.min()


def test_in_the_very_first_evaluation(monkeypatch):
    net, x, y, validation = problem()
    before = {name: array.copy() for name, array in net.state.items()}

    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "loss_value", stop)
    history = bplib.fit(net, SE, x, y, bplib.SGD(0.1), epochs=3, validation=validation, patience=2)
    assert history.interrupted
    assert len(history.epoch) == len(history.loss) == len(history.gradient_norm) == 0
    assert history.validation_loss is history.accuracy is history.best_epoch is None
    for name, array in net.state.items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("patience", [None, 9])
@pytest.mark.parametrize("stack", [None, 2])
@pytest.mark.parametrize("updates", [0, 1, 2, 3, 7])
def test_the_history_is_the_beginning_of_the_whole(stack, patience, updates):
    (net, x, y, validation), (twin, *_) = problem(stack), problem(stack)
    kwargs = {"batch_size": 3, "validation": validation, "patience": patience, "epochs": 4}
    complete = bplib.fit(twin, SE, x, y, bplib.SGD(0.1), **kwargs)
    history = bplib.fit(net, SE, x, y, StopsAt(updates), **kwargs)
    assert history.interrupted
    assert not complete.interrupted
    E = 1 + updates // 2
    np.testing.assert_array_equal(history.epoch, range(E))
    for name in ("loss", "accuracy", "validation_loss", "validation_accuracy", "update_ratio"):
        np.testing.assert_array_equal(getattr(history, name), getattr(complete, name)[:E])
    np.testing.assert_array_equal(history.best_epoch, history.validation_loss.argmin(axis=0))
    if patience:
        found = bplib.evaluate(net, SE, *validation)
        np.testing.assert_array_equal(found, history.validation_loss.min(axis=0))


def stop(*args):
    raise KeyboardInterrupt


@pytest.mark.parametrize("where", ["schedule", "clip", "callback"])
def test_of_a_schedule_a_clip_or_a_callback(where):
    net, x, y, _ = problem()
    eta = (lambda k: 0.1 if k < 3 else stop()) if where == "schedule" else 0.1
    kwargs = {} if where == "schedule" else {where: stop}
    history = bplib.fit(net, SE, x, y, bplib.SGD(eta), epochs=9, **kwargs)
    assert history.interrupted
    assert history.epoch.tolist() == ([0, 1, 2, 3] if where == "schedule" else [0])


def test_other_errors_are_not_swallowed():
    def fail(*args):
        raise ZeroDivisionError

    net, x, y, _ = problem()
    with pytest.raises(ZeroDivisionError):
        bplib.fit(net, SE, x, y, bplib.SGD(0.1), clip=fail)
