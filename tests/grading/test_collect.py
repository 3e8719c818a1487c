"""Whose file it is, by the names that Canvas, Moodle and people give."""

import zipfile

import pytest
from samples import archive

from grading import collect as module
from grading import file_names
from grading.collect import collect

NAME = "3-backward-pass"


@pytest.fixture
def students(tmp_path):
    """Return a function: files and links -> the collection."""

    def run(files, links=None):
        path = tmp_path / "in.zip"
        path.write_bytes(archive({path: data for path, data in files.items()}, links))
        return collect(path, NAME)

    return run


@pytest.mark.parametrize(
    ("path", "student", "late"),
    [
        (f"doejane_123_4567_{NAME}.ipynb", "doejane_123", False),
        (f"doejane_LATE_123_4567_{NAME}-2.ipynb", "doejane_123", True),
        (f"submissions/doejane_123_4567_{NAME}.ipynb", "doejane_123", False),
        (f"Jane Doe_98765_assignsubmission_file_/{NAME}.ipynb", "Jane-Doe", False),
        ("Jane Doe_98765_assignsubmission_file/my work.ipynb", "Jane-Doe", False),
        ("Course-HW-98/Zoë Ångström_98765_assignsubmission_file_/x.ipynb", "Zoë-Ångström", False),
        (f"Jane Doe_98765_assignsubmission_file_{NAME}.ipynb", "Jane-Doe", False),
        (f"jane/{NAME}/{NAME}.ipynb", "jane", False),
        (f"submitted/jane/{NAME}/{NAME}.ipynb", "jane", False),
        ("jane/whatever.ipynb", "jane", False),
        ("jane-2.ipynb", "jane-2", False),
    ],
)  # fmt: skip
def test_names(students, path, student, late):
    found = students({path: b"{}"})
    assert list(found.students) == [student]
    assert found.students[student].chosen.data == b"{}"
    assert found.students[student].chosen.late is late
    assert not found.remarks


def test_a_folder_around_all_is_no_student(students):
    found = students({"class/ann/x.ipynb": b"1", "class/ben/x.ipynb": b"2"})
    assert set(found.students) == {"ann", "ben"}


def test_folders_are_read_as_zips_are_and_links_are_not_followed(tmp_path):
    (tmp_path / "key").write_text("secret")
    folder = tmp_path / "in"
    (folder / "ann").mkdir(parents=True)
    (folder / "ann" / "x.ipynb").write_text("mine")
    (folder / "ben").mkdir()
    (folder / "ben" / "x.ipynb").symlink_to(tmp_path / "key")
    (folder / "cat").symlink_to(tmp_path)
    found = collect(folder, NAME)
    assert found.students["ann"].chosen.data == b"mine"
    assert found.students["ben"].chosen.data == b""
    assert "link" in found.students["ben"].chosen.problem
    assert "cat" not in found.students
    assert any(line.startswith("cat: left out") for line in found.remarks)


def test_another_platform_is_one_more_row(students, monkeypatch):
    name = "3-backward-pass_jdoe_attempt_2026-09-14-10-22-33_mine.ipynb"
    assert list(students({name: b""}).students) == [name.removesuffix(".ipynb")]
    pattern = r".+?_(?P<name>[^_]+)_attempt_\d{4}(-\d\d){5}_.+"
    row = file_names.Platform("Blackboard", pattern, student="{name}")
    monkeypatch.setattr(file_names, "PLATFORMS", (*file_names.PLATFORMS, row))
    assert list(students({name: b""}).students) == ["jdoe"]


def test_a_student_may_have_a_file_and_a_folder(students):
    found = students({"ann.ipynb": b"1", f"ann/{NAME}.ipynb": b"2", "ben/x.ipynb": b"3"})
    assert found.students["ann"].chosen.data == b"2"


