"""A notebook's first cell in real kernels: what it installs, and what it says where it cannot."""

import json
import os
import re
import subprocess
import sys
from types import SimpleNamespace
from zipfile import ZipFile

import nbformat
import pytest
from bpsite.notebooks import page_notebooks, wheels, zips
from IPython.core.inputtransformer2 import TransformerManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from support.book import ROOT, SITE

PAGE = "chapters/05-worked-example"
NOWHERE = "http://127.0.0.1:9/"
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
WHEEL = wheels.built(ROOT)
LACKING = ("numpy", "scipy", "sympy", "matplotlib", "ipywidgets", "anywidget", "tqdm")


def site_packages(env):
    return next(env.glob("lib/python*/site-packages"), env / "Lib/site-packages")


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """The packages of a Jupyter kernel, with pip, and nothing that bplib needs."""
    place = tmp_path_factory.mktemp("kernel")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pins = ["ipykernel", "pip", "-c", ROOT / "requirements.txt"]
    subprocess.run([*pip, "--target", place, *pins], check=True)
    return place


class Reader:
    """Somebody with a Jupyter kernel, in a folder of their own."""

    def __init__(self, place, kernel):
        self.folder, self.place = place / "folder", place
        self.folder.mkdir()
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", place / "env"], check=True)
        self.packages = site_packages(place / "env")
        (self.packages / "kernel.pth").write_text(str(kernel))

    def run(self, *cells, **environment):
        """Run cells in a new kernel; return all they printed, and the last line of an error."""
        python = next(p for p in (self.place / "env").glob("*/python*") if p.stem == "python")
        spec = self.place / "kernels/bare/kernel.json"
        spec.parent.mkdir(parents=True, exist_ok=True)
        argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        named = {"argv": argv, "display_name": "bare", "language": "python", "env": environment}
        spec.write_text(json.dumps(named))
        notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
        there = {"metadata": {"path": self.folder}}
        client = NotebookClient(
            notebook, timeout=300, kernel_name="bare", resources=there, allow_errors=True
        )
        client.execute()
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        printed = "".join(one.text for one in outputs if one.output_type == "stream")
        errors = [f"{one.ename}: {one.evalue}" for one in outputs if one.output_type == "error"]
        return printed, errors


@pytest.fixture
def reader(tmp_path, kernel, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    return Reader(tmp_path, kernel)


def first(address=""):
    """Return the first cell of a site with this address."""
    config = SimpleNamespace(html_baseurl=address)
    return page_notebooks.setup_cell(SimpleNamespace(confdir=ROOT, config=config), PAGE).source


def test_zip_is_all_it_takes(reader):
    with ZipFile(SITE / f"notebooks/{PAGE}.zip") as archive:
        archive.extractall(reader.folder)
    reader.folder /= "05-worked-example"
    (notebook,) = reader.folder.glob("*.ipynb")
    setup = nbformat.read(notebook, as_version=4).cells[0].source
    used = "import numpy, bplib\nprint('parameters', bplib.mlp([2, 1], seed=0).theta.size)"
    printed, errors = reader.run(setup, used)
    assert errors == []
    assert "Missing here: bplib numpy scipy" in printed
    assert "parameters 3" in printed
    assert reader.run(setup, used) == ("parameters 3\n", [])


def test_where_nothing_can_be_had_it_says_what_to_do(reader):
    (said,) = reader.run(first(NOWHERE), **OFFLINE)[1]
    assert said.startswith(f"ImportError: Not installed here: bplib, {', '.join(LACKING)}.")
    assert f"{NOWHERE}{PAGE}.html" in said
    assert f"pip install ./{WHEEL.name}" in said


def test_a_site_without_address_names_none(reader):
    (said,) = reader.run(first(), **OFFLINE)[1]
    assert "this notebook's page in the book" in said
    assert "http" not in first()


@pytest.mark.parametrize(("address", "before", "after"), [
    ("", None, None), (NOWHERE, None, NOWHERE), (NOWHERE, "https://hub/", "https://hub/"),
])  # fmt: skip
def test_the_check_is_told_where_the_book_is(monkeypatch, address, before, after):
    monkeypatch.setenv("BOOK_ADDRESS", before or "")
    if before is None:
        monkeypatch.delenv("BOOK_ADDRESS")
    exec(TransformerManager().transform_cell(first(address)), {})
    assert os.environ.get("BOOK_ADDRESS") == after


def test_without_network_the_wheel_alone_is_not_enough(reader):
    (reader.folder / WHEEL.name).write_bytes(WHEEL.read_bytes())
    printed, errors = reader.run(first(), **OFFLINE)
    (said,) = errors
    assert "numpy" in printed, "pip says what it did not find"
    assert said.startswith("ImportError: Not installed here: bplib, numpy")


def test_numpy_lacks_beside_bplib(reader):
    (reader.packages / "bplib.pth").write_text(str(ROOT))
    (said,) = reader.run(first(), **OFFLINE)[1]
    assert said.startswith(f"ImportError: Not installed here: {', '.join(LACKING)}.")


def test_a_strangers_bplib_is_refused_and_taken_away(reader):
    about = reader.packages / "bplib-0.0.6.dist-info"
    for path, text in {
        reader.packages / "bplib/__init__.py": "print('stranger')",
        about / "METADATA": "Metadata-Version: 2.1\nName: bplib\nVersion: 0.0.6\n",
        about / "RECORD": "bplib/__init__.py,,\nbplib-0.0.6.dist-info/METADATA,,\n"
        "bplib-0.0.6.dist-info/RECORD,,\n",
    }.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (reader.folder / WHEEL.name).write_bytes(WHEEL.read_bytes())
    printed, errors = reader.run(first())
    (said,) = errors
    assert printed == "", "nothing is run and nothing installed"
    assert "is not the book's" in said
    (remedy,) = re.findall(r"%pip uninstall -y bplib", said)
    reader.run(remedy)
    (said,) = reader.run(first(), **OFFLINE)[1]
    assert said.startswith("ImportError: Not installed here: bplib, numpy")


@pytest.mark.parametrize("layout", ["bplib.py", "bplib/notes.txt"])
def test_a_file_or_folder_that_is_called_bplib_is_refused(reader, layout):
    path = reader.folder / layout
    path.parent.mkdir(exist_ok=True)
    path.touch()
    (said,) = reader.run(first(), **OFFLINE)[1]
    assert str(reader.folder / "bplib") in said
    assert "is not the book's" in said


def test_zip_says_how_and_is_the_same_each_time(tmp_path):
    for path in sorted((ROOT / "_build/notebooks").glob("*/*.ipynb")):
        offered = SITE / "notebooks" / zips.name(f"{path.parent.name}/{path.name}")
        with ZipFile(offered) as archive:
            held = {info.filename: archive.read(info) for info in archive.infolist()}
        text = held[f"{path.stem}/README.txt"].decode()
        assert held == {
            f"{path.stem}/README.txt": text.encode(),
            f"{path.stem}/{path.name}": path.read_bytes(),
            f"{path.stem}/{WHEEL.name}": WHEEL.read_bytes(),
        }
        assert f"pip install jupyterlab ./{WHEEL.name}" in text
        path.touch()
        zips.write(tmp_path / "again.zip", path, WHEEL, text)
        assert (tmp_path / "again.zip").read_bytes() == offered.read_bytes()
