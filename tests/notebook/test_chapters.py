"""Every chapter's download runs in an empty folder, with bplib and nothing else of ours."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from support.book import PROGRAMS as CHAPTERS
from support.book import ROOT, SITE

WHEEL = next(iter((SITE / "files").glob("*.whl")), SITE / "files/none.whl")
TAUGHT = [path for path in CHAPTERS if path.stem[0].isdigit() and path.parent.name == "chapters"]
LIMIT_S = {"16-digits": 40}  # five splits, and pictures that learn
USUAL_LIMIT_S = 15
SHARED = 2  # what a processor loses, at most, to the tests that run beside it
LEAST_PROVED = 3
FORBIDDEN = {"torch", "sphinx", "jupyter_book", "jupytext"}

WITNESS = f"exec({Path(__file__).with_name('witness.py').read_text('utf8')!r}, {{}})"
REPORT = "witness_report()"
WITNESSED = """
import sympy as sp
import bplib
SEEN = OPEN = call = json = None
x = sp.Symbol("x")
assert sp.expand((x + 1) ** 2 - x**2 - 2 * x - 1) == 0, "counts"
for power in (2, 3):
    assert sp.diff(x**power, x) == power * x ** (power - 1), "counts once"
if not bplib.mlp([2, 1]).theta.any():
    assert x == x, "is never reached"
assert 1 + 1 == 2, "has nothing to do with SymPy"
"""


@pytest.fixture(scope="session")
def bare_kernel(tmp_path_factory):
    """A fresh environment with what bplib needs, and a kernel to run it in."""
    place = tmp_path_factory.mktemp("plain")
    subprocess.run([sys.executable, "-m", "venv", place / "env"], check=True)
    python = next(p for p in (place / "env").glob("*/python*") if p.stem == "python")
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wanted = [WHEEL, "ipykernel", "-c", ROOT / "requirements.txt"]
    subprocess.run([*pip, "install", *wanted], check=True)
    subprocess.run([*pip, "uninstall", "--yes", "backprop-book"], check=True)
    spec = place / "share" / "kernels" / "plain" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "plain", "language": "python"}))
    old = os.environ.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = str(place / "share")
    yield python
    os.environ.pop("JUPYTER_PATH") if old is None else os.environ.update(JUPYTER_PATH=old)


@pytest.fixture(scope="session")
def plain_kernel(bare_kernel, tmp_path_factory):
    """The same, once a notebook's first cell has got bplib from the file beside it."""
    folder = tmp_path_factory.mktemp("beside")
    shutil.copy(WHEEL, folder)
    run_in(folder, download("chapters/intro").cells[0], new_code_cell("import bplib"))
    return bare_kernel


def named(path):
    return f"{path.parent.name}/{path.stem}"


def download(name):
    """The notebook that the site offers of a page."""
    return nbformat.read(SITE / f"notebooks/{name}.ipynb", as_version=4)


def run_in(folder, *cells, **options):
    """Execute cells in the plain kernel; return the notebook of them."""
    notebook = new_notebook(cells=list(cells))
    place = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, kernel_name="plain", timeout=60, resources=place, **options)
    client.execute(env=os.environ | {"OPENBLAS_NUM_THREADS": "1"})  # threads that wait count too
    return notebook


def test_without_bplib_the_first_cell_says_what_to_do(bare_kernel, tmp_path):
    done = run_in(tmp_path, download("chapters/intro").cells[0], allow_errors=True)
    *_, output = done.cells[0].outputs
    assert output.ename == "ImportError"
    assert output.evalue.startswith("Not installed here: bplib. Get 'Notebook and package'")
    assert f"pip install ./{WHEEL.name}" in output.evalue


def test_the_kernel_is_plain(plain_kernel):
    code = "import sys, importlib.util as u; print([m for m in sys.argv[1:] if u.find_spec(m)])"
    found = subprocess.run(
        [plain_kernel, "-c", code, *FORBIDDEN], check=True, capture_output=True, text=True
    )
    assert found.stdout.strip() == "[]"


@pytest.fixture(scope="session")
def executed(plain_kernel, tmp_path_factory):
    """A function that runs a chapter's download once, in an empty folder.

    It returns the chapter's cells, what its witness saw, and the seconds.
    """

    @cache
    def run(chapter):
        cells = download(named(chapter)).cells
        started = time.perf_counter()
        folder = tmp_path_factory.mktemp(chapter.stem)
        done = run_in(folder, new_code_cell(WITNESS), *cells, new_code_cell(REPORT))
        seconds = time.perf_counter() - started
        return done.cells[1:-1], json.loads(done.cells[-1].outputs[0].text), seconds

    return run


