"""The training loop, which ends early without losing what it has."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bplib._errors import one_of, positive_int
from bplib._progress import progress as with_bar
from bplib.activations import Array
from bplib.history import History
from bplib.losses import Loss
from bplib.network import Network, backpropagate, checked, classes, labels, loss_value
from bplib.optim import Clip, Optimizer

__all__ = ["fit"]


def fit(
    net: Network,
    loss: Loss,
    x: ArrayLike,
    y: ArrayLike,
    optimizer: Optimizer,
    epochs: int = 1,
    batch_size: int | None = None,
    seed: int | np.random.Generator | None = 0,
    *,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    patience: int | None = None,
    clip: Clip | None = None,
    every: int = 1,
    record: str = "all",
    progress: bool = False,
) -> History:
    """Train `net` in place and return the history.

    Divergence is not an error: see `History.diverged_at`. Ctrl-C ends the training and
    returns the history so far.

    Args:
        net: the network, or stack of networks.
        loss: what to minimise.
        x, y: all examples as columns, (n_in, m) and (n_out, m).
        optimizer: the update rule.
        epochs: how often to go through all examples.
        batch_size: examples per update, shuffled anew each epoch; None for all at once.
        seed: seed of the shuffling, or the generator itself.
        validation: x and y of examples that are looked at but not learned from.
        patience: stop when for this many epochs no member's validation loss has fallen
            below its lowest. Whatever ends the training, each member's best parameters
            come back.
        clip: what is done to the gradient before each update, such as `optim.by_norm(1.0)`.
        every: epochs between two entries of the history.
        record: what an entry holds: "all" of it, or the "loss" alone (of the validation
            examples too, if there are any), which takes a little less time.
        progress: show a progress bar.

    Raises:
        ValueError: an argument has the wrong shape or value.
    """
    positive_int("epochs", epochs, least=0)
    positive_int("every", every)
    if isinstance(optimizer, type) or not hasattr(optimizer, "step"):
        raise ValueError(f"optimizer is {optimizer!r}; expected one such as SGD(0.1)")
    if not (clip is None or callable(clip)):
        raise ValueError(f"clip is {clip!r}; expected a function such as optim.by_norm(1.0)")
    x, y = map(np.ascontiguousarray, checked(net, loss, x, y))
    size = x.shape[-1] if batch_size is None else positive_int("batch_size", batch_size)
    rng = np.random.default_rng(seed)
    log = _Log(net, loss, x, y, _validation(net, loss, validation), patience, record)
    batches = _Batches(x, y, size, rng)
    try:
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            log.write(0)
            for epoch in with_bar(range(1, epochs + 1), "training", epochs, show=progress):
                written = epoch % every == 0 or epoch == epochs
                for x_batch, y_batch, last in batches:
                    backpropagate(net, loss, x_batch, y_batch)
                    if written and last:
                        log.keep()
                    if clip:
                        clip(net.grad)
                    optimizer.step(net.theta, net.grad)
                if written and log.write(epoch):
                    break
    except KeyboardInterrupt:
        log.interrupted = True
    return log.close()


class _Log:
    """Collects the entries of a history, and remembers where the validation loss was lowest."""

    def __init__(
        self,
        net: Network,
        loss: Loss,
        x: Array,
        y: Array,
        validation: Any,
        patience: int | None,
        record: str,
    ) -> None:
        if patience is not None and validation is None:
            raise ValueError(f"patience is {patience!r} without validation; expected both")
        self.patience = None if patience is None else positive_int("patience", patience)
        self.all = one_of("record", record, {"all": True, "loss": False})
        self.net, self.loss = net, loss
        data = {"": (x, y)} if validation is None else {"": (x, y), "validation_": validation}
        self.data = {
            name: (x, y, classes(y) if self.all and labels(y) else None)
            for name, (x, y) in data.items()
        }
        self.gradient = self.theta = np.full_like(net.theta, np.nan)
        self.entries: list[dict[str, Any]] = []
        self.interrupted = self.stopped_early = False
        numbers = {name: array.copy() for name, array in net.state.items()}
        self.best = np.full(net.stack, np.inf), np.zeros(net.stack, int), numbers

    def keep(self) -> None:
        """Note the gradient and the parameters before an update."""
        if self.all:
            self.gradient, self.theta = self.net.grad.copy(), self.net.theta.copy()

    def write(self, epoch: int) -> bool:
        """Add an entry, and say whether it is time to stop."""
        net, entry = self.net, {"epoch": epoch}
        if self.all:
            norm, step, size = _norms(net, self.gradient, net.theta - self.theta, self.theta)
            entry |= {"gradient_norm": norm, "update_ratio": step / size}
        for name, (x, y, right) in self.data.items():
            a = net.propagate(x)
            entry[name + "loss"] = loss_value(net, self.loss, a, y)
            if right is not None:
                entry[name + "accuracy"] = np.mean(classes(a) == right, axis=-1)[()]
        best = self.best
        if "validation_loss" in entry:
            best = self._better(epoch, entry["validation_loss"])
        self.best = best  # nothing is called until the next line, so Ctrl-C cannot part the two
        self.entries.append(entry)
        if self.patience is not None:
            self.stopped_early = bool(np.all(epoch - best[1] >= self.patience))
        return self.stopped_early

    def _better(self, epoch: int, loss: Array) -> tuple[Array, Array, dict[str, Array]]:
        """Return lowest loss, its epoch and the numbers that gave it, this epoch counted in."""
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


class _Batches:
    """All examples in batches, in a new order each time: (x, y, whether it is the last)."""

    def __init__(self, x: Array, y: Array, size: int, rng: np.random.Generator) -> None:
        self.x, self.y, self.size, self.rng = x, y, size, rng
        if size < x.shape[-1]:
            self.x = x.mT.copy().mT  # each example in one piece, so that shuffling is quick
            self.shuffled = np.empty_like(self.x), np.empty_like(y)

    def __iter__(self) -> Iterator[tuple[Array, Array, bool]]:
        m = self.x.shape[-1]
        if self.size >= m:
            yield self.x, self.y, True
            return
        order = self.rng.permutation(m)
        x, y = self.shuffled
        self.x.mT.take(order, axis=-2, out=x.mT, mode="clip")
        self.y.take(order, axis=-1, out=y, mode="clip")
        for start in range(0, m, self.size):
            end = start + self.size
            yield x[..., start:end], y[..., start:end], end >= m


def _norms(net: Network, *vectors: Array) -> Array:
    """Return the norm of each dense layer's weights in vectors like theta, (V, ..., L)."""
    squares = np.array(vectors) ** 2
    sums = np.add.reduceat(squares, [here.start for here in net.slices.values()], axis=-1)
    return np.sqrt(sums[..., [name.startswith("W") for name in net.slices]])


def _validation(net: Network, loss: Loss, validation: Any) -> tuple[Array, Array] | None:
    if validation is None:
        return None
    if not (isinstance(validation, (tuple, list)) and len(validation) == 2):
        raise ValueError(
            f"validation is no pair but a {type(validation).__name__}; expected (x, y)"
        )
    try:
        return checked(net, loss, *validation)
    except ValueError as error:
        raise ValueError(f"validation: {error}") from error
