"""grades.csv and the report: one row for each student, and everything worth knowing."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from exercises.exercise import Assignment
from grading.course import Course, Record, plain, save
from grading.nbgrader_adapter import gradebook

FIRST = ["student"]
LAST = ["total", "max", "mistakes named", "to be read", "late", "reason"]


def rows(course: Course, assignment: Assignment) -> list[dict[str, str]]:
    """Return a row for each student, with the points that stand in the gradebook."""
    with gradebook(course) as book:
        return [_row(book, assignment, record) for record in course.records(assignment.name)]


def write(path: Path, table: Sequence[dict[str, str]], assignment: Assignment) -> None:
    """Write the rows as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*FIRST, *cells(assignment), *LAST], lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    save(path, text.getvalue().encode())


def cells(assignment: Assignment) -> dict[str, str]:
    """Return the columns with points, and the cell of the gradebook that each one is from."""
    columns = {}
    for exercise in assignment.exercises:
        columns[exercise.name] = f"{exercise.name}-check"
        for number, _ in enumerate(exercise.source.written, 1):
            columns[f"{exercise.name}-written-{number}"] = f"{exercise.name}-written-{number}"
    return columns


def report(
    course: Course,
    assignment: Assignment,
    table: Sequence[dict[str, str]],
    remarks: Iterable[str],
    trouble: Iterable[str],
) -> str:
    """Return what an instructor wants to know beside the grades."""
    records = list(course.records(assignment.name))
    named = Counter(
        f"{score.exercise}: {name}"
        for record in records
        for score in record.scores
        for name in score.mistakes
    )
    to_read = sum(int(row["to be read"] or 0) for row in table)
    parts = [
        f"{assignment.name}: {len(records)} students, checked in {_sandboxes(records)}",
        _listed("NOT GRADED, or with something wrong; run the command again:", trouble),
        _listed("Mistakes, most frequent first:", (f"{n} × {m}" for m, n in named.most_common())),
        _listed(
            "Nothing could be graded, or a function could not be judged:",
            (f"{row['student']}: {row['reason']}" for row in table if row["reason"]),
        ),
        _listed("Repaired:", (f"{r.student}: {note}" for r in records for note in r.notes)),
        _listed("Files:", remarks),
        f"Written answers to be read: {to_read}." if to_read else "",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _row(book: Gradebook, assignment: Assignment, record: Record) -> dict[str, str]:
    row = {"student": record.student, "late": "yes" if record.late else ""}
    try:
        submission = book.find_submission_notebook(assignment.name, assignment.name, record.student)
    except MissingEntry:
        return row | {"total": "", "reason": "not in the gradebook; run the command again"}
    grades = {grade.cell.name: grade for grade in submission.grades}
    to_read = 0
    for column, cell in cells(assignment).items():
        grade = grades[cell]
        to_read += grade.needs_manual_grade
        row[column] = "" if grade.needs_manual_grade else plain(grade.score)
    return row | {
        "total": plain(submission.score),
        "max": plain(submission.max_score),
        "mistakes named": str(sum(len(score.mistakes) for score in record.scores)),
        "to be read": str(to_read or ""),
        "reason": _reason(record),
    }


def _reason(record: Record) -> str:
    if record.failure:
        return record.failure
    return "; ".join(f"{s.exercise}: {s.reason}" for s in record.scores if s.reason)


def _sandboxes(records: Sequence[Record]) -> str:
    return ", ".join(sorted({record.sandbox for record in records})) or "no sandbox"


def _listed(title: str, lines: Iterable[str]) -> str:
    text = "\n".join(f"  {line}" for line in lines)
    return f"{title}\n{text}" if text else ""
