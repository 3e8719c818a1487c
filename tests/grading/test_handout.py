"""What is handed out: notebooks and pages without a line of a solution, versions with their key."""

import csv
import re
from functools import partial
from pathlib import Path

import nbformat
import numpy as np
import pytest
from support.book import SITE

import bplib
from bplib.checks.packing import seal, unseal
from exercises import build, site_pages, visible_cases
from exercises.assignment_notebook import ANSWER, notebook
from exercises.exercise import assignments, exercises, run
from exercises.source import STUB, Source, fill, strip
from grading import secret, variants
from grading.protocol import Answer
from grading.scores import score

ROOT = Path(__file__).parents[2]
ALL = list(exercises())
PARTS = assignments()
OWN = [part for part in PARTS if any(exercise.key.own for exercise in part.exercises)]
SECRET = b"a secret of some length"


def solution_lines(exercise):
    """The lines that only the solution has, long enough not to stand elsewhere by chance."""
    numbers = exercise.numbers()
    kept = {line.strip() for line in exercise.source.stub.splitlines()}
    lines = (line.strip() for line in fill(exercise.source.solution, numbers).splitlines())
    return [line for line in lines if line not in kept and not line.startswith("###")]


def canaries():
    return [f"canary-{exercise.name}" for exercise in ALL]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    out = tmp_path_factory.mktemp("exercises")
    build.build(out)
    site_pages.write(out / "pages")
    return out


def test_every_solution_has_its_canary_and_no_stub_has():
    for exercise in ALL:
        canary = f"canary-{exercise.name}"
        assert canary in exercise.source.solution
        assert canary not in exercise.source.stub


def test_the_canary_would_be_found(built):
    """The same search, where the solutions are meant to be."""
    text = "".join(path.read_text("utf8") for path in (built / "source").rglob("*.ipynb"))
    assert all(canary in text for canary in canaries())


@pytest.mark.parametrize("place", ["students", "release", "pages"])
def test_nothing_handed_out_holds_a_solution(built, place):
    files = [path for path in (built / place).rglob("*") if path.is_file()]
    assert len(files) >= len(PARTS)
    text = "\n".join(path.read_text("utf8") for path in files)
    assert not [canary for canary in canaries() if canary in text]
    for exercise in ALL:
        lines = [line for line in solution_lines(exercise) if len(line) > 24]
        assert lines
        assert not [line for line in lines if line in text], exercise.name
    for exercise in ALL:
        for written in exercise.source.written:
            assert written.answer.splitlines()[0] not in text


def test_neither_the_site_nor_the_environment_of_a_reader_holds_a_solution():
    places = [SITE, ROOT / "bplib", ROOT / "binder"]
    assert (SITE / "assignments/index.html").exists()
    found = []
    for path in (path for place in places for path in place.rglob("*") if path.is_file()):
        data = path.read_bytes()
        found += [(path, canary) for canary in canaries() if canary.encode() in data]
    assert not found


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_notebook_is_valid_plain_and_complete(part):
    copy = notebook(part)
    nbformat.validate(copy)
    ids = [cell.metadata.nbgrader.grade_id for cell in copy.cells]
    assert len(ids) == len(set(ids))
    text = "\n".join(cell.source for cell in copy.cells if cell.cell_type == "markdown")
    assert not re.search(r"```\{|\{(ref|eq|cite|doc|term)[:}]|<<", text)
    for exercise in part.exercises:
        assert f"{exercise.name}-check" in ids
        assert sum(cell.source == fill(exercise.source.stub, exercise.numbers())
                   for cell in copy.cells) == 1  # fmt: skip
    assert all(not cell.get("outputs") for cell in copy.cells)
    assert any(cell.source == ANSWER for cell in copy.cells), "no question for a person"


@pytest.mark.parametrize("part", OWN, ids=lambda part: part.name)
def test_every_student_has_other_numbers_and_a_key(part, tmp_path):
    students = ["ann", "b.o.b", "eve@college"]
    path = variants.hand_out(part, students, SECRET, tmp_path)
    rows = list(csv.DictReader(path.open(encoding="utf8")))
    assert [row["student"] for row in rows] == [
        s for s in students for e in part.exercises if e.key.own
    ]
    assert len({row["numbers"] for row in rows}) == len(rows)
    for row in rows:
        file = tmp_path / row["student"] / f"{part.name}.ipynb"
        copy = nbformat.read(file, 4)
        cells = {cell.metadata.nbgrader.grade_id: cell for cell in copy.cells}
        (call,) = [cells[f"{row['exercise']}-check"].source]
        version = re.search(r'"([^"]{50,})"', call)[1]
        answer = np.array(row["answer"].split(), float)
        (exercise,) = [e for e in part.exercises if e.name == row["exercise"]]
        exact = exercise.key.reference(
            **exercise.numbers(variants.version(SECRET, row["student"], exercise))
        )
        assert np.allclose(answer, exact, rtol=1e-5)
        assert bplib.check(row["exercise"], lambda value=exact: value, version)
        assert not bplib.check(row["exercise"], lambda value=exact: value)
        for name, value in (pair.split("=") for pair in row["numbers"].split()):
            assert value in cells[f"{row['exercise']}-statement"].source, name


