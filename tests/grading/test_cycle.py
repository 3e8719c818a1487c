"""The whole cycle: hand out, twelve students on Canvas, grade, feedback, CSV, and once more."""

import csv
import os
import re

import nbformat
import pytest
from samples import archive, canvas, cell_named, sent, solved
from support.book import SITE

from exercises.assignment_notebook import notebook
from exercises.exercise import run
from grading import commands
from grading.__main__ import main
from grading.collect import Student, Upload
from grading.course import Course
from grading.grader import Grader
from grading.nbgrader_adapter import gradebook, hand_out
from grading.sandbox import SandboxError, choose
from grading.scores import earned

pytestmark = pytest.mark.needs("bwrap", "nbgrader")

NAME = "backward-2-2-1"
PATH = os.environ["PATH"]
MISTAKES = {  # what is wrong -> what is replaced, by what, and the name of the mistake
    "sign": ("(a2 - y)", "(y - a2)", "the wrong sign, y − a"),
    "place": ("a1 * (1 - a1)", "1", "σ′ missing in the hidden layer"),
    "late": (
        "W2.T @ delta2",
        "(W2 - delta2 @ a1.T / m).T @ delta2",
        "W₂ updated before the hidden error is computed",
    ),
}


def wrong(exercise, kind):
    old, new, _ = MISTAKES[kind]
    assert old in exercise.source.solution
    return exercise.source.solution.replace(old, new)


@pytest.fixture(scope="module")
def exercise(assignment):
    return next(e for e in assignment.exercises if e.name == NAME)


def from_site(nb):
    """Make of a notebook the one that the site offers, which begins with a cell of its own."""
    offered = SITE / f"notebooks/exercises/{nb.metadata.bplib.assignment}.ipynb"
    nb.cells.insert(0, nbformat.read(offered, as_version=4).cells[0])
    assert "%pip install" in nb.cells[0].source


@pytest.fixture(scope="module")
def uploads(assignment, exercise):
    """Files as Canvas names them, and for each student the expected points of the exercise."""
    function, most = exercise.source.function, float(exercise.source.points)
    raising = f"def {function}(**k):\n    raise ValueError('not today')"
    answers = {
        "ann": (solved(assignment), most),
        "ben": ({}, 0),
        "cat": ({NAME: wrong(exercise, "sign")}, None),
        "dan": ({NAME: wrong(exercise, "place")}, None),
        "eve": ({NAME: wrong(exercise, "late")}, None),
        "fay": ({NAME: f"def {function}(**k):\n    while True: pass"}, 0),
        "gus": ({NAME: raising}, 0),
        "hal": ({NAME: "def nothing(): pass"}, 0),
        "ida": ({NAME: exercise.source.solution + "\n1 / 0"}, most),
        "jon": ({NAME: "%matplotlib inline\n" + exercise.source.solution}, most),
        "kim": ({NAME: exercise.source.solution}, most),
    }
    files, points = {}, {}
    for number, (name, (code, earns)) in enumerate(answers.items(), 1):
        student = f"{name}_{number}"
        late = name == "kim"
        sent_in = sent(assignment, code, edit=from_site if late else None)
        files[canvas(name, number, assignment.name, late=late)] = sent_in
        points[student] = earns
    files[canvas("lou", 12, assignment.name)] = b"{"
    files[canvas("ben", 2, assignment.name, copy=1)] = sent(assignment, solved(assignment), "")
    return files, points | {"ben_2": most, "lou_12": 0}


