"""Grades all submissions in parallel and keeps what was found, so that a rerun goes on."""

import contextlib
import hashlib
import itertools
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath

import nbformat
from tqdm import tqdm

from exercises.assignment_notebook import notebook
from exercises.exercise import Assignment, Exercise
from grading import own_numbers
from grading.collect import Student, Upload
from grading.course import Course, Record, read, save, write
from grading.limits import LARGEST, Limits
from grading.names import file_name
from grading.repair import ANSWERED, BLANK, PARTS, Repaired, repair
from grading.sandbox import Sandbox, SandboxError
from grading.scores import Score, nothing, scores
from grading.secret import seed
from grading.text import line

TRIED = 20  # notebooks of a student, the newest first, until one has answers
TEXTS = (".txt", ".md", ".tex", ".html", ".csv", ".py")  # may be in an older code than UTF-8
LONGEST_NOTE = 1000  # characters
_WHY = {0: "cannot be graded", BLANK: "has no answer", PARTS: "has only functions"}
VERSION = 7  # one more, and everything is checked anew


@dataclass(frozen=True)
class Grader:
    """Grades the submissions of one assignment, made from everybody's own numbers if `own`."""

    course: Course
    assignment: Assignment
    secret: bytes
    sandbox: Sandbox
    limits: Limits = Limits()  # noqa: RUF009
    own: bool = False

    def grade(self, students: list[Student], jobs: int, progress: bool = True) -> list[str]:
        """Grade all students whose record is not there yet; return what went wrong.

        Ctrl-C leaves the records of those that are finished.
        """
        trouble = []
        pool = ThreadPoolExecutor(jobs)
        try:
            running = {pool.submit(self.one, student): student for student in students}
            bar = tqdm(as_completed(running), "grading", len(running), disable=not progress)
            for done in bar:
                try:
                    done.result()
                except Exception as error:  # one student's trouble is not another's
                    trouble.append(self._failed(running[done], error))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return trouble

    def one(self, student: Student) -> Record:
        """Keep the student's files, repair the notebook, score it, and write the record."""
        name, path = student.name, self.course.verdict(self.assignment.name, student.name)
        for upload in [*student.notebooks, *student.others]:
            if not upload.problem and len(upload.data) <= LARGEST:
                self._keep(name, upload)
        key = self._key(student)
        known = read(path)
        if known and known.key == key:
            return known
        upload, repaired = self._chosen(student)
        if repaired.failure:
            given = [nothing(e, repaired.failure) for e in self.assignment.exercises]
        else:
            given = self._scores(name, repaired.notebook, upload.data)
        foreign = () if upload is None else tuple(own_numbers.notes(self, name, upload.data))
        repaired = replace(repaired, notes=(*repaired.notes, *foreign))
        return self._written(student, key, repaired, given, upload)

    def _chosen(self, student: Student) -> tuple[Upload | None, Repaired]:
        """Return the notebook that counts, the newest with answers, and what is made of it."""
        texts = tuple(texts_of(student.others))
        if not student.notebooks:
            sent = ", ".join(PurePosixPath(other.path).name for other in student.others)
            failed = self._blank(student, f"no notebook was handed in, only {line(sent, 300)}")
            return None, replace(failed, unplaced=texts)
        tried: list[tuple[Upload, Repaired]] = []
        for upload in student.latest[:TRIED]:
            tried.append((upload, self._repaired(student, upload)))
            if tried[-1][1].rank == ANSWERED:
                break
        upload, repaired = max(tried, key=lambda pair: pair[1].rank)  # of equals the newest
        notes = list(repaired.notes)
        if len(student.notebooks) > len(tried) == TRIED:
            notes.append(f"The {TRIED} newest of {len(student.notebooks)} notebooks were tried.")
        file = PurePosixPath(upload.path).name
        for later, passed in tried[: tried.index((upload, repaired))]:
            why = passed.failure or _WHY[passed.rank]
            notes.append(
                f"“{file}” counts: “{PurePosixPath(later.path).name}” is newer, but {why}."
            )
            texts = (*passed.unplaced, *texts)
        unplaced = tuple(dict.fromkeys([*repaired.unplaced, *texts]))
        return upload, replace(repaired, notes=tuple(notes), unplaced=unplaced)

    def _repaired(self, student: Student, upload: Upload) -> Repaired:
        if upload.problem:
            return self._blank(student, upload.problem)
        functions = {f"{e.name}-solution": e.source.function for e in self.assignment.exercises}
        return repair(upload.data, self._release(student), functions, self.assignment.name)

    def _release(self, student: Student) -> nbformat.NotebookNode:
        """Return the notebook that the student was given."""
        version = partial(self.seed, student.name) if self.own else None
        return notebook(self.assignment, version=version)

    def _blank(self, student: Student, why: str) -> Repaired:
        return Repaired(self._release(student), (), why)

    def _failed(self, student: Student, error: Exception) -> str:
        """Give a student of whom nothing is known a row with a reason; return what to do."""
        told = f"{type(error).__name__}: {line(error)}"
        if isinstance(error, SandboxError):
            do = "the sandbox did not start; run the command again"
        else:
            kept = f"originals/{self.assignment.name}/{student.name}"
            do = f"read what is in {kept} and give points in Formgrader"
        try:
            if not read(self.course.verdict(self.assignment.name, student.name)):
                why = f"the program could not grade it ({told}); a person will"
                given = [nothing(e, why) for e in self.assignment.exercises]
                self._written(student, "", self._blank(student, why), given)
        except Exception as another:  # as on a full disk
            do = f"no row could be written ({line(another)})"
        return f"{student.name}: NOT GRADED, {told}. To do: {do}"

    def _written(
        self,
        student: Student,
        key: str,
        repaired: Repaired,
        given: Sequence[Score],
        upload: Upload | None = None,
    ) -> Record:
        """Write the notebook that nbgrader gets, and the record."""
        submitted = self.course.notebook("submitted", self.assignment.name, student.name)
        save(submitted, nbformat.writes(repaired.notebook).encode())
        record = Record(
            student.name,
            key,
            tuple(given),
            self.sandbox.name,
            line(PurePosixPath(upload.path).name) if upload else "",
            bool(upload and upload.late),
            line(repaired.failure, LONGEST_NOTE),
            tuple(line(note, LONGEST_NOTE) for note in repaired.notes),
            repaired.unplaced,
            student.number,
            _handed_out(repaired.notebook) if self.own else (),
        )
        write(self.course.verdict(self.assignment.name, student.name), record)
        return record

    def _keep(self, name: str, upload: Upload) -> None:
        """Keep a file as it came, beside whatever else has its name."""
        file = file_name(PurePosixPath(upload.path).name)
        for number in itertools.count(1):
            count = f"{number}-" if number > 1 else ""
            path = self.course.original(self.assignment.name, name, f"{count}{file}")
            if not path.exists():
                save(path, upload.data)
            if path.read_bytes() == upload.data:
                return

    def _scores(self, name: str, cells: nbformat.NotebookNode, data: bytes) -> list:
        exercises = self.assignment.exercises
        seeds = {e.name: self._hidden(name, e, data) for e in exercises}
        salt = f"{seed(self.secret, 'fingerprints', name):x}:"
        try:
            return scores(exercises, cells, seeds, self.sandbox, self.limits, salt)
        except SandboxError:  # once more: a busy machine may refuse a process
            return scores(exercises, cells, seeds, self.sandbox, self.limits, salt)

    def _hidden(self, student: str, exercise: Exercise, data: bytes) -> int:
        """Return the seed of what a function is called with: another one for another file.

        Whoever prints the hidden inputs into the feedback and hands in again meets new ones.
        """
        if exercise.key.own:
            return self.seed(student, exercise)
        return seed(self.secret, exercise.name, f"{student}:{hashlib.sha256(data).hexdigest()}")

    def seed(self, student: str, exercise: Exercise) -> int:
        """Return the seed of the numbers that a student was given."""
        if exercise.key.own and not self.own:
            return exercise.key.visible
        return seed(self.secret, exercise.name, student)

    def _key(self, student: Student) -> str:
        """Return a digest of all that the scores depend on."""
        uploads = [*student.latest, *student.others]
        parts = [
            VERSION,
            self.sandbox.name,
            vars(self.limits),
            [(upload.path, upload.problem, upload.late) for upload in uploads],
            self.own,
        ]
        digest = hashlib.sha256(json.dumps(parts).encode() + self.secret)
        for upload in uploads:
            digest.update(hashlib.sha256(upload.data).digest())
        for exercise in self.assignment.exercises:
            for file in (exercise.source.path, exercise.source.path.with_suffix(".py")):
                digest.update(file.read_bytes())
        return digest.hexdigest()


def _handed_out(repaired: nbformat.NotebookNode) -> tuple[str, ...]:
    """Return the texts that are locked: in a repaired notebook they are as they were given."""
    locked = (cell for cell in repaired.cells if cell.metadata.get("nbgrader", {}).get("locked"))
    return tuple(cell.source for cell in locked if cell.cell_type == "markdown")


def texts_of(uploads: Sequence[Upload]) -> Iterator[str]:
    """Yield what can be read in files that are no notebooks."""
    for upload in uploads:
        codes = ["utf-16"] if upload.data.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig"]
        codes += ["cp1252"] if upload.path.lower().endswith(TEXTS) else []
        for code in codes:
            with contextlib.suppress(UnicodeError):
                text = upload.data.decode(code)
                if text.strip() and "\0" not in text and len(upload.data) <= LARGEST:
                    yield text
                break
