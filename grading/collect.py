"""Reads each student's files from a zip or a folder; file_names.py knows whose they are."""

import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grading.file_names import MADE_BY_THE_SYSTEM, outer, owner
from grading.repair import LARGEST

ENTRIES = 100_000
TOTAL = 2 << 30


@dataclass(frozen=True)
class Upload:
    """A file of a student.

    Attributes:
        path: its path in the zip or folder.
        data: what is in it, one byte more than the largest allowed if it is too large.
        order: later uploads have larger ones.
        problem: why it cannot be read, "" if it can.
    """

    path: str
    data: bytes = b""
    order: tuple = ()
    late: bool = False
    problem: str = ""


@dataclass
class Student:
    """A student and all files that came."""

    name: str
    notebooks: list[Upload] = field(default_factory=list)
    others: list[Upload] = field(default_factory=list)

    @property
    def chosen(self) -> Upload | None:
        """The notebook that counts: the latest."""
        return max(self.notebooks, key=lambda upload: upload.order, default=None)


@dataclass
class Collection:
    """Students by name, and what of the zip or folder belongs to none."""

    students: dict[str, Student] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def collect(source: Path, assignment: str) -> Collection:
    """Read all submissions in a zip or a folder.

    Raises:
        ValueError: there is neither, or the zip is broken or larger than any class's.
    """
    if source.is_dir():
        entries = _of_folder(source)
    elif zipfile.is_zipfile(source):
        entries = _of_zip(source)
    else:
        raise ValueError(f"submissions is {source}; expected a folder or a zip file")
    found = Collection()
    uploads = []
    for upload in entries:
        if MADE_BY_THE_SYSTEM.search(upload.path):
            found.remarks.append(f"{upload.path}: left out, made by the system")
        elif not upload.order and upload.problem:
            found.remarks.append(f"{upload.path}: left out, {upload.problem}")
        else:
            uploads.append(upload)
    around = outer({upload.path for upload in uploads}, assignment)
    owners = [(owner(u.path.removeprefix(around), assignment), u) for u in uploads]
    numbers: dict[str, set[str]] = {}
    for whose, _ in owners:
        if whose:
            numbers.setdefault(whose.name, set()).add(whose.number)
    for whose, upload in owners:
        if not whose:
            found.remarks.append(f"{upload.path}: left out, its name tells no student")
            continue
        name = whose.name if len(numbers[whose.name]) == 1 else f"{whose.name}_{whose.number}"
        student = found.students.setdefault(name, Student(name))
        order = (*whose.order, upload.order)
        placed = Upload(upload.path, upload.data, order, whose.late, upload.problem)
        is_notebook = upload.path.lower().endswith(".ipynb")
        (student.notebooks if is_notebook else student.others).append(placed)
    for student in found.students.values():
        found.remarks += _told(student)
    return found


def _told(student: Student) -> Iterator[str]:
    if len(student.notebooks) > 1:
        count = len(student.notebooks)
        yield f"{student.name}: {count} notebooks; {student.chosen.path} counts, all are kept"
    for upload in [*student.notebooks, *student.others]:
        if len(upload.data) > LARGEST:
            yield f"{upload.path}: more than {LARGEST >> 20} MB, not copied"
        elif upload.problem:
            yield f"{upload.path}: not copied, {upload.problem}"
        elif upload in student.others:
            yield f"{upload.path}: kept, but not a notebook"


def _of_zip(source: Path) -> Iterator[Upload]:
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
            if len(entries) > ENTRIES:
                raise ValueError(f"{source} has {len(entries)} entries; expected {ENTRIES} at most")
            total = 0
            for entry in entries:
                if entry.is_dir():
                    continue
                upload = _from_zip(archive, entry)
                total += len(upload.data)
                if total > TOTAL:
                    raise ValueError(f"{source} unpacks to more than {TOTAL >> 30} GB")
                yield upload
    except zipfile.BadZipFile as error:
        raise ValueError(f"{source} is no zip file that can be read: {error}") from error


def _from_zip(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Upload:
    path = entry.filename
    if _escapes(path):
        return Upload(path, problem="its path leads out of the folder")
    order = entry.date_time
    if stat.S_ISLNK(entry.external_attr >> 16):
        return Upload(path, order=order, problem="it is a link to another file")
    try:
        with archive.open(entry) as file:
            return Upload(path, file.read(LARGEST + 1), order)
    except Exception as error:  # what the decompressors raise has no common name
        return Upload(path, order=order, problem=f"it cannot be unpacked: {error}")


def _escapes(path: str) -> bool:
    parts = path.replace("\\", "/").split("/")
    return ".." in parts or path.startswith(("/", "\\")) or ":" in parts[0] or "\0" in path


def _of_folder(source: Path) -> Iterator[Upload]:
    for folder, below, files in os.walk(source):
        below.sort()
        links = [name for name in below if os.path.islink(os.path.join(folder, name))]
        for name in sorted([*files, *links]):
            path = Path(folder, name)
            inner = path.relative_to(source).as_posix()
            yield _from_folder(path, inner)


def _from_folder(path: Path, inner: str) -> Upload:
    about = path.lstat()
    order = tuple(map(int, (about.st_mtime,)))
    if stat.S_ISLNK(about.st_mode):
        return Upload(inner, order=order, problem="it is a link to another file")
    if not stat.S_ISREG(about.st_mode):
        return Upload(inner, order=order, problem="it is not a file")
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with open(handle, "rb") as file:
            return Upload(inner, file.read(LARGEST + 1), order)
    except OSError as error:
        return Upload(inner, order=order, problem=f"it cannot be read ({error.strerror})")
