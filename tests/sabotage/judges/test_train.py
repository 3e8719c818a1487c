"""The training loop: judged by watching every update, and by retracing all of it."""

import math

import numpy as np
from oracle.reference import complex_step_gradient, distance, loss_value, network

import bplib
from bplib import losses, optim
from bplib.layers import BatchNorm, Dense, Dropout, Layer
from bplib.network import Network
from sabotage.planting import refused

EXACT = 1e-12
SIZES, NAMES, M = [2, 3, 1], ["tanh", "identity"], 7
W = [slice(0, 6), slice(9, 12)]  # where the weights of the two layers lie in theta


class Watched:
    """Gradient descent that notes what every update sees and does."""

    def __init__(self, net, eta=0.1):
        self.net, self.eta, self.updates = net, eta, []

    def step(self, theta, grad):
        before = theta.copy()
        theta -= self.eta * grad
        x, y = self.net.layers[0].a_prev, self.net.a[-1] - self.net.delta[-1]
        self.updates.append((before, theta.copy(), grad.copy(), x.copy(), y.copy()))

    def epochs(self, size):
        """The updates, epoch by epoch."""
        n = math.ceil(M / size)
        return [self.updates[k : k + n] for k in range(0, len(self.updates), n)]


def problem():
    rng = np.random.default_rng(8)
    net = network(SIZES, NAMES, rng)
    x = rng.standard_normal((2, M))
    return net, losses.SquaredError(), x, np.sin(3 * x[:1]) + x[1:]


def run(epochs=4, size=3, **settings):
    """Train, watched; return network, watch, history, x and y."""
    net, loss, x, y = problem()
    watched = Watched(net)
    settings = {"seed": 1, "every": 1, **settings}
    history = bplib.fit(net, loss, x.copy(), y.copy(), watched, epochs, size, **settings)
    return net, watched, history, x, y


def slopes(theta, x, y):
    return complex_step_gradient(SIZES, NAMES, losses.SquaredError(), theta, x, y)


def test_x_and_y_stay_together():
    _, watched, _, x, y = run()
    for *_, x_batch, y_batch in watched.updates:
        for column, target in zip(x_batch.T, y_batch.T, strict=True):
            (i,) = np.flatnonzero(np.abs(x - column[:, None]).max(axis=0) < 1e-9)
            assert abs(y[0, i] - target[0]) < 1e-9


def test_each_once_in_an_epoch():
    _, watched, _, x, _ = run()
    assert len(watched.updates) == 12
    for epoch in watched.epochs(3):
        assert [x_batch.shape[1] for *_, x_batch, _ in epoch] == [3, 3, 1]
        seen = np.concatenate([x_batch for *_, x_batch, _ in epoch], axis=1)
        assert sorted(map(tuple, seen.T)) == sorted(map(tuple, x.T))


def test_another_order():
    def order(seed):
        _, watched, *_ = run(epochs=3, seed=seed)
        return [np.concatenate([batch for *_, batch, _ in e], 1) for e in watched.epochs(3)]

    first, again, other = order(1), order(1), order(2)
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first[1], first[2])
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_every_update():
    net, watched, *_ = run()
    start = problem()[0].theta
    for before, after, _, x, y in watched.updates:
        assert np.array_equal(before, start)
        assert distance(after, before - 0.1 * slopes(before, x, y)) < EXACT
        start = after
    assert np.array_equal(net.theta, start)


def test_all_examples_at_once():
    _, watched, _, x, y = run(size=None)
    assert len(watched.updates) == 4
    for before, after, *_ in watched.updates:
        assert distance(after, before - 0.1 * slopes(before, x, y)) < EXACT


def plain_losses(watched, epochs, x, y):
    """The loss over all of x and y before the first update and after each epoch."""
    thetas = [watched.updates[0][0]] + [epoch[-1][1] for epoch in watched.epochs(3)]
    assert len(thetas) == epochs + 1
    return [loss_value(SIZES, NAMES, losses.SquaredError(), theta, x, y) for theta in thetas]


