"""Files: judged by training that goes on as if it had not been interrupted."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

import bplib
from bplib import losses, schedules
from bplib.layers import BatchNorm, Dense, Dropout
from bplib.network import Network
from sabotage.planting import refused

LOSS = losses.SquaredError()
X = np.random.default_rng(0).standard_normal((2, 8))
Y = np.sin(X[:1])
RULES = {
    "Momentum": lambda: bplib.Momentum(schedules.exponential(0.1, 0.9)),
    "Adam": lambda: bplib.Adam(schedules.exponential(0.1, 0.9)),
}


def network(seed, f="tanh"):
    return Network([Dense(2, 4, f), BatchNorm(4), Dropout(4, 0.3), Dense(4, 1)], seed=seed)


def train(net, optimizer, epochs):
    bplib.fit(net, LOSS, X, Y, optimizer, epochs, batch_size=3)


def numbers(net):
    averages = net.layers[1]
    return [*net.theta, *averages.running_mean.flat, *averages.running_variance.flat]


@pytest.mark.parametrize("rule", RULES)
def test_resumed(rule):
    net, optimizer = network(seed=5), RULES[rule]()
    train(net, optimizer, 3)
    with TemporaryDirectory() as folder:
        path = bplib.save(net, Path(folder) / "net.npz", optimizer)
        train(net, optimizer, 3)
        second, its_own = network(seed=6), RULES[rule]()
        assert bplib.load(second, path, its_own) is second
    train(second, its_own, 3)
    assert its_own.k == optimizer.k == 18
    assert numbers(second) == numbers(net)


def test_without_optimizer():
    net = network(seed=5)
    train(net, bplib.SGD(0.1), 2)
    with TemporaryDirectory() as folder:
        path = bplib.save(net, Path(folder) / "net.npz")
        second = bplib.load(network(seed=6), path)
    assert numbers(second) == numbers(net)
    second.theta += 1
    assert numbers(second) != numbers(net)


def test_what_does_not_fit_changes_nothing():
    net = network(seed=5)
    with TemporaryDirectory() as folder:
        path = bplib.save(net, Path(folder) / "net.npz")
        for second, optimizer, said in (
            (network(seed=6, f="sigmoid"), None, "architecture"),
            (network(seed=6), bplib.SGD(0.1), "SGD.k"),
            (network(seed=6), bplib.Adam(), "Adam.m"),
        ):
            before = numbers(second)
            load = lambda net=second, opt=optimizer: bplib.load(net, path, opt)  # noqa: E731
            assert refused(load, said)
            assert numbers(second) == before


def test_optimizer_of_another_network():
    net, optimizer = network(seed=5), bplib.Momentum(0.1)
    train(net, optimizer, 1)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "net.npz"
        assert refused(lambda: bplib.save(network(seed=6), path, optimizer), "3 updates")
        assert not path.exists()
