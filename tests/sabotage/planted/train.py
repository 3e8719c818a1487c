"""The training loop: judged by watching every update, and by retracing all of it."""

import math

import numpy as np
from oracle.reference import complex_step_gradient, distance, loss_value, network

import bplib
from bplib import losses, optim, train
from bplib.layers import Dense, Dropout
from bplib.network import Network, backpropagate
from bplib.train import History
from sabotage.part import Part

part = Part("training")

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
    settings.setdefault("seed", 1)
    history = bplib.fit(net, loss, x.copy(), y.copy(), watched, epochs, size, **settings)
    return net, watched, history, x, y


def near(column, columns):
    return np.abs(columns - column).max(axis=0) < 1e-9


@part.judge("examples, x and y stay together")
def pairs():
    _, watched, _, x, y = run()
    for *_, x_batch, y_batch in watched.updates:
        for column, target in zip(x_batch.T, y_batch.T, strict=True):
            (i,) = np.flatnonzero(near(column[:, None], x))
            assert abs(y[0, i] - target[0]) < 1e-9


@part.judge("examples, each once in an epoch")
def each_once():
    _, watched, _, x, _ = run()
    assert len(watched.updates) == 12
    for epoch in watched.epochs(3):
        assert [x_batch.shape[1] for *_, x_batch, _ in epoch] == [3, 3, 1]
        seen = np.concatenate([x_batch for *_, x_batch, _ in epoch], axis=1)
        assert sorted(map(tuple, seen.T)) == sorted(map(tuple, x.T))


@part.judge("examples, another order every epoch and for every seed")
def orders():
    def order(seed):
        _, watched, *_ = run(epochs=3, seed=seed)
        return [np.concatenate([batch for *_, batch, _ in e], 1) for e in watched.epochs(3)]

    first, again, other = order(1), order(1), order(2)
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first[1], first[2])
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@part.judge("complex step, every update")
def updates():
    net, watched, *_ = run()
    start = problem()[0].theta
    for before, after, _, x, y in watched.updates:
        assert np.array_equal(before, start)
        slopes = complex_step_gradient(SIZES, NAMES, losses.SquaredError(), before, x, y)
        assert distance(after, before - 0.1 * slopes) < EXACT
        start = after
    assert np.array_equal(net.theta, start)


@part.judge("complex step, all examples at once")
def whole_batch():
    _, watched, _, x, y = run(size=None)
    assert len(watched.updates) == 4
    for before, after, *_ in watched.updates:
        slopes = complex_step_gradient(SIZES, NAMES, losses.SquaredError(), before, x, y)
        assert distance(after, before - 0.1 * slopes) < EXACT


def plain_losses(watched, epochs, x, y):
    """The loss over all of x and y before the first update and after each epoch."""
    thetas = [watched.updates[0][0]] + [epoch[-1][1] for epoch in watched.epochs(3)]
    assert len(thetas) == epochs + 1
    return [loss_value(SIZES, NAMES, losses.SquaredError(), theta, x, y) for theta in thetas]


@part.judge("history, loss")
def history_of_losses():
    _, watched, history, x, y = run()
    assert [*history.epoch] == [0, 1, 2, 3, 4]
    assert distance(history.loss, plain_losses(watched, 4, x, y)) < EXACT


@part.judge("history, every third epoch")
def history_every_third():
    _, watched, history, x, y = run(epochs=7, every=3)
    assert [*history.epoch] == [0, 3, 6, 7]
    expected = np.array(plain_losses(watched, 7, x, y))[[0, 3, 6, 7]]
    assert distance(history.loss, expected) < EXACT


@part.judge("history, validation")
def validation():
    rng = np.random.default_rng(9)
    x_val, y_val = rng.standard_normal((2, 4)), rng.standard_normal((1, 4))
    net, watched, history, *_ = run(validation=(x_val.copy(), y_val.copy()))
    expected = plain_losses(watched, 4, x_val, y_val)
    assert distance(history.validation_loss, expected) < EXACT
    assert np.array_equal(net.theta, run()[0].theta)
    assert history.best_epoch == np.argmin(expected)


def labelled(outputs):
    rng = np.random.default_rng(10)
    net = network([2, outputs], ["sigmoid" if outputs == 1 else "identity"], rng)
    x = 2 * rng.standard_normal((2, 11))
    label = rng.integers(0, max(outputs, 2), 11)
    return net, x, label, label[None].astype(float) if outputs == 1 else np.eye(outputs)[:, label]


