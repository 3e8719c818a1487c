"""Which of a student's files counts, and a row with a reason for every student."""

import csv
import json
import os

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from samples import archive, sent, solved

from grading.__main__ import main
from grading.collect import collect
from grading.course import Course
from grading.grader import TRIED, Grader
from grading.sandbox import Unsafe

WORDS = "W2 is zero, so nothing comes back to layer 1."


class NotRun(Unsafe):
    """A sandbox that finds nothing: here it matters which notebook is run."""

    def run(self, tasks, limits=None):
        from grading.protocol import Answer

        return {task.name: Answer((), "was not run", "was not run") for task in tasks}


@pytest.fixture
def graded(assignment, tmp_path):
    """Return a function: files by path, one student's -> the record."""

    def run(files, links=None):
        (tmp_path / "in.zip").write_bytes(archive(files, links))
        (student,) = collect(tmp_path / "in.zip", assignment.name).students.values()
        return Grader(Course(tmp_path), assignment, b"secret", NotRun()).one(student)

    return run


def other(assignment):
    """Return last week's notebook, with words in it."""

    def edit(nb):
        nb.metadata.bplib["assignment"] = "2-last-week"
        for cell in nb.cells:
            cell.metadata.nbgrader.grade_id = f"other-{cell.metadata.nbgrader.grade_id}"
            cell.source = "# nothing" if cell.cell_type == "code" else "Words of last week."

    return sent(assignment, edit=edit)


def plain(*cells):
    return nbformat.writes(new_notebook(cells=list(cells))).encode()


def blank(assignment):
    return sent(assignment, written="")


def functions(assignment):
    return plain(*map(new_code_cell, solved(assignment).values()))


NEWER = {  # what came later than the assignment -> why it does not count
    "scratch": (lambda a: plain(new_code_cell("1 + 1")), "none of the assignment's cells"),
    "empty scratch": (lambda a: plain(), "has no cells"),
    "last week's": (other, "belongs to another assignment, 2-last-week"),
    "blank": (blank, "has no answer"),
    "functions alone": (functions, "has only functions"),
    "torn": (lambda a: sent(a)[:-9], "not valid JSON"),
    "empty": (lambda a: b"", "the file is empty"),
    "huge": (lambda a: b" " * (21 << 20), "more than 20 MB"),
}


@pytest.mark.parametrize("names", ["canvas", "folder", "moodle"])
@pytest.mark.parametrize("newer", NEWER)
def test_another_notebook_never_counts_in_place_of_the_assignment(graded, assignment, newer, names):
    make, why = NEWER[newer]
    first, second = {
        "canvas": ("ann_1_100_{}.ipynb", "ann_1_101_scratch.ipynb"),
        "folder": ("ann/a.ipynb", "ann/{}.ipynb"),
        "moodle": (
            "Ann_1_assignsubmission_file_/{}.ipynb",
            "Ann_1_assignsubmission_file_/{}-1.ipynb",
        ),
    }[names]
    first, second = (name.format(assignment.name) for name in (first, second))
    record = graded({first: sent(assignment, solved(assignment)), second: make(assignment)})
    assert record.failure == ""
    assert record.file == first.rpartition("/")[2]
    (note,) = [note for note in record.notes if "is newer, but" in note]
    assert why in note


def test_of_two_that_can_be_graded_the_newer_counts(graded, assignment):
    files = {
        f"ann_1_100_{assignment.name}.ipynb": sent(assignment, solved(assignment)),
        "ann_1_101_final.ipynb": sent(assignment, written="Better."),
    }
    record = graded(files)
    assert record.file == "ann_1_101_final.ipynb"
    assert record.notes == ()


def test_of_several_that_cannot_the_newest_says_why(graded, assignment):
    record = graded({"ann_1_100_x.ipynb": b"{", "ann_1_101_x.ipynb": plain(new_code_cell("1"))})
    assert "none of the assignment's cells" in record.failure


def test_words_of_a_newer_notebook_and_of_other_files_are_listed(graded, assignment):
    files = {
        f"ann/{assignment.name}.ipynb": sent(assignment),
        f"ann/{assignment.name}-1.ipynb": plain(new_markdown_cell(WORDS)),
        "ann/answers.txt": b"And in a file.",
    }
    record = graded(files)
    assert record.file == f"{assignment.name}.ipynb"
    assert record.unplaced == (WORDS, "And in a file.")


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_a_notebook_saved_in_another_code_is_graded(graded, assignment, code):
    text = sent(assignment, written="Größer, हि.").decode()
    record = graded({f"ann/{assignment.name}.ipynb.txt": text.encode(code)})
    assert (record.failure, record.notes) == ("", ())


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_text_in_another_code_is_listed(graded, code):
    record = graded({"ann/answers.txt": "Größer.".encode(code), "ann/a.jpg": b"\xff\xd8\xe9"})
    assert record.unplaced == ("Größer.",)


