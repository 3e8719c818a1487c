"""Compares the numbers in the students' notebooks with those that they are graded by."""

import re
from collections.abc import Iterator
from typing import Protocol

from bplib.checks.packing import unseal
from exercises.assignment_notebook import mark
from exercises.exercise import Assignment, Exercise
from grading.collect import Student
from grading.repair import sources
from grading.secret import seed

EVERYBODY, OWN, OTHER = "those that everybody has", "the student's own", "somebody else's"
TRIED = 5  # notebooks of a student
SHOWN = 3  # students that a refusal names


class Settings(Protocol):
    """What is graded, and by which numbers: a Grader."""

    assignment: Assignment
    secret: bytes
    own: bool


def compare(settings: Settings, students: list[Student]) -> list[str]:
    """Return a remark for each notebook whose numbers are not those that it is graded by.

    Raises:
        ValueError: most notebooks have other numbers; the message says what to do.
    """
    remarks = []
    for exercise in _exercises(settings.assignment):
        expected = OWN if settings.own else EVERYBODY
        marks = {s.name: _newest_marks(s, exercise) for s in students}
        kinds = {name: _kind(settings, name, exercise, found) for name, found in marks.items()}
        known = {name: kind for name, kind in kinds.items() if kind}
        wrong = {name: kind for name, kind in known.items() if kind != expected}
        if 2 * len(wrong) > len(known):
            raise ValueError(_refusal(settings, exercise, wrong, len(known)))
        whose = {mark(seed(settings.secret, exercise.name, s.name)): s.name for s in students}
        for name, kind in wrong.items():
            told = next((f"those of {whose[m]}" for m in marks[name] if m in whose), kind)
            told = kind if kind != OTHER else told
            remarks.append(f"{name}: the numbers of {exercise.name} are {told}, not {expected}")
    return remarks


def notes(settings: Settings, student: str, data: bytes) -> Iterator[str]:
    """Tell a student of numbers that are not those of the answer that is expected."""
    for exercise in _exercises(settings.assignment):
        kind = _kind(settings, student, exercise, marks_in(data, exercise))
        if kind and kind != (OWN if settings.own else EVERYBODY):
            yield f"The numbers of “{exercise.name}” are not those that you were given."


def marks_in(data: bytes, exercise: Exercise) -> set[str]:
    """Return the marks of the numbers in a notebook: "" for those that everybody has.

    What cannot be read as a mark is returned as "?".
    """
    call = (
        rf"""bplib\.check\(\s*["']{exercise.name}["']\s*,\s*\w+\s*(?:,\s*["']([^"']*)["']\s*)?\)"""
    )
    return {_mark(found[1] or "") for text in sources(data) for found in re.finditer(call, text)}


def _newest_marks(student: Student, exercise: Exercise) -> set[str]:
    found = (marks_in(upload.data, exercise) for upload in student.latest[:TRIED])
    return next(filter(None, found), set())


def _mark(text: str) -> str:
    try:
        return str(unseal(text).get("mark", "?")) if text else ""
    except (ValueError, AttributeError):
        return "?"


def _exercises(assignment: Assignment) -> list[Exercise]:
    return [exercise for exercise in assignment.exercises if exercise.key.own]


def _kind(settings: Settings, student: str, exercise: Exercise, marks: set[str]) -> str:
    """Say whose numbers they are, "" if nothing in the notebook tells."""
    if mark(seed(settings.secret, exercise.name, student)) in marks:
        return OWN
    if "" in marks:
        return EVERYBODY
    return OTHER if marks - {"?"} else ""


def _refusal(settings: Settings, exercise: Exercise, wrong: dict[str, str], known: int) -> str:
    kinds = list(wrong.values())
    most = max((OWN, EVERYBODY, OTHER), key=kinds.count)
    names = [name for name, kind in wrong.items() if kind == most]
    whose = ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
    if most == EVERYBODY:
        told = "have the numbers that everybody has; grade without --own-numbers"
    elif most == OWN:
        told = "have numbers of the student's own; grade with --own-numbers"
    else:
        also = "" if settings.own else "--own-numbers and "
        told = (
            "have numbers that were drawn from another secret, or for names that are spelled "
            f"otherwise; grade with {also}the --secret-file that `variants` had"
        )
    return f"{len(names)} of {known} notebooks ({whose}) {told}. Nothing was graded"
