"""The worked example's own assertions, with the bugs it warns of planted in bplib."""

from pathlib import Path

import matplotlib as mpl
import pytest

from sabotage.planting import BUGS, planted

CHAPTER = Path(__file__).parents[2] / "chapters" / "05-worked-example.md"
SKIPPED_TAGS = {"skip-sabotage", "explore"}

WARNED_OF = [
    "wrong sign: y − a",
    "σ′(a) for σ′(z)",
    "transposed product: W for W.mT where both fit",
    "update as you go: the hidden delta reads the new weights",
]
PLANTED = {bug.name: bug for bug in BUGS}


@pytest.fixture(scope="module")
def cells():
    """The chapter's code cells, compiled; sliders are not what is tested here."""
    jupytext = pytest.importorskip("jupytext", reason="NOT CHECKED: it needs jupytext")
    if not CHAPTER.exists():
        pytest.skip(f"NOT CHECKED: there is no {CHAPTER.name}")
    notebook = jupytext.read(CHAPTER)
    code = [
        compile(cell.source, f"{CHAPTER.name}, cell {i}", "exec")
        for i, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and not SKIPPED_TAGS & set(cell.metadata.get("tags", []))
    ]
    assert len(code) > 10
    assert sum(cell.source.count("assert ") for cell in notebook.cells) > 10
    return code


def run(cells, monkeypatch, own_numbers=""):
    mpl.use("Agg")
    monkeypatch.setattr("bplib.explore", lambda *args, **kwargs: None)
    namespace = {"__name__": "__main__", "display": lambda *args, **kwargs: None}
    for cell in cells:
        exec(cell, namespace)
        if "z_out" in namespace and own_numbers:
            exec(own_numbers, namespace)
            own_numbers = ""


@pytest.mark.parametrize(
    "numbers",
    [
        "",
        "y = 0",
        "x = [0, 0.8]",
        "W2 = [[0, 0.6]]",
        "x, y = [-1.5, 2], 0.25",
        "W1, b1 = [[2, -1], [0.25, 3]], [0, 1]",
        "W2, z_out, eta = [[-1.4, 0.5]], -2, 3",
    ],
)
def test_chapter_runs_with_its_own_numbers_and_with_others(numbers, cells, monkeypatch):
    run(cells, monkeypatch, numbers)


@pytest.mark.parametrize("name", WARNED_OF)
def test_chapter_notices(name, cells, monkeypatch):
    with planted(PLANTED[name]), monkeypatch.context() as patch, pytest.raises(AssertionError):
        run(cells, patch)
