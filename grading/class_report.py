"""grades.csv and the report: one row for each student, and everything worth knowing."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from exercises.assignment_notebook import notebook
from exercises.exercise import Assignment
from grading.collect import Upload, is_notebook
from grading.course import Course, Record, plain, save
from grading.grader import texts_of
from grading.nbgrader_adapter import gradebook
from grading.regrading import to_read_again
from grading.repair import sources
from grading.text import line, printable

READ_AGAIN = "Read again; the answer has changed since you gave points:"
NOBODYS = "NO STUDENT, not read and without points:"
FIRST = ["student"]
LONGEST = 20_000  # characters of a text that is listed
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
    writer.writerows({name: line(text, 2000) for name, text in row.items()} for row in table)
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
        _listed("NOT GRADED, or with something wrong:", trouble),
        _listed("Mistakes, most frequent first:", (f"{n} × {m}" for m, n in named.most_common())),
        _listed(
            "Nothing could be graded, or a function could not be judged:",
            (f"{row['student']}: {row['reason']}" for row in table if row["reason"]),
        ),
        _listed(READ_AGAIN, to_be_read_again(course, assignment)),
        _listed("Repaired:", (f"{r.student}: {note}" for r in records for note in r.notes)),
        _listed("Files:", remarks),
        f"Written answers to be read: {to_read}." if to_read else "",
        f"Words outside the places for answers, to be looked through: {unplaced_file(assignment)}"
        if any(record.unplaced for record in records)
        else "",
    ]
    return printable("\n\n".join(filter(None, parts))) + "\n"


def unplaced_file(assignment: Assignment) -> str:
    """Return the name of the file that lists them."""
    return f"unplaced-{assignment.name}.txt"


def unplaced(course: Course, assignment: Assignment, nobodys: Sequence[Upload] = ()) -> str:
    """Return what stands in no place for an answer, by student, for a person to read.

    It is text as the students wrote it, without control characters. Files that tell no student
    come first; they have no row in grades.csv, which a learning platform would take for a
    student's. It is "" if everything has its place.
    """
    parts = [_of_nobody(upload, assignment) for upload in nobodys]
    for record in course.records(assignment.name):
        if record.unplaced:
            where = f"originals/{assignment.name}/{record.student}"
            texts = "\n---\n".join(map(_shown, record.unplaced))
            parts.append(f"=== {record.student} ({where})\n{texts}\n")
    return "\n".join(parts)


def _of_nobody(upload: Upload, assignment: Assignment) -> str:
    """Name a file that tells no student, and show what is in it that was not handed out."""
    if upload.problem:
        texts = []
    elif is_notebook(upload):
        given = {cell.source.strip() for cell in notebook(assignment).cells}
        texts = [text for text in sources(upload.data) if text.strip() not in given | {""}]
    else:
        texts = list(texts_of([upload]))
    why = line(upload.problem) or "nothing in it can be shown"
    shown = "\n---\n".join(map(_shown, texts)) or f"({why})"
    return f"=== {NOBODYS} {line(upload.path)}\n{shown}\n"


def _shown(text: str) -> str:
    kept = text[:LONGEST]
    cut = f"\n(cut: {len(text) - LONGEST} more characters)" if len(text) > LONGEST else ""
    return printable(kept.strip()) + cut


def _row(book: Gradebook, assignment: Assignment, record: Record) -> dict[str, str]:
    row = {"student": record.student, "late": "yes" if record.late else ""}
    try:
        submission = book.find_submission_notebook(assignment.name, assignment.name, record.student)
    except MissingEntry:
        return row | {"total": "", "reason": "not in the gradebook; the report says why"}
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


def to_be_read_again(course: Course, assignment: Assignment) -> list[str]:
    """Return the answers that have changed since a person gave points for them."""
    if not course.database.exists():
        return []
    with gradebook(course) as book:
        return [
            told
            for record in course.records(assignment.name)
            for told in to_read_again(book, course, assignment.name, record.student)
        ]


def _reason(record: Record) -> str:
    if record.failure:
        return record.failure
    return "; ".join(f"{s.exercise}: {s.reason}" for s in record.scores if s.reason)


def _sandboxes(records: Sequence[Record]) -> str:
    return ", ".join(sorted({record.sandbox for record in records})) or "no sandbox"


def _listed(title: str, lines: Iterable[str]) -> str:
    text = "\n".join(f"  {line}" for line in lines)
    return f"{title}\n{text}" if text else ""
