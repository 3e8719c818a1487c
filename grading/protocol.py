"""What goes into the sandbox and what comes out, as plain data that is checked on the way in."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bplib.checks.fingerprint import PROJECTIONS, Fingerprint
from bplib.checks.outcome import Case, Outcome
from bplib.checks.packing import pack
from grading.limits import Limits

Cell = tuple[int, str]  # its number in the notebook, from 1, and its code
LONGEST = 400


REASONS = {
    "MemoryError": "needs more memory than the sandbox gives",
    "BlockingIOError": "tried to start another process or thread",
    "SystemExit": "ended Python",
    "KeyboardInterrupt": "ended Python",
}


@dataclass(frozen=True)
class Task:
    """One exercise of one student.

    Attributes:
        name: the exercise's, or another that no other task has.
        function: the name of the function to be called.
        returns: the quantities that it returns.
        inputs: the inputs of each case.
        attempts: lists of cells, to be run in turn until one defines the function; the last
            is also tried where an earlier one does not come to its end.
        salt: makes fingerprints that nobody has seen, so that none can be sent without a result.
    """

    name: str
    function: str
    returns: list[str]
    inputs: list[Mapping[str, Any]]
    attempts: list[list[Cell]]
    salt: str = ""

    def packed(self) -> dict[str, Any]:
        """Return the task as it goes into JSON."""
        cases = pack(self.returns, [Case(given, Outcome(), {}) for given in self.inputs], [])
        return {**vars(self), "inputs": [case["inputs"] for case in cases["cases"]]}


@dataclass(frozen=True)
class Answer:
    """What came of a task.

    Attributes:
        outcomes: one for each case, or none if `failure` says why.
        failure: why there are no outcomes, as a sentence without a subject.
        reason: what a row of the grades says about it, "" if the function could be called.
        errors: what went wrong in the cells.
    """

    outcomes: tuple[Outcome, ...] = ()
    failure: str = ""
    reason: str = ""
    errors: tuple[str, ...] = field(default=())


def parsed(line: bytes, tasks: Mapping[str, Task], limits: Limits) -> tuple[str, Answer] | None:
    """Read a line from the sandbox; None if it answers none of the tasks."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not isinstance(record.get("name"), str):
        return None
    task = tasks.get(record["name"])
    return (task.name, _answer(record, task, limits)) if task else None


def _answer(record: Mapping[str, Any], task: Task, limits: Limits) -> Answer:
    listed = record.get("errors")
    errors = tuple(map(clean, listed[:20])) if isinstance(listed, list) else ()
    if record.get("state") == "undefined":
        told = f"defines no function called {task.function}"
        return Answer((), told, told, errors)
    if "end" in record:
        told = _end(str(record["end"]), limits)
        where = " in the cells" if record.get("state") == "died" else ""
        return Answer((), told + where, told, errors)
    outcomes = record.get("outcomes")
    if not isinstance(outcomes, list) or len(outcomes) != len(task.inputs):
        return Answer((), "sent no result that can be read", "sent no result", errors)
    results = tuple(_outcome(item, task.returns) for item in outcomes)
    return Answer(results, "", next(filter(None, map(_why, results)), ""), errors)


def _end(end: str, limits: Limits) -> str:
    if end == "late":
        return f"did not finish within {limits.seconds:g} s"
    if end == "flooded":
        return f"sent more than {limits.output >> 20} MB"
    if end == "exit":
        return "ended Python before there was a result, as os._exit does"
    return f"was ended by {clean(end)}" if end.startswith("signal") else "sent no result"


def _why(outcome: Outcome) -> str:
    """Return the short reason of a problem that is more than a wrong program."""
    raised = re.match(r"the function raises (\w+)", outcome.problem)
    if not raised:
        return ""
    if "can't start new thread" in outcome.problem:
        return REASONS["BlockingIOError"]
    return REASONS.get(raised[1], "")


def _outcome(item: Any, returns: list[str]) -> Outcome:
    """Return an outcome; one that is not of the right form is a problem."""
    try:
        problem, prints, changed = item
        if problem:
            return Outcome(problem=clean(problem))
        found = {q: _fingerprint(mark) for q, mark in prints.items() if _wanted(q, returns)}
        if not all(q in found for q in returns if not q.endswith("[]")):
            raise ValueError(f"it has {', '.join(found)}; expected {', '.join(returns)}")
        return Outcome(found, "", tuple(map(clean, changed)))
    except (AttributeError, TypeError, ValueError, KeyError, OverflowError):
        return Outcome(problem="the function sent no result that can be read.")


def _wanted(quantity: str, returns: list[str]) -> bool:
    """Say whether a name is that of a result, or of an array in a list of results."""
    listed = re.fullmatch(r"(\w+)\[\d{1,4}\]", quantity)
    return quantity in returns or bool(listed and f"{listed[1]}[]" in returns)


def _fingerprint(item: Any) -> Fingerprint:
    shape, size, marks, lost = item
    shape = tuple(int(n) for n in shape)
    if len(shape) > 32 or not all(0 <= n < 2**31 for n in shape) or len(marks) != PROJECTIONS:
        raise ValueError(f"shape is {shape}; expected an array's")
    numbers = np.array([size, *marks], float)
    return Fingerprint(shape, float(numbers[0]), tuple(numbers[1:].tolist()), int(lost))


def clean(text: Any) -> str:
    """Return a text on one line, without control characters, cut where it is long."""
    line = " ".join(re.sub(r"[^\S ]|[\x00-\x1f\x7f-\x9f]", " ", str(text)[: 4 * LONGEST]).split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
