"""Submissions as students might send them."""

import io
import json
import zipfile

import nbformat

from exercises.assignment_notebook import notebook
from exercises.source import fill


def sent(assignment, answers=None, written="The first layer's.", edit=None):
    """Return a student's notebook: answers by exercise, all others as handed out."""
    nb = notebook(assignment)
    for cell in nb.cells:
        name = cell.metadata.nbgrader.grade_id
        for exercise, code in (answers or {}).items():
            if name == f"{exercise}-solution":
                cell.source = code
        if cell.metadata.nbgrader.solution and cell.cell_type == "markdown" and written:
            cell.source = written
    if edit:
        edit(nb)
    return nbformat.writes(nb).encode()


def solved(assignment, count=None):
    """Return the references of all exercises, or of the first few."""
    return {e.name: fill(e.source.solution, e.numbers()) for e in assignment.exercises[:count]}


def archive(files, links=None):
    """Return a zip with files by path, and links to other paths."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as target:
        for path, content in files.items():
            target.writestr(path, content)
        for path, goal in (links or {}).items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = 0o120777 << 16
            target.writestr(entry, goal)
    return data.getvalue()


def canvas(name, number, assignment, late=False, copy=0):
    """Return the name that Canvas gives to an upload."""
    again = f"-{copy}" if copy else ""
    return (
        f"{name}_{'LATE_' if late else ''}{number}_{number + 7000 + copy}_{assignment}{again}.ipynb"
    )


def cell_named(nb, name):
    return next(
        cell for cell in nb.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name
    )


def as_json(data):
    return json.loads(data)
