"""Every exercise end to end through the sandbox: right answers pass, each mistake is named."""

import pytest
from samples import sent, solved

from exercises.assignment_notebook import notebook
from exercises.exercise import assignments, exercises
from exercises.source import fill
from grading.limits import Limits
from grading.protocol import Task
from grading.repair import repair
from grading.sandbox import choose
from grading.scores import score, scores

pytestmark = pytest.mark.needs("bwrap")

SEED = 20240229
RECORDER = """
import functools, sys, types

class Key:
    def __init__(self, *given, **settings):
        vars(self).update(zip(["returns", "visible"], given), **settings)
        self.made = {}
    def cases(self, draw):
        return draw
    def mistake(self, name, *rest, **more):
        return lambda answer: self.made.setdefault(("mistake", name), answer)
    def built_of_lines(self, answer, *usual):
        def register(name, why, read="", credit=0.0, **lines):
            self.made["mistake", name] = functools.partial(answer, **lines)
        return register
    def clue(self, *told):
        pass
    def alternative(self, name):
        return lambda answer: self.made.setdefault(("alternative", name), answer)
    @property
    def alternatives(self):
        return {name: answer for (kind, name), answer in self.made.items()}
    def __getattr__(self, name):
        return self.cases

model = types.ModuleType("exercises.exercise")
model.Key = Key
sys.modules["exercises"] = types.ModuleType("exercises")
sys.modules["exercises.exercise"] = model
"""


@pytest.fixture(scope="module")
def sandbox():
    return choose()


@pytest.mark.parametrize("exercise", list(exercises()), ids=lambda exercise: exercise.name)
def test_every_alternative_passes_and_every_mistake_is_caught_and_named(exercise, sandbox, tell):
    key = exercise.source.path.with_suffix(".py").read_text(encoding="utf-8")
    names = [("alternative", name) for name in exercise.key.alternatives]
    names += [("mistake", name) for name in exercise.key.slips]
    inputs, function = exercise.given(SEED), exercise.source.function
    numbers = exercise.numbers(SEED)
    tasks = [
        Task(
            "reference",
            function,
            exercise.key.returns,
            inputs,
            [[(1, "import numpy as np"), (2, fill(exercise.source.solution, numbers))]],
        )
    ]
    for kind, name in names:
        pick = f"space = {{}}\nexec({key!r}, space)\nmade = space['key'].made[{kind!r}, {name!r}]\n"
        pick += f"def {function}(**given):\n    return made(**given, **{numbers!r})"
        cells = [(1, RECORDER), (2, pick)]
        tasks.append(Task(f"{kind} {name}", function, exercise.key.returns, inputs, [cells]))
    answers = sandbox.run(tasks, Limits(seconds=20))
    found = {name: score(exercise, SEED, answer) for name, answer in answers.items()}
    lines, wrong = [], []
    for name, given in found.items():
        kind, _, slip = name.partition(" ")
        if kind == "mistake":
            right = given.mistakes == (slip,) and given.points < given.maximum
        else:
            right = given.points == given.maximum and not given.mistakes
        lines.append(f"{'ok ' if right else 'NOT'} {given.points:4g}/{given.maximum:g}  {name}")
        wrong += [] if right else [f"{name}: {given.points:g} points, {given.message}"]
    tell(f"{exercise.name}\n" + "\n".join(lines))
    assert not wrong, "\n".join(wrong)
    assert len(exercise.key.alternatives) >= 5


@pytest.mark.parametrize("part", assignments(), ids=lambda part: part.name)
@pytest.mark.parametrize("full", [True, False], ids=["solved", "blank"])
def test_the_whole_notebook_earns_everything_or_nothing(part, full, sandbox):
    data = sent(part, solved(part) if full else {})
    functions = {f"{e.name}-solution": e.source.function for e in part.exercises}
    repaired = repair(data, notebook(part), functions, part.name)
    assert (repaired.notes, repaired.failure) == ((), "")
    given = scores(
        part.exercises,
        repaired.notebook,
        {e.name: e.key.visible if e.key.own else SEED for e in part.exercises},
        sandbox,
    )
    assert [m.points for m in given] == [m.maximum if full else 0 for m in given]
    assert all("not written" in m.message for m in given if not full)
