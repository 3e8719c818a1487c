"""A thousand XOR networks: as one stack, side by side, and one after another.

The networks differ in their first weights; all take the steps of `xor`.
"""

from dataclasses import dataclass
from functools import cache, partial

import numpy as np

import bplib
from benchmarks.harness import Contest, Contestant, Train
from benchmarks.machine import jax, pytorch
from benchmarks.xor import ETA, jax_functions, x, y
from benchmarks.xor import listing as train_listing

NETWORKS, STEPS, ALONE = 1_000, 10_000, 20


@dataclass(frozen=True)
class Problem:
    """How many networks to train for how many steps.

    Attributes:
        networks: how many.
        steps: steps of each.
        alone: how many to train where it is done one after another; and of so many, the
            first ones, everybody reports the final loss.
    """

    networks: int = NETWORKS
    steps: int = STEPS
    alone: int = ALONE

    def network(self) -> bplib.Network:
        """Return the stack everybody starts from."""
        return bplib.mlp(
            [2, 3, 1], "sigmoid", "sigmoid", init="normal", seed=1, stack=self.networks
        )

    def start(self) -> list[np.ndarray]:
        """Return copies of W1, b1, W2, b2, each with an axis for the networks in front."""
        net = self.network()
        return [p.copy() for pair in zip(net.W, net.b, strict=True) for p in pair]


def contest(networks: int = NETWORKS, steps: int = STEPS, alone: int = ALONE) -> Contest:
    """Return the contest of that many networks, `alone` of them also one after another."""
    what = Problem(networks, steps, alone)
    expected = cache(lambda: listing(what)())
    few = {"scale": networks / alone, "note": f"measured on {alone} networks, scaled"}
    contestants = [
        Contestant("bplib, one stack", partial(with_bplib, what), expected),
        Contestant("bplib, one after another", partial(bplib_alone, what), expected, **few),
        Contestant(
            "plain NumPy listing, one after another", partial(listing, what), expected, **few
        ),
        Contestant("PyTorch, batched (torch.bmm)", partial(torch_batched, what), expected),
        Contestant("JAX, vmap and lax.scan", partial(jax_vmap, what), expected),
    ]
    title = f"{networks:,} XOR networks, {steps:,} steps each"
    return Contest(title, contestants, baseline="bplib, one stack")


def bplib_step(net: bplib.Network, steps: int) -> Train:
    """Return what trains one network, or a stack, with `bplib.fit`."""
    loss = bplib.losses.BinaryCrossEntropy()

    def train() -> np.ndarray:
        sgd = bplib.SGD(ETA)
        history = bplib.fit(net, loss, x, y, sgd, epochs=steps, every=max(1, steps // 10))
        if history.interrupted:
            raise KeyboardInterrupt
        return history.loss[-1]

    return train


def with_bplib(what: Problem) -> Train:
    """All networks as one stack."""
    train_all = bplib_step(what.network(), what.steps)
    return lambda: train_all()[: what.alone]


def bplib_alone(what: Problem) -> Train:
    """The first networks one after another."""
    trains = []
    for theta in what.network().theta[: what.alone]:
        net = bplib.mlp([2, 3, 1], "sigmoid", "sigmoid")
        net.theta[...] = theta
        trains.append(bplib_step(net, what.steps))
    return lambda: np.array([train() for train in trains])


def listing(what: Problem) -> Train:
    """The first networks one after another, by the plain NumPy listing."""
    starts = [parameters[: what.alone] for parameters in what.start()]
    trains = [train_listing(what.steps, s) for s in zip(*starts, strict=True)]
    return lambda: np.array([train() for train in trains])


def torch_batched(what: Problem) -> Train:
    """PyTorch with one tensor for each W and b of all networks."""
    torch = pytorch()
    parameters = [torch.from_numpy(p).requires_grad_() for p in what.start()]
    W1, b1, W2, b2 = parameters
    X = torch.from_numpy(x).expand(what.networks, -1, -1)
    Y = torch.from_numpy(y).expand(what.networks, -1, -1)
    cross_entropy = torch.nn.functional.binary_cross_entropy_with_logits
    optimizer = torch.optim.SGD(parameters, lr=ETA)

    def losses():
        a1 = torch.sigmoid(torch.baddbmm(b1, W1, X))
        z2 = torch.baddbmm(b2, W2, a1)
        return cross_entropy(z2, Y, reduction="none").mean(dim=(1, 2))

    def train() -> np.ndarray:
        for _ in range(what.steps):
            optimizer.zero_grad()
            losses().sum().backward()
            optimizer.step()
        with torch.no_grad():
            return losses()[: what.alone].numpy()

    return train


@cache
def jax_many():
    """Return the functions of the single XOR network, mapped over a stack."""
    _, many, loss = jax_functions()
    over = (0, None, None)
    return (
        jax().jit(jax().vmap(many, in_axes=(*over, None)), static_argnums=3),
        jax().jit(jax().vmap(loss, in_axes=over)),
    )


def jax_vmap(what: Problem) -> Train:
    """JAX: the function that trains one network, mapped over all."""
    many, loss = jax_many()
    parameters, X, Y = jax().device_put((what.start(), x, y))

    def train() -> np.ndarray:
        return np.asarray(loss(many(parameters, X, Y, what.steps), X, Y))[: what.alone]

    return train
