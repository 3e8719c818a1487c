"""What students pack themselves is unpacked, and what unpacks to too much stops nobody."""

import bz2
import io
import lzma
import struct
import tarfile
import time

import pytest
from samples import archive, canvas, cell_named, sent, solved

from exercises.assignment_notebook import notebook
from grading import archives
from grading.collect import Student, Upload, collect
from grading.course import Course
from grading.grader import Grader
from grading.repair import repair
from grading.sandbox import choose

NAME = "3-backward-pass"


def tar(files, mode="w:gz"):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as target:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            target.addfile(entry, io.BytesIO(content))
    return data.getvalue()


@pytest.fixture
def students(tmp_path):
    def run(files):
        path = tmp_path / "in.zip"
        path.write_bytes(archive(files))
        return collect(path, NAME)

    return run


@pytest.mark.parametrize(
    "pack",
    [
        archive,
        tar,
        lambda files: tar(files, "w"),
        lambda files: tar(files, "w:bz2"),
        lambda files: tar(files, "w:xz"),
        lambda files: archive({"deeper.zip": archive(files)}),
        lambda files: archive({"folder/deeper.tar.gz": tar(files), "readme.txt": b"see there"}),
    ],
    ids=["zip", "tar.gz", "tar", "tar.bz2", "tar.xz", "zip in zip", "tar.gz in zip"],
)
def test_a_notebook_in_an_archive_is_found(students, pack):
    inner = pack({f"work/{NAME}.ipynb": b"{}", "__MACOSX/._x.ipynb": b"", "plot.png": b"x"})
    for path in (canvas("doe", 1, NAME).replace(".ipynb", ".zip"), "doe_1/work.zip", "doe_1.zip"):
        found = students({path: inner, "eve_2/x.ipynb": b"{}"})
        assert set(found.students) == {"doe_1", "eve_2"}
        assert [upload.data for upload in found.students["doe_1"].notebooks] == [b"{}"]
        assert [upload.data for upload in found.students["doe_1"].others] == [inner]
        assert any("unpacked, its notebooks are read" in remark for remark in found.remarks)


def test_an_archive_without_a_notebook_is_kept_and_said(students):
    found = students({"doe/report.docx": archive({"[Content_Types].xml": b"x"})})
    assert found.students["doe"].chosen is None
    assert found.remarks == ["doe/report.docx: kept, but not a notebook"]


def zipped(method, data, path="ann/x.ipynb", size=None):
    """Return a zip with one entry whose packed form is given."""
    head = struct.pack("<HHHHHLLLHH", 20, 0, method, 0, 33, 0, len(data), size or 0, len(path), 0)
    entry = b"PK\3\4" + head + path.encode() + data
    listed = b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<HHHLL", 0, 0, 0, 0, 0)
    end = struct.pack("<HHHHLLH", 0, 0, 1, 1, len(listed) + len(path), len(entry), 0)
    return entry + listed + path.encode() + b"PK\5\6" + end


@pytest.mark.parametrize("method", [12, 14], ids=["bzip2", "LZMA"])
def test_an_entry_that_unpacks_to_gigabytes_costs_its_student_alone(tmp_path, method):
    size = 3 << 30
    if method == 12:
        data = b"".join([bz2.compress(bytes(45_899_235))] * (size // 45_899_235))
    else:
        packer = lzma.LZMACompressor(
            lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1, "preset": 0}]
        )
        part = bytes(64 << 20)
        packed = b"".join(packer.compress(part) for _ in range(8)) + packer.flush()
        data = struct.pack("<BBHBL", 9, 4, 5, 0x5D, 1 << 18) + packed
    (tmp_path / "in.zip").write_bytes(zipped(method, data, size=size))
    begin = time.monotonic()
    upload = collect(tmp_path / "in.zip", NAME).students["ann"].chosen
    assert upload.problem.startswith("it cannot be unpacked") or len(upload.data) <= (21 << 20)
    assert time.monotonic() - begin < 90
    own = archives.is_archive((tmp_path / "in.zip").read_bytes())
    assert own
    with pytest.raises(archives.Unreadable):
        archives.notebooks((tmp_path / "in.zip").read_bytes())


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (archive({"x.ipynb": b"0" * 999})[:60], "not a zip file"),
        (archive({f"{n}.txt": b"" for n in range(3000)}), "more than 2000 files"),
        (archive({f"{n}.txt": b"0" * (21 << 20) for n in range(12)}), "or 200 MB"),
        (b"PK\3\4" + b"x" * 99, "not a zip file"),
        (b"\x1f\x8b" + b"x" * 99, "could not be opened"),
    ],
    ids=["cut", "many files", "large", "no zip", "no tar"],
)
def test_an_archive_that_cannot_be_read_says_why(students, data, why):
    upload = students({"ann/work.zip": data}).students["ann"].chosen
    assert "work.zip cannot be unpacked" in upload.problem
    assert why in upload.problem


def test_paths_and_links_in_an_archive_lead_nowhere(students, tmp_path):
    inner = archive({"../../x.ipynb": b"{}", "/etc/y.ipynb": b"{}"}, {"z.ipynb": "/etc/passwd"})
    found = students({"ann/work.zip": inner}).students["ann"]
    assert [upload.data for upload in found.notebooks] == [b"{}", b"{}"]
    assert all(upload.path.startswith("ann/work.zip/") for upload in found.notebooks)


@pytest.mark.needs("bwrap", "nbgrader")
def test_a_later_zip_overwrites_no_original(assignment, tmp_path):
    grader = Grader(Course(tmp_path), assignment, b"secret" * 4, choose())
    sendings = [sent(assignment, solved(assignment, n), f"{n}") for n in range(3)]
    for data in [*sendings, sendings[0]]:
        grader.one(Student("ann", [Upload(f"{NAME}.ipynb", data)]))
        grader.one(Student("ben", [Upload(f"ben/../ann/{NAME}.ipynb", b"{}")]))
    kept = {path.read_bytes() for path in (tmp_path / "originals" / NAME / "ann").iterdir()}
    assert kept == set(sendings)


CODES = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]


@pytest.mark.parametrize("encoding", CODES)
def test_a_notebook_is_read_in_whatever_encoding(assignment, encoding):
    functions = {f"{e.name}-solution": e.source.function for e in assignment.exercises}
    data = sent(assignment, written="Größe é “w”").decode()
    data = "".join(c if ord(c) < 256 or c in "“”" else "?" for c in data)
    found = repair(data.encode(encoding), notebook(assignment), functions, assignment.name)
    assert not found.failure
    name = f"{assignment.exercises[0].name}-written-1"
    assert cell_named(found.notebook, name).source == "Größe é “w”"
    guessed = "The file is not in UTF-8, as notebooks are; it was read as Windows-1252."
    assert (guessed in found.notes) == (encoding == "cp1252")
