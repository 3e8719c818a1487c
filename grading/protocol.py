"""What goes into the sandbox and what comes out, as plain data that is checked on the way in."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bplib.checks.fingerprint import PROJECTIONS, Fingerprint
from bplib.checks.outcome import Case, Outcome
from bplib.checks.packing import pack
from grading.limits import Limits
from grading.text import line

Cell = tuple[int, str]  # its number in the notebook, from 1, and its code

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
        attempts: lists of cells, to be run in turn until one defines the function and all that
            it needs; the last is also tried where an earlier one does not come to its end.
        definitions: cells of which, after all attempts, only imports and definitions are run.
        salt: makes fingerprints that nobody has seen, so that none can be sent without a result.
    """

    name: str
    function: str
    returns: list[str]
    inputs: list[Mapping[str, Any]]
    attempts: list[list[Cell]]
    salt: str = ""
    definitions: list[Cell] = field(default_factory=list)

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
        remarks: which cells were run, if not those above the check.
    """

    outcomes: tuple[Outcome, ...] = ()
    failure: str = ""
    reason: str = ""
    errors: tuple[str, ...] = field(default=())
    remarks: tuple[str, ...] = field(default=())


def parsed(text: bytes, tasks: Mapping[str, Task], limits: Limits) -> tuple[str, Answer] | None:
    """Read a line from the sandbox; None if it answers none of the tasks."""
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not isinstance(record.get("name"), str):
        return None
    task = tasks.get(record["name"])
    return (task.name, _answer(record, task, limits)) if task else None


def _answer(record: Mapping[str, Any], task: Task, limits: Limits) -> Answer:
    listed = record.get("errors")
    errors = tuple(map(line, listed[:20])) if isinstance(listed, list) else ()
    if record.get("state") == "undefined":
        told = f"defines no function called {task.function}"
        return Answer((), told, "; ".join([told, *errors[:1]]), errors)
    if "end" in record:
        told = _end(str(record["end"]), limits)
        where = " in the cells" if record.get("state") == "died" else ""
        return Answer((), told + where, told, errors)
    outcomes = record.get("outcomes")
    if not isinstance(outcomes, list) or len(outcomes) != len(task.inputs):
        return Answer((), "sent no result that can be read", "sent no result", errors)
    results = tuple(_outcome(item, task.returns) for item in outcomes)
    remarks = tuple(_remarks(record, errors, limits))
    reason = next(filter(None, [*map(_why, results), *remarks]), "")
    return Answer(results, "", reason, errors, remarks)


def _remarks(record: Mapping[str, Any], errors: Sequence[str], limits: Limits) -> Iterator[str]:
    """Say which cells were run, if not simply those above the check."""
    if isinstance(stopped := record.get("stopped"), dict):
        cell = f"Cell {stopped['at']}" if isinstance(stopped.get("at"), int) else "A cell"
        yield f"{cell} {_end(str(stopped.get('end')), limits)}; the function was called without it."
    if record.get("brief") is True:
        why = f" ({errors[0]})" if errors else ""
        yield f"Not all cells could be run{why}; only imports and definitions were."
    elif record.get("way") == 1 and "stopped" not in record:
        yield "What the function needs stands below its check; the cells there were run too."


def _end(end: str, limits: Limits) -> str:
    if end == "late":
        return f"did not finish within {limits.seconds:g} s"
    if end == "flooded":
        return f"sent more than {limits.output >> 20} MB"
    if end == "exit":
        return "ended Python before there was a result, as os._exit does"
    return f"was ended by {line(end)}" if end.startswith("signal") else "sent no result"


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
            return Outcome(problem=line(problem))
        found = {q: _fingerprint(mark) for q, mark in prints.items() if _wanted(q, returns)}
        if not all(q in found for q in returns if not q.endswith("[]")):
            raise ValueError(f"it has {', '.join(found)}; expected {', '.join(returns)}")
        return Outcome(found, "", tuple(map(line, changed)))
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
