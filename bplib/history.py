"""What happened in training, entry by entry; `bplib.train` makes the entries."""

from dataclasses import dataclass, field

import numpy as np

from bplib._report import training
from bplib.activations import Array

__all__ = ["History"]


@dataclass(repr=False, eq=False)
class History:
    """What happened in training: E entries, each with the stack's axes after the first.

    Attributes:
        epoch: after which epoch each entry was made, shape (E,); 0 is before any update.
        loss: the loss over all examples, penalties included, (E, ...).
        accuracy: the share of examples in the right class, (E, ...); None unless y names
            classes by 0 and 1.
        validation_loss, validation_accuracy: the same over the validation examples; None
            without any.
        gradient_norm: ‖∂L/∂W‖ of each weight W in the last update before the entry, before
            clipping, (E, ..., L), in the order of `Network.weight_slices`; NaN in the first
            entry.
        update_ratio: ‖ΔW‖ / ‖W‖ of each weight in that update, (E, ..., L).
        best_epoch: the epoch of the lowest validation loss, shape (...); None without
            validation. With `patience` every epoch counts, otherwise those of the entries.
        interrupted: True if Ctrl-C ended the training early.
        stopped_early: True if the validation loss did.
    """

    epoch: Array = field(default_factory=lambda: np.empty(0, int))
    loss: Array = field(default_factory=lambda: np.empty(0))
    accuracy: Array | None = None
    validation_loss: Array | None = None
    validation_accuracy: Array | None = None
    gradient_norm: Array = field(default_factory=lambda: np.empty(0))
    update_ratio: Array = field(default_factory=lambda: np.empty(0))
    best_epoch: Array | None = None
    interrupted: bool = False
    stopped_early: bool = False

    __repr__ = training

    @property
    def diverged_at(self) -> Array:
        """The epoch of the first entry whose loss is not finite, −1 if none, shape (...)."""
        if not len(self.loss):
            return np.int64(-1)
        bad = ~np.isfinite(self.loss)
        return np.where(bad.any(axis=0), self.epoch[bad.argmax(axis=0)], -1)[()]
