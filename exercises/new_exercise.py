"""Begins an exercise: a sample's source and key, which pass every test, to be made another's."""

import argparse
import keyword
import re
from pathlib import Path

from exercises.exercise import ASSIGNMENTS, assignments
from exercises.source import fill

TEMPLATES = Path(__file__).parent / "templates"
NAME = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
PLACE = re.compile(rf"(?P<assignment>(?P<number>[1-9][0-9]*)-{NAME})/(?P<name>{NAME})")
NEXT = """\
1. Make it yours: statement and solution in the first file, inputs and mistakes in the second.
2. make exercises
3. .venv/bin/python -m pytest tests/grading/test_keys.py -k {name}"""


def create(place: str, folder: Path = ASSIGNMENTS) -> list[Path]:
    """Write source and key of a new exercise, and its assignment if that is new.

    Args:
        place: <assignment>/<name>, such as "3-backward-pass/my-gradient".
        folder: the folder of all assignments.

    Returns:
        The paths of what was written.

    Raises:
        ValueError: the place is not of that form, or its name or number is taken.
    """
    found = PLACE.fullmatch(place)
    if not found:
        raise ValueError(
            f"exercise is {place!r}; expected ASSIGNMENT/NAME in small letters, digits and "
            "hyphens, such as '3-backward-pass/my-gradient'"
        )
    name, function = found["name"], found["name"].replace("-", "_")
    every = assignments(folder)
    here = next((part for part in every if part.name == found["assignment"]), None)
    for part in every:
        if part.name.split("-")[0] == found["number"] and part is not here:
            raise ValueError(
                f"assignment is {found['assignment']!r}; expected {part.name!r}, which has that "
                "number, or a number that is free"
            )
        taken = {e.name for e in part.exercises} | {"assignment"}
        taken |= {e.source.function.replace("_", "-") for e in part.exercises if part is here}
        if name in taken or keyword.iskeyword(function):
            raise ValueError(f"name is {name!r}, which is taken; expected another")
    target = folder / found["assignment"]
    number = len(here.exercises) + 1 if here else 1
    facts = {"name": name, "function": function, "number": number, "title": _title(name)}
    texts = {
        target / f"{name}.md": _filled("exercise.md", facts),
        target / f"{name}.py": _filled("key.py", facts),
    }
    if not here:
        title = _title(found["assignment"].partition("-")[2])
        texts[target / "assignment.md"] = _filled("assignment.md", {"title": title})
    for path in texts:
        if path.exists():
            raise ValueError(f"{path} is there already; expected no such file")
    for path, text in texts.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(texts)


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Register `python -m exercises new`."""
    parser = commands.add_parser(
        "new", help="begin an exercise: write a source and a key that work, to be changed"
    )
    parser.add_argument(
        "place", metavar="ASSIGNMENT/NAME", help="such as 3-backward-pass/my-gradient"
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    paths = create(options.place)
    print(*paths, NEXT.format(name=paths[0].stem), sep="\n")
    if len(paths) > 2:
        print(f"4. Add `- file: assignments/{paths[0].parent.name}` to _toc.yml.")


def _title(name: str) -> str:
    return name.replace("-", " ").capitalize()


def _filled(template: str, facts: dict[str, str | int]) -> str:
    return fill((TEMPLATES / template).read_text(encoding="utf-8"), facts)
