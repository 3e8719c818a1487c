"""The course folder: where submissions, grades and feedback are, and what is known of each."""

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from grading.scores import Score


@dataclass(frozen=True)
class Record:
    """What the grader found in one submission.

    Attributes:
        key: what it was made from; another key, and it is made anew.
        file: the name of the student's file.
        number: what tells the student from others of one name, "" if nothing has to.
        failure: why nothing of it could be graded, "" if something could.
        notes: what was repaired.
        unplaced: texts that stand in no place for an answer.
        given: the texts that the student alone was given, with numbers of their own.
    """

    student: str
    key: str
    scores: tuple[Score, ...]
    sandbox: str = ""
    file: str = ""
    late: bool = False
    failure: str = ""
    notes: tuple[str, ...] = field(default=())
    unplaced: tuple[str, ...] = field(default=())
    number: str = ""
    given: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Course:
    """A course folder, laid out as nbgrader has it, with folders of our own beside."""

    root: Path

    @property
    def database(self) -> Path:
        """The gradebook of nbgrader."""
        return self.root / "gradebook.db"

    def notebook(self, step: str, assignment: str, student: str = ".") -> Path:
        """Return a notebook's path: step is "source", "release", "submitted", "autograded"."""
        return self.root / step / student / assignment / f"{assignment}.ipynb"

    def feedback(self, assignment: str, student: str) -> Path:
        """Return the path of a student's feedback."""
        return self.notebook("feedback", assignment, student).with_suffix(".html")

    def original(self, assignment: str, student: str, name: str) -> Path:
        """Return where the student's own file is kept, untouched."""
        return self.root / "originals" / assignment / student / name

    def verdict(self, assignment: str, student: str) -> Path:
        """Return the path of what the grader found."""
        return self.root / "verdicts" / assignment / f"{student}.json"

    def memory(self, assignment: str, student: str) -> Path:
        """Return the path of what is remembered of the answers that a person has read."""
        return self.root / "memories" / assignment / f"{student}.json"

    def records(self, assignment: str) -> Iterator[Record]:
        """Yield what the grader found for each student, by name."""
        for path in sorted((self.root / "verdicts" / assignment).glob("*.json")):
            if record := read(path):
                yield record


def read(path: Path) -> Record | None:
    """Read a record; None if there is none that can be read."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        scores = tuple(Score(**{**s, "mistakes": tuple(s["mistakes"])}) for s in raw["scores"])
        lists = {name: tuple(raw[name]) for name in ("notes", "unplaced", "given")}
        return Record(**{**raw, "scores": scores, **lists})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write(path: Path, record: Record) -> None:
    """Write a record, whole or not at all."""
    save(path, json.dumps(asdict(record), ensure_ascii=False, indent=1).encode())


def save(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rough = path.with_name(f".{os.getpid()}-{threading.get_ident()}")
    rough.write_bytes(data)
    rough.replace(path)


def plain(value: Any) -> str:
    """Return a number as it is read: 6 in place of 6.0, and nothing in place of None."""
    return "" if value is None else f"{value:g}"
