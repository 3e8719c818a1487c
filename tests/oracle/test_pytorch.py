"""Values, gradients and trajectories against PyTorch in float64."""

from itertools import pairwise

import numpy as np
import pytest

import bplib
from oracle.reference import MATCHED, data, distance, network

TOLERANCE = 1e-12  # two float64 programs that add in another order; a mistake gives > 1e-4
STEPS = 50
HIDDEN = ["identity", "sigmoid", "tanh", "relu"]


@pytest.fixture(scope="module")
def torch():
    module = pytest.importorskip(
        "torch", reason="NOT CHECKED against PyTorch: it needs `pip install torch==2.13.0`"
    )
    module.set_num_threads(1)
    return module


def as_torch(torch, net):
    return [
        (torch.tensor(W, requires_grad=True), torch.tensor(b[:, 0], requires_grad=True))
        for W, b in zip(net.W, net.b, strict=True)
    ]


def torch_loss(torch, parameters, names, loss, x, y):
    """The same network as rows of examples, by PyTorch's own functions and losses."""
    act = {
        "identity": lambda z: z,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
    }
    a, target = torch.tensor(x.T), torch.tensor(y.T)
    for (W, b), name in zip(parameters, names, strict=True):
        z = torch.nn.functional.linear(a, W, b)
        a = act[name](z)
    if isinstance(loss, bplib.losses.SquaredError):
        return torch.nn.functional.mse_loss(a, target, reduction="sum") / 2 / len(a)
    if isinstance(loss, bplib.losses.BinaryCrossEntropy):
        total = torch.nn.functional.binary_cross_entropy_with_logits(z, target, reduction="sum")
        return total / len(z)
    return torch.nn.functional.cross_entropy(z, target)


def flat(parameters):
    return np.concatenate([p.detach().numpy().ravel() for pair in parameters for p in pair])


def flat_grad(parameters):
    return np.concatenate([p.grad.numpy().ravel() for pair in parameters for p in pair])


@pytest.mark.parametrize(("loss", "output"), MATCHED)
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("sizes", [[3, 4, 4, 2], [2, 3]])
def test_value_and_gradient(torch, sizes, hidden, loss, output):
    rng = np.random.default_rng(7)
    names = [hidden] * (len(sizes) - 2) + [output]
    net, loss = network(sizes, names, rng), loss()
    x, y = data(sizes, loss, 5, rng)
    value, grad = bplib.loss_and_grad(net, loss, x, y)
    parameters = as_torch(torch, net)
    expected = torch_loss(torch, parameters, names, loss, x, y)
    expected.backward()
    assert value == pytest.approx(expected.item(), rel=TOLERANCE)
    assert np.linalg.norm(grad) > 1e-3, "a gradient of zero would prove nothing"
    assert distance(grad, flat_grad(parameters)) < TOLERANCE


@pytest.mark.parametrize(("loss", "output"), MATCHED)
def test_gradient_with_respect_to_the_input(torch, loss, output):
    rng = np.random.default_rng(8)
    sizes, names, loss = [3, 4, 2], ["tanh", output], loss()
    net = network(sizes, names, rng)
    x, y = data(sizes, loss, 4, rng)
    net.forward(x)
    last = net.layers[-1]
    dx = net.backward(loss.delta(last.z, last.a, y, last.f))
    a = torch.tensor(x.T, requires_grad=True)
    value = torch_loss(_Given(torch, a), as_torch(torch, net), names, loss, x, y)
    value.backward()
    # bplib's is the slope of each example's own loss, PyTorch's that of the mean
    assert distance(dx / x.shape[1], a.grad.numpy().T) < TOLERANCE


class _Given:
    """Hands out `first` the first time a tensor is made, so that it can carry a gradient."""

    def __init__(self, torch, first):
        self.torch, self.first = torch, first

    def tensor(self, value):
        first, self.first = self.first, None
        return self.torch.tensor(value) if first is None else first

    def __getattr__(self, name):
        return getattr(self.torch, name)


@pytest.mark.parametrize(("loss", "output"), MATCHED)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_fifty_steps_of_gradient_descent(torch, hidden, loss, output):
    rng = np.random.default_rng(9)
    sizes, names, loss = [3, 4, 2], [hidden, output], loss()
    net = network(sizes, names, rng)
    x, y = data(sizes, loss, 6, rng)
    parameters = as_torch(torch, net)
    theirs = torch.optim.SGD([p for pair in parameters for p in pair], lr=0.1)
    ours = bplib.SGD(0.1)
    start = net.theta.copy()
    for _ in range(STEPS):
        _, grad = bplib.loss_and_grad(net, loss, x, y)
        ours.step(net.theta, grad)
        theirs.zero_grad()
        torch_loss(torch, parameters, names, loss, x, y).backward()
        theirs.step()
        assert distance(net.theta, flat(parameters)) < TOLERANCE
    assert distance(net.theta, start) > 1e-2, "training must have gone somewhere"


def test_fit_with_mini_batches(torch):
    """`fit` shuffles with its seed's permutation and gives the last, smaller batch its own mean."""
    rng = np.random.default_rng(10)
    sizes, names, loss = [2, 5, 1], ["tanh", "sigmoid"], bplib.losses.BinaryCrossEntropy()
    net = network(sizes, names, rng)
    x, y = data(sizes, loss, 10, rng)
    parameters = as_torch(torch, net)
    theirs = torch.optim.SGD([p for pair in parameters for p in pair], lr=0.2)
    history = bplib.fit(net, loss, x, y, bplib.SGD(0.2), epochs=13, batch_size=4, seed=3)
    shuffle = np.random.default_rng(3)
    for epoch in range(13):  # 3 batches an epoch: 39 steps
        value = torch_loss(torch, parameters, names, loss, x, y).item()
        assert history.loss[epoch] == pytest.approx(value, rel=TOLERANCE)
        order = shuffle.permutation(10)
        for batch in (order[:4], order[4:8], order[8:]):
            theirs.zero_grad()
            torch_loss(torch, parameters, names, loss, x[:, batch], y[:, batch]).backward()
            theirs.step()
    assert distance(net.theta, flat(parameters)) < TOLERANCE


def test_layer_sizes_are_those_of_torch(torch):
    """nn.Linear stores W as (n_out, n_in) too: a state dict can be copied without transposing."""
    for n_in, n_out in pairwise([3, 4, 2]):
        assert torch.nn.Linear(n_in, n_out).weight.shape == (n_out, n_in)
        assert bplib.mlp([n_in, n_out]).W[0].shape == (n_out, n_in)
