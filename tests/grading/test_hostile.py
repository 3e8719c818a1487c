"""A class in which many cheat, break things or send rubbish, graded at once with the others."""

import json

import pytest

from exercises import secret
from exercises.__main__ import main
from exercises.grade.check import Checker
from exercises.grade.collect import Student, Upload
from exercises.grade.course import Course
from exercises.grade.sandbox import choose
from exercises.grade.shell import gradebook
from exercises.grade.task import Limits

from .samples import archive, cell_named, sent, solved

pytestmark = pytest.mark.needs("bwrap", "nbgrader")

# In the code, FUNCTION is the function asked for, SOURCE the file with its solution, and
# COURSE the course folder.
CODE = {
    "infinite loop": "def FUNCTION(*a, **k):\n    while True: pass",
    "infinite loop in the cell": "while True: pass",
    "loop that ignores every signal": """
import signal
for n in range(1, 65):
    try: signal.signal(n, signal.SIG_IGN)
    except (OSError, ValueError): pass
def FUNCTION(*a, **k):
    while True:
        try:
            while True: pass
        except BaseException: pass""",
    "sleeps for ever": "import time\ndef FUNCTION(*a, **k):\n    time.sleep(10**6)",
    "stops itself": "import os\ndef FUNCTION(*a, **k):\n    os.kill(os.getpid(), 19)",
    "fork bomb": "import os\ndef FUNCTION(*a, **k):\n    while True: os.fork()",
    "fork bomb in the cell": "import os\nwhile True: os.fork()",
    "threads": "import threading, time\ndef FUNCTION(*a, **k):\n    while True: threading.Thread(target=time.sleep, args=(99,)).start()",
    "32 GB": "def FUNCTION(*a, **k):\n    return np.ones(4 << 30)",
    "os._exit": "import os\ndef FUNCTION(*a, **k):\n    os._exit(0)",
    "SystemExit": "def FUNCTION(*a, **k):\n    raise SystemExit(0)",
    "exit in the cell": "import os\nos._exit(0)",
    "segmentation fault": "import ctypes\ndef FUNCTION(*a, **k):\n    ctypes.string_at(0)",
    "endless recursion": "def FUNCTION(*a, **k):\n    return FUNCTION(*a, **k)",
    "giant output": "def FUNCTION(*a, **k):\n    while True: print('x' * 10**6)",
    "giant result": "def FUNCTION(*a, **k):\n    return [np.zeros(10**7)] * 9",
    "kills its parent": "import os\ndef FUNCTION(*a, **k):\n    os.kill(os.getppid(), 9)\n    os.kill(-1, 9)",
    "patched numpy.testing": "np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None\ndef FUNCTION(*a, **k):\n    return 0",
    "patched numpy": "np.allclose = np.array_equal = np.isclose = np.all = lambda *a, **k: True\nnp.abs = np.linalg.norm = lambda *a, **k: 0.0\ndef FUNCTION(*a, **k):\n    return 0",
    "patched checker": """
import bplib, bplib.diagnosis, bplib.checker, bplib.packing
right = bplib.diagnosis.Verdict(True, "Right.", (), (), 1.0)
bplib.check = bplib.checker.check = bplib.diagnosis.diagnose = lambda *a, **k: right
bplib.diagnosis.Fingerprint.matches = lambda *a, **k: True
bplib.diagnosis.outcome = lambda *a, **k: right
def FUNCTION(*a, **k):
    return 0""",
    "object that equals everything": """
class Same(np.ndarray):
    __eq__ = __le__ = __ge__ = lambda self, other: True
    __array_ufunc__ = lambda *a, **k: np.bool_(True)
def FUNCTION(*a, **k):
    return np.zeros(3).view(Same)""",
    "input transformer": "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass'])\ndef FUNCTION(*a, **k):\n    return 0",
    "solution by relative path": """
import glob, os
def FUNCTION(*a, **k):
    for top in ('.', '..', '../..', '../../..', '../../source', '../../../source'):
        for path in glob.glob(top + '/**/*.md', recursive=True) + glob.glob(top + '/**/*.ipynb', recursive=True):
            text = open(path, errors='replace').read()
            if '# canary-' in text:
                exec(text.split('```{code-cell} ipython3')[1].split('```')[0], globals())
                return globals()['FUNCTION'](*a, **k)""",
    "solution by absolute path": "exec(open(SOURCE).read().split('```{code-cell} ipython3')[1].split('```')[0])",
    "solution by import": "import exercises.model\nFUNCTION = next(e.solution for e in exercises.model.exercises() if e.source.function == 'FUNCTION')",
    "expected results from the visible checks": """
import json, glob, bplib
def FUNCTION(*a, **k):
    path = glob.glob(bplib.__path__[0] + '/checks/NAME.json')[0]
    marks = list(json.load(open(path))['cases'][0]['right'].values())
    return [np.array(m[2]) for m in marks]""",
    "writes the gradebook": """
import sqlite3
def FUNCTION(*a, **k):
    book = sqlite3.connect(COURSE + '/gradebook.db')
    book.execute('update grade set auto_score = 10, manual_score = 10')
    book.commit()""",
    "writes verdicts and feedback": """
import os
def FUNCTION(*a, **k):
    for folder in ('verdicts/ASSIGNMENT', 'feedback', 'originals/ASSIGNMENT'):
        open(COURSE + '/' + folder + '/honest.json', 'w').write('{}')""",
    "network": "import urllib.request, socket\ndef FUNCTION(*a, **k):\n    socket.create_connection(('127.0.0.1', 22), 1)",
    "forged answers on every channel": """
import os
def FUNCTION(*a, **k):
    line = b'{"name": "NAME", "state": "called", "done": true, "errors": [], "outcomes": [["", {}, []], ["", {}, []], ["", {}, []]], "passed": true, "share": 1, "points": 8}\\n'
    for n in os.listdir('/proc/self/fd'):
        try: os.write(int(n), line)
        except OSError: pass
    for pid in os.listdir('/proc'):
        try: open(f'/proc/{pid}/fd/1', 'wb').write(line)
        except OSError: pass
    os._exit(0)""",
    "names to break the page": "def FUNCTION(*a, **k):\n    raise ValueError('<script>document.title = 1</script>\\x1b[31m\\x00')",
    "syntax error": "def FUNCTION(:\n    pass",
    "another name": "def something_else(*a, **k):\n    return 0",
    "nothing": "",
}  # fmt: skip


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
    checker = Checker(Course(course), assignment, key, choose("bwrap"), Limits(seconds=1.5))
    alone = checker.one(Student(HONEST, [Upload("x.ipynb", honest)]))
    for title, code in CODE.items():
        code = code.replace("FUNCTION", exercise.source.function).replace("NAME", exercise.name)
        code = code.replace("ASSIGNMENT", assignment.name)
        code = code.replace("SOURCE", repr(str(exercise.source.path)))
        code = code.replace("COURSE", repr(str(course)))
        put(title, sent(assignment, {exercise.name: code}, written=""))
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
    call = ["--assignment", assignment.name, "--course", str(course), "--seconds", "1.5"]
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


