"""Penalties and clipping along PyTorch's trajectories."""

import numpy as np
import pytest

import bplib
from bplib import Dense, Network, losses, optim
from bplib.layers import BatchNorm, LayerNorm, Residual
from oracle.reference import distance
from oracle.twin import CLIPS, PENALTIES, Twin

TOLERANCE = 1e-12  # two float64 programs that add in another order; a mistake gives > 1e-4
STEPS = 50
SE = losses.SquaredError()


@pytest.fixture(scope="module")
def torch():
    module = pytest.importorskip("torch", reason="PyTorch is the oracle of this test")
    module.set_num_threads(1)
    return module


def problem():
    """Weights, biases, γ and β, all of them random."""
    block = Residual([Dense(6, 6, "tanh"), LayerNorm(6)])
    net = Network([Dense(3, 6, "tanh"), BatchNorm(6), block, Dense(6, 2)])
    rng = np.random.default_rng(0)
    net.theta += rng.standard_normal(net.theta.size) / 2
    return net, rng.standard_normal((3, 15)), rng.standard_normal((2, 15))


def groups(twin, decay):
    """PyTorch's way to decay weights only: two groups of parameters."""
    weights = twin.weights()
    rest = [p for p in twin.parameters if not any(p is W for W in weights)]
    assert len(weights) == 3
    assert len(rest) == 3 + 2 * 2
    return [{"params": weights, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]


def walk(net, twin, loss, x, y, ours, theirs, torch_loss=SE):
    """Fifty updates; `loss` is bplib's, `torch_loss` what PyTorch differentiates."""
    start = net.theta.copy()
    for k in range(STEPS):
        _, grad = bplib.loss_and_grad(net, loss, x, y)
        ours.step(net.theta, grad)
        twin.backward(torch_loss, x, y)
        theirs.step()
        assert distance(net.theta, twin.theta()) < TOLERANCE, k
    assert distance(net.theta, start) > 1e-2
    return net.theta


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_l2_is_weight_decay_of_the_weights(torch, momentum):
    net, x, y = problem()
    bare, twin = net.copy(), Twin(torch, net)
    theirs = torch.optim.SGD(groups(twin, 0.03), lr=0.02, momentum=momentum)
    walk(net, twin, SE + losses.L2(0.03), x, y, optim.Momentum(0.02, beta=momentum), theirs)
    for _ in range(STEPS):
        optim.SGD(0.02).step(bare.theta, bplib.loss_and_grad(bare, SE, x, y)[1])
    assert distance(net.theta, bare.theta) > 1e-3, "the penalty must have made a difference"


@pytest.mark.parametrize("kind", PENALTIES, ids=lambda kind: kind.__name__)
def test_penalty_is_what_pytorch_differentiates(torch, kind):
    net, x, y = problem()
    loss = SE + kind(0.02)
    expected = Twin(torch, net).backward(loss, x, y)
    value, _ = bplib.loss_and_grad(net.copy(), loss, x, y)
    assert value == pytest.approx(expected, rel=TOLERANCE)
    twin = Twin(torch, net)
    theirs = torch.optim.SGD(twin.parameters, lr=0.05)
    walk(net, twin, loss, x, y, optim.SGD(0.05), theirs, loss)


def test_adam_with_l2_is_not_adamw(torch):
    """The penalty goes through √ŝ, the decoupled decay does not."""
    ends = {}
    net, x, y = problem()
    twin = Twin(torch, net)
    theirs = torch.optim.Adam(groups(twin, 0.1), lr=0.01)
    ends["L2"] = walk(net, twin, SE + losses.L2(0.1), x, y, optim.Adam(0.01), theirs)
    net, x, y = problem()
    twin = Twin(torch, net)
    theirs = torch.optim.AdamW(twin.parameters, lr=0.01, weight_decay=0.1)
    ends["W"] = walk(net, twin, SE, x, y, optim.AdamW(0.01, weight_decay=0.1), theirs)
    weights = net.is_weight
    assert distance(ends["L2"][weights], ends["W"][weights]) > 1e-2
    with_sgd = []
    for loss, decay in ((SE + losses.L2(0.1), 0.0), (SE, 0.1)):
        net, x, y = problem()
        for _ in range(STEPS):
            net.theta[weights] *= 1 - 0.01 * decay
            optim.SGD(0.01).step(net.theta, bplib.loss_and_grad(net, loss, x, y)[1])
        with_sgd.append(net.theta[weights])
    assert distance(*with_sgd) < 1e-2, "with SGD the two differ only in the order of two steps"


@pytest.mark.parametrize("kind", CLIPS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("limit", [1e-3, 0.5, 1.0, 1e3])
@pytest.mark.parametrize("scale", [0.0, 1e-6, 1.0, 1e8])
def test_clip(torch, scale, limit, kind):
    grad = scale * np.random.default_rng(0).standard_normal(17)
    pieces = [torch.zeros(5, 2, dtype=torch.float64), torch.zeros(7, dtype=torch.float64)]
    for p, piece in zip(pieces, (grad[:10].reshape(5, 2), grad[10:]), strict=True):
        p.grad = torch.tensor(piece)
    CLIPS[kind](torch, pieces, limit)
    kind(limit)(grad)
    expected = np.concatenate([p.grad.numpy().ravel() for p in pieces])
    np.testing.assert_allclose(grad, expected, rtol=TOLERANCE, atol=0)


@pytest.mark.parametrize("kind", CLIPS, ids=lambda kind: kind.__name__)
def test_clip_where_the_norm_is_the_limit(torch, kind):
    """The ε of 1e-6 shortens a gradient of norm just below the limit too."""
    for length in (1 - 2e-6, 1 - 1e-6, 1 - 5e-7, 1.0, 1 + 1e-6):
        grad = length * np.array([0.6, -0.8])
        p = torch.zeros(2, dtype=torch.float64)
        p.grad = torch.tensor(grad)
        CLIPS[kind](torch, [p], 1.0)
        kind(1.0)(grad)
        np.testing.assert_allclose(grad, p.grad.numpy(), rtol=1e-15)


OPTIMIZERS = {
    "SGD": (lambda: optim.SGD(0.1), {"lr": 0.1}),
    "Adam": (lambda: optim.Adam(0.01), {"lr": 0.01}),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize(("kind", "limit"), [(optim.by_norm, 0.3), (optim.by_value, 0.03)])
def test_fit_with_clipping(torch, kind, limit, name):
    """25 epochs of two mini-batches; gradients of the penalty are clipped with the rest."""
    make, options = OPTIMIZERS[name]
    net, x, y = problem()
    loss, bare, twin = SE + losses.L2(0.05), net.copy(), Twin(torch, net)
    theirs = getattr(torch.optim, name)(twin.parameters, **options)
    kwargs = {"epochs": 25, "batch_size": 8, "seed": 6}
    history = bplib.fit(net, loss, x, y, make(), clip=kind(limit), **kwargs)
    shuffle, lengths = np.random.default_rng(6), []
    for _ in range(25):
        order = shuffle.permutation(15)
        for batch in (order[:8], order[8:]):
            twin.backward(loss, x[:, batch], y[:, batch])
            norm = np.linalg.norm([W.grad.norm().item() for W in twin.weights()])
            CLIPS[kind](torch, twin.parameters, limit)
            theirs.step()
        lengths.append(norm)
    assert distance(net.theta, twin.theta()) < TOLERANCE
    np.testing.assert_allclose(np.linalg.norm(history.gradient_norm[1:], axis=-1), lengths, 1e-10)
    bplib.fit(bare, loss, x, y, make(), **kwargs)
    assert distance(net.theta, bare.theta) > 1e-3, "clipping must have made a difference"
