"""Numbers of a student's own: graded by other numbers, a class is refused, one student is named."""

import nbformat
import pytest
from samples import archive, cell_named, sent

from bplib.checks.packing import LARGEST, seal
from grading import variants
from grading.__main__ import main
from grading.collect import Student, Upload
from grading.course import Course
from grading.grader import Grader
from grading.own_numbers import compare, marks_in, notes
from grading.sandbox import Unsafe

SECRET, OTHER = b"a secret of some length", b"another secret of some length"
NAMES = ["ann_1", "ben_2", "cat_3"]


@pytest.fixture(scope="module")
def exercise(assignment):
    return next(e for e in assignment.exercises if e.key.own)


@pytest.fixture(scope="module")
def made(assignment, tmp_path_factory):
    """Return the notebooks of the class by name, as the program `variants` makes them."""
    out = tmp_path_factory.mktemp("handout")
    variants.hand_out(assignment, NAMES, SECRET, out)
    return {name: (out / name / f"{assignment.name}.ipynb").read_bytes() for name in NAMES}


@pytest.fixture
def compared(assignment, tmp_path):
    """Return a function: notebooks by name and settings -> the remarks."""

    def run(files, own, secret=SECRET):
        grader = Grader(Course(tmp_path), assignment, secret, Unsafe(), own=own)
        students = [Student(name, [Upload("x.ipynb", data)]) for name, data in files.items()]
        told = compare(grader, [*students, Student("nobody")])
        return told, {s.name: list(notes(grader, s.name, s.chosen.data)) for s in students}

    return run


def test_the_right_numbers_need_no_word(compared, made, assignment):
    nothing = {name: [] for name in NAMES}
    assert compared(made, own=True) == ([], nothing)
    assert compared(dict.fromkeys(NAMES, sent(assignment)), own=False) == ([], nothing)
    assert compared(dict.fromkeys(NAMES, b"{"), own=True) == ([], nothing)


@pytest.mark.parametrize("count", [1, 3])
def test_a_wrong_call_is_refused_and_says_which(compared, made, assignment, count):
    files = dict(list(made.items())[:count])
    public = dict.fromkeys(files, sent(assignment))
    with pytest.raises(ValueError, match=rf"^{count} of {count} .*; grade with --own-numbers\. N"):
        compared(files, own=False)
    with pytest.raises(ValueError, match=r"another secret.*; grade with the --secret-file that"):
        compared(files, own=True, secret=OTHER)
    with pytest.raises(ValueError, match="grade with --own-numbers and the --secret-file that"):
        compared(files, own=False, secret=OTHER)
    with pytest.raises(ValueError, match="everybody has; grade without --own-numbers"):
        compared(public, own=True)


def test_names_that_are_spelled_otherwise_are_refused(compared, made):
    with pytest.raises(ValueError, match=r"\(Ann, Ben, Cat\).* for names that are spelled"):
        compared(dict(zip(("Ann", "Ben", "Cat"), made.values(), strict=True)), own=True)


def test_one_student_with_other_numbers_stops_nobody_and_is_named(
    compared, made, assignment, exercise
):
    theirs = f"The numbers of “{exercise.name}” are not those that you were given."
    (told,), said = compared(made | {"ann_1": made["ben_2"]}, own=True)
    assert told == "ann_1: the numbers of by-hand are those of ben_2, not the student's own"
    assert said == {"ann_1": [theirs], "ben_2": [], "cat_3": []}
    (told,), said = compared(made | {"ann_1": sent(assignment)}, own=True)
    assert (
        told == "ann_1: the numbers of by-hand are those that everybody has, not the student's own"
    )
    assert said["ann_1"] == [theirs]
    public = dict.fromkeys(NAMES, sent(assignment))
    (told,), said = compared(public | {"ann_1": made["ann_1"]}, own=False)
    assert (
        told == "ann_1: the numbers of by-hand are the student's own, not those that everybody has"
    )
    assert said["ann_1"] == [theirs]


@pytest.mark.parametrize(
    ("third", "marks"),
    [
        ("", {""}),
        (", 'x'", {"?"}),
        (f", '{seal({'mark': 'abc'})}'", {"abc"}),
        (f", '{seal({'cases': []})}'", {"?"}),
        (f", '{seal([1])}'", {"?"}),
        (f", '{seal({'mark': ' ' * 2 * LARGEST})}'", {"?"}),  # a bomb is not unpacked
        (", version", set()),
    ],
)
def test_whatever_stands_in_the_check_is_read_safely(assignment, exercise, third, marks):
    def edit(nb):
        call = f'bplib.check("{exercise.name}", {exercise.source.function}{third})'
        cell_named(nb, f"{exercise.name}-check").source = call

    assert marks_in(sent(assignment, edit=edit), exercise) == marks


@pytest.mark.needs("bwrap", "nbgrader")
def test_nothing_is_graded_when_the_option_is_forgotten(assignment, made, tmp_path, capsys):
    path, course = tmp_path / "in.zip", tmp_path / "course"
    path.write_bytes(archive({f"{n}/x.ipynb": data for n, data in made.items()}))
    (tmp_path / "secret.txt").write_bytes(SECRET)
    call = ["grade", str(path), "--assignment", assignment.name, "--course", str(course)]
    call += ["--jobs", "1", "--secret-file", str(tmp_path / "secret.txt")]
    assert main(call) == 2
    assert "grade with --own-numbers" in capsys.readouterr().err
    assert not (course / "verdicts").exists()
    assert not (course / "gradebook.db").exists()
    assert main([*call, "--own-numbers"]) == 0
    for name in NAMES:  # each is shown the numbers that the answer is for
        given = nbformat.reads(made[name].decode(), 4)
        for step in ("submitted", "autograded"):
            graded = nbformat.read(Course(course).notebook(step, assignment.name, name), 4)
            for cell in ("by-hand-statement", "by-hand-check"):
                assert cell_named(graded, cell).source == cell_named(given, cell).source