def test_history_loss():
    _, watched, history, x, y = run()
    assert [*history.epoch] == [0, 1, 2, 3, 4]
    assert distance(history.loss, plain_losses(watched, 4, x, y)) < EXACT


def test_every_third_epoch():
    _, watched, history, x, y = run(epochs=7, every=3)
    assert [*history.epoch] == [0, 3, 6, 7]
    expected = np.array(plain_losses(watched, 7, x, y))[[0, 3, 6, 7]]
    assert distance(history.loss, expected) < EXACT


def test_history_validation():
    rng = np.random.default_rng(9)
    x_val, y_val = rng.standard_normal((2, 4)), rng.standard_normal((1, 4))
    net, watched, history, *_ = run(validation=(x_val.copy(), y_val.copy()))
    expected = plain_losses(watched, 4, x_val, y_val)
    assert distance(history.validation_loss, expected) < EXACT
    assert np.array_equal(net.theta, run()[0].theta)
    assert history.best_epoch == np.argmin(expected)


def test_history_accuracy():
    """Of one output by the sign of z, of three by the largest."""
    rng = np.random.default_rng(10)
    for outputs, f, loss in (
        (1, "sigmoid", losses.BinaryCrossEntropy()),
        (3, "identity", losses.SoftmaxCrossEntropy()),
    ):
        net, x = network([2, outputs], [f], rng), 2 * rng.standard_normal((2, 11))
        label, right = rng.integers(0, max(outputs, 2), 11), 0
        for u, v, k in zip(*x, label, strict=True):
            z = [w1 * u + w2 * v + b for w1, w2, b in np.hstack([net.W[0], net.b[0]])]
            right += k == (int(z[0] > 0) if outputs == 1 else z.index(max(z)))
        y = label[None].astype(float) if outputs == 1 else np.eye(3)[:, label]
        history = bplib.fit(net, loss, x, y, bplib.SGD(0.0), epochs=1)
        assert 0 < right < 11
        assert np.abs(history.accuracy - right / 11).max() < EXACT


def test_measured_without_dropout():
    rng = np.random.default_rng(11)
    net = Network([Dense(2, 3, "tanh"), Dropout(3, 0.5), Dense(3, 1)])
    net.theta[:] = rng.standard_normal(net.theta.shape)
    _, loss, x, y = problem()
    expected = loss_value(SIZES, NAMES, loss, net.theta, x, y)
    history = bplib.fit(net, loss, x, y, bplib.SGD(0.0), epochs=2)
    assert np.abs(history.loss - expected).max() < EXACT * expected


def norms(theta):
    return [math.hypot(*theta[here]) for here in W]


def test_norms_and_ratios():
    for clip in (None, optim.by_norm(0.05)):
        _, watched, history, *_ = run(clip=clip)
        for epoch, updates in enumerate(watched.epochs(3), start=1):
            before, after, _, x, y = updates[-1]
            gradient = norms(slopes(before, x, y))
            assert distance(history.gradient_norm[epoch], gradient) < EXACT
            ratios = np.divide(norms(after - before), norms(before))
            assert distance(history.update_ratio[epoch], ratios) < EXACT
        assert np.isnan(history.gradient_norm[0]).all()
        assert np.isnan(history.update_ratio[0]).all()


def test_clipping():
    _, watched, *_ = run(clip=optim.by_norm(0.05, eps=0))
    for before, after, _, x, y in watched.updates:
        gradient = slopes(before, x, y)
        assert math.hypot(*gradient) > 0.05
        shortened = gradient * (0.05 / math.hypot(*gradient))
        assert distance(after, before - 0.1 * shortened) < EXACT


class Scripted:
    """An optimizer that puts a single weight, of each member of a stack, where it is told to."""

    def __init__(self, *paths):
        self.paths, self.k = np.array(paths, float).squeeze(), 0

    def step(self, theta, grad):
        theta[..., 0] = self.paths[..., self.k]
        self.k += 1


