"""What is said of arrays, gradients and trainings: the sentences behind errors and reprs."""

import numpy as np


def misfit(name: str, array: np.ndarray, rows: int) -> str:
    """Return what to say of an array that is not (rows, m): what it seems to be instead."""
    shape = array.shape
    flat = array.ravel()
    line = rows > 1 and array.size and array.size == max(shape, default=0)
    if name == "y" and line and np.isin(flat, np.arange(rows)).all():
        plain = array.ndim == 1 and array.dtype.kind in "iu"
        labels = "y" if plain else "np.ravel(y).astype(int)"
        return f"y holds labels; expected one-hot columns: data.one_hot({labels}, {rows})"
    hint = ""
    if len(shape) == 1 and rows == 1:
        hint = f"; {name}[None, :] has that shape"
    if len(shape) == 2 and shape[1] == rows:
        hint = f"; {name}.T has that shape"
    return f"{name} has shape {shape}; expected ({rows}, m): examples are columns{hint}"