@pytest.fixture(scope="module")
def course(assignment, uploads, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cycle")
    (folder / "canvas.zip").write_bytes(archive(uploads[0]))
    course = folder / "course"
    common = ["--assignment", assignment.name, "--course", str(course)]
    assert main(["release", *common]) == 0
    call = ["grade", str(folder / "canvas.zip"), *common, "--jobs", "2", "--seconds", "2"]
    assert main(call) == 0
    return Course(course), call


def rows(course):
    with (course.root / "grades.csv").open(encoding="utf-8", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_the_environment_is_left_as_it_was(course):
    assert os.environ.get("PATH") == PATH


def test_nbgrader_hands_out_what_we_do(course, assignment):
    """Solutions are cut out by nbgrader as by us, cell by cell."""
    released = nbformat.read(course[0].notebook("release", assignment.name), 4)
    ours = notebook(assignment, solved=False)
    assert [c.source for c in released.cells] == [c.source for c in ours.cells]
    for theirs, cell in zip(released.cells, ours.cells, strict=True):
        about = dict(theirs.metadata.nbgrader)
        for added in ("checksum", "cell_type"):
            about.pop(added, None)
        assert about == dict(cell.metadata.nbgrader)
    source = nbformat.read(course[0].notebook("source", assignment.name), 4)
    assert source.cells == notebook(assignment, solved=True).cells
    assert "canary" not in nbformat.writes(released)
    assert "canary" in nbformat.writes(source)


def test_scores_are_those_expected(course, assignment, exercise, uploads):
    found = rows(course[0])
    assert len(found) == 12
    for student, points in uploads[1].items():
        if points is not None:
            assert float(found[student][NAME]) == points, student
    by_kind = {"cat_3": "sign", "dan_4": "place", "eve_5": "late"}
    records = {record.student: record for record in course[0].records(assignment.name)}
    for student, kind in by_kind.items():
        trusted = run(wrong(exercise, kind), exercise.source.function)
        verdict = exercise.judge(trusted, 1)
        score = next(s for s in records[student].scores if s.exercise == NAME)
        assert score.mistakes == (MISTAKES[kind][2],)
        assert 0 < score.points == earned(verdict, exercise) < score.maximum
        assert float(found[student][NAME]) == score.points
        assert found[student]["mistakes named"] == "1"


def test_totals_lateness_and_reasons(course, assignment):
    found = rows(course[0])
    most = sum(
        e.source.points + sum(w.points for w in e.source.written) for e in assignment.exercises
    )
    assert {float(row["max"]) for row in found.values()} == {most}
    for row in found.values():
        given = [float(row[e.name]) for e in assignment.exercises]
        assert float(row["total"]) == sum(given)
    assert [name for name, row in found.items() if row["late"]] == ["kim_11"]
    assert "did not finish within 2 s" in found["fay_6"]["reason"]
    assert "defines no function called" in found["hal_8"]["reason"]
    assert found["lou_12"]["reason"] == "the file is not a notebook: it is not valid JSON"
    assert not found["ann_1"]["reason"]


def test_feedback_names_the_mistake(course, assignment):
    for student, told in {
        "cat_3": "This is what comes out with the wrong sign, y − a.",
        "ann_1": "✓ Right in",
        "gus_7": "function raises ValueError in line 2: not today.",
        "fay_6": "did not finish within 2 s",
        "lou_12": "not valid JSON",
    }.items():
        page = course[0].feedback(assignment.name, student).read_text(encoding="utf-8")
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
        assert told in text, student
        assert "canary" not in page or student in ("ann_1", "cat_3")


def test_the_gradebook_agrees_and_waits_for_written_answers(course, assignment):
    found = rows(course[0])
    with gradebook(course[0]) as book:
        for submission in book.assignment_submissions(assignment.name):
            row = found[submission.student.id]
            assert float(row["total"]) == submission.score
            waiting = sum(g.needs_manual_grade for n in submission.notebooks for g in n.grades)
            assert int(row["to be read"] or 0) == waiting
    assert int(found["ann_1"]["to be read"]) > 0
    assert found["lou_12"]["to be read"] == ""
    lines = (course[0].root / "nbgrader.csv").read_text().splitlines()
    assert len(lines) == 13


def test_a_rerun_does_nothing_and_a_lost_record_is_made_anew(course, assignment, uploads):
    course, call = course
    before = (course.root / "grades.csv").read_bytes()
    one, other = (course.verdict(assignment.name, s) for s in ("ann_1", "cat_3"))
    kept = one.stat().st_mtime_ns
    other.unlink()
    course.feedback(assignment.name, "cat_3").unlink()
    assert main(call) == 0
    assert (course.root / "grades.csv").read_bytes() == before
    assert one.stat().st_mtime_ns == kept
    assert other.exists()
    assert course.feedback(assignment.name, "cat_3").exists()


def test_points_for_written_answers_reach_the_table(course, assignment):
    course, _ = course
    cell = f"{NAME}-written-1"
    with gradebook(course) as book:
        grade = book.find_grade(cell, assignment.name, assignment.name, "ann_1")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        book.db.commit()
    before = float(rows(course)["ann_1"]["total"])
    common = ["--assignment", assignment.name, "--course", str(course.root)]
    assert main(["feedback", *common]) == 0
    row = rows(course)["ann_1"]
    assert (float(row[cell]), float(row["total"])) == (1.5, before + 1.5)
    assert "1.5 / 2" in course.feedback(assignment.name, "ann_1").read_text()


def test_a_check_that_changed_hands_out_nothing_new(course, assignment):
    course, _ = course
    release = course.notebook("release", assignment.name)
    before = release.stat().st_mtime_ns
    assert hand_out(course, assignment) == release
    assert release.stat().st_mtime_ns == before
    nb = nbformat.read(release, 4)
    assert cell_named(nb, f"{NAME}-check").metadata.nbgrader.points == 8


def test_ctrl_c_keeps_what_is_finished_and_a_rerun_goes_on(assignment, tmp_path, monkeypatch):
    class Interrupted(Grader):
        def one(self, student):
            if student.name == "c":
                raise KeyboardInterrupt
            return super().one(student)

    data = sent(assignment, solved(assignment))
    students = [Student(name, [Upload("x.ipynb", data)]) for name in "abcd"]
    course = Course(tmp_path)
    settings = (course, assignment, b"secret", choose())
    with pytest.raises(KeyboardInterrupt):
        Interrupted(*settings).grade(students, jobs=1)
    finished = [record.student for record in course.records(assignment.name)]
    assert finished[:2] == ["a", "b"]
    assert "c" not in finished
    kept = course.verdict(assignment.name, "a").stat().st_mtime_ns
    assert Grader(*settings).grade(students, jobs=1) == []
    assert [record.student for record in course.records(assignment.name)] == list("abcd")
    assert course.verdict(assignment.name, "a").stat().st_mtime_ns == kept


@pytest.mark.parametrize(
    ("error", "do"),
    [
        (SandboxError("out of processes"), "run the command again"),
        (KeyError("\x1b[2J"), "read what is in originals/3-backward-pass/b and give points"),
    ],
)
def test_trouble_with_one_student_is_said_and_stops_nobody(assignment, tmp_path, error, do):
    class Troubled(Grader):
        def _chosen(self, student):
            if student.name == "b":
                raise error
            return super()._chosen(student)

    students = [Student(name, [Upload("x.ipynb", b"{")]) for name in "abc"]
    settings = (Course(tmp_path), assignment, b"secret", choose())
    (told,) = Troubled(*settings).grade(students, jobs=2)
    assert told.startswith(f"b: NOT GRADED, {type(error).__name__}: ")
    assert do in told
    assert "\x1b" not in told
    a, b, c = Course(tmp_path).records(assignment.name)
    assert [r.student for r in (a, b, c)] == ["a", "b", "c"]
    assert type(error).__name__ in b.failure
    assert Course(tmp_path).notebook("submitted", assignment.name, "b").exists()
    assert Grader(*settings).grade(students, jobs=2) == []
    assert Grader(*settings).one(students[1]).failure == a.failure
    (told,) = Troubled(*settings).grade([Student("b", [Upload("x.ipynb", b"[")])], jobs=1)
    assert list(Course(tmp_path).records(assignment.name))[1].failure == a.failure  # it stays


def test_wrong_calls_are_told_in_a_line(tmp_path, capsys, monkeypatch):
    (tmp_path / "empty").mkdir()
    base = ["grade", str(tmp_path / "empty"), "--course", str(tmp_path / "course")]
    assert main([*base, "--assignment", "nothing"]) == 2
    assert "expected one of" in capsys.readouterr().err
    assert main([*base, "--assignment", "3-backward-pass"]) == 2
    assert "no submission was found" in capsys.readouterr().err
    assert main([*base, "--assignment", "3-backward-pass", "--seconds", "0"]) == 2
    assert "seconds is 0" in capsys.readouterr().err
    monkeypatch.setattr(commands.importlib.util, "find_spec", lambda name: None)
    assert main([*base, "--assignment", "3-backward-pass"]) == 2
    assert "make grading" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["grade", "--help"])
    assert "Canvas or Moodle" in capsys.readouterr().out
