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

from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL
from sphinx.errors import ExtensionError
from sphinx.util import logging

from bpsite import addresses
from bpsite.html import assets
from bpsite.lite import notebook_list
from bpsite.notebooks import page_notebooks, wheels

PARTS = ("jupyterlite-core", "jupyterlite-pyodide-kernel", *wheels.LACKING)
EXTENSIONS = (
    "@jupyterlite/pyodide-kernel-extension",
    "@jupyter-widgets/jupyterlab-manager",
    "anywidget",
)
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
UNTIDY = "@jupyterlab/docmanager-extension:path-status"  # shows the name with its digest
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
ICON = Path(assets.__file__).parent / "static" / "favicon.svg"
OWN = Path(__file__).parent / "static"
LOADER = "pyodide.mjs"
CODE = (Path(__file__), Path(wheels.__file__), ICON, *sorted(OWN.iterdir()))

HEAD = """\
<title>{title}</title>
    <meta name="robots" content="noindex" />
    <link rel="stylesheet" href="../lite.css" />
    <script id="bpsite-lite" type="application/json">{known}</script>
    <script src="../lite.js"></script>"""

logger = logging.getLogger(__name__)


def path(app, name):
    """Return the address in the site that opens a notebook, such as chapters/05-worked-example."""
    notebook = page_notebooks.folder(app) / f"{name}.ipynb"
    return f"lite/lab/index.html?path={quote(notebook_list.place(notebook))}"


@dataclass(frozen=True)
class Recipe:
    """What goes into the app.

    Attributes:
        root: the project's folder.
        noted: the folder in which it is noted what was made last.
        title: the name of the app.
        pyodide: an address or a folder where Pyodide is found, "" for its CDN.
        binder: the address at which Binder runs a notebook, up to its path, "" if none does.
    """

    root: Path
    noted: Path
    title: str
    pyodide: str = ""
    binder: str = ""

    def digest(self):
        """Return a digest of all of it."""
        versions = [(name, version(name)) for name in PARTS]
        total = hashlib.sha256(repr([self.title, self.pyodide, self.binder, versions]).encode())
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
    binder = config.bpsite_repository and addresses.binder(config.bpsite_repository)
    recipe = Recipe(Path(app.confdir), noted, config.html_title, config.bpsite_pyodide, binder)
    make(recipe, target)
    notebook_list.write(target, sorted(page_notebooks.write(app).values()))


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
    """Return name and size of each file in `folder`, but for the page_notebooks."""
    inside = (path for path in sorted(folder.rglob("*")) if path.is_file())
    named = ((path.relative_to(folder).as_posix(), path.stat().st_size) for path in inside)
    return [f"{name} {size}" for name, size in named if not name.startswith(notebook_list.FOLDERS)]


def build(recipe, scratch):
    """Run JupyterLite's own command in `scratch` and return the folder that it made."""
    source, made = scratch / "source", scratch / "made"
    (source / "pypi").mkdir(parents=True)
    for wheel in (wheels.built(recipe.root), *wheels.fetched(recipe.root)):
        shutil.copy2(wheel, source / "pypi")
    _write(source / "jupyter-lite.json", runtime(recipe.title))
    _write(source / "overrides.json", SETTINGS)
    _write(source / "jupyter_lite_config.json", {"LiteBuildConfig": options()})
    run(source, made)
    place_pyodide(made / "static", recipe.pyodide)
    finish(made, recipe)
    return made


def runtime(title):
    """Return what the app reads when it starts."""
    settings = {
        "appName": title,
        "faviconUrl": f"./{ICON.name}",
        "contentsAllJsonFile": notebook_list.INDEX,
        "disabledExtensions": [UNTIDY],
        "exposeAppInBrowser": True,  # to lite.js
        "litePluginSettings": {
            KERNEL: {"disablePyPIFallback": True, "pyodideUrl": f"./static/{LOADER}"}
        },
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


def place_pyodide(static, pyodide):
    """Write our module that loads Pyodide to the folder `static`, beside it a local Pyodide."""
    static.mkdir(parents=True, exist_ok=True)
    module = (OWN / LOADER).read_text("utf8").replace("PYODIDE", module_of(pyodide))
    (static / LOADER).write_text(module, "utf8")
    if pyodide and not is_address(pyodide):
        shutil.copytree(pyodide, static / "pyodide")


def module_of(pyodide):
    """Return the address of Pyodide's own module, as seen from ours."""
    if not pyodide:
        return f"{PYODIDE_CDN_URL}/pyodide.mjs"
    if is_address(pyodide):
        return pyodide if pyodide.endswith(".mjs") else f"{pyodide.rstrip('/')}/pyodide.mjs"
    lacking = [
        name for name in ("pyodide.mjs", "pyodide-lock.json") if not Path(pyodide, name).is_file()
    ]
    if lacking:
        raise ExtensionError(
            f"BOOK_PYODIDE is {pyodide!r}, where there is no {' and no '.join(lacking)};"
            " expected an address or the folder of an unpacked Pyodide distribution"
        )
    return "./pyodide/pyodide.mjs"


def run(source, made):
    """Run `jupyter lite build`, deaf to the settings of whoever runs it."""
    command = [sys.executable, "-m", "jupyterlite_core", "build"]
    command += ["--lite-dir", str(source), "--output-dir", str(made)]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")}
    kept |= {"JUPYTER_CONFIG_DIR": str(source), "JUPYTER_PLATFORM_DIRS": "1"}
    done = subprocess.run(command, cwd=source, env=kept, capture_output=True, text=True)
    if done.returncode:
        raise ExtensionError(f"`jupyter lite build` failed:\n{done.stdout}{done.stderr}")


def finish(made, recipe):
    """Delete what no page of the app asks for, add what is ours, and name it after the book."""
    for pattern in UNUSED:
        for path in made.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in (ICON, OWN / "lite.js", OWN / "lite.css"):
        shutil.copyfile(path, made / path.name)
    page = made / "lab" / "index.html"
    head = HEAD.format(title=html.escape(recipe.title), known=json.dumps({"binder": recipe.binder}))
    page.write_text(page.read_text("utf8").replace("<title>JupyterLite</title>", head), "utf8")
    title = recipe.title
    manifest = made / "manifest.webmanifest"
    entries = json.loads(manifest.read_text("utf8")) | {"name": title, "short_name": title}
    _write(manifest, {key: entries[key] for key in entries if key != "shortcuts"})


def _write(path, data):
    path.write_text(json.dumps(data, indent=2), "utf8")
