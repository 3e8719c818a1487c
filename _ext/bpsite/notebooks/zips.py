"""Writes a zip for each notebook that has all it takes to run it: itself, `bplib`, and how to."""

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from bpsite.notebooks import page_notebooks, wheels

README = """\
{title}
{line}

{notebook} is a notebook of this book{address}.
{wheel} is bplib, the package that it calls.

You need Python {python} or newer. In a terminal, in this folder:

    python -m pip install jupyterlab ./{wheel}
    python -m jupyterlab {notebook}

In a Jupyter that you have already, open the notebook from this folder: its first cell installs
the package that lies beside it. Installing needs a network, running does not.

Text: CC BY 4.0. Code: BSD 3-Clause.
"""


def name(notebook):
    """Return the path of a notebook's zip, beside the notebook."""
    return notebook.removesuffix(".ipynb") + ".zip"


def offer(app, exception):
    """Write the zips into the site."""
    if exception or app.builder.format != "html":
        return
    wheel = wheels.built(Path(app.confdir))
    for notebook in page_notebooks.write(app).values():
        place = notebook.relative_to(page_notebooks.folder(app)).as_posix()
        target = Path(app.outdir) / page_notebooks.FOLDER / name(place)
        write(target, notebook, wheel, readme(app, notebook, wheel))


def readme(app, notebook, wheel):
    """Return what the zip says about itself."""
    title, address = app.config.html_title, app.config.html_baseurl
    return README.format(
        title=title,
        line="=" * len(title),
        notebook=notebook.name,
        address=f", which is at {address}" if address else "",
        wheel=wheel.name,
        python=wheels.project(Path(app.confdir))["requires-python"].removeprefix(">="),
    )


def write(target, notebook, wheel, readme):
    """Write one zip; the same files make the same bytes."""
    inside = {
        "README.txt": readme.encode(),
        notebook.name: notebook.read_bytes(),
        wheel.name: wheel.read_bytes(),
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(target, "w") as archive:
        for file, data in inside.items():
            info = ZipInfo(f"{notebook.stem}/{file}")  # of a zip's first day
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, data, ZIP_DEFLATED)
