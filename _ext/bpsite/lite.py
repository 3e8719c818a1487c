"""Puts JupyterLite under `lite/`, where each notebook runs in the reader's browser."""

import hashlib
import html
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from sphinx.errors import ExtensionError
from sphinx.util import logging

from . import contents, notebooks, wheels

PARTS = ("jupyterlite-core", "jupyterlite-pyodide-kernel", *wheels.LACKING)
EXTENSIONS = (
    "@jupyterlite/pyodide-kernel-extension",
    "@jupyter-widgets/jupyterlab-manager",
    "anywidget",
)
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"},
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
    "@jupyterlab/docmanager-extension:plugin": {"autosaveInterval": 10},
}
UNUSED = (
    "doc",
    "package.json",
    "rspack.config*",
    "lab/package.json",
    "lab/favicon.ico",
    "build/*.eot",
    "build/fa-*.svg",
    "build/fa-*.ttf",
)
ICON = Path(__file__).parent / "static" / "favicon.svg"
CODE = (Path(__file__), Path(wheels.__file__), ICON)

logger = logging.getLogger(__name__)


def path(app, name):
    """Return the address in the site that opens a notebook, such as chapters/05-worked-example."""
    notebook = notebooks.folder(app) / f"{name}.ipynb"
    return f"lite/lab/index.html?path={quote(contents.place(notebook))}"


@dataclass(frozen=True)
class Recipe:
    """What goes into the app.

    Attributes:
        root: the project's folder.
        noted: the folder in which it is noted what was made last.
        title: the name of the app.
        pyodide: an address or a folder where Pyodide is found, "" for its CDN.
    """

    root: Path
    noted: Path
    title: str
    pyodide: str = ""

    def digest(self):
        """Return a digest of all of it."""
        versions = [(name, version(name)) for name in PARTS]
        total = hashlib.sha256(repr([self.title, self.pyodide, versions]).encode())
        for source in (*CODE, *wheels.sources(self.root)):
            total.update(f"{source.name} {source.stat().st_size}\n".encode() + source.read_bytes())
        if self.pyodide and not is_address(self.pyodide):
            total.update(repr(inventory(Path(self.pyodide))).encode())
        return total.hexdigest()


def install(app, exception):
    """Bring `lite/` up to date when the pages are written."""
    if exception or app.builder.format != "html":
        return
    config, target = app.config, Path(app.outdir) / "lite"
    noted = Path(app.outdir).parent / "lite"
    make(Recipe(Path(app.confdir), noted, config.html_title, config.bpsite_pyodide), target)
    contents.write(target, sorted(notebooks.write(app).values()))


def make(recipe, target):
    """Make the app at `target`, unless it is there, whole, as this recipe makes it."""
    stamp = recipe.noted / "made.json"
    wanted = recipe.digest()
    if stamp.exists() and json.loads(stamp.read_text("utf8")) == [wanted, *inventory(target)]:
        return
    logger.info("making JupyterLite ...")
    recipe.noted.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=recipe.noted) as scratch:
        made = build(recipe, Path(scratch))
        if target.exists():
            shutil.rmtree(target)
        shutil.move(made, target)
    _write(stamp, [wanted, *inventory(target)])


def inventory(folder):
    """Return name and size of each file in `folder`, but for the notebooks."""
    inside = (path for path in sorted(folder.rglob("*")) if path.is_file())
    named = ((path.relative_to(folder).as_posix(), path.stat().st_size) for path in inside)
    return [f"{name} {size}" for name, size in named if not name.startswith(contents.FOLDERS)]


def build(recipe, scratch):
    """Run JupyterLite's own command in `scratch` and return the folder that it made."""
    source, made = scratch / "source", scratch / "made"
    (source / "pypi").mkdir(parents=True)
    for wheel in (wheels.built(recipe.root), *wheels.fetched(recipe.root)):
        shutil.copy2(wheel, source / "pypi")
    kernel = {"disablePyPIFallback": True} | place_pyodide(source, recipe.pyodide)
    _write(source / "jupyter-lite.json", runtime(recipe.title, kernel))
    _write(source / "overrides.json", SETTINGS)
    _write(source / "jupyter_lite_config.json", {"LiteBuildConfig": options()})
    run(source, made)
    finish(made, recipe.title)
    return made


def runtime(title, kernel):
    """Return what the app reads when it starts."""
    settings = {
        "appName": title,
        "faviconUrl": f"./{ICON.name}",
        "contentsAllJsonFile": contents.INDEX,
        "litePluginSettings": {KERNEL: kernel},
    }
    return {"jupyter-lite-schema-version": 0, "jupyter-config-data": settings}


def options():
    """Return what the command reads: one app, and no extension that happens to be installed."""
    installed = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
    return {
        "apps": ["lab"],
        "federated_extensions": [str(installed / name) for name in EXTENSIONS],
        "ignore_sys_prefix": True,
        "no_sourcemaps": True,
        "no_unused_shared_packages": True,
    }


def is_address(pyodide):
    """Return whether this is an address, not a path."""
    return pyodide.startswith(("https://", "http://"))


def place_pyodide(source, pyodide):
    """Put a local Pyodide where the command finds it; return the kernel's setting for others."""
    if not pyodide:
        return {}
    if is_address(pyodide):
        address = pyodide if pyodide.endswith(".mjs") else f"{pyodide.rstrip('/')}/pyodide.mjs"
        return {"pyodideUrl": address}
    folder = Path(pyodide).resolve()
    lacking = [n for n in ("pyodide.mjs", "pyodide-lock.json") if not (folder / n).is_file()]
    if lacking:
        raise ExtensionError(
            f"BOOK_PYODIDE is {pyodide!r}, where there is no {' and no '.join(lacking)};"
            " expected an address or the folder of an unpacked Pyodide distribution"
        )
    shutil.copytree(folder, source / "static" / "pyodide")
    return {}


def run(source, made):
    """Run `jupyter lite build`, deaf to the settings of whoever runs it."""
    command = [sys.executable, "-m", "jupyterlite_core", "build"]
    command += ["--lite-dir", str(source), "--output-dir", str(made)]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")}
    kept |= {"JUPYTER_CONFIG_DIR": str(source), "JUPYTER_PLATFORM_DIRS": "1"}
    done = subprocess.run(command, cwd=source, env=kept, capture_output=True, text=True)
    if done.returncode:
        raise ExtensionError(f"`jupyter lite build` failed:\n{done.stdout}{done.stderr}")


def finish(made, title):
    """Delete what no page of the app asks for, and name the app after the book."""
    for pattern in UNUSED:
        for path in made.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copyfile(ICON, made / ICON.name)
    page = made / "lab" / "index.html"
    head = f'<title>{html.escape(title)}</title><meta name="robots" content="noindex" />'
    text = page.read_text("utf8").replace("<title>JupyterLite</title>", head)
    page.write_text(text, "utf8")
    manifest = made / "manifest.webmanifest"
    entries = json.loads(manifest.read_text("utf8")) | {"name": title, "short_name": title}
    _write(manifest, {key: entries[key] for key in entries if key != "shortcuts"})


def _write(path, data):
    path.write_text(json.dumps(data, indent=2), "utf8")


def setup(app):
    """Register the hook."""
    app.connect("build-finished", install)
