"""Builds the wheel of bplib, which the site offers and every notebook can install."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sphinx.errors import ExtensionError

BUILT = Path("_build/wheels")
"""Where the wheel is made, below the source folder."""

OFFERED = "files"
"""Where the site offers it."""

INGREDIENTS = ("bplib", "pyproject.toml", "README.md", "LICENSE")
A_MOMENT = "1767225600"  # zip files cannot be older than 1980, and equal sources give equal wheels


def built(root):
    """Return the path of the wheel of what is in the folder `root`, made anew if that changed."""
    folder = root / BUILT
    wheels = sorted(folder.glob("bplib-*.whl"), key=lambda path: path.stat().st_mtime)
    if wheels and wheels[-1].stat().st_mtime > _newest(root):
        return wheels[-1]
    for old in wheels:
        old.unlink()
    with tempfile.TemporaryDirectory() as place:
        for name in INGREDIENTS:
            _copy(root / name, Path(place) / name)
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
        options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), place]
        environment = os.environ | {"SOURCE_DATE_EPOCH": A_MOMENT}
        done = subprocess.run(
            command + options, env=environment, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise ExtensionError(f"the wheel of bplib could not be built:\n{done.stderr}")
    return next(folder.glob("bplib-*.whl"))


def offer(app, exception):
    """Copy the wheel into the site."""
    if exception or app.builder.format != "html":
        return
    wheel, folder = built(Path(app.srcdir)), Path(app.outdir) / OFFERED
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy2(wheel, folder / wheel.name)


def _newest(root):
    paths = [path for name in INGREDIENTS for path in (root / name, *(root / name).rglob("*.*"))]
    return max(path.stat().st_mtime for path in paths if "__pycache__" not in path.parts)


def _copy(source, target):
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)


def setup(app):
    """Register the hook."""
    app.connect("build-finished", offer)
