"""Keeps of other people's style sheets only what some page of the site can need."""

import subprocess
from pathlib import Path

from sphinx.errors import ExtensionError

from bpsite.html.assets import node_modules, node_program

OTHERS = (
    "styles/pydata-sphinx-theme.css",
    "styles/sphinx-book-theme.css",
    "sphinx-design.min.css",
    "mystnb.*.css",
)


def slim(app, exception):
    """Take out of the style sheets what no page asks for; Sphinx has just copied them whole.

    Raises:
        ExtensionError: a style sheet is missing, or cannot be read.
    """
    if exception or app.builder.format != "html":
        return
    node_modules(app)
    site = Path(app.outdir)
    sheets = [path for name in OTHERS for path in (site / "_static").glob(name)]
    if len(sheets) != len(OTHERS):
        found = [path.name for path in sheets]
        raise ExtensionError(f"style sheets are {found}; expected one of each of {OTHERS}")
    script = Path(__file__).with_name("slim_styles.mjs")
    done = subprocess.run(
        [node_program(), script, site, *sheets], cwd=app.confdir, capture_output=True, text=True
    )
    if done.returncode:
        raise ExtensionError(f"{script.name} failed:\n{done.stderr[:2000]}")
