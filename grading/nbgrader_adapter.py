"""nbgrader around the grader: release, gradebook and feedback, with no kernel started."""

import base64
import contextlib
import functools
import hashlib
import logging
import os
import re
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from unittest.mock import patch

import nbformat
import nbgrader.api
import sqlalchemy
from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbformat.v4 import new_output
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import CsvExportPlugin
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearOutput,
    NbGraderPreprocessor,
    OverwriteCells,
    SaveAutoGrades,
)
from nbgrader.utils import is_grade, is_locked
from tqdm import tqdm
from traitlets.config import Config

from exercises.assignment_notebook import ANSWER, notebook
from exercises.exercise import Assignment
from exercises.source import BEGIN, END, STUB
from grading import limited
from grading.course import Course, plain, read, save
from grading.regrading import withdraw
from grading.safe_text import shown
from grading.text import line

Work = Callable[[Course, str, Sequence[str]], None]
SECONDS, MEMORY = 30.0, 2 << 30  # for one student, with a part for what all have in common
POLICY = "Content-Security-Policy"
WIDTH = 80  # what a page of feedback shows without scrolling
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/2.7.7/"


class SandboxedCheck(NbGraderPreprocessor):
    """Takes the place of nbgrader's Execute: writes the grader's verdicts into the cells."""

    def preprocess(self, nb, resources):
        """Fill the outputs of each check cell, and of the first cell if there are notes.

        Raises:
            ValueError: there is no verdict on the submission.
        """
        about = resources["nbgrader"]
        record = read(Course(Path.cwd()).verdict(about["assignment"], about["student"]))
        if record is None:
            raise ValueError(f"there is no verdict on {about['student']}; grade the submission")
        scores = {f"{score.exercise}-check": score for score in record.scores}
        for cell in nb.cells:
            if cell.cell_type != "code":
                continue
            name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            if is_grade(cell):
                cell.outputs = _outputs(scores[name].message, scores[name].points)
            elif name == "setup" and (record.notes or record.failure):
                cell.outputs = _outputs("\n".join([record.failure, *record.notes]).strip())
        return nb, resources


class SafeText(NbGraderPreprocessor):
    """Makes all that a student wrote safe to be shown, on every page and in Formgrader."""

    def preprocess(self, nb, resources):
        """Replace the cells that are not locked, and texts that were not handed out."""
        course, about = Course(Path.cwd()), resources["nbgrader"]
        release = course.notebook("release", about["assignment"])
        record = read(course.verdict(about["assignment"], about["student"]))
        ours = _texts(release, _age(release)).union(record.given if record else ())
        own = [
            cell
            for cell in nb.cells
            if not (is_locked(cell) and (cell.cell_type == "code" or cell.source in ours))
        ]
        given = [(cell.cell_type, cell.source, cell.get("attachments", {})) for cell in own]
        for cell, (kind, text) in zip(own, shown(given), strict=True):
            cell.source = text
            cell.pop("attachments", None)
            if kind != cell.cell_type:
                cell.cell_type = kind
                cell.pop("outputs", None)
                cell.pop("execution_count", None)
        return nb, resources


class KeptTexts(OverwriteCells):
    """nbgrader's OverwriteCells, which leaves locked texts: they were put back, own numbers too."""

    def preprocess_cell(self, cell, resources, cell_index):
        """Put back what is known of a cell, but its text."""
        text = cell.source
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        cell.source = text
        return cell, resources


class KeptGrades(SaveAutoGrades):
    """nbgrader's SaveAutoGrades, which leaves what a person gave as given.

    Points for an answer that has changed were taken back before.
    """

    def _add_score(self, cell, resources):
        super()._add_score(cell, resources)
        about = (self.notebook_id, self.assignment_id, self.student_id)
        grade = self.gradebook.find_grade(cell.metadata.nbgrader["grade_id"], *about)
        if grade.manual_score is not None:
            grade.needs_manual_grade = False
            self.gradebook.db.commit()


class Listed:
    """A converter for some students, whose names are given."""

    students: Sequence[str] = ()

    def init_notebooks(self) -> None:
        """List the notebooks of the students."""
        name = self.coursedir.assignment_id
        folders = {self._format_source(name, student): student for student in self.students}
        self.assignments = {folder: [str(Path(folder, f"{name}.ipynb"))] for folder in folders}


class ListedAutograde(Listed, Autograde):
    """nbgrader's Autograde for some students."""


