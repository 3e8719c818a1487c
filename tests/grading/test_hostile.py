"""A class in which many cheat, break things or send rubbish, graded at once with the others."""

import json
import time
from pathlib import Path

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell
from samples import archive, cell_named, sent, solved

from grading import secret
from grading.__main__ import main
from grading.collect import Student, Upload
from grading.course import Course
from grading.grader import Grader
from grading.limits import Limits
from grading.nbgrader_adapter import gradebook
from grading.sandbox import choose

pytestmark = pytest.mark.needs("bwrap", "nbgrader")

SECTIONS = Path(__file__).with_name("hostile.txt").read_text(encoding="utf-8").split("\n=== ")[1:]
CODE = dict(section.split("\n", 1) for section in SECTIONS)


def moved(nb, name):
    """Delete the solution and put its code into a cell of its own at the end."""
    cell = cell_named(nb, name)
    nb.cells.remove(cell)
    cell.metadata.pop("nbgrader")
    nb.cells.append(cell)


def renamed(nb, name):
    cell_named(nb, name).metadata.nbgrader["grade_id"] = "mine"


def greedy(nb, name):
    """Change points, code and kind of the checks."""
    for cell in nb.cells:
        about = cell.metadata.nbgrader
        if about["grade"] and cell.cell_type == "code":
            about.update(points=1000, locked=False, solution=True)
            cell.source = "1000"
            cell.outputs = []


def without_checks(nb, name):
    nb.cells = [c for c in nb.cells if not (c.metadata.nbgrader.grade and c.cell_type == "code")]


def other_kernel(nb, name):
    nb.metadata.kernelspec = {"name": "ir", "language": "R", "display_name": "R"}
    nb.metadata.language_info = {"name": "R"}


def as_markdown(nb, name):
    cell = cell_named(nb, name)
    cell["cell_type"] = "markdown"
    for gone in ("outputs", "execution_count"):
        cell.pop(gone)


REPAIRED = {
    "deleted cell and code elsewhere": moved,
    "renamed cell": renamed,
    "edited checks": greedy,
    "deleted checks": without_checks,
    "wrong kernel": other_kernel,
    "code made text": as_markdown,
}
WRITTEN = {  # answers in words that are more than words
    "script in words": "<script>fetch('/formgrader/api/grade/1')</script><b onclick=x()>W2</b>",
    "new page in words": '<meta http-equiv="refresh" content="0; url=https://example.org">',
    "style in words": "<style>body { display: none }</style><p style='position: fixed'>28 of 28",
    "picture from elsewhere": "![](https://example.org/a.png) <img src=https://example.org/b.png>",
    "cubic lexer": "```systemd\n" + " " * 20_000 + "\n```",
    "formulas opened": r"\begin{a}" * 10_000,
    "tags opened": "<b>" * 50_000,
    "attachment that is gone": "![](attachment:gone.png) <img src='attachment:a\"b.png'>",
}
OVERSTRAINED = {  # code that overstrains who reads it, beside a right function
    "import with 75000 dots": "import a" + ".a" * 75_000,
    "brackets opened": "(" * 200_000,
    "signs": "x = " + "-" * 200_000 + "1",
    "another language": "%%javascript\n" + "/*" * 20_000,
    "strings opened": "'" + "\\" * 200_000,
}
HONEST = "honest"


