"""Finds each student's notebook in a zip or a folder, by the names that Canvas or Moodle give."""

import os
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from exercises.grade.repair import LARGEST

CANVAS = re.compile(r"(?P<name>[^_/]+)_(?P<late>LATE_)?(?P<user>\d+)_(?P<upload>\d+)_(?P<file>.+)")
MOODLE = re.compile(r"(?P<name>.+)_(?P<user>\d+)_assignsubmission_(?:file|onlinetext)")
COPY = re.compile(r"-(\d+)$")
RUBBISH = re.compile(
    r"(^|/)(__MACOSX|\.ipynb_checkpoints)(/|$)|(^|/)(\.DS_Store|Thumbs\.db|desktop\.ini)$"
)
NBGRADER = ("submitted", "autograded")
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
        if RUBBISH.search(upload.path):
            found.remarks.append(f"{upload.path}: left out, made by the system")
        elif not upload.order and upload.problem:
            found.remarks.append(f"{upload.path}: left out, {upload.problem}")
        else:
            uploads.append(upload)
    outer = _outer({upload.path for upload in uploads}, assignment)
    owners = [(_owner(_inner(upload.path, outer), assignment), upload) for upload in uploads]
    numbers: dict[str, set[str]] = {}
    for owner, _ in owners:
        if owner:
            numbers.setdefault(owner[0], set()).add(owner[1])
    for owner, upload in owners:
        if not owner:
            found.remarks.append(f"{upload.path}: left out, its name tells no student")
            continue
        name, number, late, order = owner
        name = name if len(numbers[name]) == 1 else f"{name}_{number}"
        student = found.students.setdefault(name, Student(name))
        placed = Upload(upload.path, upload.data, (*order, upload.order), late, upload.problem)
        is_notebook = upload.path.lower().endswith(".ipynb")
        (student.notebooks if is_notebook else student.others).append(placed)
    for student in found.students.values():
        found.remarks += _told(student)
    return found


def safe(name: str) -> str:
    """Return a student's name as a folder can have it."""
    return re.sub(r"[^\w.-]+", "-", name).strip(".-") or "unnamed"


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


def _owner(path: str, assignment: str) -> tuple[str, str, bool, tuple] | None:
    """Return student, number, whether late, and the upload's order, all from the path."""
    *folders, file = PurePosixPath(path).parts
    stem = PurePosixPath(file).stem
    copy = COPY.search(stem)
    number = int(copy[1][:9]) if copy else 0
    if found := CANVAS.fullmatch(file):
        name = safe(f"{found['name']}_{found['user']}")
        return name, "", bool(found["late"]), (int(found["upload"]), number)
    for part in (*folders, file):
        if found := MOODLE.match(part):
            return safe(found["name"]), found["user"], False, (number,)
    if folders:
        return safe(folders[0]), "", False, (COPY.sub("", stem) == assignment, number)
    if COPY.sub("", stem) == assignment or not file.lower().endswith(".ipynb"):
        return None
    return safe(stem), "", False, ()


def _outer(paths: set[str], assignment: str) -> str:
    """Return a folder around all students, such as the zip's own name, or nbgrader's."""
    tops = {PurePosixPath(path).parts[0] for path in paths}
    inner = [PurePosixPath(path).parts[1:] for path in paths]
    if len(tops) != 1 or not all(inner):
        return ""
    (top,) = tops
    if MOODLE.match(top):
        return ""
    folders = {parts[0] for parts in inner if len(parts) > 1} - {assignment}
    named = any(CANVAS.fullmatch(parts[-1]) or any(map(MOODLE.match, parts)) for parts in inner)
    return top if named or len(folders) > 1 or top in (*NBGRADER, assignment) else ""


def _inner(path: str, outer: str) -> str:
    return path.removeprefix(f"{outer}/") if outer else path


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