def scripted(*paths, patience):
    """The validation loss is ½ w², while the loss only falls: the weights rise towards 100."""
    stack = len(paths) if len(paths) > 1 else None
    net = bplib.mlp([1, 1], init=lambda rng, shape: np.full(shape, 9.0), stack=stack)
    x, one, epochs = np.ones((1, 2)), np.ones((1, 1)), len(paths[0])
    settings = {"validation": (one, 0 * one), "patience": patience, "every": 1}
    optimizer = Scripted(*paths)
    history = bplib.fit(net, losses.SquaredError(), x, 100 * x, optimizer, epochs, **settings)
    return net, history


# Lowest in epochs 3, 6 and 10; from 6 to 10 there are three epochs without a new lowest one.
UNEVEN = [5, 4, 3, 4, 3.5, 2, 2.5, 2, 3, 1, 6, 7, 8, 9, 10, 11]


def test_early_stopping_when():
    for patience, last, best in ((1, 4, 3), (2, 5, 3), (3, 9, 6), (4, 14, 10), (9, 16, 10)):
        _, history = scripted(UNEVEN, patience=patience)
        assert history.epoch[-1] == last
        assert history.best_epoch == best
        assert history.stopped_early == (last < 16)


def test_best_comes_back():
    for patience, weight in ((1, 3), (3, 2), (4, 1), (9, 1)):
        net, _ = scripted(UNEVEN, patience=patience)
        assert net.W[0][0, 0] == weight
        assert net.b[0][0, 0] == 0


