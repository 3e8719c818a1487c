"""Points that a person gave survive whatever the machine does again, unless the answer changed."""

import csv
import json
import os
import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from samples import archive, canvas, cell_named, sent, solved

from exercises.assignment_notebook import notebook
from exercises.exercise import ASSIGNMENTS, assignments
from grading import commands, grader, nbgrader_adapter
from grading.__main__ import main
from grading.course import Course
from grading.nbgrader_adapter import gradebook
from grading.regrading import answers

pytestmark = pytest.mark.needs("bwrap", "nbgrader")

STUDENT = "ann_1"
WRITTEN, CHECK = "backward-2-2-1-written-1", "backward-2-2-1-check"
GIVEN = {WRITTEN: 1.5, CHECK: 3.0, "by-hand-check": 0.5}


class Class:
    """A class, of one unless files are given, graded from a zip as often as one likes."""

    def __init__(self, folder, assignment):
        self.folder, self.assignment, self.course = folder, assignment, Course(folder / "course")

    def grade(self, *more, edit=None, data=None, files=None):
        data = data or sent(self.assignment, solved(self.assignment), edit=edit)
        path = self.folder / "in.zip"
        path.write_bytes(archive(files or {canvas("ann", 1, self.assignment.name): data}))
        call = ["--assignment", self.assignment.name, "--course", str(self.course.root)]
        assert main(["grade", str(path), *call, "--jobs", "1", *more]) == 0
        self.report = (self.course.root / f"report-{self.assignment.name}.txt").read_text()

    def give(self, points, student=STUDENT):
        with gradebook(self.course) as book:
            for cell, score in points.items():
                grade = self.found(book, cell, student)
                grade.manual_score, grade.needs_manual_grade = score, False
            book.db.commit()

    def found(self, book, cell, student=STUDENT):
        return book.find_grade(cell, self.assignment.name, self.assignment.name, student)

    def state(self):
        with gradebook(self.course) as book:
            grades = [self.found(book, cell) for cell in GIVEN]
            return [(g.manual_score, g.score, g.needs_manual_grade, g.extra_credit) for g in grades]

    @property
    def rows(self):
        with (self.course.root / "grades.csv").open(encoding="utf-8", newline="") as file:
            return {row["student"]: row for row in csv.DictReader(file)}

    @property
    def row(self):
        (row,) = self.rows.values()
        points = [float(row[c] or 0) for c in row if c.startswith(("backward", "by-hand"))]
        assert float(row["total"]) >= sum(points)
        return row


@pytest.fixture
def read(tmp_path, assignment):
    """Return a class that has been graded, and read by a person."""
    found = Class(tmp_path, assignment)
    found.grade()
    found.give(GIVEN)
    with gradebook(found.course) as book:
        found.found(book, WRITTEN).extra_credit = 0.5
        book.db.commit()
    return found


def changed(nb, name=WRITTEN):
    cell_named(nb, name).source = "Another answer."


def test_nothing_that_a_person_gave_is_lost_when_all_is_graded_again(read, monkeypatch):
    before = read.state()
    assert [manual for manual, *_ in before] == list(GIVEN.values())
    read.grade("--seconds", "3")  # a changed limit
    assert read.state() == before
    assert (read.row[WRITTEN], read.row["backward-2-2-1"], read.row["by-hand"]) == ("2", "3", "0.5")
    row = read.row
    monkeypatch.setattr(grader, "VERSION", 999)  # a corrected key, another version of the program
    read.grade()
    assert read.state() == before
    assert read.row == row
    assert "Read again" not in read.report
    page = read.course.feedback(read.assignment.name, STUDENT).read_text()
    assert "2.0 / 2" in page


def corrected_key(folder, name, old, new):
    """Return the assignment from a copy of the sources, with other text in one exercise's key."""
    copy = shutil.copytree(ASSIGNMENTS, folder / "corrected")
    path = copy / name / "backward-2-2-1.py"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    return next(part for part in assignments(copy) if part.name == name)


def test_a_corrected_key_changes_the_points_of_those_alone_whom_it_meets(
    assignment, tmp_path, monkeypatch
):
    """Of twelve, three have made the mistake; a person has given points to one of them."""
    code = solved(assignment)["backward-2-2-1"]
    wrong, other = code.replace("(a2 - y)", "(y - a2)"), code.replace("a1 * (1 - a1)", "1")
    assert len({code, wrong, other}) == 3
    made = {
        "ann": code, "ben": wrong, "cat": wrong, "dan": wrong, "eve": other, "fay": other,
        "gus": "1 / 0", "hal": "def nothing(): pass", "ida": code, "jon": None, "kim": code,
    }  # fmt: skip
    files = {}
    for number, (name, answer) in enumerate(made.items(), 1):
        answers = {"backward-2-2-1": answer} if answer else {}
        files[canvas(name, number, assignment.name)] = sent(assignment, answers)
    files[canvas("lou", 12, assignment.name)] = b"{"
    files[f"{assignment.name}.ipynb"] = sent(assignment, written="Nobody's words.")
    by_hand = {"dan_4": {CHECK: 7.0, WRITTEN: 1.5}, "ida_9": {CHECK: 0.5}, "jon_10": {WRITTEN: 2.0}}
    course = Class(tmp_path, assignment)
    call = ("--jobs", "2", "--seconds", "2")
    course.grade(*call, files=files)
    for student, points in by_hand.items():
        course.give(points, student)
    course.grade(*call, files=files)
    before = course.rows
    assert len(before) == 12
    assert [before[name]["backward-2-2-1"] for name in ("ben_2", "cat_3", "dan_4")] == [*"227"]

    line = "    error=lambda a, y: y - a,\n"
    corrected = corrected_key(tmp_path, assignment.name, line, f"    credit=0.5,\n{line}")
    monkeypatch.setattr(commands, "named", lambda name: corrected)
    course.grade(*call, files=files)
    after = course.rows
    changed = {name for name, row in after.items() if row != before[name]}
    assert changed == {"ben_2", "cat_3"}
    for name in changed:
        more = {"backward-2-2-1": "4", "total": f"{float(before[name]['total']) + 2:g}"}
        assert after[name] == before[name] | more
    for student, points in by_hand.items():
        with gradebook(course.course) as book:
            given = {cell: course.found(book, cell, student).manual_score for cell in points}
        assert given == points
    assert "Read again" not in course.report
    assert "its name tells no student" in course.report
    listed = tmp_path / f"course/unplaced-{assignment.name}.txt"
    assert "Nobody's words." in listed.read_text(encoding="utf-8")


