"""Every entry of a history against the same training written out with public calls."""

import numpy as np
import pytest

import bplib
from bplib import Dense, Network, losses, optim
from bplib.layers import Activate, BatchNorm, Dropout, LayerNorm, Residual
from bplib.network import classes

SAME = 1e-12  # the same float64 numbers, some summed in another order
BCE, SE = losses.BinaryCrossEntropy(), losses.SquaredError()


def data(m=10, n_out=1, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2, m))
    if n_out == 1:
        return x, (rng.random((1, m)) < 0.5).astype(float)
    return x, np.eye(n_out)[:, rng.integers(0, n_out, m)]


def deep(stack=None):
    """All kinds of layers; the dropout of a copy draws the same masks."""
    block = Residual([LayerNorm(4), Dense(4, 4, "elu"), Dropout(4, 0.3, seed=5)])
    net = Network([Dense(2, 4, "tanh"), BatchNorm(4), block, Dense(4, 1, "sigmoid")], stack)
    net.theta += np.random.default_rng(1).standard_normal(net.theta.shape) / 2
    return net


def calm(stack):
    """Layers whose pass is the same in training and out of it."""
    block = Residual([LayerNorm(4), Activate(4, "gelu"), Dense(4, 4, "elu")])
    net = Network([Dense(2, 4, "tanh"), block, Dense(4, 1, "sigmoid")], stack)
    net.theta += np.random.default_rng(1).standard_normal(net.theta.shape) / 2
    return net


def plain(stack=None, sizes=(2, 3, 1), output="sigmoid"):
    return bplib.mlp(sizes, output=output, seed=2, stack=stack)


def written_out(net, loss, x, y, optimizer, epochs, size, every, clip, validation, seed=0):
    """Train net; return one dict per entry."""
    rng, m = np.random.default_rng(seed), x.shape[-1]

    def entry(epoch, norms, ratios):
        found = {"epoch": epoch, "gradient_norm": norms, "update_ratio": ratios}
        for prefix, pair in (("", (x, y)), ("validation_", validation)):
            if pair:
                found[prefix + "loss"] = bplib.evaluate(net, loss, *pair)
                found[prefix + "accuracy"] = bplib.accuracy(net, *pair)
        return found

    nothing = np.full((*net.stack, len(net.W)), np.nan)
    entries = [entry(0, nothing, nothing)]
    for epoch in range(1, epochs + 1):
        order = rng.permutation(m) if size < m else np.arange(m)
        for start in range(0, m, size):
            batch = order[start : start + size]
            bplib.loss_and_grad(net, loss, x[..., batch], y[..., batch])
            norms = np.stack([lengths(dW) for dW in net.dW], axis=-1)
            before = [W.copy() for W in net.W]
            if clip:
                clip(net.grad)
            optimizer.step(net.theta, net.grad)
        pairs = zip(net.W, before, strict=True)
        ratios = np.stack([lengths(W - old) / lengths(old) for W, old in pairs], axis=-1)
        if epoch % every == 0 or epoch == epochs:
            entries.append(entry(epoch, norms, ratios))
    return entries


def lengths(W):
    """The Frobenius norm of each member's matrix, entry by entry."""
    total = 0.0
    for i in range(W.shape[-2]):
        for j in range(W.shape[-1]):
            total = total + W[..., i, j] ** 2
    return np.sqrt(total)


CASES = {
    "all at once": {},
    "mini-batches": {"size": 4},
    "one by one": {"size": 1},
    "every third epoch": {"every": 3, "size": 4},
    "clipped by norm": {"clip": optim.by_norm(0.01), "size": 4},
    "clipped by value": {"clip": optim.by_value(0.01)},
    "penalties": {"loss": BCE + losses.L2(0.1) + losses.L1(0.01), "size": 3},
    "stack": {"net": lambda: plain(stack=3), "size": 4},
    "two stack axes": {"net": lambda: plain(stack=(2, 2)), "size": 4, "clip": optim.by_norm(0.01)},
    "all layers": {"net": deep, "size": 5},
    "all layers at once": {"net": deep},
    "all layers at once, every second epoch": {"net": deep, "every": 2},
    "without layers that differ in training": {"net": lambda: calm(None), "every": 2},
    "stack without layers that differ in training": {"net": lambda: calm(3)},
    "stack of all layers": {"net": lambda: deep(3), "size": 5, "every": 2},
}


