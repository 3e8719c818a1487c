"""Parameters to a file and back, without loss, and only into the same architecture."""

import json
import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from bplib.network import Network

FORMAT = "bplib parameters 1"


def save(net: Network, path: str | os.PathLike[str]) -> Path:
    """Write theta and all running averages of `net` to one .npz file, and return its path.

    The file is complete or not there: an older one of that name is replaced at the end.

    Raises:
        ValueError: path does not end in .npz.
    """
    path = _checked(path)
    handle, draft = tempfile.mkstemp(dir=path.parent, suffix=".draft")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, description=json.dumps(_description(net)), **net.state)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise
    return path


def load(net: Network, path: str | os.PathLike[str]) -> Network:
    """Fill `net` with the numbers that `save` wrote, and return it.

    Raises:
        ValueError: path does not end in .npz, was not written by `save`, or holds another
            architecture, stack or dtype; `net` is then as it was.
    """
    path = _checked(path)
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        found = json.loads(str(arrays.pop("description")))
        if found["format"] != FORMAT:
            raise ValueError(found["format"])
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError) as error:
        raise ValueError(f"path is {str(path)!r}; expected a file written by save") from error
    for key, expected in _description(net).items():
        if found[key] != expected:
            raise ValueError(
                f"path is {str(path)!r}, whose {key} is {found[key]}; net expected {expected}"
            )
    for name, array in net.state.items():
        array[...] = arrays[name]
    return net


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
