"""Whose file it is, by its name: PLATFORMS has a row for each learning platform."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Platform:
    """How a learning platform names what students upload.

    Attributes:
        pattern: matches the whole name of a file. Its group `name` is the student's name. It may
            have others: `user`, which two students of one name do not share, `upload`, a number
            that is larger for a later upload, and `late`, which is empty for one in time.
        student: what the student is called in grades.csv, made of these groups.
        folders: the name of a folder around the file may match as well.
    """

    name: str
    pattern: str
    student: str
    folders: bool = False


PLATFORMS = (
    Platform(
        "Canvas",  # doejane_LATE_123_4567_homework-2.ipynb
        r"(?P<name>[^_/]+)_(?P<late>LATE_)?(?P<user>\d+)_(?P<upload>\d+)_.+",
        student="{name}_{user}",
    ),
    Platform(
        "Moodle",  # Jane Doe_98765_assignsubmission_file_/homework.ipynb, or all in one name
        r"(?P<name>.+)_(?P<user>\d+)_assignsubmission_(?:file|onlinetext).*",
        student="{name}",
        folders=True,
    ),
)
COPY = re.compile(r"-(\d+)$")  # at the end of the name of an upload that is not the first
MADE_BY_THE_SYSTEM = re.compile(
    r"(^|/)(__MACOSX|\.ipynb_checkpoints)(/|$)|(^|/)(\.DS_Store|Thumbs\.db|desktop\.ini)$"
)
NBGRADER = ("submitted", "autograded")  # folders of nbgrader's, with one for each student


@dataclass(frozen=True)
class Owner:
    """Whose upload it is.

    Attributes:
        number: tells students of one name apart, "" if the name does.
        order: later uploads have larger ones.
    """

    name: str
    number: str = ""
    late: bool = False
    order: tuple[int, int] = (0, 0)


def owner(path: str, assignment: str) -> Owner | None:
    """Return whose file it is, None if its path does not tell."""
    *folders, file = PurePosixPath(path).parts
    stem = PurePosixPath(file).stem
    copy = COPY.search(stem)
    number = int(copy[1][:9]) if copy else 0
    for platform in PLATFORMS:
        if found := _match(platform, folders, file):
            groups = {"user": "", "upload": 0, "late": ""} | found.groupdict()
            order = (int(groups["upload"]), number)
            name = safe(platform.student.format(**groups))
            return Owner(name, groups["user"], bool(groups["late"]), order)
    if folders:
        return Owner(safe(folders[0]), order=(COPY.sub("", stem) == assignment, number))
    if COPY.sub("", stem) == assignment or not file.lower().endswith(".ipynb"):
        return None
    return Owner(safe(stem))


def outer(paths: Iterable[str], assignment: str) -> str:
    """Return what all paths begin with before a student's part, such as "homework/", or ""."""
    parts = [PurePosixPath(path).parts for path in paths]
    tops = {top for top, *_ in parts}
    inner = [below for _, *below in parts]
    if len(tops) != 1 or not all(inner):
        return ""
    (top,) = tops
    if any(platform.folders and _match(platform, [], top) for platform in PLATFORMS):
        return ""
    students = {below[0] for below in inner if len(below) > 1} - {assignment}
    named = any(_match(p, folders, file) for *folders, file in inner for p in PLATFORMS)
    around = named or len(students) > 1 or top in (*NBGRADER, assignment)
    return f"{top}/" if around else ""


def safe(name: str) -> str:
    """Return a student's name as a folder can have it."""
    return re.sub(r"[^\w.-]+", "-", name).strip(".-") or "unnamed"


def _match(platform: Platform, folders: Iterable[str], file: str) -> re.Match | None:
    """Return the match of the outermost name that the platform has given."""
    names = [*folders, file] if platform.folders else [file]
    found = (re.fullmatch(platform.pattern, name, re.DOTALL) for name in names)
    return next(filter(None, found), None)
