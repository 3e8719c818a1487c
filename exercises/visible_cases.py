"""Writes what `bplib.check` compares with: fingerprints, no results."""

import hashlib
import json
from pathlib import Path
from typing import Any

import bplib
from bplib.checks.lock import locked
from bplib.checks.packing import pack
from exercises.exercise import Exercise

FOLDER = Path(bplib.__file__).parent / "checks" / "cases"


def packed(exercise: Exercise, seed: int | None = None) -> dict[str, Any]:
    """Return an exercise's cases as plain data, the visible ones if there is no seed.

    Where the numbers are graded that a student can see, their results are locked.
    """
    cases = pack(exercise.key.returns, exercise.cases(seed), exercise.mistakes, exercise.key.clues)
    title = exercise.following
    cases["next"] = f"Next: “{title}”." if title else "That was the last one of this notebook."
    if not exercise.key.own:
        return cases
    salt = hashlib.sha256(f"lock of {exercise.name} {seed}".encode()).hexdigest()[:8]
    return locked(cases, salt)


def text(exercise: Exercise) -> str:
    """Return the JSON of an exercise's visible cases."""
    return json.dumps(packed(exercise), ensure_ascii=False, separators=(",", ":")) + "\n"


def write(exercise: Exercise, folder: Path = FOLDER) -> Path:
    """Write the exercise's file if it is not up to date, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    return write_new(folder / f"{exercise.name}.json", text(exercise))


def write_new(path: Path, content: str) -> Path:
    """Write a file unless it holds just that, so that nothing is made anew for it."""
    if not path.exists() or path.read_text(encoding="utf-8") != content:
        path.write_text(content, encoding="utf-8")
    return path
