"""Notebooks of an assignment: with solutions for the gradebook, without for students."""

import hashlib
import re
from collections.abc import Callable, Iterator

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from bplib.checks.packing import seal
from exercises.exercise import Assignment, Exercise
from exercises.plain_markdown import Text, plain_markdown
from exercises.source import BEGIN, DIFFICULTIES, END, fill
from exercises.visible_cases import packed

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
SETUP = "import numpy as np\n\nimport bplib"
ANSWER = "YOUR ANSWER HERE"
HOW = (
    "Write your code where the cell says so, and run the cell below it: it tells you whether "
    "the answer is right and, if not, which mistake gives what you got. Add cells as you like. "
    "Written questions are read by a person. Write what your functions need yourself, with NumPy: "
    "when they are graded, nothing of `bplib` is there but `bplib.check`."
)


Version = Callable[[Exercise], int]


def notebook(
    assignment: Assignment, solved: bool = False, version: Version | None = None
) -> nbformat.NotebookNode:
    """Return the notebook of an assignment.

    Args:
        assignment: what is handed out.
        solved: with solutions, as nbgrader's `source` folder has it.
        version: gives the seed of a student's own numbers; the public ones if left out.
    """
    title = f"# {assignment.title}\n\n{assignment.introduction}\n\n{HOW}"
    cells = [
        _cell(new_markdown_cell(title), "introduction", locked=True),
        _cell(new_code_cell(SETUP), "setup", locked=True),
    ]
    for exercise in assignment.exercises:
        cells += _cells(exercise, solved, version)
    return new_notebook(
        cells=cells,
        metadata={
            "kernelspec": KERNEL,
            "language_info": {"name": "python"},
            "bplib": {"assignment": assignment.name},
        },
    )


def sealed(exercise: Exercise, seed: int) -> str:
    """Return the text by which `bplib.check` knows a student's own numbers.

    It holds their mark, by which grading knows them.
    """
    return seal({**packed(exercise, seed), "mark": mark(seed)})


def mark(seed: int) -> str:
    """Return what tells numbers from others, and does not tell the seed."""
    return hashlib.sha256(f"numbers of {seed}".encode()).hexdigest()[:16]


def _cells(
    exercise: Exercise, solved: bool, version: Version | None
) -> Iterator[nbformat.NotebookNode]:
    source, name = exercise.source, exercise.name
    seed = version(exercise) if version and exercise.key.own else None
    numbers = exercise.numbers(seed)
    facts = f"*{DIFFICULTIES[source.difficulty]}, about {source.minutes} minutes*"
    statement = fill(source.statement, numbers)
    text = f"## {source.title}\n\n{facts}\n\n{plain_markdown(statement, Text(name))}"
    yield _cell(new_markdown_cell(text), f"{name}-statement", locked=True)
    code = fill(source.solution if solved else source.stub, numbers)
    yield _cell(new_code_cell(code), f"{name}-solution", solution=True)
    own = "" if seed is None else f',\n            "{sealed(exercise, seed)}"'
    call = f'bplib.check("{name}", {source.function}{own})'
    yield _cell(new_code_cell(call), f"{name}-check", locked=True, points=source.points)
    for number, written in enumerate(source.written, 1):
        label = f"{name}-written-{number}"
        question = f"**In words.** {plain_markdown(written.text, Text(label))}"
        yield _cell(new_markdown_cell(question), f"{label}-question", locked=True)
        answer = f"{BEGIN}\n{written.answer}\n{END}" if solved else ANSWER
        yield _cell(new_markdown_cell(answer), label, solution=True, points=written.points)


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
