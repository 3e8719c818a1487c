"""Every exercise: its solution passes, other styles too, and each mistake is told by its name."""

import inspect
import json
import math
import re
from copy import deepcopy
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import bplib
from bplib.checks.checker import names
from bplib.checks.fingerprint import TOLERANCE
from bplib.checks.verdict import IN_PLACE, diagnose
from exercises.exercise import ASSIGNMENTS, assignments, exercises, run
from exercises.source import BEGIN, END
from exercises.visible_cases import FOLDER, text

CHAPTERS = ASSIGNMENTS.parents[1] / "chapters"
EXERCISES = {exercise.name: exercise for exercise in exercises()}
SEEDS = (None, 1, 2)  # the visible cases, and two hidden ones
SLIPS = [(name, slip) for name, exercise in EXERCISES.items() for slip in exercise.key.slips]
TOLD_TOGETHER = 0.6  # the others look like one mistake, or like two others
PAIRS = 1187
STYLES = [(name, style) for name, e in EXERCISES.items() for style in e.key.alternatives]

every_exercise = pytest.mark.parametrize("name", EXERCISES)


@cache
def cases(name, seed):
    return EXERCISES[name].cases(seed)


def outcomes(name, answer, seed):
    exercise = EXERCISES[name]
    return [exercise._run(answer, inputs) for inputs in exercise.inputs(seed)]


def judge(name, answer, seed=None):
    return diagnose(cases(name, seed), outcomes(name, answer, seed), EXERCISES[name].mistakes)


def distance(one, other):
    """How far two lists of outcomes are apart, in units of their size; ∞ if not of one kind."""
    far = 0.0
    for left, right in zip(one, other, strict=True):
        if bool(left.problem) != bool(right.problem) or set(left.prints) != set(right.prints):
            return math.inf
        for q, mark in left.prints.items():
            their = right.prints[q]
            if not mark.same_shape(their) or mark.lost != their.lost:
                return math.inf
            miss = np.abs(np.subtract(mark.marks, their.marks)).max()
            far = max(far, miss / max(mark.size, their.size, 1e-300) if miss else 0.0)
    return far


def right(name, seed):
    return [case.right for case in cases(name, seed)]


def slipped(name, seed, slip):
    return [case.slips[slip] for case in cases(name, seed)]


def test_there_are_exercises():
    assert len(EXERCISES) == sum(len(assignment.exercises) for assignment in assignments())
    assert len(EXERCISES) >= 10


@every_exercise
@pytest.mark.parametrize("seed", [*SEEDS, 3])
def test_solution_passes(name, seed):
    exercise = EXERCISES[name]
    verdict = exercise.judge(exercise.handed_in(exercise.solution, seed), seed)
    assert verdict, verdict.message
    assert verdict.share == 1


@every_exercise
def test_solution_passes_the_reader_s_check(name):
    exercise = EXERCISES[name]
    verdict = bplib.check(name, exercise.handed_in(exercise.solution))
    assert verdict, verdict.message


@every_exercise
def test_stub_scores_nothing(name):
    exercise = EXERCISES[name]
    verdict = exercise.judge(run(exercise.source.stub, exercise.source.function))
    assert not verdict
    assert verdict.share == 0
    assert verdict.message == "The function is not written yet."


@every_exercise
def test_there_are_enough_styles_and_mistakes(name):
    key = EXERCISES[name].key
    assert len(key.alternatives) >= 5
    assert 6 <= len(key.slips) <= 24


@pytest.mark.parametrize(("name", "style"), STYLES)
def test_right_answer_in_another_style_passes(name, style):
    answer = EXERCISES[name].key.alternatives[style]
    for seed in SEEDS:
        verdict = judge(name, answer, seed)
        assert verdict, (seed, verdict.message)
        assert distance(right(name, seed), outcomes(name, answer, seed)) < TOLERANCE / 2, seed


@pytest.mark.parametrize(("name", "slip"), SLIPS)
def test_mistake_is_told_by_its_name(name, slip):
    mistake, answer = EXERCISES[name].key.slips[slip]
    for seed in SEEDS:
        verdict = judge(name, answer, seed)
        assert not verdict, seed
        assert verdict.mistakes == (slip,), seed
        assert slip in verdict.message
        assert mistake.credit <= verdict.share < 1
        assert distance(right(name, seed), slipped(name, seed, slip)) > 30 * TOLERANCE, seed


@every_exercise
def test_no_two_mistakes_look_alike(name):
    for seed in SEEDS:
        for one, other in combinations(EXERCISES[name].key.slips, 2):
            apart = distance(slipped(name, seed, one), slipped(name, seed, other))
            assert apart > 30 * TOLERANCE, (one, other, seed)


@every_exercise
def test_two_mistakes_at_once_are_told_together(name):
    exercise = EXERCISES[name]
    told, pairs = 0, dict(exercise.key.pairs())
    for seed in SEEDS[:2]:
        for two, answer in pairs.items():
            verdict = judge(name, answer, seed)
            if two in cases(name, seed)[0].pairs:
                assert verdict.mistakes, (two, seed)
            told += set(verdict.mistakes) == set(two)
    assert told >= TOLD_TOGETHER * 2 * len(pairs), f"{told / 2:g} of {len(pairs)}"


