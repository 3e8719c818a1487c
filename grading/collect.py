"""Reads each student's files from a zip or a folder; file_names.py knows whose they are."""

import contextlib
import io
import os
import re
import stat
import struct
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from grading import archives
from grading.file_names import AROUND, MADE_BY_THE_SYSTEM, ids, outer, owner
from grading.limits import LARGEST
from grading.text import line

ENTRIES = 100_000
TOTAL = 2 << 30
PACKED = r"(?i)\.(?:zip|tgz|tar(?:\.\w+)?)$"
MARKS = b"\xef\xbb\xbf\xff\xfe \t\r\n"  # byte order marks and space
UTF8 = 0x800  # the flag of an entry whose name is UTF-8


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

    @property
    def text(self) -> bytes:
        """What is in it, without the zeros that UTF-16 has between letters."""
        return self.data.replace(b"\0", b"")


@dataclass
class Student:
    """A student and all files that came.

    Attributes:
        name: what the student is called in the course.
        number: what tells the student from others of one name, "" if nothing has to.
        assignment: what the files are for.
    """

    name: str
    notebooks: list[Upload] = field(default_factory=list)
    others: list[Upload] = field(default_factory=list)
    number: str = ""
    assignment: str = ""

    @property
    def latest(self) -> list[Upload]:
        """The notebooks, the latest first."""
        return sorted(self.notebooks, key=lambda upload: upload.order, reverse=True)

    @property
    def chosen(self) -> Upload | None:
        """The latest notebook of the assignment, as far as a glance at it tells; else the latest.

        The grader reads them, and decides.
        """
        ours = f'"{self.assignment}"'.encode()
        return max(
            self.notebooks,
            key=lambda upload: (ours in upload.text, b"bplib" in upload.text, upload.order),
            default=None,
        )


@dataclass
class Collection:
    """Students by name, and what of the zip or folder belongs to none.

    Attributes:
        nobodys: files whose names tell no student, and what was packed in them.
    """

    students: dict[str, Student] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    nobodys: list[Upload] = field(default_factory=list)


def collect(source: Path, assignment: str, known: Mapping[str, str] | None = None) -> Collection:
    """Read all submissions in a zip or a folder.

    Args:
        source: the zip or folder.
        assignment: the assignment's name.
        known: the numbers of the students who are in the course, by what they are called.

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
    tops = {"/".join(PurePosixPath(upload.path).parts[:around]) for upload in uploads}
    for top in sorted(tops - {"", *AROUND, assignment}):
        found.remarks.append(f"{top}: a folder around all students' files, no student's own")
    owners, packed = [], [_unpacked(upload) for upload in uploads]
    for upload, inner in zip(uploads, packed, strict=True):
        path = _within(upload.path, around)
        path = re.sub(PACKED, ".ipynb", path) if inner else path
        whose = owner(path, assignment, is_notebook(upload) or bool(inner))
        owners.append((whose, upload, inner))
    called = ids([whose for whose, *_ in owners if whose], known or {})
    for whose, upload, inner in owners:
        if not whose:
            found.remarks.append(f"{upload.path}: left out, its name tells no student")
            found.nobodys += [upload, *inner]
            continue
        name = called[whose.name, whose.number]
        student = found.students.setdefault(
            name, Student(name, number=whose.number, assignment=assignment)
        )
        order = (*whose.order, upload.order)
        placed = Upload(upload.path, upload.data, order, whose.late, upload.problem)
        (student.notebooks if is_notebook(upload) else student.others).append(placed)
        for part in inner:
            part_order = (*whose.order, upload.order + part.order)
            student.notebooks.append(replace(part, order=part_order, late=whose.late))
    for student in found.students.values():
        found.remarks += _told(student)
    found.remarks = [line(remark, 1000) for remark in found.remarks]
    return found


def _unpacked(upload: Upload) -> list[Upload]:
    """Return the notebooks in a student's own archive, or one that says why it is closed."""
    if upload.problem or is_notebook(upload) or not archives.is_archive(upload.data):
        return []
    if len(upload.data) > LARGEST:
        return []
    try:
        found = archives.notebooks(upload.data)
    except archives.Unreadable as error:
        file = PurePosixPath(upload.path).name
        return [Upload(upload.path, problem=f"{line(file, 100)} cannot be unpacked: {line(error)}")]
    inner = (Upload(f"{upload.path}/{path}", data, when) for path, data, when in found)
    return [part for part in inner if not MADE_BY_THE_SYSTEM.search(part.path)]


