"""Hidden inputs that come out by the feedback are of no use for the next attempt."""

import re

import pytest
from samples import sent

from grading.collect import Student, Upload
from grading.course import Course
from grading.grader import Grader
from grading.sandbox import choose

pytestmark = pytest.mark.needs("bwrap")

PRINTS = "def {}(**given):\n    raise ValueError(f'{{sum(map(np.sum, given.values())):.9f}}')"


@pytest.fixture
def told(assignment, tmp_path):
    """Return a function: code -> the number that the feedback tells, which its inputs made."""
    grader = Grader(Course(tmp_path), assignment, b"secret" * 4, choose())
    exercise = assignment.exercises[0]

    def run(code, student="ann"):
        data = sent(assignment, {exercise.name: code.format(exercise.source.function)})
        record = grader.one(Student(student, [Upload("x.ipynb", data)]))
        return re.search(r"ValueError in line \d+: (\S+)\.", record.scores[0].message)[1]

    return run


def test_another_file_meets_other_inputs_and_the_same_file_the_same(told):
    first = told(PRINTS)
    assert told(f"{PRINTS}  # again") != first
    assert told(PRINTS) == first
    assert told(PRINTS, "ben") != first


def test_numbers_of_a_students_own_stay(assignment, tmp_path):
    grader = Grader(Course(tmp_path), assignment, b"secret" * 4, choose(), own=True)
    own = next(exercise for exercise in assignment.exercises if exercise.key.own)
    seeds = {grader._hidden("ann", own, data) for data in (b"one", b"two")}
    assert seeds == {grader.seed("ann", own)}