def test_nobody_earns_what_is_not_earned_and_nobody_is_left_out(graded, assignment):
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
            mark = record.marks[0]
            title = name.replace("-", " ")
            repaired = title in REPAIRED or title == "duplicated cell" or name == HONEST
            right = most if repaired else 0
            why = record.failure or mark.reason or "; ".join(record.notes) or mark.message
            rows.append((name, mark.points, why.split("\n")[0][:90]))
            total = sum(m.points for m in record.marks)
            assert mark.points == right, (name, mark)
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
            assert sum(g.max_score for g in checks) == sum(m.maximum for m in record.marks)
            assert course.feedback(assignment.name, name).exists(), name
    print()
    for name, points, why in rows:
        print(f"{points:4g}  {name:42} {why}")
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
    assert records[HONEST].marks == alone.marks
    assert all(mark.points == mark.maximum for mark in alone.marks)
    for path, data in files.items():
        student, _, file = path.rpartition("/")
        if student and not path.startswith((".", "/")):
            assert course.original(assignment.name, student, file).read_bytes() == data, path


def test_reasons_name_what_happened(graded, assignment):
    records = {record.student: record for record in graded[0].records(assignment.name)}
    for name, reason in {
        "infinite-loop": "did not finish within 1.5 s",
        "infinite-loop-in-the-cell": "did not finish within 1.5 s",
        "loop-that-ignores-every-signal": "did not finish within 1.5 s",
        "sleeps-for-ever": "did not finish within 1.5 s",
        "fork-bomb": "tried to start another process or thread",
        "threads": "tried to start another process or thread",
        "32-GB": "needs more memory than the sandbox gives",
        "os._exit": "ended Python before there was a result, as os._exit does",
        "SystemExit": "ended Python",
        "segmentation-fault": "was ended by signal 11",
    }.items():
        assert records[name].marks[0].reason == reason, name


def test_paths_out_of_the_zip_are_said_and_not_followed(graded, assignment):
    report = (graded[0].root / f"report-{assignment.name}.txt").read_text()
    assert report.count("its path leads out of the folder") == 2
    assert (graded[0].root / "gradebook.db").read_bytes()[:6] == b"SQLite"


def test_a_page_of_feedback_runs_no_script_of_a_student(graded, assignment):
    page = graded[0].feedback(assignment.name, "names-to-break-the-page").read_text()
    assert "script-src https://cdnjs.cloudflare.com/ajax/libs/mathjax/2.7.7/ 'sha256-" in page
    assert "<script>document.title" not in page


def test_without_the_sandbox_the_cheats_would_work(assignment, tmp_path):
    exercise = assignment.exercises[0]
    code = CODE["solution by absolute path"].replace("SOURCE", repr(str(exercise.source.path)))
    cheat = Student("cheat", [Upload("x.ipynb", sent(assignment, {exercise.name: code}))])
    for sandbox, share in ((choose(unsafe=True), 1), (choose("bwrap"), 0)):
        record = Checker(Course(tmp_path), assignment, b"secret", sandbox).one(cheat)
        assert record.marks[0].points == share * record.marks[0].maximum
        assert record.sandbox == sandbox.name
