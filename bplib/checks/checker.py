"""Checks a reader's answer to an exercise, offline, and names the mistake."""

import json
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from typing import Any

from bplib._errors import one_of
from bplib.checks.outcome import outcome
from bplib.checks.packing import unpack, unseal
from bplib.checks.verdict import Verdict, diagnose

__all__ = ["check", "names"]


def check(name: str, function: Callable[..., Any], version: str = "") -> Verdict:
    """Call `function` on the exercise's visible cases and say what is wrong, if anything is.

    `bplib` holds four random projections of each right result, and of the result of each
    known mistake: enough to recognise a result, too few to read off one of more than four
    numbers. Of numbers that are graded themselves it holds digests alone.

    Args:
        name: the exercise, such as "backward-2-2-1".
        function: the reader's function, with the arguments that the exercise asks for.
        version: the text that a notebook with numbers of your own passes; empty otherwise.

    Returns:
        A verdict: true if all is right, and with a message that the notebook shows.

    Raises:
        ValueError: there is no exercise of that name, `function` cannot be called, or
            `version` is not complete.
    """
    exercise = unpack(unseal(version)) if version else load(name)
    if not callable(function):
        raise ValueError(f"function is {function!r}; expected the function itself, not its result")
    cases = exercise["cases"]
    outcomes = [outcome(function, case.inputs, exercise["returns"]) for case in cases]
    verdict = diagnose(cases, outcomes, exercise["mistakes"], exercise["clues"])
    if not verdict.passed:
        return verdict
    return replace(verdict, message=f"{verdict.message} {exercise['next']}".strip())


def names() -> list[str]:
    """Return the names of all exercises that can be checked."""
    return sorted(path.name.removesuffix(".json") for path in _folder().iterdir())


def load(name: str) -> dict[str, Any]:
    """Return the exercise: "returns" (names), "cases", "mistakes", "clues", "next"."""
    path = one_of("name", name, {name: _folder() / f"{name}.json" for name in names()})
    return unpack(json.loads(path.read_text(encoding="utf-8")))


def _folder() -> Any:
    return resources.files("bplib.checks") / "cases"
