"""A notebook for each student, with numbers of their own, and the key to all of them."""

import argparse
import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import nbformat

from bplib._progress import progress
from exercises.assignment_notebook import notebook
from exercises.exercise import Assignment, Exercise, named
from grading.names import encoded
from grading.secret import read, seed


def version(secret: bytes, student: str, exercise: Exercise) -> int:
    """Return the seed of a student's version of an exercise."""
    return seed(secret, exercise.name, encoded(student))


def hand_out(assignment: Assignment, students: list[str], secret: bytes, out: Path) -> Path:
    """Write <out>/<student>/<assignment>.ipynb for each student, and the key beside them.

    Returns:
        The path of the key, a CSV file with a row for each student and exercise.

    Raises:
        ValueError: no exercise of the assignment has versions, or a student's id does not do
            for a folder.
    """
    own = [exercise for exercise in assignment.exercises if exercise.key.own]
    if not own:
        raise ValueError(f"assignment is {assignment.name!r}; expected one with numbers to draw")
    for student in progress(students, "notebooks", len(students)):
        path = out / encoded(checked(student)) / f"{assignment.name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            nbformat.writes(notebook(assignment, version=partial(version, secret, student))),
            encoding="utf-8",
        )
    path = out / f"answer-key-{assignment.name}.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["student", "exercise", "numbers", "answer"])
        table.writerows(answers(own, students, secret))
    return path


def answers(
    own: Iterable[Exercise], students: Iterable[str], secret: bytes
) -> Iterator[tuple[str, str, str, str]]:
    """Yield student, exercise, numbers and right answer."""
    for student in students:
        for exercise in own:
            numbers = exercise.numbers(version(secret, student, exercise))
            answer = exercise.key.reference(**numbers)
            yield (
                encoded(student),
                exercise.name,
                " ".join(f"{name}={value}" for name, value in numbers.items()),
                " ".join(f"{value:.6g}" for value in answer),
            )


def checked(student: str) -> str:
    """Return the name, if it can be that of a file or folder that comes back.

    Raises:
        ValueError: it cannot.
    """
    if not student or re.search(r"[/\\\x00-\x1f]", student):
        raise ValueError(f"student is {student!r}; expected letters, and neither / nor \\")
    return student


def read_students(path: Path) -> list[str]:
    """Return the first column of a CSV file, without a heading such as "student" or "name".

    Raises:
        ValueError: the file is empty, or an id comes twice or does not do for a folder.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        students = [row[0].strip() for row in csv.reader(file) if row and row[0].strip()]
    if students and students[0].lower() in {"student", "student_id", "id", "name"}:
        students = students[1:]
    called = Counter(map(encoded, students))
    twice = sorted({student for student in students if called[encoded(student)] > 1})
    if not students or twice:
        came = f"{', '.join(twice)} twice" if twice else "no student"
        raise ValueError(f"{path.name} names {came}; expected one student a line")
    return [checked(student) for student in students]


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Register `python -m grading variants`."""
    parser = commands.add_parser(
        "variants",
        help="write a notebook with numbers of their own for each student, and an answer key",
        description="Every student gets other numbers, drawn from the course's secret and the "
        "student's id. Grade with the same secret: the numbers need not be kept.",
    )
    parser.add_argument("assignment", help="such as 3-backward-pass")
    parser.add_argument("--students", type=Path, required=True, help="CSV, ids in column one")
    parser.add_argument("--secret-file", type=Path, required=True, help="made if not there")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    assignment, students = named(options.assignment), read_students(options.students)
    path = hand_out(assignment, students, read(options.secret_file), options.out)
    print(f"{len(students)} notebooks in {options.out}; the answers are in {path}")
