"""Saving and loading: bit for bit, all or nothing, and only into the same architecture."""

import io
import json
import os
import pickle
import stat
from pathlib import Path

import numpy as np
import pytest

import bplib
from bplib import Dense, Network, activations, losses
from bplib.layers import Activate, BatchNorm, Dropout, LayerNorm, Residual
from bplib.store import FORMAT, _description

SE = losses.SquaredError()
NETS = {
    **{
        name: lambda name=name: [Dense(2, 3, name), Activate(3, name), Dense(3, 3)]
        for name in activations.ACTIVATIONS
    },
    "dropout": lambda: [Dense(2, 4), Dropout(4, 0.5), Dense(4, 3)],
    "batch norm": lambda: [Dense(2, 4), BatchNorm(4), Dense(4, 3), BatchNorm(3, momentum=0.5)],
    "layer norm": lambda: [LayerNorm(2), Dense(2, 3)],
    "residual": lambda: [
        Residual([Dense(2, 4), BatchNorm(4), Residual([BatchNorm(4)]), Dense(4, 2)]),
        Dense(2, 3),
    ],
    "no parameters": lambda: [Activate(3, "tanh")],
}


def data(n_in, n_out, m=6):
    rng = np.random.default_rng(1)
    return rng.standard_normal((n_in, m)), rng.standard_normal((n_out, m))


def trained(layers, stack=None, dtype=np.float64):
    net = Network(layers, stack, dtype)
    rng = np.random.default_rng(2)
    net.theta += rng.standard_normal(net.theta.shape)
    bplib.fit(net, SE, *data(layers[0].n_in, layers[-1].n_out), bplib.SGD(0.01), epochs=3)
    return net


def mlp(**kwargs):
    return bplib.mlp([2, 3, 1], **{"seed": 5} | kwargs)


def bits(net):
    return {name: array.tobytes() for name, array in net.state.items()}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("stack", [None, 3, (2, 2)])
@pytest.mark.parametrize("name", NETS)
def test_round_trip_is_bit_for_bit(tmp_path, name, stack, dtype):
    net = trained(NETS[name](), stack, dtype)
    twin = net.copy()
    for array in twin.state.values():
        array[...] = -7
    path = bplib.save(net, tmp_path / "net.npz")
    assert bplib.load(twin, path) is twin
    assert bits(twin) == bits(net)
    assert {array.dtype for array in twin.state.values()} == {np.dtype(dtype)}
    x, _ = data(net.layers[0].n_in, 1)
    np.testing.assert_array_equal(twin.forward(x), net.forward(x))


def test_what_a_file_says_of_itself(tmp_path):
    """A change of any of this would lock out the files that readers have."""
    path = bplib.save(bplib.mlp([2, 1], output="sigmoid", stack=3), tmp_path / "net.npz")
    description = json.loads(str(np.load(path)["description"]))
    assert description.pop("generators").keys() == {"rng"}
    assert description == {
        "format": "bplib parameters 1",
        "architecture": "[Dense(2, 1, 'sigmoid')]",
        "stack": "(3,)",
        "dtype": "float64",
    }


GENERATORS = ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"]


@pytest.mark.parametrize("kind", GENERATORS)
def test_random_generators_come_along(tmp_path, kind):
    def net(seed):
        rng, own = (np.random.Generator(getattr(np.random, kind)(k)) for k in (seed, seed + 1))
        return Network([Dropout(2, 0.5, seed=own), Residual([Dropout(2, 0.5, seed=rng)])], seed=rng)

    first, second = net(1), net(5)
    first.rng.random(3)
    path = bplib.save(first, tmp_path / "net.npz")
    bystander = second.rng
    untouched = repr(bystander.bit_generator.state)
    bplib.load(second, path)
    assert repr(bystander.bit_generator.state) == untouched, "someone else may draw from it"
    assert second.rng is second.layers[1].layers[0].rng, "what is shared stays shared"
    for _ in range(3):
        for mine, theirs in zip(first.walk(), second.walk(), strict=True):
            if isinstance(mine, Dropout):
                np.testing.assert_array_equal(mine.rng.random(5), theirs.rng.random(5))
        np.testing.assert_array_equal(first.rng.random(5), second.rng.random(5))


def test_another_kind_of_generator_is_refused(tmp_path):
    path = bplib.save(mlp(seed=np.random.Generator(np.random.MT19937(0))), tmp_path / "net.npz")
    net = mlp(seed=6)
    with pytest.raises(ValueError, match="expected a file written by save"):
        bplib.load(net, path)
    assert bits(net) == bits(mlp(seed=6))


