"""Writes the pages of exercises before Sphinx looks for pages; solutions stay behind."""

from pathlib import Path

from exercises import site_pages


def write_pages(app, config):
    """Make `assignments/` from the sources in `exercises/`."""
    site_pages.write(Path(app.srcdir) / "assignments")
