"""The source of an exercise: one MyST notebook, taken apart into its pieces."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = "# Your code here.\nraise NotImplementedError"
FIELDS = {"title": str, "chapter": str, "difficulty": int, "minutes": int, "points": int}
DIFFICULTIES = {1: "a warm-up", 2: "needs thought", 3: "a challenge"}


@dataclass(frozen=True)
class Written:
    """A question that an instructor reads and grades by hand."""

    text: str
    points: int
    answer: str


@dataclass(frozen=True)
class Source:
    """What stands in the file of one exercise.

    Attributes:
        number: its place in the assignment.
        title, chapter, difficulty, minutes, points: as its header says; `chapter` is the
            label of the chapter it belongs to.
        statement: the task, in Markdown, with hints as `{hint}`.
        solution: the code of the reference.
        stub: the same code with the solution taken out.
        written: the questions that a person grades.
    """

    path: Path
    number: int
    title: str
    chapter: str
    difficulty: int
    minutes: int
    points: int
    statement: str
    solution: str
    stub: str
    written: list[Written]

    @property
    def name(self) -> str:
        """The name by which `bplib.check` knows the exercise: the file's."""
        return self.path.stem

    @property
    def function(self) -> str:
        """The name of the function to be written: the last one that the stub defines."""
        return re.findall(r"(?m)^def (\w+)", self.stub)[-1]

    @classmethod
    def read(cls, path: Path) -> "Source":
        """Read the file.

        Raises:
            ValueError: a field of the header, the statement or the solution is missing.
        """
        notebook = jupytext.read(path)
        header = _header(path, notebook.metadata.get("exercise", {}))
        statement, code, written = [], [], []
        for cell in notebook.cells:
            if cell.cell_type == "code":
                code.append(cell.source)
            elif "points" in cell.metadata:
                question, _, answer = cell.source.partition(f"\n{BEGIN}\n")
                answer = answer.removesuffix(END).strip()
                written.append(Written(question.strip(), cell.metadata["points"], answer))
            else:
                statement.append(cell.source)
        if len(code) != 1 or BEGIN not in code[0]:
            raise ValueError(f"{path.name} has {len(code)} code cells; expected one with {BEGIN}")
        return cls(
            path,
            **header,
            statement="\n\n".join(statement),
            solution=code[0],
            stub=strip(code[0]),
            written=written,
        )


def strip(code: str) -> str:
    """Return the code with each solution replaced by a stub."""
    pattern = rf"(?m)^([ ]*){BEGIN}\n(?:.*\n)*?[ ]*{END}$"
    return re.sub(pattern, lambda found: _indented(STUB, found[1]), code)


def fill(text: str, numbers: Mapping[str, Any]) -> str:
    """Return the text with each <<name>> replaced by the number of that name."""
    return re.sub(r"<<(\w+)>>", lambda found: str(numbers[found[1]]), text)


def _indented(text: str, indent: str) -> str:
    return "\n".join(indent + line for line in text.splitlines())


def _header(path: Path, found: dict[str, Any]) -> dict[str, Any]:
    fields = FIELDS | {"number": int}
    for name, kind in fields.items():
        if not isinstance(found.get(name), kind):
            came = f"{path.name}: {name} is {found.get(name)!r}"
            raise ValueError(f"{came}; expected {kind.__name__} in the header")
    if found["difficulty"] not in DIFFICULTIES:
        raise ValueError(f"{path.name}: difficulty is {found['difficulty']}; expected 1, 2 or 3")
    return {name: found[name] for name in fields}
