"""Wheels for Python in the browser: `bplib` from the working tree, and what Pyodide lacks."""

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from sphinx.errors import ExtensionError

LACKING = ("comm", "ipywidgets", "jupyterlab_widgets")
FILES = ("pyproject.toml", "README.md", "LICENSE")
EPOCH = "315532800"  # a zip's first day, so that the same sources make the same wheel


def pins():
    """Return the requirement, as installed here, of each package that Pyodide lacks."""
    return {name: f"{name}=={version(name)}" for name in LACKING}


def fetch(folder):
    """Return the wheels of those packages, from `folder` if they are there, else from pip."""
    missing = [pin for pin in pins().values() if _found(folder, pin) is None]
    if missing:
        only = ["--no-deps", "--only-binary=:all:"]
        _pip("download", "--quiet", *only, "--dest", str(folder), *missing)
    return [_found(folder, pin) for pin in pins().values()]


def _found(folder, pin):
    return next(folder.glob(f"{pin.replace('==', '-')}-*-none-any.whl"), None)


def sources(root):
    """Return the files that `bplib`'s wheel is made from."""
    library = (path for path in (root / "bplib").rglob("*") if path.is_file())
    library = (path for path in library if "__pycache__" not in path.parts)
    return sorted([*library, *(root / name for name in FILES)])


def build(root, folder):
    """Write `bplib`'s wheel to `folder` and return its path."""
    with tempfile.TemporaryDirectory() as copy:  # setuptools would ship what an older build left
        for path in sources(root):
            target = Path(copy) / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        plain = ["--no-deps", "--no-build-isolation", "--no-cache-dir"]
        _pip("wheel", "--quiet", *plain, "--wheel-dir", str(folder), copy)
    return next(folder.glob("bplib-*.whl"))


def _pip(*arguments):
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    environment = os.environ | {"SOURCE_DATE_EPOCH": EPOCH}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise ExtensionError(f"`pip {' '.join(arguments)}` failed:\n{done.stdout}{done.stderr}")
