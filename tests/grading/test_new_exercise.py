"""A new exercise passes every test before a line of it is changed; a bad name is refused."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from exercises.exercise import ASSIGNMENTS, assignments
from exercises.new_exercise import create

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(ASSIGNMENTS, tmp_path / "assignments"))


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_new_exercises_pass_every_test_of_exercises(tmp_path):
    """In a copy of the book, by the commands that `new` says."""
    book = tmp_path / "book"
    for name in ("bplib", "exercises", "tests/grading"):
        shutil.copytree(ROOT / name, book / name, ignore=shutil.ignore_patterns("__pycache__"))
    (book / "chapters").symlink_to(ROOT / "chapters")

    def call(*command):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=book,
            env={"PYTHONPATH": str(book), "PATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    old = call("exercises", "new", "3-backward-pass/mine")
    new = call("exercises", "new", "17-loops/mine-too")
    tests = "pytest tests/grading/test_keys.py -k mine"
    assert tests in old
    assert f"{tests}-too" in new
    assert "_toc.yml" in new
    assert "_toc.yml" not in old
    call("exercises", "build")
    which = ["-k", "mine or assignment or a_file", "-q", "-p", "no:cacheprovider"]
    said = call(*tests.split()[:2], *which)
    assert "failed" not in said
    assert int(said.split(" passed")[0].split()[-1]) > 60


def test_a_new_exercise_is_the_next_of_its_assignment(folder):
    before = len(next(a for a in assignments(folder) if a.name == "3-backward-pass").exercises)
    create("3-backward-pass/mine", folder)
    part = next(a for a in assignments(folder) if a.name == "3-backward-pass")
    (new,) = part.exercises[before:]
    assert (new.name, new.source.number) == ("mine", before + 1)
    assert (new.source.title, new.source.function) == ("Mine", "mine")
    create("17-loops/mine-too", folder)
    assert next(a for a in assignments(folder) if a.name == "17-loops").title == "Loops"


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("3-backward-pass/by-hand", "name is 'by-hand', which is taken"),
        ("1-chain-rule/by-hand", "name is 'by-hand', which is taken"),
        ("17-loops/by-hand", "name is 'by-hand', which is taken"),
        ("3-backward-pass/gradients", "name is 'gradients', which is taken"),  # a function's
        ("3-backward-pass/assignment", "name is 'assignment', which is taken"),
        ("3-backward-pass/lambda", "name is 'lambda', which is taken"),
        ("3-backwards/mine", "expected '3-backward-pass', which has that number"),
        ("mine", "exercise is 'mine'; expected ASSIGNMENT/NAME"),
        ("backward-pass/mine", "expected ASSIGNMENT/NAME"),
        ("03-backward-pass/mine", "expected ASSIGNMENT/NAME"),
        ("3-backward-pass/", "expected ASSIGNMENT/NAME"),
        ("3-backward-pass/Mine", "expected ASSIGNMENT/NAME"),
        ("3-backward-pass/my_own", "expected ASSIGNMENT/NAME"),
        ("3-backward-pass/2-layers", "expected ASSIGNMENT/NAME"),
        ("3-backward-pass/mine.md", "expected ASSIGNMENT/NAME"),
        ("3-backward-pass/../mine", "expected ASSIGNMENT/NAME"),
        ("3-backward-pass/mine/", "expected ASSIGNMENT/NAME"),
        ("3-backward-pass/mine\n", "expected ASSIGNMENT/NAME"),
        ("/tmp/3-backward-pass/mine", "expected ASSIGNMENT/NAME"),
    ],
)  # fmt: skip
def test_a_bad_place_is_refused_and_nothing_is_written(folder, place, told):
    before = everything(folder)
    with pytest.raises(ValueError, match=told):
        create(place, folder)
    assert everything(folder) == before


def test_a_file_that_is_there_is_kept(folder):
    key = folder / "3-backward-pass/mine.py"
    key.write_text("# a draft")
    before = everything(folder)
    with pytest.raises(ValueError, match=r"mine\.py is there already"):
        create("3-backward-pass/mine", folder)
    assert everything(folder) == before
