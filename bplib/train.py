"""The training loop, which ends early without losing what it has."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from bplib import _errors as check
from bplib._errors import require
from bplib._progress import progress as with_bar
from bplib.activations import Array
from bplib.history import History
from bplib.initializers import Seed
from bplib.layers import Activate, BatchNorm, Dense, LayerNorm, Residual
from bplib.losses import Loss
from bplib.network import Network, backpropagate, checked, classes, labels, loss_value
from bplib.optim import Clip, Optimizer
from bplib.schedules import Schedule

Callback = Callable[[int, Network], bool | None]
Batch = tuple[Array, Array, bool]
CALLED = "callback(epoch, net)"
ENTRIES = 100
SAME_IN_TRAINING = (Dense, Activate, LayerNorm, Residual)

__all__ = ["fit"]


def fit(
    net: Network,
    loss: Loss,
    x: ArrayLike,
    y: ArrayLike,
    optimizer: Optimizer,
    epochs: int = 1,
    batch_size: int | None = None,
    seed: Seed = None,
    *,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    patience: int | None = None,
    clip: Clip | None = None,
    every: int | None = None,
    callback: Callback | None = None,
    progress: bool = False,
) -> History:
    """Train `net` in place and return the history.

    Called again with the same optimizer, it goes on where it ended. Divergence is not an
    error: see `History.diverged_at`. Ctrl-C ends the training and returns the history so
    far. An error of a schedule, a clip, a callback or a layer has that history as its
    attribute `history`.

    Args:
        net: the network, or stack of networks.
        loss: what to minimise.
        x, y: all examples as columns, (n_in, m) and (n_out, m).
        optimizer: the update rule. It keeps its memory of this network.
        epochs: how often to go through all examples.
        batch_size: examples per update, shuffled anew each epoch; None for all at once.
        seed: seed of the shuffling, or the generator itself; None for `net.rng`, which each
            epoch moves on.
        validation: x and y of examples that are looked at but not learned from.
        patience: stop when for this many epochs no member's validation loss has fallen
            below its lowest. The validation loss is then computed after every epoch.
            Whatever ends the training, each member's best parameters come back.
        clip: what is done to the gradient before each update, such as `optim.by_norm(1.0)`:
            a function that changes it in place, or returns what to take for it.
        every: epochs between two entries of the history, which has also the start and the
            last epoch; None for ⌈epochs / 100⌉, which is about a hundred entries.
        callback: called as callback(epoch, net) after each epoch; True ends the training.
        progress: show a progress bar.

    Raises:
        ValueError: an argument has the wrong shape or value; `net` is then as it was.

    Warns:
        UserWarning: the optimizer's schedule is as good as over before half of the updates.
    """
    epochs = check.positive_int("epochs", epochs, least=0)
    every = -(-epochs // ENTRIES) or 1 if every is None else check.positive_int("every", every)
    stepped = not isinstance(optimizer, type) and callable(getattr(optimizer, "step", None))
    require(stepped, f"optimizer is {optimizer!r}; expected one such as SGD(0.1)")
    if clip is not None:
        check.function("clip", clip, "a function such as optim.by_norm(1.0)")
    if callback is not None:
        check.function("callback", callback, "a function: lambda epoch, net: print(epoch)")
    x, y = map(np.ascontiguousarray, checked(net, loss, x, y))
    m = x.shape[-1]
    size = m if batch_size is None else check.positive_int("batch_size", batch_size)
    left = f"batch_size is {size}, so that 1 of {m} examples is a batch by itself"
    alone = (m % size or size) == 1 and any(isinstance(l, BatchNorm) for l in net.walk())
    require(not alone, f"{left}; BatchNorm expected at least 2")
    batches = _batches(x, y, size, net.rng if seed is None else check.generator("seed", seed))
    log = _Log(net, loss, {"": (x, y)} | _validation(net, loss, validation), patience)
    bar = {"desc": "training", "total": epochs, "show": check.flag("progress", progress)}
    theta, grad = net.theta, net.grad
    if isinstance(optimizer, Optimizer):
        optimizer.bind(theta, grad)
        _check_schedule(optimizer, epochs * -(-m // size))
    once = size >= m and all(type(layer) in SAME_IN_TRAINING for layer in net.walk())
    try:
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            a = log.look(0, due=True)
            for epoch in with_bar(range(1, epochs + 1), **bar):
                due = epoch % every == 0 or epoch == epochs
                watched = due or callback or patience
                for x_batch, y_batch, last in next(batches):
                    backpropagate(net, loss, x_batch, y_batch, a if once else None)
                    if watched and last:
                        log.keep()
                    if clip:
                        _apply(clip, grad)
                    optimizer.step(theta, grad)
                stop = bool(callback) and check.flag(CALLED, callback(epoch, net) or False)
                a = log.look(epoch, due or stop) if watched else None
                if stop or log.stopped_early:
                    break
    except KeyboardInterrupt:
        log.interrupted = True
    except Exception as error:
        error.history = log.close()
        error.add_note("The history so far is the attribute `history` of this error.")
        raise
    return log.close()


class _Log:
    """Collects the entries of a history, and remembers where the validation loss was lowest."""

    def __init__(self, net: Network, loss: Loss, data: dict, patience: int | None) -> None:
        fine = patience is None or "validation_" in data
        require(fine, f"patience is {patience!r} without validation; expected both")
        self.patience = None if patience is None else check.positive_int("patience", patience)
        self.net, self.loss = net, loss
        self.data = {
            name: (x, y, classes(y) if labels(y) else None) for name, (x, y) in data.items()
        }
        self.gradient = self.theta = np.full_like(net.theta, np.nan)
        self.entries: list[dict[str, Any]] = []
        self.interrupted = self.stopped_early = False
        numbers = {name: array.copy() for name, array in net.state.items()}
        self.best = np.full(net.stack, np.inf), np.zeros(net.stack, int), numbers

    def keep(self) -> None:
        """Note the gradient and the parameters before an update."""
        self.gradient, self.theta = self.net.grad.copy(), self.net.theta.copy()

    def look(self, epoch: int, due: bool) -> Array | None:
        """Make an entry if one is due or the training is over; see to the best epoch.

        Returns:
            The output for all examples, whose forward pass was the last; None without entry.
        """
        entry, best, over, a = {"epoch": epoch}, self.best, False, None
        if "validation_" in self.data and (due or self.patience):
            self._evaluate("validation_", entry)
            best = self._better(epoch, entry["validation_loss"])
            over = self.patience is not None and bool(np.all(epoch - best[1] >= self.patience))
        if due or over:
            step = self.net.theta - self.theta
            norm, step, size = _norms(self.net, self.gradient, step, self.theta)
            entry |= {"gradient_norm": norm, "update_ratio": step / size}
            a = self._evaluate("", entry)
        self.best, self.stopped_early = best, over
        if due or over:
            self.entries.append(entry)  # nothing was called since best, so they fit together
        return a

    def _evaluate(self, name: str, entry: dict[str, Any]) -> Array:
        """Put loss and accuracy over the examples of that name into the entry; return a_L."""
        x, y, right = self.data[name]
        a = self.net.propagate(x)
        entry[name + "loss"] = loss_value(self.net, self.loss, a, y)
        if right is not None:
            entry[name + "accuracy"] = np.mean(classes(a) == right, axis=-1)[()]
        return a

    def _better(self, epoch: int, loss: Array) -> tuple[Array, Array, dict[str, Array]]:
        """Return the lowest loss, its epoch and the numbers then, for each member."""
        lowest, best_epoch, numbers = self.best
        better = np.asarray(loss < lowest)
        if not better.any():
            return self.best
        if self.patience is not None:
            numbers = {name: array.copy() for name, array in numbers.items()}
            for name, array in self.net.state.items():
                numbers[name][better] = array[better]
        return np.where(better, loss, lowest), np.where(better, epoch, best_epoch), numbers

    def close(self) -> History:
        """Put the best parameters back, if asked for, and return the history."""
        _, best_epoch, numbers = self.best
        if self.patience is not None:
            for name, array in self.net.state.items():
                array[...] = numbers[name]
        series = self.entries[0].keys() if self.entries else ()
        return History(
            **{name: np.array([entry[name] for entry in self.entries]) for name in series},
            best_epoch=best_epoch[()] if "validation_loss" in series else None,
            interrupted=self.interrupted,
            stopped_early=self.stopped_early,
        )


def _batches(x: Array, y: Array, size: int, rng: Generator) -> Iterator[Iterable[Batch]]:
    """Yield the batches of each epoch, in a new order: (x, y, whether it is the last)."""
    m = x.shape[-1]
    if size >= m:
        yield from repeat([(x, y, True)])  # without end
    examples = x.mT.copy()  # each in one piece, so that shuffling is quick
    while True:
        order = rng.permutation(m)
        parts = [order[i : i + size] for i in range(0, m, size)]
        yield ((examples.take(k, axis=-2).mT, y.take(k, axis=-1), k is parts[-1]) for k in parts)


def _norms(net: Network, *vectors: Array) -> Array:
    """Return the norm of each weight in vectors like theta, (V, ..., L)."""
    squares = np.array(vectors) ** 2
    sums = np.add.reduceat(squares, [here.start for here in net.slices.values()], axis=-1)
    return np.sqrt(sums[..., [name in net.weight_slices for name in net.slices]])


def _apply(clip: Clip, grad: Array) -> None:
    """Clip grad in place, whether `clip` itself does so or returns what to take for it."""
    clipped = clip(grad)
    if clipped is None or clipped is grad:
        return
    clipped = check.numbers("clip(grad)", clipped)
    fits = clipped.shape == grad.shape and np.can_cast(clipped.dtype, grad.dtype, "same_kind")
    came = f"clip returned {clipped.dtype} values of shape {clipped.shape}"
    require(fits, f"{came}; expected None, or {grad.dtype} values of shape {grad.shape}")
    grad[...] = clipped


def _check_schedule(optimizer: Optimizer, updates: int) -> None:
    """Warn if the rate falls to a thousandth of its first before half of the updates."""
    eta = optimizer.eta
    if isinstance(eta, Schedule) and np.all(eta(optimizer.k + updates // 2) < eta(0) / 1000):
        over = f"{eta!r} is as good as over before half of these {updates} updates"
        warnings.warn(f"{over}; a schedule counts updates, not epochs", stacklevel=3)


def _validation(net: Network, loss: Loss, pair: Any) -> dict[str, tuple[Array, Array]]:
    if pair is None:
        return {}
    fine = isinstance(pair, (tuple, list)) and len(pair) == 2
    require(fine, f"validation is no pair but a {type(pair).__name__}; expected (x, y)")
    try:
        return {"validation_": checked(net, loss, *pair)}
    except ValueError as error:
        raise ValueError(f"validation: {error}") from error
