"""The book's own Sphinx extension: makes every page self-contained."""

from . import explorers, mathematics, notebooks, pages, static


def setup(app):
    """Connect the parts; each part's own docstring says what it does."""
    for part in (static, mathematics, notebooks, explorers, pages):
        part.setup(app)
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": False}
