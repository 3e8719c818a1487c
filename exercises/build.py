"""Makes from the sources all that is handed out, and what `bplib.check` compares with."""

import argparse
from pathlib import Path

import nbformat

from exercises import visible_cases
from exercises.assignment_notebook import notebook
from exercises.exercise import assignments

OUT = Path("_build/exercises")


def build(out: Path) -> list[Path]:
    """Write students' notebooks, nbgrader's source and release, and the fingerprints.

    Returns:
        The paths of the notebooks: <out>/students/<name>.ipynb, and
        <out>/{source,release}/<name>/<name>.ipynb for nbgrader.
    """
    paths = []
    for part in assignments():
        for exercise in part.exercises:
            visible_cases.write(exercise)
        places = {
            out / "students" / f"{part.name}.ipynb": False,
            out / "source" / part.name / f"{part.name}.ipynb": True,
            out / "release" / part.name / f"{part.name}.ipynb": False,
        }
        for path, solved in places.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(nbformat.writes(notebook(part, solved)) + "\n", encoding="utf-8")
        paths += places
    return paths


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Register `python -m exercises build`."""
    parser = commands.add_parser(
        "build", help="write the notebooks to hand out, and nbgrader's source and release"
    )
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder (default {OUT})")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    for path in build(options.out):
        print(path)
