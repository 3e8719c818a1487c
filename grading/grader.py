"""Grades all submissions in parallel and keeps what was found, so that a rerun goes on."""

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

import nbformat
from tqdm import tqdm

from exercises.assignment_notebook import notebook
from exercises.exercise import Assignment, Exercise
from grading.collect import Student, Upload
from grading.course import Course, Record, read, save, write
from grading.file_names import safe
from grading.limits import Limits
from grading.repair import LARGEST, Repaired, repair
from grading.sandbox import Sandbox, SandboxError
from grading.scores import nothing, scores
from grading.secret import seed

VERSION = 2  # one more, and everything is checked anew


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
                    trouble.append(f"{running[done].name}: NOT GRADED, {error!r}")
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return trouble

    def one(self, student: Student) -> Record:
        """Keep the student's files, repair the notebook, score it, and write the record."""
        name, path = student.name, self.course.verdict(self.assignment.name, student.name)
        for file, upload in _named([*student.notebooks, *student.others]):
            if not upload.problem and len(upload.data) <= LARGEST:
                save(self.course.original(self.assignment.name, name, file), upload.data)
        upload = student.chosen
        key = self._key(student)
        known = read(path)
        if known and known.key == key:
            return known
        version = partial(self._seed, name) if self.own else None
        release = notebook(self.assignment, version=version)
        functions = {f"{e.name}-solution": e.source.function for e in self.assignment.exercises}
        if upload is None:
            sent = ", ".join(other.path for other in student.others)
            repaired = Repaired(release, (), f"no notebook was handed in, only {sent}"[:300])
        elif upload.problem:
            repaired = Repaired(release, (), upload.problem)
        else:
            repaired = repair(upload.data, release, functions, self.assignment.name)
        if repaired.failure:
            given = [nothing(e, repaired.failure) for e in self.assignment.exercises]
        else:
            given = self._scores(name, repaired.notebook)
        submitted = self.course.notebook("submitted", self.assignment.name, name)
        save(submitted, nbformat.writes(repaired.notebook).encode())
        record = Record(
            name,
            key,
            tuple(given),
            self.sandbox.name,
            PurePosixPath(upload.path).name if upload else "",
            bool(upload and upload.late),
            repaired.failure,
            repaired.notes,
        )
        write(path, record)
        return record

    def _scores(self, name: str, cells: nbformat.NotebookNode) -> list:
        exercises = self.assignment.exercises
        seeds = {e.name: self._seed(name, e) for e in exercises}
        salt = f"{seed(self.secret, 'fingerprints', name):x}:"
        try:
            return scores(exercises, cells, seeds, self.sandbox, self.limits, salt)
        except SandboxError:  # once more: a busy machine may refuse a process
            return scores(exercises, cells, seeds, self.sandbox, self.limits, salt)

    def _seed(self, student: str, exercise: Exercise) -> int:
        """Return the seed of hidden cases, or that of the numbers that a student was given."""
        if exercise.key.own and not self.own:
            return exercise.key.visible
        return seed(self.secret, exercise.name, student)

    def _key(self, student: Student) -> str:
        """Return a digest of all that the scores depend on."""
        upload = student.chosen or Upload("", problem=str([o.path for o in student.others]))
        parts = [
            VERSION,
            self.sandbox.name,
            vars(self.limits),
            upload.problem,
            upload.late,
            self.own,
        ]
        digest = hashlib.sha256(json.dumps(parts).encode() + self.secret)
        digest.update(hashlib.sha256(upload.data).digest())
        for exercise in self.assignment.exercises:
            for file in (exercise.source.path, exercise.source.path.with_suffix(".py")):
                digest.update(file.read_bytes())
        return digest.hexdigest()


def _named(uploads: list[Upload]) -> Iterator[tuple[str, Upload]]:
    """Yield each upload with a file name of its own."""
    seen: dict[str, int] = {}
    for upload in uploads:
        file = safe(PurePosixPath(upload.path).name)
        seen[file] = seen.get(file, 0) + 1
        count = f"{seen[file]}-" if seen[file] > 1 else ""
        yield f"{count}{file}", upload
