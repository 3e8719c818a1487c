"""Whose file it is, by the names that Canvas, Moodle and people give."""

import os
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
        (f"Jane Doe_98765_assignsubmission_file_/{NAME}.ipynb", "Jane Doe", False),
        ("Jane Doe_98765_assignsubmission_file/my work.ipynb", "Jane Doe", False),
        ("Course-HW-98/Zoë Ångström_98765_assignsubmission_file_/x.ipynb", "Zoë Ångström", False),
        (f"Jane Doe_98765_assignsubmission_file_{NAME}.ipynb", "Jane Doe", False),
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
    around = [] if path.count("/") < 2 and "-HW-" not in path else found.remarks
    assert found.remarks == [r for r in around if "a folder around all students' files" in r]


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
    name = "3-backward-pass--jdoe--2026-09-14--mine.ipynb"
    assert list(students({name: b""}).students) == [name.removesuffix(".ipynb")]
    row = file_names.Platform("Another", r".+?--(?P<name>.+?)--.+", student="{name}")
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
    assert set(students({one: b"1", two: b"2"}).students) == {"Ann Lee_1", "Ann Lee_2"}
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


def test_files_of_nobody_are_kept_apart_with_what_is_packed_in_them(students):
    packed = archive({"x.ipynb": b"{}"})
    found = students({f"{NAME}.ipynb": b"1", "words.txt": b"2", f"{NAME}.zip": packed, "a/b": b""})
    assert set(found.students) == {"a"}
    paths = [f"{NAME}.ipynb", "words.txt", f"{NAME}.zip", f"{NAME}.zip/x.ipynb"]
    assert [upload.path for upload in found.nobodys] == paths


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


@pytest.mark.parametrize(
    "path",
    [
        f"mallory/doejane_123_4567_{NAME}.ipynb",
        f"mallory/Jane Doe_98765_assignsubmission_file_/{NAME}.ipynb",
        f"mallory/Jane Doe_98765_assignsubmission_file_{NAME}.ipynb",
        "mallory/Doe_Jane_jdoe_4711/x.ipynb",
        "mallory/HW 3_jdoe_attempt_2026-09-14-10-22-33_x.ipynb",
        "mallory/submitted/jane/x.ipynb",
        f"mallory/{NAME}/jane/x.ipynb",
    ],
)
def test_in_a_folder_of_ones_own_no_name_makes_it_another_students(students, path):
    files = {path: b"1", "jane/x.ipynb": b"2", "ann/x.ipynb": b"3"}
    for around in ("", "submissions/", "submitted/", "homework/"):
        found = students({around + name: data for name, data in files.items()})
        assert {n: s.chosen.data for n, s in found.students.items()} == {
            "mallory": b"1", "jane": b"2", "ann": b"3",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("Mal_5_assignsubmission_file_Jane_7_assignsubmission_file_x.ipynb", "Mal"),
        ("Mal_5_assignsubmission_file_/Jane_7_assignsubmission_file_/x.ipynb", "Mal"),
        ("mal_9_8_doejane_123_4567_x.ipynb", "mal_9"),
        ("HW_mal_attempt_2026-01-01-10-00-00_HW_jane_attempt_2026-01-01-10-00-00_x.ipynb", "mal"),
        ("mal_9_8_HW_jane_attempt_2026-01-01-10-00-00_x.ipynb", "mal_9"),
    ],
)
def test_what_a_student_calls_a_file_invents_nobody(students, path, student):
    assert list(students({path: b"1"}).students) == [student]


@pytest.mark.parametrize(
    ("path", "student"),
    [
        (f"HW 3_jdoe_attempt_2026-09-14-10-22-33_{NAME}.ipynb", "jdoe"),
        (f"HW 3_j_doe_attempt_2026-09-14-10-22-33_{NAME}.ipynb", "j_doe"),
        (f"multi_feedback/Doe_Jane_jdoe_4711/{NAME}.ipynb", "Doe_Jane_jdoe_4711"),
        (f"Doe_Jane_jdoe_4711/{NAME}.ipynb", "Doe_Jane_jdoe_4711"),
        (f"course/submitted/jane/{NAME}/{NAME}.ipynb", "jane"),
        ("jane.ipynb.txt", "jane"),
        ("jane.ipynb.json", "jane"),
        ("jane.json", "jane"),
        (f"doejane_123_4567_{NAME}.ipynb.txt", "doejane_123"),
        (f"doejane_123_4567_{NAME}-1.ipynb.json", "doejane_123"),
        (f"doejane_123_4567_{NAME}", "doejane_123"),
        (f"doejane_123_4567_{NAME}.ipynb.html", "doejane_123"),
        (f"Jane Doe_98765_assignsubmission_file_/{NAME}.ipynb.txt", "Jane Doe"),
        (f"HW 3_jdoe_attempt_2026-09-14-10-22-33_{NAME}.txt", "jdoe"),
        (f"Doe_Jane_jdoe_4711/20260914102233_{NAME}.ipynb.txt", "Doe_Jane_jdoe_4711"),
        (f"jane/{NAME}.IPYNB", "jane"),
    ],
)
def test_a_notebook_is_known_by_its_content(students, path, student):
    data = b'\xef\xbb\xbf {"cells" : [], "nbformat": 4}'
    found = students({path: data})
    assert list(found.students) == [student]
    assert found.students[student].chosen.data == data
    told = "a notebook by what is in it" in " ".join(found.remarks)
    assert told is not path.lower().endswith(".ipynb")


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_notebook_is_known_by_its_content_in_another_code(students, code):
    data = '{"nbformat": 4, "cells": []}'.encode(code)
    assert students({f"ann/{NAME}.ipynb.txt": data}).students["ann"].chosen.data == data


