"""A network to a file and back, without loss, and only into the same architecture."""

import json
import os
from copy import copy, deepcopy
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from bplib._errors import instance, require
from bplib._report import array_kind
from bplib.network import Network
from bplib.optim import Optimizer

__all__ = ["save", "load"]

PathName = str | os.PathLike[str]
FORMAT = "bplib parameters 1"


def save(net: Network, path: PathName, optimizer: Optimizer | None = None) -> Path:
    """Write `net`, and `optimizer` if given, to one .npz file, and return its path.

    The file holds theta, all running averages, the states of all random generators, and what
    the optimizer remembers: training goes on from it as if it had not been interrupted, bit
    for bit. The file is complete or not there: an older one of that name is replaced at the
    end.

    Raises:
        ValueError: path does not end in .npz, or the optimizer is of another network.
        OSError: nothing can be written there.
    """
    path = _checked(net, path, optimizer)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path is {str(path)!r}; expected a folder that exists")
    if optimizer is not None:
        optimizer.bind(net.theta, net.grad)
    places = _generators(net).items()
    chance = {name: getattr(*place).bit_generator.state for name, place in places}
    said = _description(net) | {"generators": chance}
    arrays = net.state | _memory(optimizer, net)
    arrays["description"] = json.dumps(said, default=np.ndarray.tolist)
    draft = path.with_name(f"{uuid4().hex}.draft")
    try:
        with open(draft, "xb") as file:
            np.savez(file, **arrays)
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return path


def load(net: Network, path: PathName, optimizer: Optimizer | None = None) -> Network:
    """Fill `net`, and `optimizer` if given, with what `save` wrote, and return `net`.

    The optimizer is of the class that was saved; its settings, such as η, stay its own.

    Raises:
        ValueError: path does not end in .npz, was not written by `save`, or holds another
            architecture, stack, dtype or optimizer; net and optimizer are then as they were.
        OSError: there is no such file.
    """
    path = _checked(net, path, optimizer)
    arrays, found = _read(path)
    came = f"path is {str(path)!r}"
    for key, expected in _description(net).items():
        said = f"{came}, whose {key} is {found.get(key)}"
        require(found.get(key) == expected, f"{said}; net expected {expected}")
    resumed = copy(optimizer)
    if resumed is None:
        arrays = {name: array for name, array in arrays.items() if "." not in name}
    else:
        resumed.reset()
    held, expected = _kinds(arrays), _kinds(net.state | _memory(resumed, net))
    require(held == expected, f"{came}, which holds {held}; expected {expected}")
    places = _generators(net)
    generators = deepcopy({name: getattr(*place) for name, place in places.items()})
    try:
        for name, state in found.get("generators", {}).items():
            generators[name].bit_generator.state = state
    except Exception as error:  # whatever state of whatever generator
        raise ValueError(f"{came}; expected a file written by save") from error
    if resumed is not None:
        rule = type(resumed).__name__
        resumed.k = int(arrays[f"{rule}.k"])
        for name in resumed.memory:
            setattr(resumed, name, arrays[f"{rule}.{name}"])
        resumed.bind(net.theta, net.grad)
        vars(optimizer).update(vars(resumed))
    for name, array in net.state.items():
        array[...] = arrays[name]
    for name, place in places.items():
        setattr(*place, generators[name])
    return net


def _memory(optimizer: Optimizer | None, net: Network) -> dict[str, np.ndarray]:
    """Return the number of updates and what the optimizer remembers, as arrays like theta."""
    if optimizer is None:
        return {}
    rule = type(optimizer).__name__
    memory = {name: np.full_like(net.theta, getattr(optimizer, name)) for name in optimizer.memory}
    memory["k"] = np.array(optimizer.k)
    return {f"{rule}.{name}": array for name, array in memory.items()}


def _generators(net: Network) -> dict[str, tuple[Any, str]]:
    """Return where the random generators of net and of its layers are: name -> (owner, name)."""
    places: dict[str, tuple[Any, str]] = {"rng": (net, "rng")}
    for l, layer in enumerate(net.walk()):
        for name, value in vars(layer).items():
            if isinstance(value, np.random.Generator):
                places[f"{name}[{l}]"] = layer, name
    return places


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
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
    return {name: array_kind(array) for name, array in arrays.items()}


def _description(net: Network) -> dict[str, str]:
    said = {"architecture": repr(net.layers), "stack": str(net.stack), "dtype": str(net.dtype)}
    return {"format": FORMAT} | said


def _checked(net: Network, path: PathName, optimizer: Any) -> Path:
    named = isinstance(path, (str, os.PathLike)) and Path(path).suffix == ".npz"
    require(named, f"path is {path!r}; expected the name of an .npz file")
    instance("net", net, Network, "a Network")
    instance("optimizer", optimizer, Optimizer | None, "one such as SGD(0.1)")
    return Path(path)
