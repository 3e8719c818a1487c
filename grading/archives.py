"""Notebooks in archives that students have packed themselves."""

import io
import tarfile
import zipfile
from collections.abc import Iterator

from grading import limited
from grading.limits import LARGEST

ENTRIES, TOTAL, DEEP = 2000, 200 << 20, 2  # of one archive, and how many may lie in each other
Entry = tuple[str, bytes, tuple[int, ...]]  # path, content, and when it was changed


class Unreadable(Exception):
    """An archive cannot be unpacked; the message says why."""


def is_archive(data: bytes) -> bool:
    """Say whether a file is an archive that can be opened here."""
    packed = data.startswith((b"PK\3\4", b"\x1f\x8b", b"BZh", b"\xfd7zXZ"))
    return packed or data[257:262] == b"ustar"


def notebooks(data: bytes) -> list[Entry]:
    """Return the notebooks in an archive, also those in archives within.

    Raises:
        Unreadable: it is damaged, encrypted or too large.
    """
    try:
        return limited.call(_notebooks, data)
    except limited.Failed as error:
        raise Unreadable(str(error)) from error


def member(path: str, number: int) -> bytes:
    """Return an entry of a zip file, one byte more than the largest allowed if it is too large.

    Raises:
        Unreadable: it is damaged, encrypted or too large.
    """
    try:
        return limited.call(_member, path, number)
    except limited.Failed as error:
        raise Unreadable(str(error)) from error


def _member(path: str, number: int) -> bytes:
    with zipfile.ZipFile(path) as archive, archive.open(archive.infolist()[number]) as file:
        return file.read(LARGEST + 1)


def _notebooks(data: bytes, depth: int = 1) -> list[Entry]:
    found = []
    for path, content, changed in _entries(data):
        if path.lower().endswith(".ipynb"):
            found.append((path, content, changed))
        elif depth < DEEP and is_archive(content):
            inner = _notebooks(content, depth + 1)
            found += [(f"{path}/{name}", text, when) for name, text, when in inner]
    return found


def _entries(data: bytes) -> Iterator[Entry]:
    """Yield the files in an archive; links and devices are none."""
    total = 0
    opened = _of_zip if data.startswith(b"PK\3\4") else _of_tar
    for number, entry in enumerate(opened(data)):
        total += len(entry[1])
        if number >= ENTRIES or total > TOTAL:
            raise ValueError(f"it holds more than {ENTRIES} files or {TOTAL >> 20} MB")
        yield entry


def _of_zip(data: bytes) -> Iterator[Entry]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            if not entry.is_dir() and (entry.external_attr >> 16) & 0o170000 != 0o120000:
                with archive.open(entry) as file:
                    yield entry.filename, file.read(LARGEST + 1), entry.date_time


def _of_tar(data: bytes) -> Iterator[Entry]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for entry in archive:
            if entry.isreg():
                content = archive.extractfile(entry).read(LARGEST + 1)
                yield entry.name, content, (int(entry.mtime),)