def is_notebook(upload: Upload) -> bool:
    """Say whether a file is a notebook: by its name, or else by its content."""
    if upload.path.lower().endswith(".ipynb"):
        return True
    text = upload.text
    if not text[:100].lstrip(MARKS).startswith(b"{") or b'"nbformat"' not in text:
        return False
    return bool(re.search(rb'"(?:cells|worksheets)"\s*:', text))


def _within(path: str, around: int) -> str:
    return "/".join(PurePosixPath(path).parts[around:])


def _told(student: Student) -> Iterator[str]:
    if len(student.notebooks) > 1:
        count = len(student.notebooks)
        latest = student.latest[0].path
        yield f"{student.name}: {count} notebooks, all are kept; the latest is {latest}"
    for upload in [*student.notebooks, *student.others]:
        if archives.is_archive(upload.data) and any(
            part.path.startswith(f"{upload.path}/") for part in student.notebooks
        ):
            yield f"{upload.path}: unpacked, its notebooks are read"
        elif len(upload.data) > LARGEST:
            yield f"{upload.path}: more than {LARGEST >> 20} MB, not copied"
        elif upload.problem:
            yield f"{upload.path}: not copied, {upload.problem}"
        elif upload in student.others:
            yield f"{upload.path}: kept, but not a notebook"
        elif not upload.path.lower().endswith(".ipynb"):
            yield f"{upload.path}: a notebook by what is in it, read as one"


def _of_zip(source: Path) -> Iterator[Upload]:
    try:
        with _opened(source) as archive:
            entries = archive.infolist()
            if len(entries) > ENTRIES:
                raise ValueError(f"{source} has {len(entries)} entries; expected {ENTRIES} at most")
            total = 0
            for number, entry in enumerate(entries):
                if entry.is_dir():
                    continue
                upload = _from_zip(archive, entry, source, number)
                total += len(upload.data)
                if total > TOTAL:
                    raise ValueError(f"{source} unpacks to more than {TOTAL >> 30} GB")
                yield upload
    except zipfile.BadZipFile as error:
        raise ValueError(f"{source} is no zip file that can be read: {error}") from error


def _opened(source: Path) -> zipfile.ZipFile:
    """Open a zip, also one with names that it says are UTF-8 and that are not."""
    try:
        return zipfile.ZipFile(source)
    except UnicodeDecodeError:
        data = bytearray(source.read_bytes())
    try:
        _correct(data)
        return zipfile.ZipFile(io.BytesIO(data))
    except (UnicodeDecodeError, struct.error) as error:
        raise zipfile.BadZipFile(f"its names cannot be read ({error})") from error


def _correct(data: bytearray) -> None:
    """Take the flag for UTF-8 from the entries of a zip whose names are something else."""
    count, _, at = struct.unpack_from("<HLL", data, data.rfind(b"PK\5\6") + 10)
    for _ in range(count):
        flags, length, extra, comment = struct.unpack_from("<8xH18x3H", data, at)
        try:
            data[at + 46 : at + 46 + length].decode()
        except UnicodeDecodeError:
            (own,) = struct.unpack_from("<L", data, at + 42)
            for place in (at + 8, own + 6):  # in the list of entries, and before the entry
                struct.pack_into("<H", data, place, flags & ~UTF8)
        at += 46 + length + extra + comment


def _path(entry: zipfile.ZipInfo) -> str:
    """Return the path of an entry, as UTF-8 if it can be, and with / between folders."""
    path = entry.filename
    if not entry.flag_bits & UTF8:
        with contextlib.suppress(UnicodeError):
            path = path.encode("cp437").decode()
    return path.replace("\\", "/")


def _from_zip(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, source: Path, number: int
) -> Upload:
    path = _path(entry)
    if _escapes(path):
        return Upload(path, problem="its path leads out of the folder")
    order = entry.date_time
    if stat.S_ISLNK(entry.external_attr >> 16):
        return Upload(path, order=order, problem="it is a link to another file")
    try:
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return Upload(path, archives.member(str(source), number), order)  # may need much memory
        with archive.open(entry) as file:
            return Upload(path, file.read(LARGEST + 1), order)
    except Exception as error:  # what the decompressors raise has no common name
        return Upload(path, order=order, problem=f"it cannot be unpacked: {error}")


def _escapes(path: str) -> bool:
    parts = path.split("/")
    return (
        not any(parts) or ".." in parts or path.startswith("/") or ":" in parts[0] or "\0" in path
    )


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
    order = (int(about.st_mtime),)
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
