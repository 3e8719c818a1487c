"""The book's own Sphinx extension: makes every page self-contained, and a notebook."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # where `exercises` is

from bpsite import addresses, termination
from bpsite.html import (
    assets,
    assignment_pages,
    chapter_box,
    docstrings,
    first_frames,
    folds,
    glossary,
    launch_buttons,
    mathematics,
    metadata,
    numbering,
    read_marks,
    repairs,
    search,
    sitemap,
    solution_links,
    style_sheets,
    widget_runtime,
)
from bpsite.lite import app as lite
from bpsite.notebooks import execution, page_notebooks, wheels, zips

HOOKS = (
    ("config-inited", 50, addresses.read),
    ("config-inited", 100, assignment_pages.write_pages),  # before the contents are read
    ("config-inited", 500, repairs.use_templates),
    ("config-inited", 500, search.use),
    ("builder-inited", 500, assets.install),
    ("builder-inited", 500, widget_runtime.install),
    ("builder-inited", 500, mathematics.start),
    ("builder-inited", 500, metadata.draw),
    ("autodoc-process-docstring", 500, docstrings.plain),
    ("autodoc-skip-member", 500, docstrings.skip_arrays),
    ("env-before-read-docs", 500, execution.ahead),
    ("env-get-updated", 500, numbering.renumber),
    ("env-get-updated", 900, page_notebooks.changed),  # after the numbers of all equations
    ("env-get-updated", 500, glossary.changed),
    ("env-check-consistency", 500, search.find_sections),
    ("doctree-resolved", 400, glossary.link),  # while all that will be folded can be told
    ("doctree-resolved", 500, folds.fold_cells),
    ("doctree-resolved", 500, folds.fold_sections),
    ("doctree-resolved", 500, solution_links.link),
    ("doctree-resolved", 900, repairs.drop_thebe_settings),
    ("html-page-context", 500, metadata.describe),
    ("html-page-context", 500, read_marks.offer),
    ("html-page-context", 900, widget_runtime.check),  # while the widgets' state is in its place
    ("html-page-context", 900, repairs.drop_scripts),  # after those of thebe and the theme
    ("html-page-context", 900, repairs.repair_roles),
    ("html-page-context", 900, repairs.number_chapters),
    ("html-page-context", 901, first_frames.insert),  # after myst-nb has added its scripts
    ("html-page-context", 950, chapter_box.say_minutes),  # the explorers have their pictures
    ("html-page-context", 950, launch_buttons.replace_groups),  # after the theme's own
    ("build-finished", 400, metadata.front_door),  # ahead of the bare one that etoc writes
    ("build-finished", 400, page_notebooks.offer),
    ("build-finished", 500, assets.slim),
    ("build-finished", 500, mathematics.stop),
    ("build-finished", 500, zips.offer),
    ("build-finished", 500, wheels.offer),
    ("build-finished", 500, sitemap.write),
    ("build-finished", 500, lite.install),
    ("build-finished", 600, style_sheets.slim),  # once every page and style sheet is there
)
"""Event of Sphinx, priority, function: in the order in which a build comes to them."""

WHOLE = {
    widget_runtime.install,
    metadata.draw,
    metadata.front_door,
    page_notebooks.changed,
    page_notebooks.offer,
    launch_buttons.replace_groups,
    zips.offer,
    wheels.offer,
    style_sheets.slim,
    sitemap.write,
    lite.install,
}
"""What a draft does without: it shows one page at once, while somebody writes it."""

PARTS = (
    termination,
    addresses,
    assets,
    docstrings,
    mathematics,
    numbering,
    folds,
    chapter_box,
    search,
)
"""What registers nodes, directives, settings or files too, by a `setup` of its own."""


def connect(app, *modules):
    """Connect the hooks of some modules alone, as a small book does that tries them."""
    for module in modules:
        if module in PARTS:
            module.setup(app)
    names = {module.__name__ for module in modules}
    left_out = WHOLE if os.environ.get("BOOK_DRAFT") else set()
    for event, priority, function in HOOKS:
        if function.__module__ in names and function not in left_out:
            app.connect(event, function, priority=priority)


def setup(app):
    """Connect all hooks."""
    os.environ["TQDM_DISABLE"] = "1"  # the kernels inherit it: no progress bars in a page
    connect(app, *PARTS, *{sys.modules[function.__module__] for *_, function in HOOKS} - {*PARTS})
    return {"version": "1.0", "parallel_read_safe": True, "parallel_write_safe": False}