@pytest.mark.parametrize("name", CASES)
def test_every_entry_is_what_the_written_out_loop_finds(name):
    case = {"net": plain, "loss": BCE, "size": 10, "every": 1, "clip": None} | CASES[name]
    net, loss, (x, y), validation = case["net"](), case["loss"], data(), data(7, seed=9)
    twin = net.copy()
    history = bplib.fit(
        net,
        loss,
        x,
        y,
        bplib.Adam(0.05),
        epochs=7,
        batch_size=case["size"],
        seed=11,
        validation=validation,
        clip=case["clip"],
        every=case["every"],
    )
    sizes = case["size"], case["every"], case["clip"]
    entries = written_out(twin, loss, x, y, bplib.Adam(0.05), 7, *sizes, validation, 11)
    for series in entries[0]:
        ours = getattr(history, series)
        expected = np.array([entry[series] for entry in entries])
        assert ours.shape == expected.shape, series
        np.testing.assert_allclose(ours, expected, rtol=SAME, atol=1e-15, err_msg=series)
    np.testing.assert_allclose(net.theta, twin.theta, rtol=SAME, atol=1e-15)
    assert np.isfinite(history.gradient_norm[1:]).all()
    assert (history.update_ratio[1:] > 0).all()


@pytest.mark.parametrize("order", ["C", "F"])
def test_how_the_examples_lie_in_memory_changes_nothing(order):
    x, y = data(n_out=3)
    losses_ = [
        bplib.fit(
            plain(sizes=(2, 4, 3), output="identity"),
            losses.SoftmaxCrossEntropy(),
            *pair,
            bplib.SGD(0.5),
            epochs=3,
            batch_size=4,
        ).loss
        for pair in ((x.tolist(), y.tolist()), (np.array(x, order=order), np.array(y, order=order)))
    ]
    np.testing.assert_array_equal(*losses_)


def test_gradient_norm_is_measured_before_clipping():
    x, y = data()
    free, clipped = (
        bplib.fit(plain(), BCE, x, y, bplib.SGD(0.5), clip=clip)
        for clip in (None, optim.by_norm(1e-3))
    )
    np.testing.assert_array_equal(free.gradient_norm, clipped.gradient_norm)
    assert np.all(clipped.update_ratio[1] < free.update_ratio[1] / 10)


@pytest.mark.parametrize(
    ("epochs", "every", "expected"),
    [
        (6, 1, [0, 1, 2, 3, 4, 5, 6]),
        (6, 2, [0, 2, 4, 6]),
        (7, 3, [0, 3, 6, 7]),
        (2, 5, [0, 2]),
        (1, 1000, [0, 1]),
        (0, 3, [0]),
        (0, None, [0]),
        (1, None, [0, 1]),
        (100, None, [*range(101)]),
        (101, None, [*range(0, 101, 2), 101]),
        (750, None, [*range(0, 750, 8), 750]),
    ],
)
def test_entries_are_made_every_so_often_and_at_the_end(epochs, every, expected):
    x, y = data()
    history = bplib.fit(plain(), BCE, x, y, bplib.SGD(0.1), epochs=epochs, every=every)
    assert history.epoch.tolist() == expected
    assert history.epoch.dtype.kind == "i"
    assert history.loss.shape == history.accuracy.shape == (len(expected),)
    assert history.gradient_norm.shape == history.update_ratio.shape == (len(expected), 2)


@pytest.mark.parametrize("size", [3, None])
def test_every_changes_what_is_written_and_nothing_else(size):
    x, y = data()
    often, seldom = plain(), plain()
    kwargs = {"epochs": 10, "batch_size": size, "validation": data(5, seed=4)}
    all_of_it = bplib.fit(often, BCE, x, y, bplib.Adam(0.1), **kwargs)
    part = bplib.fit(seldom, BCE, x, y, bplib.Adam(0.1), every=4, **kwargs)
    np.testing.assert_array_equal(often.theta, seldom.theta)
    for series in ("loss", "accuracy", "validation_loss", "gradient_norm", "update_ratio"):
        ours, theirs = getattr(part, series), getattr(all_of_it, series)
        np.testing.assert_array_equal(ours, theirs[[0, 4, 8, 10]])


