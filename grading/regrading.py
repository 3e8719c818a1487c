"""Keeps the points that a person gave, as long as the answer that they were given for stands."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from grading.course import Course, plain, save


@dataclass
class Memory:
    """What is remembered of a submission that was entered in the gradebook.

    Attributes:
        answers: a digest of the answer in each cell that has points.
        withdrawn: the points that a person gave for an answer that has changed since.
    """

    answers: dict[str, str] = field(default_factory=dict)
    withdrawn: dict[str, str] = field(default_factory=dict)


def withdraw(book: Gradebook, course: Course, assignment: str, student: str) -> None:
    """Take back a person's points for answers that have changed, and remember which they were.

    It is done before the new submission is entered. Ctrl-C at any moment loses no points of an
    unchanged answer, and lets none of a changed one stand.
    """
    memory = remembered(course, assignment, student)
    new = answers(course.notebook("submitted", assignment, student))
    grades = _grades(book, assignment, student)
    changed = {name for name, old in memory.answers.items() if new.get(name) != old}
    for name in sorted(changed & set(grades)):
        grade = grades[name]
        if grade.manual_score is not None or grade.extra_credit:
            memory.withdrawn[name] = _told(grade)
    path = course.memory(assignment, student)
    save(path, json.dumps(asdict(memory)).encode())
    for name in changed & set(grades):
        grades[name].manual_score = grades[name].extra_credit = None
    book.db.commit()
    memory.answers = new
    save(path, json.dumps(asdict(memory)).encode())


def to_read_again(book: Gradebook, course: Course, assignment: str, student: str) -> Iterator[str]:
    """Yield what was taken back and not given anew, a line for each cell."""
    grades = _grades(book, assignment, student)
    for name, points in remembered(course, assignment, student).withdrawn.items():
        if name in grades and grades[name].manual_score is None:
            yield f"{student}: {name} had {points}"


def remembered(course: Course, assignment: str, student: str) -> Memory:
    """Return what is remembered; of an older course, what the autograded notebook says."""
    try:
        return Memory(**json.loads(course.memory(assignment, student).read_bytes()))
    except (OSError, ValueError, TypeError):
        return Memory(answers(course.notebook("autograded", assignment, student)))


def answers(path: Path) -> dict[str, str]:
    """Return a digest of the answer in each cell with points: words, or all code that counts."""
    try:
        cells = json.loads(path.read_bytes())["cells"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    named = {_about(cell).get("grade_id", ""): cell for cell in cells}
    others = [c for c in cells if c["cell_type"] == "code" and not _about(c).get("grade_id")]
    found = {}
    for name, cell in named.items():
        if _about(cell).get("grade"):
            own = named.get(f"{name.removesuffix('-check')}-solution")
            parts = [cell] if cell["cell_type"] == "markdown" else [own, *others]
            found[name] = hashlib.sha256(
                json.dumps(list(map(_content, parts))).encode()
            ).hexdigest()
    return found


def _content(cell: dict[str, Any] | None) -> list[Any]:
    cell = cell or {}
    return ["".join(cell.get("source", "")).strip(), sorted(cell.get("attachments", {}).items())]


def _about(cell: dict[str, Any]) -> dict[str, Any]:
    return cell.get("metadata", {}).get("nbgrader", {})


def _grades(book: Gradebook, assignment: str, student: str) -> dict[str, Any]:
    try:
        submission = book.find_submission_notebook(assignment, assignment, student)
    except MissingEntry:
        return {}
    return {grade.cell.name: grade for grade in submission.grades}


def _told(grade: Any) -> str:
    given = "" if grade.manual_score is None else f"{plain(grade.manual_score)} points"
    extra = f"{plain(grade.extra_credit)} of extra credit" if grade.extra_credit else ""
    return " and ".join(filter(None, (given, extra)))
