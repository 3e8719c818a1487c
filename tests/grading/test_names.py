"""Students' names: one function for all programs, undone by another, and no two become one."""

import csv
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import archive

from grading import variants
from grading.collect import collect
from grading.names import MOST, decoded, encoded, file_name

NAMES = {
    "Jane Doe": "Jane Doe",
    "novakeva_48213": "novakeva_48213",
    "eve@college.org": "eve@college.org",
    "a+b": "a+b",
    "O’Brien": "O’Brien",
    "O'Brien": "O'Brien",
    "Jose\u0301": "José",
    "José": "José",
    "Ångström": "Ångström",
    "हिन्दी": "हिन्दी",
    "ไทย": "ไทย",
    "李小龙": "李小龙",
    "Jean-Luc": "Jean-Luc",
    "A/B": "A~2FB",
    "..": "~2E~2E",
    ".git": "~2Egit",
    "=1+1": "~3D1+1",
    "@SUM": "~40SUM",
    "-rf": "~2Drf",
    "Ann ": "Ann~20",
    "a~2FB": "a~7E2FB",
    "<b>": "~3Cb~3E",
    "\x1b[2J": "~1B~5B2J",
    "\u202eann": "~E2~80~AEann",
    "con\udcff": "con~FF",
    "*?[{": "~2A~3F~5B~7B",
    "\u0301x": "~CC~81x",
    "=\u0301": "~3D~CC~81",
    "": "~",
}
ALIKE = [  # names that look or mangle alike
    ["Ann Lee", "Ann-Lee", "Ann_Lee", "Ann  Lee", "Ann\xa0Lee", "AnnLee", "ann lee"],
    ["A/B", "A~2FB", "A-B", "A\\B", "A:B"],
    ["O’Brien", "O'Brien", "OBrien", "O`Brien"],
    ["José", "Jose", "Jose´"],
    ["x" * 200, "x" * 201, "x" * 250, "x" * 249 + "y"],
    ["हि", "ह", "ही"],
]


@pytest.mark.parametrize(("name", "folder"), NAMES.items())
def test_names_and_their_folders(name, folder):
    assert encoded(name) == folder
    assert decoded(folder) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("names", ALIKE)
def test_names_that_are_alike_stay_as_many(names):
    assert len({encoded(name) for name in names}) == len(names)


@given(st.text())
def test_every_name_comes_back(name):
    name = name.encode("utf-8", "ignore").decode()
    folder = encoded(name)
    assert len(folder.encode()) <= MOST
    for form in ("NFC", "NFD"):
        assert unicodedata.normalize("NFC", unicodedata.normalize(form, folder)) == folder
    assert folder == folder.strip(" .")
    assert folder.isprintable()
    assert not set(folder) & set('/\\:*?"<>|\0')
    if "~-" not in folder:
        assert decoded(folder) == unicodedata.normalize("NFC", name)


def test_a_long_name_is_cut_between_letters_and_says_so():
    for name in ("x" * 250, "é" * 124, "हि" * 60, "/" * 99):
        folder = encoded(name)
        assert len(folder.encode()) <= MOST
        assert decoded(folder).endswith("…")
        assert name.startswith(decoded(folder)[:-1])


def test_names_of_files_keep_their_ending():
    assert file_name("a/b.ipynb") == "a~2Fb.ipynb"
    assert file_name(".ipynb") == "~2Eipynb"
    assert file_name("notes") == "notes"
    assert file_name("x.\x1b[2J") == "x.~1B~5B2J"
    long = file_name("x" * 240 + ".ipynb")
    assert long.endswith(".ipynb")
    assert len(long) < 255


@pytest.mark.parametrize("way", ["folder", "Moodle", "a folder in a zip of another system"])
def test_variants_and_grade_agree_on_every_name(assignment, tmp_path, way):
    names = [n for n in NAMES if n and "/" not in n and n.isprintable() and n == n.strip(" .")]
    names = [n for n in names if not set(n) & set("\\:*?")]
    names = list({unicodedata.normalize("NFC", n): n for n in names}.values())
    (tmp_path / "students.csv").write_text("\n".join(["student", *(f'"{n}"' for n in names)]))
    students = variants.read_students(tmp_path / "students.csv")
    exercise = next(e for e in assignment.exercises if e.key.own)
    seeds = {encoded(s): variants.version(b"secret", s, exercise) for s in students}
    inner = "_1_assignsubmission_file_" if way == "Moodle" else ""
    form = "NFD" if way.endswith("system") else "NFC"
    files = {f"{unicodedata.normalize(form, n)}{inner}/x.ipynb": b"{}" for n in names}
    (tmp_path / "in.zip").write_bytes(archive(files))
    found = collect(tmp_path / "in.zip", assignment.name)
    assert set(found.students) == set(seeds)
    for name in students:
        assert variants.version(b"secret", name, exercise) == seeds[encoded(name)]


def test_the_key_names_students_as_the_grades_do(assignment, tmp_path):
    path = variants.hand_out(assignment, ["Jose\u0301", "A:B"], b"secret", tmp_path)
    with path.open(encoding="utf-8", newline="") as file:
        assert [row["student"] for row in csv.DictReader(file)] == ["José", "A~3AB"]
    assert (tmp_path / "A~3AB" / f"{assignment.name}.ipynb").exists()


def test_one_name_written_in_two_ways_is_there_twice(tmp_path):
    (tmp_path / "students.csv").write_text("José\nJose\u0301\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"names Jos.*twice"):
        variants.read_students(tmp_path / "students.csv")