def test_a_changed_answer_is_to_be_read_again_and_nothing_else_is(read):
    before = read.state()
    for _ in range(2):  # it is said until it is done
        read.grade(edit=changed)
        assert read.state() == [(None, 0, True, None), *before[1:]]
        assert read.row[WRITTEN] == ""
        assert f"{STUDENT}: {WRITTEN} had 1.5 points and 0.5 of extra credit\n" in read.report
    read.give({WRITTEN: 1.0})
    read.grade("--seconds", "3", edit=changed)
    assert read.row[WRITTEN] == "1"
    assert "Read again" not in read.report


def test_points_for_code_stand_until_that_code_changes(read, assignment):
    before = read.state()

    def helper(nb):
        nb.cells.append(new_code_cell("helper = 1"))

    code = solved(assignment)
    code["by-hand"] += "\n# better"
    read.grade(data=sent(assignment, code))
    assert read.state()[:2] == before[:2]
    assert read.state()[2][0] is None
    assert f"{STUDENT}: by-hand-check had 0.5 points\n" in read.report
    read.grade(edit=helper)
    assert [manual for manual, *_ in read.state()] == [1.5, None, None]
    assert f"{STUDENT}: {CHECK} had 3 points\n" in read.report


def test_an_answer_that_can_no_longer_be_read_is_said(read):
    read.grade(data=b"{")
    assert all(manual is None for manual, *_ in read.state())
    assert read.report.count(f"{STUDENT}: ") >= len(GIVEN)


def dies(course, assignment, students):
    """Take points back, and end before anything else is done, as in a power cut."""
    with nbgrader_adapter.gradebook(course) as book:
        for student in students:
            nbgrader_adapter.withdraw(book, course, assignment, student)
    os._exit(1)


def test_a_crash_before_the_new_answer_is_entered_keeps_what_is_right(read, monkeypatch, tmp_path):
    before = read.state()
    with monkeypatch.context() as patch:
        patch.setattr(nbgrader_adapter, "_enter", dies)
        call = ["--assignment", read.assignment.name, "--course", str(read.course.root)]
        data = sent(read.assignment, solved(read.assignment), edit=changed)
        name = canvas("ann", 1, read.assignment.name)
        (tmp_path / "in.zip").write_bytes(archive({name: data}))
        patch.setattr(nbgrader_adapter, "hand_out", lambda *_: None)
        assert main(["grade", str(tmp_path / "in.zip"), *call, "--jobs", "1"]) == 1
    read.grade(edit=changed)
    assert read.state() == [(None, 0, True, None), *before[1:]]
    assert f"{WRITTEN} had 1.5 points" in read.report


def test_a_course_of_an_older_version_has_its_autograded_notebooks(read):
    path = read.course.memory(read.assignment.name, STUDENT)
    path.unlink()
    before = read.state()
    read.grade(edit=changed)
    assert read.state() == [(None, 0, True, None), *before[1:]]
    path.write_text("[")
    read.grade("--seconds", "3", edit=changed)
    assert read.state()[1:] == before[1:]


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda nb: None, set()),
        (changed, {WRITTEN}),
        (lambda nb: cell_named(nb, WRITTEN).update(attachments={"a.png": {}}), {WRITTEN}),
        (lambda nb: cell_named(nb, WRITTEN).update(source=" x \n"), set()),
        (lambda nb: cell_named(nb, "backward-2-2-1-statement").update(source="new"), set()),
        (lambda nb: cell_named(nb, "backward-2-2-1-solution").update(source="y = 1"), {CHECK}),
        (lambda nb: cell_named(nb, CHECK).update(source="bplib.check(1)", outputs=[]), set()),
    ],
)
def test_what_an_answer_is(assignment, tmp_path, change, names):
    nb = notebook(assignment)
    cell_named(nb, WRITTEN).source = "x"
    found = []
    for path in (tmp_path / "old", tmp_path / "new"):
        path.write_text(nbformat.writes(nb))
        found.append(answers(path))
        change(nb)
    old, new = found
    assert {name for name in old if old[name] != new[name]} == names
    (tmp_path / "old").write_text(json.dumps([1]))
    assert answers(tmp_path / "old") == {}