@pytest.mark.parametrize("data", [b"", b"words", b"{}", b'["cells"]', b'{"cells": 1}', b"\0" * 99])
def test_what_is_no_notebook_is_kept_as_another_file(students, data):
    found = students({f"ann/{NAME}.txt": data})
    assert found.students["ann"].chosen is None
    assert found.students["ann"].others[0].data == data


def test_the_later_attempt_on_blackboard_counts(students):
    early, late = (f"HW 3_jdoe_attempt_2026-{t}-22-33_x.ipynb" for t in ("09-14-23", "10-01-02"))
    (student,) = students({late: b"late", early: b"early"}).students.values()
    assert student.chosen.data == b"late"


def test_a_folder_for_each_section_is_no_student(students):
    found = students({f"{n}/doe{n}_{n}_1_x.ipynb": b"" for n in (1, 2)})
    assert set(found.students) == {"doe1_1", "doe2_2"}
    assert sum("a folder around all students' files" in line for line in found.remarks) == 2


@pytest.mark.parametrize(
    ("numbers", "known", "called"),
    [
        ("1", {}, {"Ann"}),
        ("12", {}, {"Ann_1", "Ann_2"}),
        ("1", {"Ann": "1"}, {"Ann"}),
        ("2", {"Ann": "1"}, {"Ann_2"}),  # a namesake who hands in later
        ("12", {"Ann": "1"}, {"Ann", "Ann_2"}),
        ("1", {"Ann_1": "1", "Ann_2": "2"}, {"Ann_1"}),
        ("1", {"Ann": ""}, {"Ann"}),  # graded from a folder before
        ("2", {"Ann": "1", "Ann_2": "7"}, {"Ann_2_2"}),  # somebody is called Ann_2
    ],
)
def test_namesakes_are_never_mixed_up(tmp_path, numbers, known, called):
    files = {f"Ann_{n}_assignsubmission_file_/x.ipynb": n.encode() for n in numbers}
    (tmp_path / "in.zip").write_bytes(archive(files))
    found = collect(tmp_path / "in.zip", NAME, known)
    assert set(found.students) == called
    assert [s.number for s in found.students.values()] == list(numbers)
    assert {s.chosen.data.decode() for s in found.students.values()} == set(numbers)


def test_a_name_that_looks_like_a_namesakes_number_stays_another(students):
    names = ("Ann_1", "Ann_2", "Ann_1_1")
    found = students({f"{n}_assignsubmission_file_/x.ipynb": n.encode() for n in names})
    assert len(found.students) == 3
    assert {s.chosen.data for s in found.students.values()} == {n.encode() for n in names}


def test_names_that_are_no_utf_8_are_told_apart(tmp_path):
    folder = tmp_path / "in"
    for name in (b"ann\xff", b"ann\xfe", "ann\u00e9".encode()):
        os.makedirs(os.path.join(os.fsencode(folder), name))
        with open(os.path.join(os.fsencode(folder), name, b"x.ipynb"), "wb") as file:
            file.write(name)
    found = collect(folder, NAME)
    assert {n: s.chosen.data for n, s in found.students.items()} == {
        "ann~FF": b"ann\xff", "ann~FE": b"ann\xfe", "anné": "anné".encode(),
    }  # fmt: skip
    "".join(found.remarks).encode()


def test_a_zip_with_names_that_are_not_what_it_says(tmp_path):
    data = archive({"annÉ/x.ipynb": b"1", "benÉ/x.ipynb": b"2", "catÉ/x.ipynb": b"3"})
    data = data.replace("annÉ".encode(), b"ann\xff\xfe").replace("benÉ".encode(), b"ben\xff\xfe")
    (tmp_path / "in.zip").write_bytes(data)
    found = collect(tmp_path / "in.zip", NAME)
    assert [s.chosen.data for s in found.students.values()] == [b"1", b"2", b"3"]
    assert "catÉ" in found.students
    data = archive({"anné/x.ipynb": b"1"}).replace(
        b"PK\1\2\x14\3\x14\0\0\x08", b"PK\1\2\x14\3\x14\0\0\0"
    )
    (tmp_path / "in.zip").write_bytes(data)  # UTF-8 without saying so, as on a Mac
    assert "anné" in collect(tmp_path / "in.zip", NAME).students


def test_a_zip_of_a_system_with_other_slashes(students):
    found = students({"ann\\x.ipynb": b"1", "ben\\x.ipynb": b"2"})
    assert set(found.students) == {"ann", "ben"}


def test_no_remark_acts_on_a_terminal(students):
    name = "\x1b[2J\u202e\r\nann"
    found = students({f"{name}/{name}.pdf": b"", f"{name}.doc": b"", f"/{name}": b""})
    assert len(found.remarks) == 3
    for text in [*found.remarks, *found.students]:
        assert text.isprintable()


def test_another_notebook_of_a_student_is_not_taken_for_the_assignment(students):
    mine, last = b'{"assignment": "3-backward-pass", "bplib": 1}', b'import bplib, "2-gradient"'
    for other in (b'{"cells": "1 + 1"}', last):
        files = {f"doe_1_100_{NAME}.ipynb": mine, "doe_1_200_scratch.ipynb": other}
        assert students(files).students["doe_1"].chosen.data == mine
    files = {f"doe_1_100_{NAME}.ipynb": last, f"doe_1_200_{NAME}.ipynb": b"{}"}
    assert students(files).students["doe_1"].chosen.data == last
