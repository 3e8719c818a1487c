"""What a submission earns: its cells run in the sandbox, its outcomes are judged outside."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import nbformat

from bplib.checks.verdict import Verdict
from exercises.exercise import Exercise, Key
from exercises.source import Source
from grading import limited
from grading.limits import Limits
from grading.placement import defines
from grading.protocol import Answer, Cell, Task
from grading.sandbox import Sandbox

Run = tuple[list[list[Cell]], list[Cell]]  # attempts, and cells in the order of definitions
STEP = 2  # points come in halves


@dataclass(frozen=True)
class Score:
    """What one exercise earned.

    Attributes:
        message: what the feedback says.
        mistakes: the names of those that were recognised.
        reason: why nothing could be judged, "" if something could.
    """

    exercise: str
    points: float
    maximum: float
    message: str
    mistakes: tuple[str, ...] = ()
    reason: str = ""


def nothing(exercise: Exercise, reason: str) -> Score:
    """Return the score of an exercise of which nothing could be graded."""
    return Score(exercise.name, 0.0, float(exercise.source.points), f"✗ {reason}", (), reason)


def scores(
    exercises: Sequence[Exercise],
    notebook: nbformat.NotebookNode,
    seeds: Mapping[str, int],
    sandbox: Sandbox,
    limits: Limits = Limits(),  # noqa: B008
    salt: str = "",
) -> list[Score]:
    """Run a repaired notebook in a sandbox of its own and score each exercise.

    Args:
        seeds: for each exercise, the seed of the hidden cases.
        salt: of the fingerprints.

    Raises:
        SandboxError: the sandbox did not start.
    """
    try:
        runs = limited.call(_runs, [exercise.source for exercise in exercises], notebook)
    except limited.Failed as error:
        why = f"the notebook's code cannot be looked through: {error}"
        return [nothing(exercise, why) for exercise in exercises]
    tasks = [task(e, run, seeds[e.name], salt) for e, run in zip(exercises, runs, strict=True)]
    answers = sandbox.run(tasks, limits)
    return [score(e, seeds[e.name], answers[e.name], salt) for e in exercises]


def task(exercise: Exercise, run: Run, seed: int, salt: str = "") -> Task:
    """Return what the sandbox gets to know: the student's cells and the inputs, no results."""
    runs, definitions = run
    return Task(
        exercise.name,
        exercise.source.function,
        list(exercise.key.returns),
        exercise.given(seed),
        runs,
        salt,
        definitions,
    )


def _runs(sources: Sequence[Source], notebook: nbformat.NotebookNode) -> list[Run]:
    """Return the attempts at each exercise; of an exercise, only its source can be sent here."""
    return [attempts(Exercise(source, Key([])), notebook) for source in sources]


def attempts(exercise: Exercise, notebook: nbformat.NotebookNode) -> Run:
    """Return the cells above the exercise's check, then all, then its own alone.

    Returns:
        These attempts, and all cells in the order in which their definitions count: what is
        defined above the check replaces what is defined below.
    """
    above, every, alone, below = [], [], [], []
    passed = False
    function = exercise.source.function
    code = [
        (number, cell, cell.metadata.get("nbgrader", {}))
        for number, cell in enumerate(notebook.cells, 1)
        if cell.cell_type == "code"
    ]
    own = f"{exercise.name}-solution"
    elsewhere = any(
        defines(cell.source, function) for _, cell, about in code if about.get("grade_id") != own
    )
    for number, cell, about in code:
        name = about.get("grade_id", "")
        if name == own and elsewhere and cell.source.strip() == exercise.source.stub.strip():
            continue
        if about.get("grade"):
            passed |= name == f"{exercise.name}-check"
            continue
        item = (number, cell.source)
        every.append(item)
        (below if passed else above).append(item)
        alone += [item] if name in (own, "setup") or (not name and elsewhere) else []
    return [above, every, alone], [*above[:1], *below, *above]


def score(exercise: Exercise, seed: int, answer: Answer, salt: str = "") -> Score:
    """Judge an answer by the reference and the known mistakes, on this side of the sandbox."""
    if not answer.outcomes:
        told = f"✗ The notebook {answer.failure}."
        lines = [told, *answer.remarks, *answer.errors]
        return _score(exercise, 0, "\n".join(lines), (), answer.reason)
    verdict = exercise.verdict(answer.outcomes, seed, salt)
    reason = "" if verdict.passed or verdict.mistakes else answer.reason
    lines = [repr(verdict), *answer.remarks]
    lines += [] if verdict.passed else answer.errors[:3]
    return _score(exercise, earned(verdict, exercise), "\n".join(lines), verdict.mistakes, reason)


def earned(verdict: Verdict, exercise: Exercise) -> float:
    """Return the points, in halves, rounded down; all of them only if all is right."""
    most = float(exercise.source.points)
    if verdict.passed:
        return most
    return max(0.0, min(math.floor(STEP * verdict.share * most) / STEP, most - 1 / STEP))


def _score(
    exercise: Exercise, points: float, message: str, mistakes: tuple[str, ...], reason: str
) -> Score:
    most = float(exercise.source.points)
    return Score(exercise.name, float(points), most, message, tuple(mistakes), reason)
