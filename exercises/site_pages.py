"""The website's pages of exercises: statements, hints and a notebook to download."""

from collections.abc import Iterator
from pathlib import Path

import nbformat

from exercises.assignment_notebook import notebook
from exercises.exercise import Assignment, Exercise, assignments
from exercises.source import DIFFICULTIES, fill
from exercises.visible_cases import write_new

HEADER = """\
---
myst:
  html_meta:
    description: "{description}"
---

"""

INDEX = """\
(exercises)=
# Exercises that name your mistake

Each of these exercises asks for a short function. You write it in a notebook, and a cell under it
tells you whether the function is right. If it is not, the cell says which mistake gives the numbers
that you got. This is what it says to somebody who has forgotten that an error stops being an error
of $a$ and becomes one of $z$ only when it is multiplied by the slope:

> {sample}

The cell works offline and takes some milliseconds. It does not hold the right numbers, only a few
random projections of them: enough to recognise a result, too few to read off a longer one.

The triangle above the page of an assignment opens its notebook in your browser, with nothing to
install; the arrow beside it downloads the notebook for any Jupyter. If you teach,
{{ref}}`another page <teaching>` says how to hand these exercises out and have them graded. The
exercises at the end of each chapter are of another kind: they are done in the chapter itself.

| exercise | belongs to | | minutes |
|---|---|---|--:|
{rows}
"""

PAGE = """\
({label})=
# {title}

{introduction}

The work is done in a notebook; this page shows what it asks. The triangle above opens the notebook
in your browser, and the arrow beside it downloads it.

{exercises}
"""

EXERCISE = """\
({label})=
## {title}

*{facts}. Belongs to {{ref}}`{chapter}`.*

{statement}

```{{code-block}} python
{stub}
```

```{{code-block}} python
bplib.check("{name}", {function})
```
"""

DESCRIPTION = (
    "Short functions to write, each with a check that works offline and says which mistake gives "
    "your numbers; with notebooks to download, by chapter and effort."
)

QUESTION = "\n**In words** ({points} points). {text}\n"


def write(folder: Path) -> list[Path]:
    """Write the pages and the notebooks that they offer; what is up to date is left alone."""
    folder.mkdir(exist_ok=True)
    parts = assignments()
    texts = {"index.md": _index(parts)}
    for part in parts:
        texts[f"{part.name}.md"] = _page(part)
        texts[f"{part.name}.ipynb"] = nbformat.writes(notebook(part)) + "\n"
    for old in set(folder.iterdir()) - {folder / name for name in texts}:
        if old.suffix in {".md", ".ipynb"}:
            old.unlink()
    return [write_new(folder / name, text) for name, text in texts.items()]


def _index(parts: list[Assignment]) -> str:
    every = [exercise for part in parts for exercise in part.exercises]
    sample = next(exercise for exercise in every if exercise.name == "backward-2-2-1")
    _, slip = sample.key.slips["σ′ missing in the hidden layer"]
    told = repr(sample.judge(slip))
    header = HEADER.format(description=DESCRIPTION)
    return header + INDEX.format(sample=told, rows="\n".join(_rows(parts)))


def _rows(parts: list[Assignment]) -> Iterator[str]:
    for part in parts:
        yield f"| **{{ref}}`{part.title} <{_label(part.name)}>`** | | | |"
        for exercise in part.exercises:
            source = exercise.source
            title = f"{{ref}}`{source.title} <{_label(exercise.name)}>`"
            chapter = f"{{ref}}`{source.chapter}`"
            effort = DIFFICULTIES[source.difficulty]
            yield f"| {title} | {chapter} | {effort} | {source.minutes} |"


def _page(part: Assignment) -> str:
    return HEADER.format(description=part.description) + PAGE.format(
        label=_label(part.name),
        title=part.title,
        introduction=part.introduction,
        exercises="\n".join(_exercise(exercise) for exercise in part.exercises),
    )


def _exercise(exercise: Exercise) -> str:
    source, numbers = exercise.source, exercise.numbers()
    statement = fill(source.statement, numbers)
    facts = f"{DIFFICULTIES[source.difficulty].capitalize()}, about {source.minutes} minutes"
    text = EXERCISE.format(
        label=_label(exercise.name),
        title=source.title,
        facts=f"{facts}, {source.points} points",
        chapter=source.chapter,
        statement=statement.replace("```{hint}", "```{hint}\n:class: dropdown"),
        stub=source.stub,
        name=exercise.name,
        function=source.function,
    )
    questions = (QUESTION.format(points=w.points, text=w.text) for w in source.written)
    return text + "".join(questions)


def _label(name: str) -> str:
    return f"exercise-{name}"
