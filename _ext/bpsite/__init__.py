"""The book's own Sphinx extension: makes every page self-contained."""

import os

from . import (
    bundles,
    ending,
    exercises,
    explorers,
    launch,
    lite,
    mathematics,
    metadata,
    notebooks,
    pages,
    places,
    reference,
    sitemap,
    static,
    wheels,
)

PARTS = (
    ending,
    places,
    static,
    exercises,
    mathematics,
    notebooks,
    bundles,
    explorers,
    pages,
    reference,
    launch,
    wheels,
    metadata,
    sitemap,
    lite,
)


def setup(app):
    """Connect the parts; each part's own docstring says what it does."""
    os.environ["TQDM_DISABLE"] = "1"  # the kernels inherit it: no progress bars in a page
    for part in PARTS:
        part.setup(app)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": False}