@pytest.fixture(scope="module")
def graded(assignment, tmp_path_factory):
    """Grade the honest student alone, then the class; return course, files, first record."""
    folder = tmp_path_factory.mktemp("hostile")
    course = folder / "course"
    exercise = assignment.exercises[0]
    honest = sent(assignment, solved(assignment))
    files, links = {f"{HONEST}/{assignment.name}.ipynb": honest}, {}

    def put(title, data):
        files[f"{title.replace(' ', '-')}/{assignment.name}.ipynb"] = data

    key = secret.read(course / "secret.txt")
    grader = Grader(Course(course), assignment, key, choose(), Limits(seconds=1))
    alone = grader.one(Student(HONEST, [Upload("x.ipynb", honest)]))
    for title, code in CODE.items():
        code = code.replace("FUNCTION", exercise.source.function).replace("NAME", exercise.name)
        code = code.replace("COUNT", str(len(exercise.key.returns)))
        code = code.replace("ASSIGNMENT", assignment.name)
        code = code.replace("SOURCE", repr(str(exercise.source.path)))
        code = code.replace("COURSE", repr(str(course)))
        put(title, sent(assignment, {exercise.name: code}, written=""))
    for title, text in WRITTEN.items():
        put(title, sent(assignment, solved(assignment, 1), text))
    for title, code in OVERSTRAINED.items():
        edit = lambda nb, code=code: nb.cells.insert(2, new_code_cell(code))  # noqa: E731
        put(title, sent(assignment, solved(assignment, 1), "", edit))
    own = f"{exercise.name}-solution"
    for title, change in REPAIRED.items():
        edit = lambda nb, change=change: change(nb, own)  # noqa: E731
        put(title, sent(assignment, solved(assignment, 1), "", edit))
    raw = json.loads(sent(assignment, {exercise.name: exercise.source.solution}, ""))
    place = next(
        k for k, c in enumerate(raw["cells"]) if c["metadata"]["nbgrader"]["grade_id"] == own
    )
    empty = raw["cells"][place] | {"source": exercise.source.stub}
    raw["cells"][place + 1 : place + 1] = [raw["cells"][place], empty]
    put("duplicated cell", json.dumps(raw).encode())
    put("invalid JSON", honest[:-9])
    put("not a notebook", b'["a", {"list": 1}]')
    put("empty file", b"")
    put("huge file", b" " * (21 << 20))
    put("a binary file", bytes(range(256)) * 99)
    put("deeply nested", b"[" * 200_000)
    put("cells of no kind", b'{"cells": [3, {"source": 7}, {"cell_type": {}}], "nbformat": 4}')
    put("another assignment", sent(assignment, edit=other_assignment))
    files["no-notebook/answer.txt"] = b"42"
    links[f"link-out/{assignment.name}.ipynb"] = str(exercise.source.path)
    files[f"../../{HONEST}/{assignment.name}.ipynb"] = b"overwritten"
    files[f"/{course}/gradebook.db"] = b"overwritten"
    (folder / "class.zip").write_bytes(archive(files, links))
    call = ["--assignment", assignment.name, "--course", str(course), "--seconds", "1"]
    assert main(["grade", str(folder / "class.zip"), *call, "--jobs", "2"]) == 0
    return Course(course), files, alone


def other_assignment(nb):
    nb.metadata.bplib = {"assignment": "99-other"}
    for cell in nb.cells:
        cell.metadata.nbgrader["grade_id"] = f"other-{cell.metadata.nbgrader['grade_id']}"
        if cell.cell_type == "code":
            cell.source = "x = 1"


UNUSABLE = {
    "invalid-JSON": "not valid JSON",
    "not-a-notebook": "not a notebook",
    "empty-file": "empty",
    "huge-file": "more than 20 MB",
    "a-binary-file": "not valid JSON",
    "deeply-nested": "not valid JSON",
    "cells-of-no-kind": "none of the assignment",
    "another-assignment": "another assignment, 99-other",
    "no-notebook": "no notebook was handed in",
    "link-out": "link",
}


def test_nobody_earns_what_is_not_earned_and_nobody_is_left_out(tell, graded, assignment):
    course, files, _ = graded
    records = {record.student: record for record in course.records(assignment.name)}
    names = {path.split("/")[0] for path in files} - {"..", ""} | {"link-out"}
    assert set(records) == names
    most = float(assignment.exercises[0].source.points)
    with gradebook(course) as book:
        scores = {s.student.id: s for s in book.assignment_submissions(assignment.name)}
        assert set(scores) == names
        rows = []
        for name, record in sorted(records.items()):
            score = record.scores[0]
            title = name.replace("-", " ")
            repaired = title in {*REPAIRED, *WRITTEN, *OVERSTRAINED, "duplicated cell", HONEST}
            right = most if repaired else 0
            why = record.failure or score.reason or "; ".join(record.notes) or score.message
            rows.append((name, score.points, why.split("\n")[0][:90]))
            total = sum(m.points for m in record.scores)
            assert score.points == right, (name, score)
            assert why, name
            assert scores[name].score == total, name
            checks = [
                g
                for n in scores[name].notebooks
                for g in n.grades
                if g.cell.name.endswith("-check")
            ]
            assert len(checks) == len(assignment.exercises)
            assert not any(g.needs_manual_grade or g.auto_score is None for g in checks), name
            assert sum(g.max_score for g in checks) == sum(m.maximum for m in record.scores)
            assert course.feedback(assignment.name, name).exists(), name
    table = "\n".join(f"{points:4g}  {name:42} {why}" for name, points, why in rows)
    tell(f"points of hostile submissions, and why\n{table}")
    assert len(CODE) + len(REPAIRED) + len(UNUSABLE) >= 20


