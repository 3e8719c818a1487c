"""Numbers of a student's own are checked by what does not give them away."""

import math

import numpy as np
import pytest

from bplib.checks.checker import check, load
from bplib.checks.fingerprint import Fingerprint
from bplib.checks.lock import Lock
from bplib.checks.packing import unseal
from exercises.assignment_notebook import sealed
from exercises.exercise import exercises
from exercises.visible_cases import packed

EXERCISES = list(exercises())
OWN = [exercise for exercise in EXERCISES if exercise.key.own]


def outcomes(cases):
    """Return all outcomes in packed cases that are no problems."""
    found = [o for case in cases["cases"] for o in (case["right"], *case["slips"].values())]
    return [outcome for outcome in found if "problem" not in outcome]


@pytest.mark.parametrize("exercise", OWN, ids=lambda exercise: exercise.name)
def test_neither_seal_nor_library_holds_a_number_of_the_answer(exercise):
    for cases in (packed(exercise), unseal(sealed(exercise, 7))):
        assert len(outcomes(cases)) > len(exercise.key.slips) / 2
        for outcome in outcomes(cases):
            for _, size, digest, lost in outcome.values():
                assert isinstance(digest, str)
                assert math.log2(size) == int(math.log2(size))
                assert lost == 0


@pytest.mark.parametrize("exercise", OWN, ids=lambda exercise: exercise.name)
def test_answers_are_still_recognised_and_mistakes_named(exercise):
    for seed in range(25):
        numbers, version = exercise.numbers(seed), sealed(exercise, seed)
        for name, answer in exercise.key.alternatives.items():
            found = check(exercise.name, lambda a=answer, n=numbers: a(**n), version)
            assert found.passed, (seed, name)
        for name, (_, answer) in exercise.key.slips.items():
            found = check(exercise.name, lambda a=answer, n=numbers: a(**n), version)
            assert found.mistakes == (name,), (seed, name)


def test_others_are_as_they_were():
    for exercise in EXERCISES:
        if not exercise.key.own:
            assert not any("Lock" in repr(case) for case in load(exercise.name)["cases"])


def test_a_lock_opens_within_the_tolerance_alone():
    rng = np.random.default_rng(3)
    for _ in range(200):
        value = rng.normal(size=rng.integers(1, 20)) * 10.0 ** rng.integers(-6, 6)
        lock = Lock.of(Fingerprint.of("a", value), "salt")
        for right in (value, value * (1 + 1e-7), value.astype(np.float32)):
            assert lock.matches(Fingerprint.of("a", right))
        for wrong in (-value, 2 * value, value * 1.01, value[::-1] + value, np.append(value, 0)):
            assert not lock.matches(Fingerprint.of("a", wrong))
        assert lock.matches(lock)
        assert lock.factor(Fingerprint.of("a", value)) is None
    lock = Lock.of(Fingerprint.of("a", np.zeros(3)), "salt")
    assert lock.matches(Fingerprint.of("a", np.zeros(3)))
    for wrong in (np.full(3, np.nan), np.full(3, 1e99), np.ones(3)):
        assert not lock.matches(Fingerprint.of("a", wrong))
