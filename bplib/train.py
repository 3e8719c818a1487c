"""The training loop, which ends early without losing what it has."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from bplib._errors import numbers, positive_int
from bplib._progress import progress as with_bar
from bplib.activations import Array
from bplib.losses import Loss
from bplib.network import Network, evaluate, loss_and_grad
from bplib.optim import Optimizer


@dataclass
class History:
    """What happened in training.

    Attributes:
        loss: mean loss before the first update and after each epoch, (epochs + 1, ...).
        interrupted: True if Ctrl-C ended the training early.
    """

    loss: Array = field(default_factory=lambda: np.empty(0))
    interrupted: bool = False

    @property
    def diverged_at(self) -> Array:
        """The first epoch whose loss is not finite, −1 where there is none, shape (...)."""
        if not len(self.loss):
            return np.int64(-1)
        bad = ~np.isfinite(self.loss)
        return np.where(bad.any(axis=0), bad.argmax(axis=0), -1)[()]


def fit(
    net: Network,
    loss: Loss,
    x: ArrayLike,
    y: ArrayLike,
    optimizer: Optimizer,
    epochs: int = 1,
    batch_size: int | None = None,
    seed: int | np.random.Generator | None = 0,
    progress: bool = False,
) -> History:
    """Train `net` in place and return the history.

    Args:
        net: the network, or stack of networks.
        loss: what to minimise.
        x, y: all examples as columns, (n_in, m) and (n_out, m).
        optimizer: the update rule.
        epochs: how often to go through all examples.
        batch_size: examples per update, shuffled anew each epoch; None for all at once.
        seed: seed of the shuffling, or the generator itself.
        progress: show a progress bar.

    Divergence is not an error: see `History.diverged_at`. Ctrl-C ends the training and
    returns the history so far.

    Raises:
        ValueError: an argument has the wrong shape or value.
    """
    positive_int("epochs", epochs, least=0)
    if isinstance(optimizer, (str, type)):
        raise ValueError(f"optimizer is {optimizer!r}; expected one such as SGD(0.1)")
    x, y = numbers("x", x), numbers("y", y)
    m = x.shape[-1] if x.ndim else 0
    size = m if batch_size is None else positive_int("batch_size", batch_size)
    rng = np.random.default_rng(seed)
    history = History()
    losses = []
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            losses.append(evaluate(net, loss, x, y))
            for _ in with_bar(range(epochs), "training", epochs, show=progress):
                order = rng.permutation(m) if size < m else np.arange(m)
                for start in range(0, m, size):
                    batch = order[start : start + size]
                    _, grad = loss_and_grad(net, loss, x[..., batch], y[..., batch])
                    optimizer.step(net.theta, grad)
                losses.append(evaluate(net, loss, x, y))
    except KeyboardInterrupt:
        history.interrupted = True
    history.loss = np.array(losses)
    return history
