"""Every chapter runs top to bottom in a plain kernel that has bplib and nothing else of ours."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
CHAPTERS = [
    path
    for path in sorted((ROOT / "chapters").glob("*.md"))
    if "{code-cell}" in path.read_text(encoding="utf-8")
]
LIMIT_S = 15
FORBIDDEN = {"torch", "sphinx", "jupyter_book", "jupytext"}


@pytest.fixture(scope="session")
def plain_kernel(tmp_path_factory):
    """A fresh environment with bplib as pip installs it, and a kernel to run it in."""
    place = tmp_path_factory.mktemp("plain")
    subprocess.run([sys.executable, "-m", "venv", place / "env"], check=True)
    python = next(p for p in (place / "env").glob("*/python*") if p.stem == "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wanted = [str(ROOT), "ipykernel", "-c", str(ROOT / "requirements.txt")]
    subprocess.run([*pip, *wanted], check=True)
    spec = place / "share" / "kernels" / "plain" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "plain", "language": "python"}))
    old = os.environ.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = str(place / "share")
    yield python
    os.environ.pop("JUPYTER_PATH") if old is None else os.environ.update(JUPYTER_PATH=old)


def test_the_kernel_is_plain(plain_kernel):
    code = "import sys, importlib.util as u; print([m for m in sys.argv[1:] if u.find_spec(m)])"
    found = subprocess.run(
        [plain_kernel, "-c", code, *FORBIDDEN], check=True, capture_output=True, text=True
    )
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_runs_from_top_to_bottom(chapter, plain_kernel, tmp_path, capsys):
    notebook = jupytext.read(chapter)
    client = NotebookClient(
        notebook, kernel_name="plain", timeout=60, resources={"metadata": {"path": str(tmp_path)}}
    )
    started = time.perf_counter()
    client.execute()
    seconds = time.perf_counter() - started
    with capsys.disabled():
        print(f"\n  {chapter.stem}: {seconds:.1f} s, kernel start included ", end="")
    assert seconds < LIMIT_S
    assert not any(
        output.output_type == "stream" and output.name == "stderr" and "Warning" in output.text
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_is_committed_without_outputs_and_with_short_cells(chapter):
    for cell in jupytext.read(chapter).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            lines = cell.source.splitlines()
            assert len(lines) <= 15, f"a cell of {len(lines)} lines starts with {lines[0]!r}"
            assert max(map(len, lines)) <= 84
