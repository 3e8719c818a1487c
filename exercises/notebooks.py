"""Notebooks of an assignment: with solutions for the gradebook, without for students."""

import re
from collections.abc import Iterator

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from exercises.model import Assignment, Exercise
from exercises.source import BEGIN, DIFFICULTIES, END

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
SETUP = "import numpy as np\n\nimport bplib"
ANSWER = "YOUR ANSWER HERE"
HOW = (
    "Write your code where the cell says so, and run the cell below it: it tells you whether "
    "the answer is right and, if not, which mistake gives what you got. Add cells as you like. "
    "Written questions are read by a person."
)


def notebook(assignment: Assignment, solved: bool = False) -> nbformat.NotebookNode:
    """Return the notebook of an assignment, for nbgrader's `source` folder if `solved`."""
    title = f"# {assignment.title}\n\n{assignment.introduction}\n\n{HOW}"
    cells = [
        _cell(new_markdown_cell(title), "introduction", locked=True),
        _cell(new_code_cell(SETUP), "setup", locked=True),
    ]
    for exercise in assignment.exercises:
        cells += _cells(exercise, solved)
    return new_notebook(
        cells=cells,
        metadata={
            "kernelspec": KERNEL,
            "language_info": {"name": "python"},
            "bplib": {"assignment": assignment.name},
        },
    )


def _cells(exercise: Exercise, solved: bool) -> Iterator[nbformat.NotebookNode]:
    source, name = exercise.source, exercise.name
    facts = f"*{DIFFICULTIES[source.difficulty]}, about {source.minutes} minutes*"
    text = f"## {source.title}\n\n{facts}\n\n{plain(source.statement)}"
    yield _cell(new_markdown_cell(text), f"{name}-statement", locked=True)
    code = source.solution if solved else source.stub
    yield _cell(new_code_cell(code), f"{name}-solution", solution=True)
    call = f'bplib.check("{name}", {source.function})'
    yield _cell(new_code_cell(call), f"{name}-check", locked=True, points=source.points)
    for number, written in enumerate(source.written, 1):
        label = f"{name}-written-{number}"
        question = f"**In words.** {plain(written.text)}"
        yield _cell(new_markdown_cell(question), f"{label}-question", locked=True)
        answer = f"{BEGIN}\n{written.answer}\n{END}" if solved else ANSWER
        yield _cell(new_markdown_cell(answer), label, solution=True, points=written.points)


def plain(text: str) -> str:
    """Return MyST Markdown as any notebook shows it: hints fold, references are text."""
    text = re.sub(
        r"```\{hint\}[^\n]*\n(.*?)\n```",
        r"<details><summary>Hint</summary>\n\n\1\n\n</details>",
        text,
        flags=re.DOTALL,
    )
    return re.sub(r"\{(?:ref|doc)\}`([^`<]+?)\s*(?:<[^`>]*>)?`", r"\1", text)


def _cell(
    cell: nbformat.NotebookNode,
    grade_id: str,
    locked: bool = False,
    solution: bool = False,
    points: int | None = None,
) -> nbformat.NotebookNode:
    cell["id"] = re.sub(r"[^a-zA-Z0-9-_]", "-", grade_id)[:64]
    cell.metadata["nbgrader"] = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": points is not None,
        "solution": solution,
        "locked": locked,
        "task": False,
    }
    if points is not None:
        cell.metadata.nbgrader["points"] = points
    return cell