@pytest.mark.parametrize("chapter", CHAPTERS, ids=named)
def test_chapter_runs_from_top_to_bottom(chapter, executed, tell):
    cells, seen, seconds = executed(chapter)
    tell(f"{seconds:.1f} s, kernel start included; {seen['seconds']:.1f} s of a processor")
    assert seen["seconds"] < SHARED * LIMIT_S.get(chapter.stem, USUAL_LIMIT_S)
    assert not any(
        output.output_type == "stream" and output.name == "stderr" and "Warning" in output.text
        for cell in cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )


@pytest.mark.parametrize("chapter", TAUGHT, ids=named)
def test_chapter_proves_by_sympy_and_calls_bplib(chapter, executed, tell):
    _, seen, _ = executed(chapter)
    tell(
        f"{seen['symbolic']} assertions on SymPy's objects, {seen['numeric']} others,"
        f" {len(seen['bplib'])} names of bplib called"
    )
    assert seen["symbolic"] >= LEAST_PROVED
    assert seen["bplib"]


def test_the_witness_counts_what_is_executed(plain_kernel, tmp_path):
    cells = [new_code_cell(code) for code in (WITNESS, WITNESSED, REPORT)]
    seen = json.loads(run_in(tmp_path, *cells).cells[-1].outputs[0].text)
    assert seen.pop("seconds") > 0
    assert seen == {"symbolic": 2, "numeric": 1, "bplib": ["bplib.network.mlp"]}


@pytest.mark.parametrize("chapter", CHAPTERS, ids=named)
def test_chapter_is_committed_without_outputs_and_with_short_cells(chapter):
    for cell in jupytext.read(chapter).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            lines = cell.source.splitlines()
            most = 20 if "live.Picture(" in cell.source else 15
            assert len(lines) <= most, f"a cell of {len(lines)} lines starts with {lines[0]!r}"
            assert max(map(len, lines)) <= 84


@pytest.mark.parametrize("chapter", CHAPTERS, ids=named)
def test_description_stays_when_the_chapter_is_saved_in_jupyter(chapter):
    header = chapter.read_text(encoding="utf-8").partition("\n---\n")[0]
    saved = jupytext.writes(jupytext.read(chapter), fmt="md:myst").partition("\n---\n")[0]
    assert "    description: " in header
    assert re.sub(r" *jupytext_version: .*\n", "", saved) == header


@pytest.mark.parametrize("chapter", TAUGHT, ids=named)
def test_chapter_ends_in_a_summary_exercises_and_citations(chapter):
    text = chapter.read_text(encoding="utf-8")
    summary = text.partition("## What to remember\n")[2].partition("\n## ")[0]
    assert len(re.findall(r"^- ", summary, re.MULTILINE)) == 3
    assert 3 <= text.count("```{exercise}") <= 6
    assert "{cite:" in text.partition("## Where to read on\n")[2]
    assert re.search(r"^\(\w+-play\)=\n## Play", text, re.MULTILINE)


MOVED = """
from ipywidgets import HTML, SelectionSlider, Widget, __version__
slider = next(w for w in Widget.widgets.values() if isinstance(w, SelectionSlider))
shown = [w for w in Widget.widgets.values() if isinstance(w, HTML)]
before = [w.value for w in shown]
slider.index = (slider.index + 1) % len(slider.options)
changed = sum(w.value != old for w, old in zip(shown, before))
print(__version__, changed, any("no Stack" in value for value in before))
"""


@pytest.fixture
def old_widgets(plain_kernel, tmp_path, monkeypatch):
    """The plain kernel with the ipywidgets that Colab ships."""
    pip = [plain_kernel, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wanted = ["--no-deps", "ipywidgets==7.7.1", "ipython_genutils==0.2.0"]
    subprocess.run([*pip, "--target", tmp_path / "old", *wanted], check=True)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "old"))


def test_sliders_cope_with_the_widgets_of_colab(old_widgets, tmp_path):
    done = run_in(tmp_path, *download("chapters/04-backward-pass").cells, new_code_cell(MOVED))
    assert done.cells[-1].outputs[0].text == "7.7.1 1 True\n"
