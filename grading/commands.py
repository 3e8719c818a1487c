"""The commands `release`, `grade` and `feedback` for an instructor."""

import argparse
import importlib.util
import os
from pathlib import Path

from exercises.exercise import ASSIGNMENTS, Assignment, named
from grading import secret
from grading.limits import Limits

GRADE = """\
Grades all submissions of an assignment in a sandbox and writes, into the course folder:

  grades.csv             a row for each student: points, mistakes named, reasons for zeros
  feedback/<student>/    a page for each student that names the mistakes
  report-<assignment>.txt   what was repaired, left out, late, or could not be graded
  unplaced-<assignment>.txt what students wrote outside the places for answers, with their names,
                         and files whose names tell no student
  gradebook.db           nbgrader's gradebook; its Formgrader, in JupyterLab, shows written answers
  originals/             the students' own files, untouched

SUBMISSIONS is what you downloaded from Canvas or Moodle, Blackboard or ILIAS, a zip or the unpacked
folder, or a folder with one folder for each student. The outermost name says who the student is.
Points that you gave stay when you grade again, unless the answer has changed: the report says so.

Ctrl-C loses nothing: the same command goes on where it was, and grades only what is new.
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register the commands."""
    grade = _command(subparsers, "grade", "grade a zip or folder of submissions", GRADE)
    grade.add_argument("submissions", type=Path, help="a zip file or a folder")
    _common(grade)
    grade.add_argument(
        "--secret-file",
        type=Path,
        help="file with the secret that hidden cases are drawn by (default: secret.txt in the "
        "course folder, made if it is not there)",
    )
    grade.add_argument(
        "--own-numbers",
        action="store_true",
        help="the notebooks were made by `variants`, with other numbers for each student",
    )
    grade.add_argument(
        "--seconds",
        type=float,
        default=Limits.seconds,
        help="processor time that each exercise of a student may take (default: %(default)s)",
    )
    grade.add_argument(
        "--unsafe",
        action="store_true",
        help="run the students' code with no sandbox: it can read and change all your files",
    )
    grade.set_defaults(run=run_grade)
    release = _command(subparsers, "release", "write the notebook to hand out")
    _common(release)
    release.set_defaults(run=run_release)
    feedback = _command(
        subparsers, "feedback", "write feedback and grades.csv anew, after you read written answers"
    )
    _common(feedback)
    feedback.set_defaults(run=run_feedback)


def run_grade(options: argparse.Namespace) -> int:
    """Grade; return 1 if something is left to do."""
    assignment, adapter = named(options.assignment), _nbgrader_adapter()
    from grading import class_report, own_numbers
    from grading.collect import collect
    from grading.course import Course, save
    from grading.grader import Grader
    from grading.sandbox import choose

    if not 0 < options.seconds <= 600:
        raise ValueError(f"seconds is {options.seconds:g}; expected a number from 0 to 600")
    course = Course(options.course)
    sandbox = choose(options.unsafe, [options.course, options.submissions, ASSIGNMENTS])
    known = {record.student: record.number for record in course.records(assignment.name)}
    found = collect(options.submissions, assignment.name, known)
    if not found.students:
        told = "; ".join(found.remarks[:5]) or "it is empty"
        raise ValueError(f"no submission was found in {options.submissions}: {told}")
    key = secret.read(options.secret_file or course.root / "secret.txt")
    grader = Grader(
        course, assignment, key, sandbox, Limits(seconds=options.seconds), options.own_numbers
    )
    found.remarks += own_numbers.compare(grader, list(found.students.values()))
    adapter.hand_out(course, assignment)
    trouble = grader.grade(list(found.students.values()), options.jobs)
    students = [record.student for record in course.records(assignment.name)]
    waiting = adapter.stale(course, assignment.name, students)
    trouble += adapter.enter(course, assignment.name, waiting, options.jobs)
    rows = _written(course, assignment)
    report = class_report.report(course, assignment, rows, found.remarks, trouble)
    save(course.root / f"report-{assignment.name}.txt", report.encode())
    texts = class_report.unplaced(course, assignment, found.nobodys)
    save(course.root / class_report.unplaced_file(assignment), texts.encode())
    print(f"\n{report}\nGrades: {course.root / 'grades.csv'}")
    return int(bool(trouble))


def run_release(options: argparse.Namespace) -> int:
    """Write source and release into the course folder."""
    from grading.course import Course

    print(_nbgrader_adapter().hand_out(Course(options.course), named(options.assignment)))
    return 0


def run_feedback(options: argparse.Namespace) -> int:
    """Write all feedback and the grades from the gradebook."""
    from grading.class_report import READ_AGAIN, to_be_read_again
    from grading.course import Course

    adapter, course = _nbgrader_adapter(), Course(options.course)
    assignment = named(options.assignment)
    students = [record.student for record in course.records(assignment.name)]
    if not students:
        raise ValueError(f"{course.root} has no grades of {assignment.name}; grade it first")
    trouble = adapter.feedback(course, assignment.name, students, options.jobs)
    _written(course, assignment)
    again = [f"{READ_AGAIN} {told}" for told in to_be_read_again(course, assignment)]
    print("\n".join([*trouble, *again, f"Grades: {course.root / 'grades.csv'}"]))
    return int(bool(trouble))


def _written(course, assignment: Assignment) -> list[dict[str, str]]:
    """Write the CSV files and return the rows."""
    from grading import class_report, nbgrader_adapter

    rows = class_report.rows(course, assignment)
    class_report.write(course.root / "grades.csv", rows, assignment)
    class_report.write(course.root / f"grades-{assignment.name}.csv", rows, assignment)
    nbgrader_adapter.export(course, course.root / "nbgrader.csv")
    return rows


def _nbgrader_adapter():
    if importlib.util.find_spec("nbgrader") is None:
        raise RuntimeError(
            "nbgrader is not installed; `make grading`, or pip install -r requirements-grading.txt"
        )
    from grading import nbgrader_adapter

    return nbgrader_adapter


def _command(
    subparsers: argparse._SubParsersAction, name: str, told: str, more: str = ""
) -> argparse.ArgumentParser:
    return subparsers.add_parser(
        name,
        help=told,
        description=more or f"{told[0].upper()}{told[1:]}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--assignment", required=True, metavar="NAME", help="such as 3-backward-pass"
    )
    parser.add_argument(
        "--course", type=Path, default=Path("course"), help="the course folder (default: course)"
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        help="submissions that are graded at the same time (default: one a core)",
    )