def test_what_cannot_be_used_says_why(graded, assignment):
    course, _, _ = graded
    records = {record.student: record for record in course.records(assignment.name)}
    for name, why in UNUSABLE.items():
        assert why in records[name].failure, name
        assert why in (course.root / "grades.csv").read_text(), name


def test_nobody_else_is_touched(graded, assignment):
    course, files, alone = graded
    records = {record.student: record for record in course.records(assignment.name)}
    assert records[HONEST].scores == alone.scores
    assert all(score.points == score.maximum for score in alone.scores)
    for path, data in files.items():
        student, _, file = path.rpartition("/")
        if student not in ("", "huge-file") and not path.startswith((".", "/")):
            assert course.original(assignment.name, student, file).read_bytes() == data, path


def test_reasons_name_what_happened(graded, assignment):
    records = {record.student: record for record in graded[0].records(assignment.name)}
    for name, reason in {
        "infinite-loop": "did not finish within 1 s",
        "infinite-loop-in-the-cell": "did not finish within 1 s",
        "loop-that-ignores-every-signal": "did not finish within 1 s",
        "sleeps-for-ever": "did not finish within 1 s",
        "fork-bomb": "tried to start another process or thread",
        "threads": "tried to start another process or thread",
        "32-GB": "needs more memory than the sandbox gives",
        "os._exit": "ended Python before there was a result, as os._exit does",
        "SystemExit": "ended Python",
        "segmentation-fault": "was ended by signal 11",
    }.items():
        assert records[name].scores[0].reason == reason, name
    for name, told in {
        "answers-by-the-library": "bplib.mlp is not there when an exercise is graded",
        "shared-memory-of-System-V": "OSError in line 9: refused",
        "memory-in-files-without-names": "PermissionError",
        "namespaces-of-its-own": "OSError in line 4: refused",
        "keys-for-the-next-student": "OSError in line 6: refused",
    }.items():
        assert told in records[name].scores[0].message, name


def test_paths_out_of_the_zip_are_said_and_not_followed(graded, assignment):
    report = (graded[0].root / f"report-{assignment.name}.txt").read_text()
    assert report.count("its path leads out of the folder") == 2
    assert (graded[0].root / "gradebook.db").read_bytes()[:6] == b"SQLite"


def test_a_page_of_feedback_runs_no_script_of_a_student(graded, assignment):
    page = graded[0].feedback(assignment.name, "names-to-break-the-page").read_text()
    assert "script-src https://cdnjs.cloudflare.com/ajax/libs/mathjax/2.7.7/ 'sha256-" in page
    assert "<script>document.title" not in page


def test_no_page_obeys_what_a_student_wrote(graded, assignment):
    course = graded[0]
    for title in [*WRITTEN, *OVERSTRAINED]:
        name = title.replace(" ", "-")
        page = course.feedback(assignment.name, name).read_text(encoding="utf-8")
        shown = nbformat.read(course.notebook("autograded", assignment.name, name), 4)
        own = [
            cell.source
            for cell in shown.cells
            if not cell.metadata.get("nbgrader", {}).get("locked")
        ]
        for text in (page.partition("<body>")[2], *own):
            for tag in ("<script>fetch", "<meta", "<style>body", "position: fixed'", "src=http"):
                assert tag not in text, title
            assert 'src="http' not in text, title
            assert "<b onclick" not in text, title
        assert all("attachments" not in cell for cell in shown.cells)
        assert page.index("img-src data:;") < page.index("<script")


def test_formgrader_shows_every_notebook_at_once(graded, assignment):
    course = graded[0]
    for title in [*WRITTEN, *OVERSTRAINED]:
        path = course.notebook("autograded", assignment.name, title.replace(" ", "-"))
        begin = time.process_time()
        HTMLExporter().from_filename(str(path))
        assert time.process_time() - begin < 10, title


def test_without_the_sandbox_the_cheats_would_work(assignment, tmp_path):
    exercise = assignment.exercises[0]
    code = CODE["solution by absolute path"].replace("SOURCE", repr(str(exercise.source.path)))
    cheat = Student("cheat", [Upload("x.ipynb", sent(assignment, {exercise.name: code}))])
    for sandbox, share in ((choose(unsafe=True), 1), (choose(), 0)):
        record = Grader(Course(tmp_path), assignment, b"secret", sandbox).one(cheat)
        assert record.scores[0].points == share * record.scores[0].maximum
        assert record.sandbox == sandbox.name
