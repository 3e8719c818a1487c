"""Times the grading of a class, and stock nbgrader beside it: `python -m benchmarks.grading`."""

import argparse
import logging
import os
import random
import sys
import tempfile
import time
import warnings
from pathlib import Path

import nbformat
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from benchmarks.machine import cpu
from exercises.assignment_notebook import notebook
from exercises.exercise import Assignment, Exercise, assignments
from exercises.source import fill
from grading import class_report, nbgrader_adapter
from grading.collect import Student, Upload
from grading.course import Course, Record, save
from grading.grader import Grader
from grading.sandbox import choose

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- grading: begin -->", "<!-- grading: end -->"
SECRET = b"the benchmark's own secret"
LOOPS = 3
SAMPLE = 10


def main() -> int:
    """Measure and print; write the section of the README if the class is a whole one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grading", description=__doc__)
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--assignment", default="3-backward-pass")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    assignment = next(part for part in assignments() if part.name == options.assignment)
    with tempfile.TemporaryDirectory() as folder:
        text = measured(assignment, options.students, options.jobs, Path(folder))
    print(f"\n{text}")
    if options.students == 300:
        before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        page = f"{before}{BEGIN}\n\n{text}\n{END}{after}"
        README.write_text(page, encoding="utf-8")
    return 0


def measured(assignment: Assignment, count: int, jobs: int, folder: Path) -> str:
    """Grade the class, then a sample with stock nbgrader, and return the section's text.

    Raises:
        RuntimeError: a grade is not the one that the submission earns.
    """
    students, full = submissions(assignment, count)
    course, sandbox = Course(folder / "course"), choose()
    grader = Grader(course, assignment, SECRET, sandbox)
    names = [student.name for student in students]
    load = os.getloadavg()[0]
    watch = Watch()
    nbgrader_adapter.hand_out(course, assignment)
    out = watch.lap()
    trouble = grader.grade(students, jobs)
    checked = watch.lap()
    trouble += nbgrader_adapter.enter(course, assignment.name, names, jobs)
    rows = class_report.rows(course, assignment)
    class_report.write(course.root / "grades.csv", rows, assignment)
    cycle = out + checked + watch.lap()
    right = {r.student for r in course.records(assignment.name) if _all_points(r)}
    if trouble or len(rows) != count or right != full:
        raise RuntimeError(f"the grades are wrong: {trouble or right ^ full}")
    sample = [name for name in names if not name.startswith("loop")][:SAMPLE]
    watch.lap()
    stock_nbgrader(course, assignment.name, sample, folder / "stock")
    whole = watch.lap() * (count / len(sample))
    busy = f" The machine had other work to do (load average {load:.1f})." if load > 0.5 else ""
    lines = [
        f"{cpu()}, {jobs} processes at a time, {sandbox.name}.{busy} {count} submissions of "
        f"{assignment.name}, {LOOPS} of them with an infinite loop. "
        f"Stock nbgrader graded {len(sample)} without loops, one after another as it does, and its "
        f"times are multiplied by {count / len(sample):g}.",
        "",
        "| | time | divided by ours |",
        "|---|--:|--:|",
        _line("checking alone", checked, cycle),
        _line("**all: gradebook, feedback and grades.csv too**", cycle, cycle),
        _line("stock nbgrader, autograde and feedback", whole, cycle),
        "",
        "| | goal | measured | |",
        "|---|--:|--:|---|",
        _goal("checking", 60, checked),
        _goal("all", 180, cycle),
    ]
    return "\n".join(lines) + "\n"


class Watch:
    """Measures laps, in seconds on the clock."""

    def __init__(self) -> None:
        self.last = time.perf_counter()

    def lap(self) -> float:
        """Return the time since the last lap."""
        last, self.last = self.last, time.perf_counter()
        return self.last - last


def submissions(assignment: Assignment, count: int) -> tuple[list[Student], set[str]]:
    """Return students, and the names of those who earn all points that need no reader."""
    pick, students, full = random.Random(0), [], set()
    for number in range(count):
        kind = "loop" if number % (count // LOOPS) == 5 else pick.choice(["right", "half", "blank"])
        name = f"{kind}-{number}"
        nb = notebook(assignment)
        for cell in nb.cells:
            for exercise in assignment.exercises:
                if cell.metadata.nbgrader.grade_id == f"{exercise.name}-solution":
                    once = kind == "loop" and exercise is not assignment.exercises[0]
                    cell.source = _answer("right" if once else kind, exercise)
        data = nbformat.writes(nb).encode()
        students.append(Student(name, [Upload(f"{name}/{assignment.name}.ipynb", data)]))
        full |= {name} if kind == "right" else set()
    return students, full


def stock_nbgrader(course: Course, assignment: str, students: list[str], root: Path) -> None:
    """Grade some submissions as nbgrader does by itself: a kernel for each."""
    stock = Course(root)
    for student in students:
        data = course.notebook("submitted", assignment, student).read_bytes()
        save(stock.notebook("submitted", assignment, student), data)
    save(stock.database, course.database.read_bytes())
    warnings.simplefilter("ignore")
    settings = Config()
    settings.CourseDirectory.root = str(root)
    settings.CourseDirectory.db_url = f"sqlite:///{stock.database}"
    for converter in (Autograde, GenerateFeedback):
        folder = CourseDirectory(config=settings)
        folder.assignment_id = assignment
        run = converter(coursedir=folder, config=settings)
        run.log = logging.Logger("quiet", logging.CRITICAL)
        run.start()


def _answer(kind: str, exercise: Exercise) -> str:
    """Return an answer that loops, is right, is wrong in the first quantity, or is no answer."""
    function = exercise.source.function
    solution = fill(exercise.source.solution, exercise.numbers())
    if kind == "loop":
        return f"def {function}(**given):\n    while True:\n        pass"
    if kind == "half":
        one = len(exercise.key.returns) == 1
        wrong = "2 * found" if one else "(2 * found[0], *found[1:])"
        call = f"def {function}(**given):\n    found = right(**given)\n    return {wrong}"
        return f"{solution}\n\nright = {function}\n\n{call}"
    return solution if kind == "right" else exercise.source.stub


def _all_points(record: Record) -> bool:
    return all(score.points == score.maximum for score in record.scores)


def _line(what: str, taken: float, ours: float) -> str:
    return f"| {what} | {taken:.0f} s | {taken / ours:.2f} |"


def _goal(what: str, most: float, seconds: float) -> str:
    met = "met" if seconds <= most else "**not met**"
    return f"| {what} | at most {most:g} s | {seconds:.0f} s | {met} |"


if __name__ == "__main__":
    sys.exit(main())
