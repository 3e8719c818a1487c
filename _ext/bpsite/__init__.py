"""The book's own Sphinx extension: makes every page self-contained."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `exercises` is

from . import (
    bundles,
    chapter_box,
    ending,
    exercises,
    explorers,
    folds,
    launch,
    lite,
    mathematics,
    metadata,
    notebooks,
    numbers,
    pages,
    places,
    reference,
    runtime,
    sitemap,
    solutions,
    static,
    wheels,
)

PARTS = (
    ending,
    places,
    static,
    runtime,
    exercises,
    mathematics,
    numbers,
    folds,
    solutions,
    chapter_box,
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
