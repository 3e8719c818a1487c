"""What is said of arrays, gradients and trainings: the sentences behind errors and reprs."""

from typing import Any

import numpy as np


def array_kind(value: Any) -> str:
    """Return dtype and shape of an array, the type of anything else."""
    if not isinstance(value, np.ndarray):
        return f"a {type(value).__name__}"
    kept = "" if value.flags.writeable else "read-only "
    return f"{kept}{value.dtype} {value.shape}"


def comparison(check: Any, told: str) -> str:
    """Return a table of a gradient check, a row for each parameter, and what is told of all."""
    rows = [
        f"{name:8} {check.by_parameter[name]:.1e}" + ("" if told == "agrees" else f"  {told}")
        for name, told in check.verdict.items()
    ]
    skipped = f", {check.kinks} kinks skipped" if check.kinks else ""
    return "\n".join([*rows, f"{'all':8} {check.error:.1e}  {told}{skipped}"])


def training(history: Any) -> str:
    """Return in a line what a history has: epochs, loss, and how the training ended."""
    if not len(history.epoch):
        return "History(no entries)"
    first, last = (np.median(history.loss[i]) for i in (0, -1))
    said = [f"{history.epoch[-1]} epochs", f"loss {first:.3g} → {last:.3g}"]
    if history.loss.ndim > 1:
        said.append(f"median of {history.loss[0].size}")
    said += [name for name in ("interrupted", "stopped_early") if getattr(history, name)]
    return f"History({', '.join(said)})".replace("_", " ")