class ListedFeedback(Listed, GenerateFeedback):
    """nbgrader's GenerateFeedback for some students."""


def config(course: Course) -> Config:
    """Return nbgrader's configuration; `nbgrader_config.py` in the course folder loads it too."""
    c = Config()
    c.CourseDirectory.root = str(course.root.resolve())
    c.CourseDirectory.db_url = f"sqlite:///{course.database.resolve()}"
    c.ClearSolutions.code_stub = {"python": STUB}
    c.ClearSolutions.text_stub = ANSWER
    c.ClearSolutions.begin_solution_delimeter = BEGIN
    c.ClearSolutions.end_solution_delimeter = END
    c.KeptTexts.add_missing_cells = True
    c.Autograde.sanitize_preprocessors = [ClearOutput, KeptTexts, CheckCellMetadata]
    c.Autograde.autograde_preprocessors = [
        SandboxedCheck,
        ClearMetadataPreprocessor,
        KeptGrades,
        AssignLatePenalties,
        SafeText,
    ]
    c.ClearMetadataPreprocessor.preserve_cell_metadata_mask = {("nbgrader",)}
    c.ClearMetadataPreprocessor.preserve_nb_metadata_mask = {("kernelspec", "name")}
    return c


def hand_out(course: Course, assignment: Assignment) -> Path:
    """Write source and release of an assignment, enter it in the gradebook, return the release."""
    source = course.notebook("source", assignment.name)
    release = course.notebook("release", assignment.name)
    new = nbformat.writes(notebook(assignment, solved=True)).encode()
    if not (
        release.exists()
        and source.exists()
        and source.read_bytes() == new
        and _has(course, assignment.name)
    ):
        save(source, new)
        _start(GenerateAssignment, course, assignment.name)
    _configure(course)
    return release


def enter(course: Course, assignment: str, students: Sequence[str], jobs: int) -> list[str]:
    """Enter the verdicts in the gradebook and write feedback; return what went wrong."""
    return _spread("grades and feedback", _enter, course, assignment, students, jobs)


def feedback(course: Course, assignment: str, students: Sequence[str], jobs: int) -> list[str]:
    """Write a page of feedback for each student; return what went wrong."""
    return _spread("feedback", _feedback, course, assignment, students, jobs)


def stale(course: Course, assignment: str, students: Sequence[str]) -> list[str]:
    """Return the students whose feedback is missing or older than what the grader found."""
    return [
        student
        for student in students
        if _finished(course.feedback(assignment, student))
        < _age(course.verdict(assignment, student))
    ]


def export(course: Course, path: Path) -> None:
    """Write nbgrader's own CSV, which other tools read."""
    with gradebook(course) as book:
        plugin = CsvExportPlugin()
        plugin.to = str(path)
        plugin.export(book)


@contextlib.contextmanager
def gradebook(course: Course) -> Iterator[Gradebook]:
    """Open the gradebook."""
    with Gradebook(f"sqlite:///{course.database.resolve()}") as book:
        yield book


def _enter(course: Course, assignment: str, students: Sequence[str]) -> None:
    with gradebook(course) as book:
        for student in students:
            withdraw(book, course, assignment, student)
    _start(ListedAutograde, course, assignment, students)
    _feedback(course, assignment, students)


def _feedback(course: Course, assignment: str, students: Sequence[str]) -> None:
    _start(ListedFeedback, course, assignment, students)
    for student in students:
        path = course.feedback(assignment, student)
        if path.exists():
            save(path, _guarded(path.read_text(encoding="utf-8")).encode())