def test_a_file_without_the_rest_is_still_read(tmp_path):
    path = tmp_path / "net.npz"
    path.write_bytes(described(theta=np.ones(13)))
    net = mlp()
    rng = net.rng
    bplib.load(net, path)
    np.testing.assert_array_equal(net.theta, 1)
    assert net.rng.bit_generator.state == rng.bit_generator.state
    with pytest.raises(ValueError, match=r"which holds {.*}; expected .*Adam.k"):
        bplib.load(net, path, optimizer=bplib.Adam())


def stepped(net, rule, updates=3):
    for _ in range(updates):
        rule.step(net.theta, np.ones_like(net.theta))
    return rule


@pytest.mark.parametrize("stack", [None, 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("updates", [0, 3])
def test_an_optimizer_comes_along(tmp_path, stack, dtype, updates):
    net = mlp(stack=stack, dtype=dtype)
    rule = stepped(net, bplib.Adam(0.1), updates)
    path = bplib.save(net, tmp_path / "net.npz", optimizer=rule)
    twin, again = mlp(stack=stack, dtype=dtype, seed=6), bplib.Adam(0.01)
    stepped(bplib.mlp([7, 2]), again)  # of another network until it is loaded
    bplib.load(twin, path, optimizer=again)
    assert (again.k, again.eta) == (updates, 0.01)
    for name in ("m", "s"):
        mine, theirs = getattr(rule, name), getattr(again, name)
        np.testing.assert_array_equal(mine, theirs)
        assert updates == 0 or mine.dtype == theirs.dtype == dtype
        assert not np.shares_memory(mine, theirs)
    stepped(twin, again)
    with pytest.raises(ValueError, match="theta is another array"):
        stepped(net, again)


def test_a_file_with_an_optimizer_is_loaded_without(tmp_path):
    net = mlp()
    path = bplib.save(net, tmp_path / "net.npz", optimizer=stepped(net, bplib.Adam()))
    assert bits(bplib.load(mlp(seed=6), path)) == bits(net)


WRONG_OPTIMIZERS = {
    "another class": (
        lambda net: bplib.Momentum(0.1),
        r"holds .*Adam\.m.*; expected .*Momentum\.v",
    ),
    "a subclass": (lambda net: bplib.AdamW(0.1), r"holds .*Adam\.m.*; expected .*AdamW\.m"),
    "a class": (lambda net: bplib.Adam, "optimizer is <class .*; expected one such as"),
    "a name": (lambda net: "adam", "optimizer is 'adam'; expected one such as"),
    "rates of another stack": (lambda net: bplib.Adam([0.1, 0.2]), r"eta has shape \(2,\)"),
}


@pytest.mark.parametrize("name", WRONG_OPTIMIZERS)
def test_another_optimizer_is_refused_and_all_is_left_alone(tmp_path, name):
    make, message = WRONG_OPTIMIZERS[name]
    saved, net = mlp(), mlp(seed=6)
    path = bplib.save(saved, tmp_path / "net.npz", optimizer=stepped(saved, bplib.Adam()))
    optimizer, rng = make(net), net.rng
    before = repr(vars(optimizer)) if isinstance(optimizer, bplib.optim.Optimizer) else ""
    with pytest.raises(ValueError, match=message):
        bplib.load(net, path, optimizer=optimizer)
    assert bits(net) == bits(mlp(seed=6))
    assert net.rng is rng
    assert not before or repr(vars(optimizer)) == before


def test_an_optimizer_of_another_network_is_not_saved(tmp_path):
    rule = stepped(mlp(), bplib.Adam())
    with pytest.raises(ValueError, match="theta is another array than in the 3 updates"):
        bplib.save(mlp(), tmp_path / "net.npz", optimizer=rule)
    with pytest.raises(ValueError, match="optimizer is <class"):
        bplib.save(mlp(), tmp_path / "net.npz", optimizer=bplib.Adam)
    assert list(tmp_path.iterdir()) == []


def test_running_averages_come_along(tmp_path):
    net = trained(NETS["batch norm"]())
    twin = Network(NETS["batch norm"]())
    bplib.load(twin, bplib.save(net, tmp_path / "net.npz"))
    assert set(net.state) == {
        "theta",
        "running_mean[1]",
        "running_variance[1]",
        "running_mean[3]",
        "running_variance[3]",
    }
    for mine, theirs in zip(net.layers[1::2], twin.layers[1::2], strict=True):
        assert np.abs(mine.running_mean).min() > 0
        np.testing.assert_array_equal(mine.running_mean, theirs.running_mean)
        np.testing.assert_array_equal(mine.running_variance, theirs.running_variance)
        assert mine.running_mean is not theirs.running_mean


def test_loaded_parameters_are_still_the_views(tmp_path):
    net, twin = mlp(), mlp(seed=6)
    bplib.load(twin, bplib.save(net, tmp_path / "net.npz"))
    assert np.shares_memory(twin.W[0], twin.theta)
    np.testing.assert_array_equal(twin.W[0], net.W[0])
    for each in (net, twin):
        bplib.fit(each, SE, *data(2, 1), bplib.SGD(0.1), epochs=3)
    assert bits(net) == bits(twin)


def test_unusual_numbers_survive(tmp_path):
    net, twin = mlp(), mlp()
    net.theta[:6] = [np.nan, np.inf, -np.inf, -0.0, 5e-324, 1 / 3]
    bplib.load(twin, bplib.save(net, tmp_path / "net.npz"))
    assert bits(twin) == bits(net)


def test_complex_numbers_are_kept(tmp_path):
    net, twin = mlp(dtype=np.complex128), mlp(dtype=np.complex128, seed=6)
    net.theta += 1e-30j
    bplib.load(twin, bplib.save(net, tmp_path / "net.npz"))
    assert bits(twin) == bits(net)


class Entry:
    """Any object with a path, such as os.DirEntry."""

    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return str(self.path)


@pytest.mark.parametrize("kind", [str, Path, Entry])
def test_any_kind_of_path(tmp_path, kind):
    path = tmp_path / "a b.v2.npz"
    assert bplib.save(mlp(), kind(path)) == path
    assert bits(bplib.load(mlp(seed=6), kind(path))) == bits(mlp())
    assert [p.name for p in tmp_path.iterdir()] == ["a b.v2.npz"]


def test_a_path_beside_the_program(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bplib.save(mlp(), "net.npz")
    assert bits(bplib.load(mlp(seed=6), "net.npz")) == bits(mlp())


OTHERS = {
    "a unit more": (lambda: bplib.mlp([2, 4, 1]), "architecture"),
    "as many parameters": (lambda: Network([Dense(12, 1)]), "architecture"),
    "activation": (lambda: mlp(hidden="relu"), "architecture"),
    "output": (lambda: mlp(output="sigmoid"), "architecture"),
    "a layer without parameters": (
        lambda: Network([Dense(2, 3, "tanh"), Dropout(3, 0.1), Dense(3, 1)]),
        "architecture",
    ),
    "stack": (lambda: mlp(stack=2), "stack"),
    "stack of one": (lambda: mlp(stack=1), "stack"),
    "float32": (lambda: mlp(dtype=np.float32), "dtype"),
    "complex": (lambda: mlp(dtype=np.complex128), "dtype"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_network_is_refused_and_left_alone(tmp_path, name):
    make, what = OTHERS[name]
    net = make()
    before = bits(net)
    with pytest.raises(ValueError, match=f"net.npz', whose {what} is .*; net expected "):
        bplib.load(net, bplib.save(mlp(), tmp_path / "net.npz"))
    assert bits(net) == before


@pytest.mark.parametrize("kind", [BatchNorm, LayerNorm])
def test_another_epsilon_is_another_architecture(tmp_path, kind):
    """It would give other outputs with the same parameters."""
    path = bplib.save(Network([kind(3, eps=0.5)]), tmp_path / "net.npz")
    with pytest.raises(ValueError, match=r"eps=0\.5.* net expected .*eps=1e-05"):
        bplib.load(Network([kind(3)]), path)


def zipped(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def one_array():
    file = io.BytesIO()
    np.save(file, np.ones(13))
    return file.getvalue()


def described(changes=None, **arrays):
    return zipped(description=json.dumps(_description(mlp()) | (changes or {})), **arrays)


BROKEN = {
    "text": b"theta = 3\n",
    "empty": b"",
    "a few letters": b"PK",
    "pickle": pickle.dumps({"theta": np.ones(13)}),
    "one array": one_array(),
    "another .npz": zipped(theta=np.ones(13)),
    "an .npz of objects": zipped(description=np.array([None])),
    "description a number": zipped(description="3"),
    "description a list": zipped(description="[]"),
    "description no JSON": zipped(description="{"),
    "description empty": zipped(description="{}"),
    "newer format": described({"format": FORMAT + "0"}, theta=np.ones(13)),
    "no architecture": zipped(description=json.dumps({"format": FORMAT}), theta=np.ones(13)),
    "no theta": described(),
    "one number for all": described(theta=np.ones(1)),
    "theta of another type": described(theta=np.ones(13, np.float32)),
    "generators a list": described({"generators": []}, theta=np.ones(13)),
    "generators a number": described({"generators": 3}, theta=np.ones(13)),
    "a generator too many": described({"generators": {"r": {}}}, theta=np.ones(13)),
    "a generator without state": described({"generators": {"rng": {}}}, theta=np.ones(13)),
    "an array too many": described(theta=np.ones(13), phi=np.ones(1)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_another_file_is_refused_and_net_left_alone(tmp_path, name):
    path = tmp_path / "net.npz"
    path.write_bytes(BROKEN[name])
    net = mlp()
    with pytest.raises(ValueError, match=r"path is '.*net\.npz'.*; ?.*expected "):
        bplib.load(net, path)
    assert bits(net) == bits(mlp())


class Trap:
    """Unpickled, it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("inside", ["pickle", "description", "theta"])
def test_no_code_in_a_file_is_run(tmp_path, inside):
    path, sign = tmp_path / "net.npz", tmp_path / "sprung"
    trap = np.array([Trap(sign)], dtype=object)
    path.write_bytes(
        {
            "pickle": lambda: pickle.dumps(Trap(sign)),
            "description": lambda: zipped(description=trap, theta=np.ones(13)),
            "theta": lambda: described(theta=trap),
        }[inside]()
    )
    with pytest.raises(ValueError, match="expected a file written by save"):
        bplib.load(mlp(), path)
    assert not sign.exists()


def test_every_truncated_file_is_refused(tmp_path):
    path = bplib.save(mlp(), tmp_path / "net.npz")
    whole, net = path.read_bytes(), mlp(seed=6)
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="expected a file written by save"):
            bplib.load(net, path)
    assert bits(net) == bits(mlp(seed=6))


def test_no_flipped_bit_goes_into_a_network(tmp_path):
    """The zip's checksums cover the numbers; what they do not cover changes none."""
    path = bplib.save(mlp(), tmp_path / "net.npz")
    whole, refused = path.read_bytes(), 0
    for k in range(len(whole)):
        path.write_bytes(whole[:k] + bytes([whole[k] ^ 1 << k % 8]) + whole[k + 1 :])
        net = mlp(seed=6)
        try:
            bplib.load(net, path)
            assert bits(net) == bits(mlp())
        except ValueError:
            refused += 1
            assert bits(net) == bits(mlp(seed=6))
    assert refused > len(whole) / 2


def test_a_missing_file_is_an_ordinary_error(tmp_path):
    net = mlp()
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        bplib.load(net, tmp_path / "none.npz")
    assert bits(net) == bits(mlp())


def test_nothing_can_be_written_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"path is .*nowhere.net\.npz'; expected a folder"):
        bplib.save(mlp(), tmp_path / "nowhere" / "net.npz")
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        bplib.save(mlp(), tmp_path / "file" / "net.npz")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(OSError, match=r"folder\.npz"):
        bplib.save(mlp(), tmp_path / "folder.npz")
    with pytest.raises(OSError, match=r"folder\.npz"):
        bplib.load(mlp(), tmp_path / "folder.npz")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder.npz"]


def test_a_folder_that_may_not_be_written(tmp_path, monkeypatch):
    def refuse(file, mode):
        raise PermissionError(13, "Permission denied", str(file))

    with monkeypatch.context() as patch:
        patch.setattr("builtins.open", refuse)
        with pytest.raises(PermissionError, match="Permission denied"):
            bplib.save(mlp(), tmp_path / "net.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, MemoryError])
@pytest.mark.parametrize("broken", ["savez", "replace"])
def test_a_failing_save_leaves_the_old_file_whole(tmp_path, monkeypatch, broken, error):
    path = bplib.save(mlp(), tmp_path / "net.npz")
    old = path.read_bytes()

    def half(file, **arrays):
        file.write(b"half of it")
        raise error

    def never(*args):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(*((np, "savez", half) if broken == "savez" else (os, "replace", never)))
        with pytest.raises(error):
            bplib.save(mlp(seed=6), path)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]
    bplib.save(mlp(seed=6), path)
    assert bits(bplib.load(mlp(), path)) == bits(mlp(seed=6))


def test_an_interrupt_right_after_the_file_is_there(tmp_path, monkeypatch):
    right = os.replace

    def replace(*args):
        right(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        bplib.save(mlp(), tmp_path / "net.npz")
    assert bits(bplib.load(mlp(seed=6), tmp_path / "net.npz")) == bits(mlp())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077, 0o002])
def test_the_file_has_the_permissions_of_any_new_file(tmp_path, mask):
    old = os.umask(mask)
    try:
        path = bplib.save(mlp(), tmp_path / "net.npz")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
