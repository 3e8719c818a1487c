"""Writes an `.ipynb` twin beside every chapter, which the pages offer for download."""

import shutil
from pathlib import Path

import jupytext


def twin(source):
    """Bring the notebook beside `source` up to date; return its path, or None for mere text."""
    path = source.with_suffix(".ipynb")
    if path.exists() and path.stat().st_mtime > source.stat().st_mtime:
        return path
    if not source.read_text("utf8").startswith("---\njupytext:"):
        return None
    notebook = jupytext.read(source)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    jupytext.write(notebook, path, fmt="ipynb")
    return path


def offer(app, pagename, templatename, context, doctree):
    """Copy the twin to `_sources/` and tell the theme of it."""
    source = Path(app.srcdir) / f"{pagename}.md"
    if doctree is None or not source.exists():
        return
    if path := twin(source):
        target = Path(app.outdir) / "_sources" / f"{pagename}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        context["ipynb_source"] = f"{pagename}.ipynb"


def setup(app):
    """Register the hook ahead of the theme's own, which reads what it sets."""
    app.connect("html-page-context", offer, priority=100)