def test_the_later_of_two_uploads_counts(students):
    for early, late in (
        (f"doe_1_100_{NAME}.ipynb", f"doe_1_200_{NAME}-1.ipynb"),
        (f"doe_1_100_{NAME}-1.ipynb", f"doe_1_100_{NAME}-2.ipynb"),
        (f"doe_1_100_{NAME}.ipynb", f"doe_1_100_{NAME}-1.ipynb"),
        (f"doe_1_100_{NAME}-9.ipynb", f"doe_1_100_{NAME}-10.ipynb"),
        (f"doe_1/{NAME}.ipynb", f"doe_1/{NAME}-1.ipynb"),
        ("doe_1/notes.ipynb", f"doe_1/{NAME}.ipynb"),
    ):
        for order in ((early, late), (late, early)):
            found = students({path: path.encode() for path in order})
            (student,) = found.students.values()
            assert student.chosen.path == late
            assert len(student.notebooks) == 2
            assert any("2 notebooks" in line and late in line for line in found.remarks)


def test_two_students_of_one_name_stay_two(students):
    one, two = (f"Ann Lee_{n}_assignsubmission_file_/x.ipynb" for n in (1, 2))
    assert set(students({one: b"1", two: b"2"}).students) == {"Ann-Lee_1", "Ann-Lee_2"}
    canvas = {f"leeann_{n}_9_x.ipynb": b"" for n in (1, 2)}
    assert set(students(canvas).students) == {"leeann_1", "leeann_2"}


def test_nothing_is_dropped_without_a_word(students):
    files = {
        "__MACOSX/._x.ipynb": b"", "ann/.DS_Store": b"", "readme.txt": b"", f"{NAME}.ipynb": b"",
        "ann/.ipynb_checkpoints/x-checkpoint.ipynb": b"", "ann/notes.pdf": b"",
        "../ben/x.ipynb": b"", "/etc/passwd.ipynb": b"", "C:/x.ipynb": b"",
        "a\\..\\..\\x.ipynb": b"",
    }  # fmt: skip
    found = students(files)
    assert set(found.students) == {"ann"}
    assert found.students["ann"].chosen is None
    assert len(found.remarks) == len(files)
    assert sum("leads out" in line for line in found.remarks) == 4


def test_a_link_in_a_zip_is_not_followed(students):
    found = students({"ben/x.ipynb": b"{}"}, {"ann/x.ipynb": "/etc/passwd"})
    assert found.students["ann"].chosen.data == b""
    assert "link" in found.students["ann"].chosen.problem


def test_a_bomb_is_not_unpacked(students, monkeypatch):
    found = students({"ann/x.ipynb": b"0" * (300 << 20)})
    assert len(found.students["ann"].chosen.data) == module.LARGEST + 1
    assert any("more than 20 MB, not copied" in line for line in found.remarks)
    monkeypatch.setattr(module, "TOTAL", 1 << 20)
    with pytest.raises(ValueError, match="unpacks to more"):
        students({f"{n}/x.ipynb": b"0" * (1 << 19) for n in range(3)})
    monkeypatch.setattr(module, "ENTRIES", 2)
    with pytest.raises(ValueError, match="3 entries"):
        students({f"{n}/x.ipynb": b"" for n in range(3)})


def test_a_damaged_entry_is_said(students, tmp_path):
    data = archive({"ann/x.ipynb": b"abc" * 99, "ben/x.ipynb": b"{}"})
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as target:
        target.writestr("x", "")
    at = data.index(b"ann/x.ipynb") + len("ann/x.ipynb")
    broken = data[: at + 2] + b"\xff\xff" + data[at + 4 :]
    (tmp_path / "in.zip").write_bytes(broken)
    found = collect(tmp_path / "in.zip", NAME)
    assert "cannot be unpacked" in found.students["ann"].chosen.problem
    assert found.students["ben"].chosen.data == b"{}"


def test_what_is_neither_zip_nor_folder_is_refused(tmp_path):
    (tmp_path / "x.zip").write_text("no zip")
    for path in (tmp_path / "x.zip", tmp_path / "missing"):
        with pytest.raises(ValueError, match="expected a folder or a zip"):
            collect(path, NAME)