@part.judge("history, accuracy")
def accuracy():
    for outputs, loss in ((1, losses.BinaryCrossEntropy()), (3, losses.SoftmaxCrossEntropy())):
        net, x, label, y = labelled(outputs)
        right = 0
        for column, k in zip(x.T, label, strict=True):
            z = [
                sum(map(math.prod, zip(w, column, strict=True))) + b[0]
                for w, b in zip(net.W[0], net.b[0], strict=True)
            ]
            guess = int(z[0] > 0) if outputs == 1 else z.index(max(z))
            right += guess == k
        history = bplib.fit(net, loss, x, y, bplib.SGD(0.0), epochs=1)
        assert 0 < right < 11
        assert np.abs(history.accuracy - right / 11).max() < EXACT


@part.judge("history, measured without dropout")
def measured_in_evaluation():
    rng = np.random.default_rng(11)
    net = Network([Dense(2, 3, "tanh"), Dropout(3, 0.5), Dense(3, 1)])
    net.theta[:] = rng.standard_normal(net.theta.shape)
    _, loss, x, y = problem()
    expected = loss_value(SIZES, NAMES, loss, net.theta, x, y)
    history = bplib.fit(net, loss, x, y, bplib.SGD(0.0), epochs=2)
    assert np.abs(history.loss - expected).max() < EXACT * expected


def norms(theta):
    return [math.hypot(*theta[here]) for here in W]


@part.judge("history, norms and ratios")
def norms_and_ratios():
    for clip in (None, optim.by_norm(0.05)):
        _, watched, history, *_ = run(clip=clip)
        for epoch, updates in enumerate(watched.epochs(3), start=1):
            before, after, _, x, y = updates[-1]
            slopes = complex_step_gradient(SIZES, NAMES, losses.SquaredError(), before, x, y)
            assert distance(history.gradient_norm[epoch], norms(slopes)) < EXACT
            ratios = np.divide(norms(after - before), norms(before))
            assert distance(history.update_ratio[epoch], ratios) < EXACT
        assert np.isnan(history.gradient_norm[0]).all()
        assert np.isnan(history.update_ratio[0]).all()


@part.judge("clipping")
def clipping():
    _, watched, *_ = run(clip=optim.by_norm(0.05, eps=0))
    for before, after, _, x, y in watched.updates:
        slopes = complex_step_gradient(SIZES, NAMES, losses.SquaredError(), before, x, y)
        assert math.hypot(*slopes) > 0.05
        expected = before - 0.1 * slopes * (0.05 / math.hypot(*slopes))
        assert distance(after, expected) < EXACT


class Scripted:
    """An optimizer that puts a single weight, of each member of a stack, where it is told to."""

    def __init__(self, *paths):
        self.paths, self.k = np.array(paths, float).squeeze(), 0

    def step(self, theta, grad):
        theta[..., 0] = self.paths[..., self.k]
        self.k += 1


def scripted(*paths, patience, epochs, batch_size=None):
    """The validation loss is ½ w², while the loss only falls: the weights rise towards 100."""
    stack = len(paths) if len(paths) > 1 else None
    net = bplib.mlp([1, 1], init=lambda rng, shape: np.full(shape, 9.0), stack=stack)
    x, one = np.ones((1, 2)), np.ones((1, 1))
    history = bplib.fit(
        net,
        losses.SquaredError(),
        x,
        100 * x,
        Scripted(*paths),
        epochs,
        batch_size,
        validation=(one, 0 * one),
        patience=patience,
    )
    return net, history


# Lowest in epochs 3, 6 and 10; from 6 to 10 there are three epochs without a new lowest one.
UNEVEN = [5, 4, 3, 4, 3.5, 2, 2.5, 2, 3, 1, 6, 7, 8, 9, 10, 11]


@part.judge("early stopping, when")
def when_to_stop():
    for patience, last, best in ((1, 4, 3), (2, 5, 3), (3, 9, 6), (4, 14, 10), (9, 16, 10)):
        _, history = scripted(UNEVEN, patience=patience, epochs=16)
        assert history.epoch[-1] == last
        assert history.best_epoch == best
        assert history.stopped_early == (last < 16)


