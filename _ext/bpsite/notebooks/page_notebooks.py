"""Writes a notebook of every chapter and assignment that runs wherever Jupyter does."""

import shutil
from pathlib import Path

import jupytext
import nbformat
from jupyter_cache import get_cache
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from bpsite.notebooks import wheels
from bpsite.notebooks.cross_references import BookText
from exercises.plain_markdown import cited, plain_markdown

FOLDER = "notebooks"
"""Where they are, beside the built site; and where the site offers them, with executed copies."""

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
FOLDED = {"hide-input", "hide-cell"}

FIRST = """\
# This cell gets bplib, the book's package, and what it needs, where they are missing.
import importlib
import sys
from importlib.util import find_spec
from pathlib import Path

NEEDED = "{needed}".split()
WHEEL = "{wheel}"


def missing():
    importlib.invalidate_caches()
    return [name for name in NEEDED if find_spec(name) is None]


if found := find_spec("bplib"):
    folders = list(found.submodule_search_locations or [found.origin])
    if not any(Path(folder, "gradient_check.py").exists() for folder in folders):
        raise ImportError(
            f"The bplib in {{folders[0]}} is not the book's, but another of that name. "
            "Say %pip uninstall -y bplib in a new cell, or rename it if it is your own file. "
            "Then restart the kernel, and run this cell again."
        )
if names := missing():
    print("Missing here:", *names, "- pip will install them, which can take some minutes.")
    if sys.platform == "emscripten":  # in a browser
        %pip install -q {name}
    elif "bplib" not in names:
        %pip install -q {{" ".join(names)}}
    elif Path(WHEEL).exists():
        %pip install -q ./{{WHEEL}}
{elsewhere}if names := missing():
    raise ImportError(
        f"Not installed here: {{', '.join(names)}}. Get 'Notebook and package' from the "
        "download menu of {page} and unpack it. In a terminal, in its folder, say "
        f"'{{sys.executable}} -m pip install ./{{WHEEL}}', which needs a network. "
        "Then restart the kernel, and run this cell again."
    )
{place}import bplib"""
PLACE = """\
import os

os.environ.setdefault("BOOK_ADDRESS", "{address}")  # bplib.check then links what to read
"""
FROM_SITE = """\
    else:
        %pip install -q {address}
"""


def write(app):
    """Bring the notebooks up to date; return the path of each by its page.

    A page is named as Sphinx does it, such as "chapters/04-backward-pass".
    """
    if hasattr(app, "bpsite_notebooks"):
        return app.bpsite_notebooks
    app.bpsite_notebooks = written = {}
    before = {path: path.read_bytes() for path in folder(app).glob("*/*.ipynb")}
    for page in sorted(app.env.found_docs):
        source, first = Path(app.srcdir) / f"{page}.md", setup_cell(app, page)
        if page.startswith("assignments/") and source.with_suffix(".ipynb").exists():
            name = page.replace("assignments/", "exercises/")
            clean = assignment(source.with_suffix(".ipynb"), first)
            written[page] = _save(folder(app) / f"{name}.ipynb", clean)
        elif source.read_text("utf8").startswith("---\njupytext:"):
            notebook = jupytext.read(source)
            clean = chapter(app, page, notebook, first)
            written[page] = _save(folder(app) / f"{page}.ipynb", clean)
            done = Path(app.outdir) / FOLDER / executed_name(f"{page}.ipynb")
            _save(done, executed(app, notebook, clean))
    app.bpsite_changed = [
        page for page, path in written.items() if before.get(path) != path.read_bytes()
    ]
    return written


def changed(app, env):
    """Return the pages whose notebook is another than in the last build: their buttons name it."""
    write(app)
    return app.bpsite_changed


def chapter(app, page, notebook, first):
    """Return a chapter as a notebook without anything that only the site understands."""
    bibliography = Path(app.confdir) / "references.bib"
    text = BookText(page, app.env, bibliography, app.config.html_baseurl)
    cells, works = [], set()
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            works |= cited(cell.source)
            cells.append(new_markdown_cell(plain_markdown(cell.source, text)))
        else:
            folded = FOLDED & set(cell.metadata.get("tags", []))
            metadata = {"jupyter": {"source_hidden": True}} if folded else {}
            cells.append(new_code_cell(cell.source, metadata=metadata))
    if works:
        cells.append(new_markdown_cell(f"## References\n\n{text.references(works)}"))
    cells.append(new_markdown_cell(origin(app.config)))
    for number, cell in enumerate(cells, start=1):
        cell["id"] = f"cell-{number}"
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return new_notebook(cells=[first, *cells], metadata=metadata)


def origin(config):
    """Return what a notebook that travels alone says of where it is from."""
    title = f"*{config.html_title}*"
    if config.html_baseurl:
        title = f"[{title}]({config.html_baseurl})"
    return f"From {title}. Text: CC BY 4.0. Code: BSD 3-Clause."


def assignment(path, first):
    """Return an assignment's notebook, with the cell that gets the package."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, first)
    return notebook


def executed(app, notebook, clean):
    """Return the clean chapter with the outputs that the same chapter has in the site."""
    cache = get_cache(str(Path(app.outdir).parent / ".jupyter_cache"))
    _, run = cache.merge_match_into_notebook(notebook)
    copy = nbformat.from_dict(clean)
    copy.metadata["widgets"] = run.metadata.get("widgets", {})
    there = [cell for cell in copy.cells if cell.cell_type == "code"][1:]
    ran = [cell for cell in run.cells if cell.cell_type == "code"]
    for count, (cell, one) in enumerate(zip(there, ran, strict=True), start=1):
        cell.outputs, cell.execution_count = one.outputs, count
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
    return copy


def folder(app):
    """Return the folder of the clean notebooks."""
    return Path(app.outdir).parent / FOLDER


def executed_name(path):
    """Return the path of the executed copy of a notebook."""
    return path.removesuffix(".ipynb") + "-executed.ipynb"


def setup_cell(app, page):
    """Return the first cell of a page's notebook."""
    root, address = Path(app.confdir), app.config.html_baseurl
    wheel = wheels.built(root).name
    code = FIRST.format(
        name=wheels.NAME,
        needed=" ".join(["bplib", *wheels.needed(root)]),
        wheel=wheel,
        elsewhere=FROM_SITE.format(address=f"{address}{wheels.OFFERED}/{wheel}") if address else "",
        place=PLACE.format(address=address) if address else "",
        page=f"{address}{page}.html" if address else "this notebook's page in the book",
    )
    return new_code_cell(code, id="install")


def offer(app, exception):
    """Copy the clean notebooks into the site."""
    if exception or app.builder.format != "html":
        return
    for path in write(app).values():
        target = Path(app.outdir) / FOLDER / path.relative_to(folder(app))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def _save(path, notebook):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = nbformat.writes(notebook) + "\n"
    if not path.exists() or path.read_text("utf8") != text:
        path.write_text(text, encoding="utf-8")
    return path
