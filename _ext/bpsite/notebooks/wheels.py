"""Wheels: `bplib` from the working tree, and what Python in a browser lacks beside it."""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from importlib.metadata import version
from pathlib import Path

from packaging.requirements import Requirement
from sphinx.errors import ExtensionError

BUILT = Path("_build/wheels")
"""Where wheels are made and kept, below the project's folder."""

OFFERED = "files"
"""Where the site offers bplib's."""

LACKING = ("anywidget", "comm", "ipywidgets", "jupyterlab_widgets", "psygnal")
NAME = "backprop-book"
"""What pip calls bplib, which on PyPI is a stranger's."""

WHEELS = f"{NAME.replace('-', '_')}-*.whl"
FILES = ("pyproject.toml", "README.md", "LICENSE")
EPOCH = "315532800"  # a zip's first day, so that the same sources make the same wheel


def project(root):
    """Return what pyproject.toml says of `bplib`."""
    return tomllib.loads((root / "pyproject.toml").read_text("utf8"))["project"]


def needed(root):
    """Return the names of the packages that `bplib` needs, by which they are imported too."""
    return [Requirement(line).name for line in project(root)["dependencies"]]


def sources(root):
    """Return the files that `bplib`'s wheel is made from."""
    library = (path for path in (root / "bplib").rglob("*") if path.is_file())
    library = (path for path in library if "__pycache__" not in path.parts)
    return sorted([*library, *(root / name for name in FILES)])


def built(root):
    """Return the path of `bplib`'s wheel, made anew if one of its sources is younger."""
    folder = root / BUILT
    wheels = list(folder.glob(WHEELS))
    newest = max(path.stat().st_mtime for path in sources(root))
    if len(wheels) == 1 and wheels[0].stat().st_mtime > newest:
        return wheels[0]
    for old in wheels:
        old.unlink()
    return build(root, folder)


def build(root, folder):
    """Write `bplib`'s wheel to `folder` and return its path."""
    with tempfile.TemporaryDirectory() as copy:  # setuptools would ship what an older build left
        for path in sources(root):
            target = Path(copy) / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        plain = ["--no-deps", "--no-build-isolation", "--no-cache-dir"]
        _pip("wheel", "--quiet", *plain, "--wheel-dir", str(folder), copy)
    return next(folder.glob(WHEELS))


def fetched(root):
    """Return the wheels of those packages that Pyodide lacks, in the versions installed here."""
    folder = root / BUILT
    pins = [f"{name}=={version(name)}" for name in LACKING]
    missing = [pin for pin in pins if _found(folder, pin) is None]
    if missing:
        only = ["--no-deps", "--only-binary=:all:", "--platform=any"]
        _pip("download", "--quiet", *only, "--dest", str(folder), *missing)
    return [_found(folder, pin) for pin in pins]


def offer(app, exception):
    """Copy `bplib`'s wheel into the site."""
    if exception or app.builder.format != "html":
        return
    wheel, folder = built(Path(app.confdir)), Path(app.outdir) / OFFERED
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy2(wheel, folder)


def _found(folder, pin):
    return next(folder.glob(f"{pin.replace('==', '-')}-*-none-any.whl"), None)


def _pip(*arguments):
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    environment = os.environ | {"SOURCE_DATE_EPOCH": EPOCH}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise ExtensionError(f"`pip {' '.join(arguments)}` failed:\n{done.stdout}{done.stderr}")