@part.judge("early stopping, the best comes back")
def best_comes_back():
    for patience, weight in ((1, 3), (3, 2), (4, 1), (9, 1)):
        net, _ = scripted(UNEVEN, patience=patience, epochs=16)
        assert net.W[0][0, 0] == weight
        assert net.b[0][0, 0] == 0


@part.judge("early stopping, a stack member by member")
def best_of_each_member():
    falling = [8, 7, 6, 5, 4, 3, 2.5, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    net, history = scripted(UNEVEN, falling, patience=4, epochs=16)
    assert [*history.best_epoch] == [10, 7]
    assert [*net.W[0][:, 0, 0]] == [1, 2.5]
    assert history.epoch[-1] == 14


@part.judge("divergence")
def divergence():
    """Follow w ← (1 − η) w until ½ w² is no longer a number."""
    eta, w, first = 1e10, 1.0, 0
    while math.isfinite(w * w):
        w, first = (1 - eta) * w, first + 1
    net = bplib.mlp([1, 1], init=lambda rng, shape: np.ones(shape), stack=2)
    one = np.ones((1, 1))
    rates = bplib.SGD([0.5, eta])
    net.b[0][...] = 0
    history = bplib.fit(net, losses.SquaredError(), np.vstack([one]), 0 * one, rates, 50)
    assert history.diverged_at[0] == -1
    assert 0 < history.diverged_at[1] <= first
    assert not np.isfinite(history.loss[history.diverged_at[1], 1])
    assert np.isfinite(history.loss[: history.diverged_at[1], 1]).all()


# `fit` as a careful person would write it in one piece, any line of which a mutant may replace.


def _fit(
    patch,
    learned=lambda x, y, validation: (x, y),
    order=lambda rng, m: rng.permutation(m),
    order_y=None,
    starts=lambda m, size: range(0, m, size),
    backward=backpropagate,
    clipped=lambda clip, net: clip(net.grad),
    after_update=lambda clip, net: None,
    measured=lambda net, loss, x, y: bplib.evaluate(net, loss, x, y),
    accuracy=bplib.accuracy,
    examined=lambda x, y, last_batch: (x, y),
    ratio=lambda change, before, after: change / before,
    noted_after_clipping=False,
    judged=lambda loss, validation_loss: validation_loss,
    kept=lambda better: better,
    has_stopped=lambda epoch, best_epoch, patience, better: np.all(epoch - best_epoch >= patience),
    given_back=lambda best, last: best,
    length=lambda v: np.sqrt((v * v).sum(axis=(-2, -1))),
    due=lambda epoch, every, epochs: epoch % every == 0 or epoch == epochs,
):
    def fit(net, loss, x, y, optimizer, epochs=1, batch_size=None, seed=0, **settings):
        validation, patience = settings.get("validation"), settings.get("patience")
        clip, every = settings.get("clip"), settings.get("every", 1)
        rng, log = np.random.default_rng(seed), {}
        lowest, best_epoch = np.full(net.stack, np.inf), np.zeros(net.stack, int)
        best = net.theta.copy()

        def weights(theta):
            return np.stack(
                [length(theta[..., here].reshape(*net.stack, *shape)) for here, shape in places],
                axis=-1,
            )

        wheres = [here for name, here in net.slices.items() if name.startswith("W")]
        places = list(zip(wheres, [W.shape[-2:] for W in net.W], strict=True))

        def note(**entry):
            for name, number in entry.items():
                log.setdefault(name, []).append(number)

        def look(epoch, last_batch, **more):
            note(epoch=epoch, loss=measured(net, loss, *examined(x, y, last_batch)), **more)
            if ((y == 0) | (y == 1)).all():
                note(accuracy=accuracy(net, x, y))
            if validation is not None:
                note(validation_loss=measured(net, loss, *validation))

        nothing = np.full((*net.stack, len(places)), np.nan)
        stopped = False
        x, y = np.asarray(x), np.asarray(y)
        look(0, (x, y), gradient_norm=nothing, update_ratio=nothing)
        if validation is not None:
            lowest = judged(log["loss"][0], log["validation_loss"][0])
        x_all, y_all = learned(x, y, validation)
        m = x_all.shape[-1]
        size = m if batch_size is None else batch_size
        for epoch in range(1, epochs + 1):
            i = order(rng, m) if size < m else np.arange(m)
            j = order_y(rng, m) if order_y else i
            for start in starts(m, size):
                batch = x_all[:, i[start : start + size]], y_all[:, j[start : start + size]]
                backward(net, loss, *batch)
                raw, before = net.grad.copy(), net.theta.copy()
                if clip:
                    clipped(clip, net)
                seen = net.grad.copy() if noted_after_clipping else raw
                optimizer.step(net.theta, net.grad)
                after_update(clip, net)
            if not due(epoch, every, epochs):
                continue
            change = net.theta - before
            ratios = ratio(weights(change), weights(before), weights(net.theta))
            look(epoch, batch, gradient_norm=weights(seen), update_ratio=ratios)
            if validation is not None:
                now = judged(log["loss"][-1], log["validation_loss"][-1])
                better = now < lowest
                lowest = np.where(better, now, lowest)
                best_epoch = np.where(better, epoch, best_epoch)
                best = np.where(kept(better)[..., None], net.theta, best)
            if patience is not None and has_stopped(epoch, best_epoch, patience, better):
                stopped = True
                break
        if patience is not None:
            net.theta[...] = given_back(best, net.theta.copy())
        return History(
            **{name: np.array(numbers) for name, numbers in log.items()},
            best_epoch=None if validation is None else best_epoch[()],
            stopped_early=bool(stopped),
        )

    patch.setattr(train, "fit", fit)
    patch.setattr(bplib, "fit", fit)


@part.control("fit, written again")
def _(patch):
    _fit(patch)


@part.mutant("x and y shuffled differently")
def _(patch):
    _fit(patch, order_y=lambda rng, m: rng.permutation(m))


@part.mutant("the last, smaller batch dropped")
def _(patch):
    _fit(patch, starts=lambda m, size: range(0, m - size + 1, size))


@part.mutant("the same order every epoch")
def _(patch):
    orders = {}

    def once(rng, m):
        return orders.setdefault(id(rng), rng.permutation(m))

    _fit(patch, order=once)


@part.mutant("never shuffled")
def _(patch):
    _fit(patch, order=lambda rng, m: np.arange(m))


@part.mutant("seed ignored")
def _(patch):
    shared = np.random.default_rng(0)
    _fit(patch, order=lambda rng, m: shared.permutation(m))


@part.mutant("batches drawn with replacement")
def _(patch):
    _fit(patch, order=lambda rng, m: rng.integers(0, m, m))


@part.mutant("batches overlap by one example")
def _(patch):
    _fit(patch, starts=lambda m, size: range(0, m, max(size - 1, 1)))


@part.mutant("only the first batch of an epoch")
def _(patch):
    _fit(patch, starts=lambda m, size: [0])


@part.mutant("the smaller last batch divided by the size of a full one")
def _(patch):
    def backward(net, loss, x, y):
        a = backpropagate(net, loss, x, y)
        if x.shape[-1] < 3:
            net.grad *= x.shape[-1] / 3
        return a

    _fit(patch, backward=backward)


@part.mutant("gradients of all batches of an epoch add up")
def _(patch):
    def backward(net, loss, x, y):
        before = net.grad.copy()
        backpropagate(net, loss, x, y)
        net.grad += before

    _fit(patch, backward=backward)


@part.mutant("validation data learned from")
def _(patch):
    def learned(x, y, validation):
        if validation is None:
            return x, y
        return np.hstack([x, validation[0]]), np.hstack([y, validation[1]])

    _fit(patch, learned=learned)


@part.mutant("loss of the last batch for the loss of all")
def _(patch):
    _fit(patch, examined=lambda x, y, last_batch: last_batch)


@part.mutant("loss measured with dropout")
def _(patch):
    _fit(patch, measured=lambda net, loss, x, y: bplib.evaluate(net, loss, x, y, train=True))


@part.mutant("loss summed over the examples")
def _(patch):
    _fit(
        patch,
        measured=lambda net, loss, x, y: bplib.evaluate(net, loss, x, y) * x.shape[-1],
    )


@part.mutant("the last epoch is not noted")
def _(patch):
    _fit(patch, due=lambda epoch, every, epochs: epoch % every == 0)


@part.mutant("accuracy: one output rounded at 0")
def _(patch):
    def accuracy(net, x, y):
        a = net.forward(x)
        if len(y) == 1:
            return ((a > 0) == (y > 0)).mean()
        return (a.argmax(0) == y.argmax(0)).mean()

    _fit(patch, accuracy=accuracy)


@part.mutant("accuracy: the largest over the examples")
def _(patch):
    def accuracy(net, x, y):
        a = net.forward(x)
        if len(y) == 1:
            return ((a > 0.5) == (y > 0.5)).mean()
        return (a.argmax(1) == y.argmax(1)).mean()

    _fit(patch, accuracy=accuracy)


@part.mutant("accuracy: entries right, not columns")
def _(patch):
    _fit(patch, accuracy=lambda net, x, y: ((net.forward(x) > 0.5) == (y > 0.5)).mean())


@part.mutant("update ratio: to the weights after the update")
def _(patch):
    _fit(patch, ratio=lambda change, before, after: change / after)


@part.mutant("update ratio: upside down")
def _(patch):
    _fit(patch, ratio=lambda change, before, after: before / change)


@part.mutant("update ratio: difference of the norms")
def _(patch):
    _fit(patch, ratio=lambda change, before, after: np.abs(after - before) / before)


@part.mutant("norms: not rooted")
def _(patch):
    _fit(patch, length=lambda v: (v * v).sum(axis=(-2, -1)))


@part.mutant("norms: the largest singular value for the root of the squares")
def _(patch):
    _fit(patch, length=lambda v: np.linalg.norm(v, 2, axis=(-2, -1)))


@part.mutant("gradient norm after clipping")
def _(patch):
    _fit(patch, noted_after_clipping=True)


@part.mutant("clipping layer by layer")
def _(patch):
    def clipped(clip, net):
        for here in net.slices.values():
            clip(net.grad[here])

    _fit(patch, clipped=clipped)


@part.mutant("clipping after the update")
def _(patch):
    _fit(
        patch,
        clipped=lambda clip, net: None,
        after_update=lambda clip, net: clip(net.grad) if clip else None,
    )


@part.mutant("clipping the parameters")
def _(patch):
    _fit(patch, clipped=lambda clip, net: clip(net.theta))


@part.mutant("early stopping: the last parameters stay")
def _(patch):
    _fit(patch, given_back=lambda best, last: last)


@part.mutant("early stopping: the first rise ends it")
def _(patch):
    _fit(patch, has_stopped=lambda epoch, best_epoch, patience, better: not np.any(better))


@part.mutant("early stopping: one epoch too patient")
def _(patch):
    _fit(
        patch,
        has_stopped=lambda epoch, best_epoch, patience, better: np.all(
            epoch - best_epoch > patience
        ),
    )


@part.mutant("early stopping: all rises counted, not those in a row")
def _(patch):
    rises = {"n": 0}

    def has_stopped(epoch, best_epoch, patience, better):
        rises["n"] = (0 if epoch == 1 else rises["n"]) + (not np.any(better))
        return rises["n"] >= patience

    _fit(patch, has_stopped=has_stopped)


@part.mutant("early stopping: by the training loss")
def _(patch):
    _fit(patch, judged=lambda loss, validation_loss: loss)


@part.mutant("early stopping: any member ends it for all")
def _(patch):
    _fit(
        patch,
        has_stopped=lambda epoch, best_epoch, patience, better: np.any(
            epoch - best_epoch >= patience
        ),
    )


@part.mutant("early stopping: all members kept when one is better")
def _(patch):
    _fit(patch, kept=lambda better: np.full_like(better, np.any(better)))


@part.mutant("divergence: any member's is everybody's")
def _(patch):
    def diverged_at(self):
        bad = ~np.isfinite(self.loss)
        bad = np.broadcast_to(bad.any(axis=1, keepdims=True), bad.shape)
        return np.where(bad.any(axis=0), self.epoch[bad.argmax(axis=0)], -1)

    patch.setattr(History, "diverged_at", property(diverged_at))


@part.mutant("divergence: a loss that has grown")
def _(patch):
    def diverged_at(self):
        bad = self.loss > self.loss[0]
        return np.where(bad.any(axis=0), self.epoch[bad.argmax(axis=0)], -1)

    patch.setattr(History, "diverged_at", property(diverged_at))


@part.mutant("divergence: NaN only")
def _(patch):
    def diverged_at(self):
        bad = np.isnan(self.loss)
        return np.where(bad.any(axis=0), self.epoch[bad.argmax(axis=0)], -1)

    patch.setattr(History, "diverged_at", property(diverged_at))
