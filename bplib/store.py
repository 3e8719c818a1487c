"""Parameters to a file and back, without loss, and only into the same architecture."""

import json
import os
from pathlib import Path
from uuid import uuid4

import numpy as np

from bplib.network import Network

__all__ = ["save", "load"]

FORMAT = "bplib parameters 1"


def save(net: Network, path: str | os.PathLike[str]) -> Path:
    """Write theta and all running averages of `net` to one .npz file, and return its path.

    The file is complete or not there: an older one of that name is replaced at the end.

    Raises:
        ValueError: path does not end in .npz.
        OSError: nothing can be written there.
    """
    path = _checked(path)
    draft = path.with_name(f"{uuid4().hex}.draft")
    try:
        with open(draft, "xb") as file:
            np.savez(file, description=json.dumps(_description(net)), **net.state)
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return path


def load(net: Network, path: str | os.PathLike[str]) -> Network:
    """Fill `net` with the numbers that `save` wrote, and return it.

    Raises:
        ValueError: path does not end in .npz, was not written by `save`, or holds another
            architecture, stack or dtype; `net` is then as it was.
        OSError: there is no such file.
    """
    path = _checked(path)
    arrays, found = _read(path)
    for key, expected in _description(net).items():
        if found.get(key) != expected:
            raise ValueError(
                f"path is {str(path)!r}, whose {key} is {found.get(key)}; net expected {expected}"
            )
    if _kinds(arrays) != _kinds(net.state):
        raise ValueError(
            f"path is {str(path)!r}, which holds {_kinds(arrays)}; expected {_kinds(net.state)}"
        )
    for name, array in net.state.items():
        array[...] = arrays[name]
    return net


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return all arrays and the description."""
    with open(path, "rb") as file:
        try:
            arrays = dict(np.load(file, allow_pickle=False))
            found = json.loads(str(arrays.pop("description")))
            if found["format"] != FORMAT:
                raise ValueError(found["format"])
        except Exception as error:  # zipfile and NumPy raise a dozen kinds over a broken file
            raise ValueError(f"path is {str(path)!r}; expected a file written by save") from error
    return arrays, found


def _kinds(arrays: dict[str, np.ndarray]) -> dict[str, str]:
    return {name: f"{array.dtype} {array.shape}" for name, array in arrays.items()}


def _description(net: Network) -> dict[str, str]:
    return {
        "format": FORMAT,
        "architecture": repr(net.layers),
        "stack": str(net.stack),
        "dtype": str(net.dtype),
    }


def _checked(path: str | os.PathLike[str]) -> Path:
    if not isinstance(path, (str, os.PathLike)) or Path(path).suffix != ".npz":
        raise ValueError(f"path is {path!r}; expected the name of an .npz file")
    return Path(path)
