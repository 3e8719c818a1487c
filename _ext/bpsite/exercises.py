"""Writes the pages of exercises before Sphinx looks for pages; solutions stay behind."""

import sys
from pathlib import Path


def write_pages(app, config):
    """Make `assignments/` from the sources in `exercises/`."""
    root = str(app.srcdir)
    if root not in sys.path:
        sys.path.insert(0, root)
    from exercises import pages

    pages.write(Path(root) / "assignments")


def setup(app):
    """Register the hook ahead of the one that reads the table of contents."""
    app.connect("config-inited", write_pages, priority=100)