def _spread(
    title: str,
    work: Work,
    course: Course,
    assignment: str,
    students: Sequence[str],
    jobs: int,
) -> list[str]:
    """Share the students among processes, a few at a time."""
    if not students:
        return []
    size = max(1, min(10, len(students) // (2 * jobs)))
    parts = [students[k : k + size] for k in range(0, len(students), size)]
    trouble: list[str] = []
    pool = ThreadPoolExecutor(jobs)
    try:
        running = {pool.submit(_part, work, course, assignment, part): part for part in parts}
        with tqdm(total=len(students), desc=title) as bar:
            for done in as_completed(running):
                trouble += done.result()
                bar.update(len(running[done]))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return trouble


def _part(work: Work, course: Course, assignment: str, students: Sequence[str]) -> list[str]:
    """Convert some students; where that fails, one after another to find out whose fault it is."""
    seconds = SECONDS * (1 + len(students))
    try:
        limited.call(_quietly, work, course, assignment, students, seconds=seconds, memory=MEMORY)
    except limited.Failed as error:
        if len(students) == 1:
            why = f"the gradebook or the feedback failed ({line(error)})"
            return [f"{students[0]}: {why}. To do: give points in Formgrader"]
        each = (_part(work, course, assignment, [student]) for student in students)
        return [told for part in each for told in part]
    return []


def _quietly(work: Work, course: Course, assignment: str, students: Sequence[str]) -> None:
    warnings.simplefilter("ignore")  # nbgrader's use of the database is full of them
    nbgrader.api.create_engine = _engine  # one connection for all students, not ten for each
    work(course, assignment, students)


@functools.cache
def _engine(url: str, **options: bool) -> sqlalchemy.Engine:
    return sqlalchemy.create_engine(url, connect_args={"timeout": 60}, **options)


def _start(converter: type, course: Course, assignment: str, students: Sequence[str] = ()) -> None:
    settings = config(course)
    folder = CourseDirectory(config=settings)
    folder.assignment_id = assignment
    run = converter(coursedir=folder, config=settings)
    run.force = True
    run.students = students
    run.log, said = _log()
    tools = str(Path(sys.executable).parent)  # nbgrader calls alembic by its name
    try:
        # nbgrader's own setenv would forget the old PATH.
        with patch.dict(os.environ, PATH=os.pathsep.join([tools, os.environ.get("PATH", "")])):
            run.start()
    except NbGraderException as error:
        raise RuntimeError("; ".join(dict.fromkeys(said[:4])) or str(error)) from error


@functools.cache
def _texts(release: Path, changed: int) -> frozenset[str]:
    """Return the texts of a notebook that was handed out, which changed then."""
    if not changed:
        return frozenset()
    return frozenset(cell.source for cell in nbformat.read(release, 4).cells)


def _age(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def _finished(page: Path) -> int:
    """Return when a page was finished: the policy is what is added last."""
    return _age(page) if page.exists() and POLICY.encode() in page.read_bytes() else 0


def _log() -> tuple[logging.Logger, list[str]]:
    """Return a log that keeps the last line of each error, and the list where it does."""
    said: list[str] = []
    log = logging.Logger("nbgrader", logging.ERROR)
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage().strip().splitlines()[-1])
    log.addHandler(handler)
    return log, said


def _has(course: Course, assignment: str) -> bool:
    if not course.database.exists():
        return False
    with gradebook(course) as book:
        try:
            book.find_assignment(assignment)
        except MissingEntry:
            return False
    return True


def _outputs(message: str, points: float | None = None) -> list[nbformat.NotebookNode]:
    """Return the message, and the points in the form that nbgrader takes as partial credit."""
    lines = [textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in message.split("\n")]
    outputs = [new_output("stream", name="stdout", text="\n".join(lines) + "\n")]
    if points is not None:
        data = {"text/plain": plain(points)}
        outputs.append(new_output("execute_result", data=data, execution_count=None))
    return outputs


def _guarded(page: str) -> str:
    """Allow only the scripts of the page's head, and no other address to be asked."""
    head = page.partition("</head>")[0]
    scripts = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", head, re.DOTALL)
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    ]
    allowed = {"script-src": " ".join([MATHJAX, *hashes]), "img-src": "data:"}
    refused = ("object", "frame", "connect", "media", "worker")
    allowed |= {f"{kind}-src": "'none'" for kind in refused}
    allowed |= {"form-action": "'none'", "base-uri": "'none'"}
    rule = "; ".join(f"{kind} {where}" for kind, where in allowed.items())
    meta = f'<meta http-equiv="{POLICY}" content="{rule}" />'
    return page.replace("<head>", f"<head>\n{meta}", 1)


def _configure(course: Course) -> None:
    """Let nbgrader's own commands and its formgrader grade in this folder as we do."""
    path = course.root / "nbgrader_config.py"
    if not path.exists():
        package = Path(__file__).parents[1].resolve()
        lines = [
            "import sys",
            f"sys.path.insert(0, {str(package)!r})",
            "from pathlib import Path",
            "from grading.course import Course",
            "from grading.nbgrader_adapter import config",
            "get_config().merge(config(Course(Path(__file__).parent)))",
        ]
        save(path, ("\n".join(lines) + "\n").encode())