def test_a_class_of_files_does_not_take_for_ever(graded, assignment):
    files = {f"ann_1_{n}_x.ipynb": b"{" for n in range(101, 102 + TRIED)}
    record = graded({"ann_1_100_x.ipynb": sent(assignment), **files})
    assert "not valid JSON" in record.failure
    assert any(f"{TRIED} newest of {TRIED + 2} notebooks were tried" in n for n in record.notes)


def test_files_of_one_name_are_all_kept(graded, assignment, tmp_path):
    data = [sent(assignment), b"{}", b"[]"]
    own = "Ann_1_assignsubmission_file_"
    files = {f"{own}/{k}/x.ipynb": item for k, item in enumerate(data)}
    graded(files | {f"{own}/2-x.ipynb": b"7", f"{own}/y.ipynb": b""})
    graded({f"{own}/x.ipynb": b"later", f"{own}/y.ipynb": b""})
    kept = (tmp_path / "originals" / assignment.name / "Ann").iterdir()
    assert {path.read_bytes() for path in kept} == {*data, b"7", b"", b"later"}


def surrogates(assignment):
    """Return what a student can put half a character into."""
    half = "\ud800"

    def language(raw):
        raw["metadata"]["kernelspec"] = {"language": half}

    def source(raw):
        raw["cells"][-1]["source"] = half

    def attachment(raw):
        raw["cells"][-1]["source"] = "![x](attachment:x)"
        raw["cells"][-1]["attachments"] = {"x": {half: half}, half: {"image/png": half}}

    def extra(raw):
        raw["cells"].append({"cell_type": half, "source": half, "id": half, "metadata": {half: 1}})

    def name(raw):
        raw["cells"][0]["metadata"]["nbgrader"]["grade_id"] = half

    for edit in (language, source, attachment, extra, name):
        raw = json.loads(sent(assignment))
        edit(raw)
        yield edit.__name__, json.dumps(raw).encode()
    raw = {"metadata": {"bplib": {"assignment": f"\x1b[2J{half}"}}, "nbformat": 4}
    yield "assignment", json.dumps({**raw, "cells": [{"source": "x"}]}).encode()


ESCAPE = "\x1b]0;title\x07\x1b[2J\u202e"


def escapes(assignment):
    """Return notebooks that would act on a terminal."""
    raw = json.loads(sent(assignment))
    raw["metadata"]["kernelspec"] = {"language": ESCAPE}
    raw["cells"].append({"cell_type": "markdown", "source": ESCAPE + "seen", "metadata": {}})
    raw["cells"].append({"cell_type": "code", "source": f"raise ValueError({ESCAPE!r})"})
    yield "language", json.dumps(raw).encode()
    raw = {"metadata": {"bplib": {"assignment": ESCAPE}}, "cells": [{"source": "x"}]}
    yield "assignment", json.dumps(raw).encode()


@pytest.mark.needs("bwrap", "nbgrader")
def test_every_student_gets_a_row_and_a_reason(assignment, tmp_path, capsys):
    folder, course = tmp_path / "in", Course(tmp_path / "course")
    files = {f"half {name}".encode(): data for name, data in surrogates(assignment)}
    files |= {f"escape {name}".encode(): data for name, data in escapes(assignment)}
    good = sent(assignment)
    files |= {b"x" * 250: good, "é".encode() * 120: good, b"con\xff": good}
    files |= {ESCAPE.encode(): b"{", b"a{b}[c]*?": good, "हि".encode(): good, b"O'Brien, Ann": good}
    for name, data in files.items():
        os.makedirs(os.path.join(os.fsencode(folder), name))
        path = os.path.join(os.fsencode(folder), name, b"y" * 240 + b".ipynb")
        with open(path, "wb") as file:
            file.write(data)
    call = ["--assignment", assignment.name, "--course", str(course.root), "--jobs", "1"]
    assert main(["grade", str(folder), *call, "--seconds", "1"]) == 0
    said = "".join(capsys.readouterr())
    report = (course.root / f"report-{assignment.name}.txt").read_text()
    listed = (course.root / f"unplaced-{assignment.name}.txt").read_text()
    text = (course.root / "grades.csv").read_text()
    assert not any(c in said + report + listed + text for c in "\x1b\x07\u202e\ud800")
    assert "]0;title  [2J seen" in listed
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == len(files)
    for row in rows:
        assert row["total"] != "" or row["reason"]
        assert course.feedback(assignment.name, row["student"]).exists()
    assert sum(bool(row["reason"]) for row in rows) >= 3
