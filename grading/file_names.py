"""Whose file it is, by its name: PLATFORMS has a row for each learning platform.

The outermost name decides, since it is the platform's: in a student's own folder, nothing that
the student calls a file or a folder says whose it is.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from grading.names import encoded


@dataclass(frozen=True)
class Platform:
    """How a learning platform names what students upload.

    Attributes:
        pattern: matches the whole name of a file. Its group `name` is the student's name. It may
            have others: `user`, which two students of one name do not share, `upload`, digits
            that are a larger number for a later upload, and `late`, empty for one in time.
        student: what the student is called in grades.csv, made of these groups.
        folders: the name of a folder around the file may match as well.
        ambiguous: a folder around all students may have such a name, too.
    """

    name: str
    pattern: str
    student: str
    folders: bool = False
    ambiguous: bool = False


PLATFORMS = (
    Platform(
        "Canvas",  # doejane_LATE_123_4567_homework-2.ipynb
        r"(?P<name>[^_/]+)_(?P<late>LATE_)?(?P<user>\d+)_(?P<upload>\d+)_.+",
        student="{name}_{user}",
    ),
    Platform(
        "Moodle",  # Jane Doe_98765_assignsubmission_file_/homework.ipynb, or all in one name
        r"(?P<name>.+?)_(?P<user>\d+)_assignsubmission_(?:file|onlinetext).*",
        student="{name}",
        folders=True,
    ),
    Platform(
        "Blackboard",  # Homework 3_jdoe_attempt_2026-09-14-10-22-33_homework.ipynb
        r"[^_]+_(?P<name>.+?)_attempt_(?P<upload>\d{4}(?:-\d\d){5})(?:_.+|\.txt)",
        student="{name}",
    ),
    Platform(
        "ILIAS",  # Doe_Jane_jdoe_4711/homework.ipynb
        r"(?P<name>[^_]+_[^_]+_.+_\d+)",
        student="{name}",
        folders=True,
        ambiguous=True,
    ),
)
COPY = re.compile(r"(?:-(\d+)| \((\d+)\))$")  # ends the name of an upload that is not the first
ENDINGS = re.compile(r"(?:\.ipynb|\.json|\.txt)+$", re.IGNORECASE)  # of a notebook
MADE_BY_THE_SYSTEM = re.compile(
    r"(^|/)(__MACOSX|\.ipynb_checkpoints)(/|$)|(^|/)(\.DS_Store|Thumbs\.db|desktop\.ini)$"
)
NBGRADER = ("submitted", "autograded")  # folders of nbgrader's, with one for each student
AROUND = ("submissions", *NBGRADER)  # folders that are no student's


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


def owner(path: str, assignment: str, is_notebook: bool = True) -> Owner | None:
    """Return whose file it is, None if its path does not tell.

    Args:
        path: without what is around all students' files.
        assignment: its name.
        is_notebook: a file without a folder that is none has no student.
    """
    first, *inner = PurePosixPath(path).parts
    stem = ENDINGS.sub("", PurePosixPath(path).name)
    copy = COPY.search(stem)
    number = int((copy[1] or copy[2])[:9]) if copy else 0
    if found := _match(first, bool(inner)):
        platform, match = found
        groups = {"user": "", "upload": "", "late": ""} | match.groupdict()
        order = (int(re.sub(r"\D", "", groups["upload"])[:30] or 0), number)
        return Owner(
            _composed(platform.student.format(**groups)),
            groups["user"] or "",
            bool(groups["late"]),
            order,
        )
    own = COPY.sub("", stem) == assignment
    if inner:
        return Owner(_composed(first), order=(own, number))
    return Owner(_composed(stem)) if is_notebook and stem and not own else None


def outer(paths: Iterable[str], assignment: str) -> int:
    """Return how many folders are around all students' files."""
    parts = [PurePosixPath(path).parts for path in paths]
    tops = {top for top, *_ in parts}
    inner = [below for _, *below in parts]
    given = [found[0] for top in tops if (found := _match(top, True))]
    students = {below[0] for below in inner if len(below) > 1} - {assignment}
    if not all(inner) or any(not p.ambiguous or len(students) < 2 for p in given):
        return 0
    named = all(_match(first, bool(rest)) for first, *rest in inner)
    if len(tops) > 1:  # such as a folder for each section
        return int(named and not given)
    if students and students <= set(NBGRADER):
        return 2
    any_named = any(_match(first, bool(rest)) for first, *rest in inner)
    return int(any_named or len(students) > 1 or bool(tops & {*AROUND, assignment}))


def ids(owners: Collection[Owner], known: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Return what each student is called in the course, by name and number.

    It is the name alone if nobody else has it or had it: two students never become one, nor
    does one become two when a namesake hands in later.

    Args:
        owners: of all files.
        known: the numbers of the students who are in the course, by what they are called.
    """
    numbers: dict[str, set[str]] = {}
    for one in owners:
        numbers.setdefault(one.name, set()).add(one.number)
    found: dict[tuple[str, str], str] = {}
    for name, of_name in sorted(numbers.items()):
        for number in sorted(of_name):
            alone = encoded(name)
            longer = encoded(f"{name}_{number}") if number else alone
            before = known.get(alone)
            if before is None:
                plain = len(of_name) == 1 and longer not in known
            else:
                plain = before == number or (len(of_name) == 1 and "" in (before, number))
            called = alone if plain else longer
            while called in found.values() or not (plain or known.get(called, number) == number):
                called, plain = encoded(f"{called}_{number}"), False
            found[name, number] = called
    return found


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _match(name: str, is_folder: bool) -> tuple[Platform, re.Match] | None:
    """Return the platform that has given a file or a folder its name, and the match."""
    for platform in PLATFORMS:
        found = re.fullmatch(platform.pattern, name, re.DOTALL)
        if found and (platform.folders or not is_folder):
            return platform, found
    return None