@pytest.mark.parametrize(
    "exercise", [e for e in ALL if e.key.own], ids=lambda exercise: exercise.name
)
def test_the_solution_in_the_source_agrees_with_the_key(exercise):
    for seed in range(20):
        numbers = exercise.numbers(seed)
        solved = run(fill(exercise.source.solution, numbers), exercise.source.function)
        assert np.allclose(solved(), exercise.key.reference(**numbers), rtol=1e-12)


def test_a_seed_is_an_hmac():
    """The number is OpenSSL's: echo -n a:ann | openssl dgst -sha256 -hmac one."""
    assert secret.seed(b"one", "a", "ann") == 0x78BA638413585123


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("student\n", "names no student"),
        ("ann\nbob\nann\n", "names ann twice"),
        ("../ann\n", "student is '../ann'; expected letters"),
        ("", "names no student"),
    ],
)
def test_a_bad_list_of_students_is_refused(text, told, tmp_path):
    path = tmp_path / "students.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=told):
        variants.read_students(path)


def test_a_list_of_students_may_have_a_heading_and_more_columns(tmp_path):
    path = tmp_path / "students.csv"
    path.write_text("\ufeffstudent,name\nann,Ann A\n\nbob,Bob B\n", encoding="utf-8")
    assert variants.read_students(path) == ["ann", "bob"]


def test_what_is_sealed_comes_out_again_and_a_torn_text_is_refused():
    packed = visible_cases.packed(ALL[0])
    assert unseal(seal(packed)) == packed
    with pytest.raises(ValueError, match=r"version is a text of \d+ characters that cannot be"):
        unseal(seal(packed)[:-7])


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_after_a_right_answer_comes_the_next_exercise_of_the_notebook(part):
    order = [bplib.check(e.name, e.handed_in(e.solution)).message for e in part.exercises]
    titles = [exercise.source.title for exercise in part.exercises]
    for told, title in zip(order, titles[1:], strict=False):
        assert told.endswith(f" Next: “{title}”.")
    assert order[-1].endswith(" That was the last one of this notebook.")
    wrong = bplib.check(part.exercises[0].name, lambda **given: None)
    assert not wrong.passed
    assert "Next" not in wrong.message


def test_stripping_keeps_the_indentation_and_what_is_outside():
    code = "def f(x):\n    y = x\n    ### BEGIN SOLUTION\n    return y\n    ### END SOLUTION\n"
    first, second = STUB.splitlines()
    assert strip(code) == f"def f(x):\n    y = x\n    {first}\n    {second}\n"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("points: 8", "points: many"), "points is 'many'; expected int in the header"),
        (("difficulty: 1", "difficulty: 7"), "difficulty is 7; expected 1, 2 or 3"),
        (("### BEGIN SOLUTION", "pass"), "expected one with ### BEGIN SOLUTION"),
    ],
)
def test_a_bad_source_is_refused(change, told, tmp_path):
    path = tmp_path / "bad.md"
    (good,) = [e.source.path for e in ALL if e.name == "backward-2-2-1"]
    path.write_text(good.read_text("utf8").replace(*change), encoding="utf-8")
    with pytest.raises(ValueError, match=told):
        Source.read(path)


def test_writing_pages_again_changes_nothing_and_removes_old_ones(tmp_path):
    folder = tmp_path / "pages"
    first = {path: path.stat().st_mtime_ns for path in site_pages.write(folder)}
    (folder / "gone.md").write_text("old")
    assert {path: path.stat().st_mtime_ns for path in site_pages.write(folder)} == first
    assert not (folder / "gone.md").exists()


def test_a_version_is_the_same_every_time():
    (part,) = OWN[:1]
    one, two = (notebook(part, version=partial(variants.version, SECRET, "ann")) for _ in range(2))
    assert nbformat.writes(one) == nbformat.writes(two)


@pytest.mark.parametrize("exercise", ALL, ids=lambda exercise: exercise.name)
def test_fingerprints_that_everybody_has_earn_nothing(exercise):
    """Whoever sends those of `bplib.check` in place of a result has none with the salt."""
    seed = exercise.key.visible
    forged = Answer(tuple(case.right for case in exercise.cases(seed)))
    assert score(exercise, seed, forged).points == exercise.source.points
    assert score(exercise, seed, forged, "salt:").points == 0