def test_evaluating_draws_no_random_number_and_moves_no_running_average():
    x, y = data()
    nets = deep(), deep()
    bplib.fit(nets[0], BCE, x, y, bplib.SGD(0.1), epochs=8, batch_size=5)
    bplib.fit(
        nets[1], BCE, x, y, bplib.SGD(0.1), epochs=8, batch_size=5, every=100, validation=(x, y)
    )
    for ours, theirs in zip(nets[0].state.values(), nets[1].state.values(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


class Noisy(Dense):
    """A layer whose output differs in training, by one."""

    def forward(self, a_prev, train=False):
        return super().forward(a_prev + train, train)


PASSES = {
    "dense": (lambda: plain(), None, 7),
    "calm": (lambda: calm(None), None, 7),
    "stack": (lambda: calm(3), None, 7),
    "mini-batches": (lambda: plain(), 5, 19),
    "dropout": (lambda: Network([Dense(2, 1, "sigmoid"), Dropout(1, 0.5)]), None, 13),
    "inside": (lambda: Network([Dense(2, 1), Residual([BatchNorm(1)])]), None, 13),
    "a layer of one's own": (lambda: Network([Noisy(2, 1)]), None, 13),
}


@pytest.mark.parametrize("name", PASSES)
def test_one_pass_serves_entry_and_update_where_they_are_the_same(name, monkeypatch):
    """6 epochs with 7 entries: a pass each, and one more for each update that needs its own."""
    make, size, expected = PASSES[name]
    net, right, passes = make(), Network.propagate, []

    def propagate(self, a, train=False):
        passes.append(train)
        return right(self, a, train)

    monkeypatch.setattr(Network, "propagate", propagate)
    bplib.fit(net, SE, *data(), bplib.SGD(0.1), epochs=6, batch_size=size)
    assert len(passes) == expected
    assert sum(passes) == expected - 7


def test_a_layer_of_ones_own_is_trained_in_training():
    """With a = w (x + 1) + b in training, at x = 0, both gradients are a − y."""
    net = Network([Noisy(1, 1)], init="zeros")
    bplib.fit(net, SE, [[0.0]], [[1.0]], bplib.SGD(0.25))
    np.testing.assert_array_equal(net.theta, [0.25, 0.25])


def test_representations():
    x, y = data()
    history = bplib.fit(plain(), BCE, x, y, bplib.SGD(0.1), epochs=20)
    assert (
        repr(history) == f"History(20 epochs, loss {history.loss[0]:.3g} → {history.loss[-1]:.3g})"
    )
    assert repr(bplib.History()) == "History(no entries)"
    history = bplib.History(np.array([0, 5]), np.array([[1, 2, 4.0], [0.5, 3, 9]]))
    assert repr(history) == "History(5 epochs, loss 2 → 3, median of 3)"
    history = bplib.History(np.array([0, 5]), np.array([1, 0.25]), stopped_early=True)
    assert repr(history) == "History(5 epochs, loss 1 → 0.25, stopped early)"


def test_accuracy_of_one_output_by_hand():
    net = plain(sizes=(2, 1), output="identity")
    net.theta[...] = [1, 0, 0]  # a = x₁
    x = [[0.4, 0.6, 0.5, 0.7, -1.0], [0, 0, 0, 0, 0]]
    assert bplib.accuracy(net, x, [[0, 1, 0, 0, 1]]) == 3 / 5
    history = bplib.fit(net, SE, x, [[0, 1, 0, 0, 1]], bplib.SGD(0), epochs=1)
    np.testing.assert_array_equal(history.accuracy, [3 / 5, 3 / 5])


def test_accuracy_of_several_outputs_by_hand():
    net = plain(sizes=(2, 3), output="identity")
    net.theta[...] = [1, 0, 0, 1, 0, 0, 0, 0, 0.5]  # a = (x₁, x₂, ½)
    x = [[1.0, 0, 0, 0.9, 0.2], [0, 1, 0, 0.8, 0.9]]
    y = [[1, 1, 0, 1, 0], [0, 0, 0, 0, 0], [0, 0, 1, 0, 1]]  # the last is taken for the second
    assert bplib.accuracy(net, x, y) == 3 / 5
    history = bplib.fit(net, losses.SoftmaxCrossEntropy(), x, y, bplib.SGD(0), epochs=0)
    np.testing.assert_array_equal(history.accuracy, [3 / 5])


@pytest.mark.parametrize("n_out", [1, 3])
def test_accuracy_of_a_stack_is_its_members(n_out):
    x, y = data(40, n_out)
    stack = plain(4, (2, 5, n_out), "identity")
    stack.theta += np.random.default_rng(3).standard_normal(stack.theta.shape)
    shares = bplib.accuracy(stack, x, y)
    assert shares.shape == (4,)
    assert len(set(shares)) > 1
    single = plain(None, (2, 5, n_out), "identity")
    for k in range(4):
        single.theta[...] = stack.theta[k]
        assert shares[k] == bplib.accuracy(single, x, y)


@pytest.mark.parametrize("output", ["sigmoid", "identity"])
def test_nan_is_never_right(output):
    n_out = 1 if output == "sigmoid" else 2
    net = plain(2, (2, n_out), output)
    net.theta[0] = np.nan
    net.theta[1] = [0, 0, -1] if n_out == 1 else [0, 0, 0, 0, 1, 0]
    x = np.ones((2, 2))
    first, second = ([[0, 0]], [[1, 1]]) if n_out == 1 else ([[1, 1], [0, 0]], [[0, 0], [1, 1]])
    np.testing.assert_array_equal(bplib.accuracy(net, x, first), [0, 1])
    np.testing.assert_array_equal(bplib.accuracy(net, x, second), [0, 0])
    np.testing.assert_array_equal(classes(net.forward(x)), [[-1, -1], [0, 0]])


def test_no_accuracy_where_the_targets_name_no_class():
    x = data()[0]
    regression = np.linspace(0, 1, 10)[None]
    history = bplib.fit(
        plain(), SE, x, regression, bplib.SGD(0.1), epochs=2, validation=(x[:, :3], [[0, 1, 1]])
    )
    assert history.accuracy is None
    assert history.validation_accuracy.shape == (3,)
    history = bplib.fit(
        plain(), SE, x[:, :3], [[0, 1, 1]], bplib.SGD(0.1), epochs=2, validation=(x, regression)
    )
    assert history.accuracy.shape == (3,)
    assert history.validation_accuracy is None
    two = plain(sizes=(2, 2), output="sigmoid")
    several_labels = np.array([[1.0, 1, 0], [1, 0, 0]])  # of two yes-or-no questions each
    assert bplib.fit(two, BCE, x[:, :3], several_labels, bplib.SGD(0.1)).accuracy is None
    with pytest.raises(ValueError, match="y does not say a class"):
        bplib.accuracy(two, x[:, :3], several_labels)


def test_without_validation_nothing_is_said_of_it():
    x, y = data()
    history = bplib.fit(plain(), BCE, x, y, bplib.SGD(0.1), epochs=2)
    assert history.validation_loss is None
    assert history.validation_accuracy is None
    assert history.best_epoch is None
    assert history.stopped_early is False
    assert history.interrupted is False


def test_validation_is_not_learned_from():
    x, y = data()
    alone, watched = plain(), plain()
    bplib.fit(alone, BCE, x, y, bplib.SGD(0.5), epochs=5, batch_size=3)
    bplib.fit(watched, BCE, x, y, bplib.SGD(0.5), epochs=5, batch_size=3, validation=data(6, 1, 3))
    np.testing.assert_array_equal(alone.theta, watched.theta)


STACKS = {
    "plain": lambda stack: plain(stack),
    "normalized": lambda stack: Network(
        [Dense(2, 4, "gelu"), BatchNorm(4), Residual([Dense(4, 4), LayerNorm(4)]), Dense(4, 1)],
        stack,
    ),
}


@pytest.mark.parametrize(("own_data", "batch_size"), [(False, 4), (True, 4), (True, None)])
@pytest.mark.parametrize("make", STACKS)
@pytest.mark.parametrize("optimizer", [bplib.SGD, bplib.Nesterov, bplib.Adam])
def test_each_member_trains_as_if_alone(optimizer, make, own_data, batch_size):
    rng = np.random.default_rng(6)
    stack = STACKS[make](3)
    stack.theta += rng.standard_normal(stack.theta.shape) / 2
    singles = [STACKS[make](None) for _ in range(3)]
    for single, theta in zip(singles, stack.theta, strict=True):
        single.theta[...] = theta
    lead = (3,) if own_data else ()
    x, y = rng.standard_normal((*lead, 2, 10)), rng.random((*lead, 1, 10)).round()
    valid = rng.standard_normal((*lead, 2, 4)), rng.random((*lead, 1, 4))
    rates = [0.01, 0.05, 0.002]

    def train(net, rate, pick):
        return bplib.fit(
            net,
            SE + losses.L2(0.01),
            pick(x),
            pick(y),
            optimizer(rate),
            epochs=6,
            batch_size=batch_size,
            seed=1,
            validation=(pick(valid[0]), pick(valid[1])),
            clip=optim.by_norm(0.5),
            every=2,
        )

    together = train(stack, rates, lambda a: a)
    E = len(together.epoch)
    assert together.loss.shape == together.validation_loss.shape == (E, 3)
    assert together.accuracy.shape == (E, 3)
    assert together.gradient_norm.shape == (E, 3, len(stack.W))
    assert together.best_epoch.shape == (3,)
    assert together.best_epoch.dtype == int
    for k, single in enumerate(singles):
        alone = train(single, rates[k], lambda a, k=k: a[k] if own_data else a)
        assert alone.loss.shape == (E,)
        for series in ("loss", "accuracy", "validation_loss", "gradient_norm", "update_ratio"):
            ours, theirs = getattr(together, series)[:, k], getattr(alone, series)
            np.testing.assert_allclose(ours, theirs, rtol=SAME, atol=1e-15, err_msg=series)
        assert together.best_epoch[k] == alone.best_epoch
        for name, array in stack.state.items():
            np.testing.assert_allclose(array[k], single.state[name], rtol=SAME, atol=1e-14)


@pytest.mark.parametrize("every", [1, 4, 7, 1000])
def test_divergence_is_dated_in_epochs(every):
    """L = ½ (w x)² with x = 1 and no bias to speak of: a ← (1 − 2η) a."""
    net = bplib.mlp([1, 1], init=lambda rng, shape: np.ones(shape), stack=2)
    x, y = np.ones((1, 1)), np.zeros((1, 1))
    history = bplib.fit(net, SE, x, y, bplib.SGD([0.1, 1e10]), epochs=60, every=every)
    calm, wild = history.diverged_at
    assert calm == -1
    written = history.epoch.tolist()
    first = written.index(wild)
    assert np.isfinite(history.loss[:first, 1]).all()
    assert not np.isfinite(history.loss[first, 1])
    # (2e10)²ᵏ passes the largest float64, 1.8e308, at k = 15
    assert wild == min(epoch for epoch in written if epoch >= 15)


def test_a_network_without_weights_has_nothing_to_measure():
    net = Network([LayerNorm(2), BatchNorm(2)])
    x = data()[0]
    history = bplib.fit(net, SE, x, 2 * x, bplib.SGD(0.1), epochs=3)
    assert history.gradient_norm.shape == history.update_ratio.shape == (4, 0)
    assert history.loss[-1] < history.loss[0]


def test_weights_that_are_zero_have_an_infinite_update_ratio():
    net = bplib.mlp([2, 1], init="zeros", output="sigmoid")
    with np.errstate(all="raise"):
        history = bplib.fit(net, BCE, *data(), bplib.SGD(0.1))
    assert history.update_ratio[1, 0] == np.inf