def test_many_pairs_of_mistakes_are_told_apart():
    """The number that the page for teachers gives."""
    told = 0
    for name, exercise in EXERCISES.items():
        for two, answer in exercise.key.pairs():
            told += set(judge(name, answer).mistakes) == set(two)
    assert told >= PAIRS, told


def spoil(value):
    """Change every array in place, wherever it is in a list; say whether there was one."""
    if isinstance(value, np.ndarray):
        value += 1
        return True
    return isinstance(value, list) and any([spoil(item) for item in value])


@pytest.mark.parametrize("name", [name for name in EXERCISES if not EXERCISES[name].key.own])
def test_right_answer_that_changes_its_inputs_is_caught(name):
    solution = EXERCISES[name].solution

    def answer(**inputs):
        result = deepcopy(solution(**inputs))
        assert any([spoil(value) for value in inputs.values()])
        return result

    verdict = judge(name, answer)
    assert not verdict
    assert verdict.mistakes == (IN_PLACE,)
    assert verdict.share == 0.5


@every_exercise
def test_solution_is_between_its_markers(name):
    source = EXERCISES[name].source
    canary = f"# canary-{name}"
    inside = source.solution.partition(BEGIN)[2].partition(END)[0]
    assert canary in [line.strip() for line in inside.splitlines()]
    for shown in (source.stub, source.statement, *(written.text for written in source.written)):
        assert "canary" not in shown
        assert "SOLUTION" not in shown


@every_exercise
def test_source_is_complete(name):
    exercise = EXERCISES[name]
    source = exercise.source
    assert all(len(line) <= 84 for line in source.solution.splitlines())
    assert "```{hint}" in source.statement
    assert source.minutes >= 5
    assert source.points >= 1
    handed_in = run(source.stub, source.function)
    assert inspect.getdoc(handed_in)
    assert set(inspect.signature(handed_in).parameters) == set(exercise.cases()[0].inputs)
    assert all(written.answer for written in source.written)
    labels = {label for path in CHAPTERS.glob("*.md") for label in labels_of(path)}
    missing = {"backward-pass", "xor", "checking-gradients", "initialization"}

    assert source.chapter in labels | missing


@pytest.mark.parametrize("assignment", assignments(), ids=lambda assignment: assignment.name)
def test_assignment_is_in_order(assignment):
    sources = [exercise.source for exercise in assignment.exercises]
    assert [source.number for source in sources] == list(range(1, len(sources) + 1))
    assert len({source.function for source in sources}) == len(sources)
    assert any(source.written for source in sources)


@pytest.mark.parametrize(("name", "slip"), SLIPS)
def test_mistake_is_explained(name, slip):
    mistake = EXERCISES[name].key.slips[slip][0]
    assert slip == slip.strip(" .")
    assert re.fullmatch(r"\S.*[.?]", mistake.why)
    assert 0 <= mistake.credit <= 0.75


def labels_of(path):
    return re.findall(r"^\(([\w-]+)\)=$", path.read_text(encoding="utf-8"), re.MULTILINE)


def headings(path):
    found = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {heading.strip("“”") for heading in found}


@every_exercise
def test_places_to_read_exist(name):
    for mistake in EXERCISES[name].mistakes:
        places = re.findall(r"chapter (\d+)(?:, “([^”]+)”)?", mistake.read)
        assert bool(places) == bool(mistake.read), mistake.read
        for number, title in places:
            assert 1 <= int(number) <= 16
            for path in CHAPTERS.glob(f"{int(number):02}-*.md"):
                assert not title or title in headings(path), mistake.read


def alike(one, other):
    """Compare what JSON holds; computers may disagree in the last digits of a number."""
    if isinstance(one, dict):
        return list(one) == list(other) and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-12)
    return one == other


@every_exercise
def test_fingerprints_are_up_to_date(name):
    stored = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert alike(json.loads(text(EXERCISES[name])), stored)


def test_there_is_a_file_of_fingerprints_for_each_exercise():
    assert names() == sorted(EXERCISES)


@every_exercise
def test_fingerprints_do_not_hold_the_answer(name):
    exercise = EXERCISES[name]
    packed = json.loads(text(exercise))
    for case, inputs in zip(packed["cases"], exercise.inputs(0), strict=True):
        kept = np.array([*numbers(case["right"]), *numbers(case["slips"])])
        for array in arrays(exercise.solution(**deepcopy(inputs))):
            given = {entry for value in inputs.values() for a in arrays(value) for entry in a.flat}
            for entry in set(array.flat) - given if array.size > 1 else ():
                if abs(entry) > 1e-3 and entry != round(entry):
                    assert not np.isclose(kept, entry, rtol=1e-7, atol=0).any()


def numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for item in value for number in numbers(item)]
    return [value] if isinstance(value, (int, float)) else []


def arrays(value):
    if isinstance(value, (tuple, list)):
        return [array for item in value for array in arrays(item)]
    return [np.asarray(value, float)] if isinstance(value, (np.ndarray, float)) else []


def test_the_folder_of_assignments_holds_nothing_else():
    known = {path for e in EXERCISES.values() for path in (e.source.path, key_of(e.source.path))}
    known |= {assignment.folder / "assignment.md" for assignment in assignments()}
    assert {path for path in ASSIGNMENTS.rglob("*.*") if path.suffix in {".md", ".py"}} == known


def key_of(path: Path) -> Path:
    return path.with_suffix(".py")