def test_early_stopping_in_a_stack():
    falling = [8, 7, 6, 5, 4, 3, 2.5, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    net, history = scripted(UNEVEN, falling, patience=4)
    assert [*history.best_epoch] == [10, 7]
    assert [*net.W[0][:, 0, 0]] == [1, 2.5]
    assert history.epoch[-1] == 14


def test_divergence():
    """Follow w ← (1 − η) w until ½ w² is no longer a number."""
    eta, w, first = 1e10, 1.0, 0
    while math.isfinite(w * w):
        w, first = (1 - eta) * w, first + 1
    net = bplib.mlp([1, 1], init=lambda rng, shape: np.ones(shape), stack=2)
    one, optimizer = np.ones((1, 1)), bplib.SGD([0.5, eta])
    history = bplib.fit(net, losses.SquaredError(), one, 0 * one, optimizer, 50, every=1)
    assert history.diverged_at[0] == -1
    assert 0 < history.diverged_at[1] <= first
    assert not np.isfinite(history.loss[history.diverged_at[1], 1])
    assert np.isfinite(history.loss[: history.diverged_at[1], 1]).all()


def test_all_examples_and_few_entries():
    """The forward pass of an entry may serve the next update, but no other."""
    _, watched, history, x, y = run(epochs=7, size=None, every=3)
    assert [*history.epoch] == [0, 3, 6, 7]
    for before, after, *_ in watched.updates:
        assert distance(after, before - 0.1 * slopes(before, x, y)) < EXACT


def test_about_a_hundred_entries():
    for epochs, every in ((3, 1), (100, 1), (101, 2), (250, 3)):
        _, _, history, *_ = run(epochs=epochs, size=None, every=None)
        expected = [e for e in range(epochs + 1) if e % every == 0 or e == epochs]
        assert [*history.epoch] == expected


def test_batch_norm_in_training():
    """All examples in one batch: it is still a batch, by whose statistics is trained."""
    net, (_, loss, x, y) = Network([Dense(2, 3), BatchNorm(3), Dense(3, 1)], seed=2), problem()
    z = [[u * row[0] + v * row[1] for u, v in x.T] for row in net.W[0]]
    bplib.fit(net, loss, x, y, bplib.SGD(0.0), epochs=2)
    expected = [(1 - 0.9**2) * sum(row) / M for row in z]
    assert distance(net.layers[1].running_mean[:, 0], expected) < EXACT


def test_one_example_left_over():
    net, (_, loss, x, y) = Network([Dense(2, 3), BatchNorm(3), Dense(3, 1)], seed=2), problem()
    theta = net.theta.copy()
    for size in (3, 6, 1):
        call = lambda size=size: bplib.fit(net, loss, x, y, bplib.SGD(0.1), 2, size)  # noqa: E731
        assert refused(call, f"batch_size is {size}", f"1 of {M}")
        assert np.array_equal(net.theta, theta)


def orders_of_three_calls():
    net, loss, x, y = problem()
    watched = Watched(net)
    for _ in range(3):
        bplib.fit(net, loss, x.copy(), y.copy(), watched, 1, 3)
    return [np.concatenate([batch for *_, batch, _ in e], axis=1) for e in watched.epochs(3)]


def test_another_order_in_the_next_call():
    first, second, third = calls = orders_of_three_calls()
    assert not np.array_equal(first, second)
    assert not np.array_equal(second, third)
    assert np.array_equal(calls, orders_of_three_calls())


def test_goes_on():
    """Two epochs and three are five, with momentum."""
    net, loss, x, y = problem()
    theta, v, optimizer = net.theta.copy(), 0, bplib.Momentum(0.1)
    for epochs in (2, 3):
        bplib.fit(net, loss, x, y, optimizer, epochs)
    for _ in range(5):
        v = 0.9 * v + slopes(theta, x, y)
        theta = theta - 0.1 * v
    assert distance(net.theta, theta) < EXACT


def test_clip_that_returns():
    for clip in (lambda g: 0.5 * g, lambda g: (0.5 * g).tolist()):
        _, watched, *_ = run(clip=clip)
        for before, after, _, x, y in watched.updates:
            assert distance(after, before - 0.05 * slopes(before, x, y)) < EXACT


def test_history_of_an_error():
    net, loss, x, y = problem()
    optimizer, history = bplib.SGD(lambda k: 0.1 if k < 3 else -1.0), None
    try:
        bplib.fit(net, loss, x, y, optimizer, epochs=9, every=1)
    except ValueError as error:
        history = error.history
    assert history is not None
    assert [*history.epoch] == [0, 1, 2, 3]
    assert history.loss[-1] == bplib.evaluate(net, loss, x, y)


def test_callback_ends_it():
    seen = []

    def callback(epoch, net):
        seen.append((epoch, *net.theta))
        return epoch == 4

    _, watched, history, *_ = run(epochs=9, every=3, callback=callback)
    assert [*history.epoch] == [0, 3, 4]
    expected = [(i, *epoch[-1][1]) for i, epoch in enumerate(watched.epochs(3), start=1)]
    assert seen == expected


def test_interrupted():
    def callback(epoch, net):
        if epoch == 2:
            raise KeyboardInterrupt

    _, _, history, *_ = run(callback=callback)
    assert history.interrupted
    assert [*history.epoch] == [0, 1]
    assert not run()[2].interrupted


class Scaled(Layer):
    """k ⊙ a_prev + b."""

    weights = ("K",)
    shapes = {"b": (2, 1), "K": (2, 1)}  # noqa: RUF012 (as a reader would write it)

    def forward(self, a_prev, train=False):
        self.a_prev = a_prev
        return self.K * a_prev + self.b

    def backward(self, da, down=True):
        self.dK = (da * self.a_prev).sum(axis=-1, keepdims=True)
        self.db = da.sum(axis=-1, keepdims=True)
        return self.K * da


def test_norms_of_an_own_layer():
    _, loss, x, y = problem()
    net = Network([Scaled(2, 2), Dense(2, 1)], seed=1)
    K, W = net.layers[0].K.copy(), net.W[0].copy()
    delta = W @ (K * x) - y  # no bias is there yet
    gradients = [W.T @ delta * x @ np.ones((M, 1)) / M, delta @ (K * x).T / M]
    history = bplib.fit(net, loss, x, y, bplib.SGD(0.1), epochs=1)
    expected = [math.hypot(*g.flat) for g in gradients]
    assert history.gradient_norm.shape == (2, 2)
    assert distance(history.gradient_norm[1], expected) < EXACT
    sizes = [math.hypot(*weight.flat) for weight in (K, W)]
    assert distance(history.update_ratio[1], 0.1 * np.divide(expected, sizes)) < EXACT
