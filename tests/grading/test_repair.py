"""What is made of a damaged notebook: every cell of the handed-out one once, answers kept."""

import json

import nbformat
import pytest
from samples import cell_named, sent

from exercises.assignment_notebook import notebook
from grading.repair import repair
from grading.scores import attempts

MINE = "def {0}(*a):\n    return 'mine'"


@pytest.fixture
def exercise(assignment):
    return assignment.exercises[0]


@pytest.fixture
def mended(assignment, exercise):
    """Return a function: what is done to a notebook with an answer -> what repair makes of it."""
    functions = {f"{e.name}-solution": e.source.function for e in assignment.exercises}

    def run(change=None, data=None):
        mine = {exercise.name: MINE.format(exercise.source.function)}
        data = sent(assignment, mine, edit=change) if data is None else data
        found = repair(data, notebook(assignment), functions, assignment.name)
        nbformat.validate(found.notebook)
        wanted = [c.metadata.nbgrader for c in notebook(assignment).cells]
        given = [c.metadata.nbgrader for c in found.notebook.cells if "nbgrader" in c.metadata]
        assert sorted(map(str, given)) == sorted(map(str, wanted))
        return found

    return run


def answer(found, exercise):
    return cell_named(found.notebook, f"{exercise.name}-solution").source


def test_a_sound_notebook_stays_as_it_is(mended, exercise, assignment):
    found = mended()
    assert (found.notes, found.failure) == ((), "")
    assert [c.source for c in found.notebook.cells] == [
        MINE.format(exercise.source.function)
        if c.metadata.nbgrader.grade_id == f"{exercise.name}-solution"
        else "The first layer's."
        if c.source == "YOUR ANSWER HERE"
        else c.source
        for c in notebook(assignment).cells
    ]


def test_extra_cells_keep_their_place(mended):
    def change(nb):
        nb.cells.insert(2, nbformat.v4.new_code_cell("helper = 1"))
        nb.cells.append(nbformat.v4.new_markdown_cell("thanks"))

    found = mended(change)
    assert found.notebook.cells[2].source == "helper = 1"
    assert found.notebook.cells[-1].source == "thanks"
    assert not found.notes


@pytest.mark.parametrize("part", ["solution", "check", "statement"])
def test_deleted_cells_come_back_in_their_place(mended, exercise, assignment, part):
    name = f"{exercise.name}-{part}"
    found = mended(lambda nb: nb.cells.remove(cell_named(nb, name)))
    assert [c["id"] for c in found.notebook.cells] == [c["id"] for c in notebook(assignment).cells]
    assert any(f"“{name}” was missing" in note for note in found.notes)


def test_all_cells_but_one_function_may_be_gone(mended, exercise):
    def change(nb):
        nb.cells = [nbformat.v4.new_code_cell(f"def {exercise.source.function}(): pass")]

    assert "def " in answer(mended(change), exercise)


def test_a_solution_without_its_name_is_found_by_the_function(mended, exercise):
    def change(nb):
        cell_named(nb, f"{exercise.name}-solution").metadata = {}

    found = mended(change)
    assert "mine" in answer(found, exercise)
    assert "lost its name" in found.notes[0]


def test_of_two_the_last_that_is_answered_counts(mended, exercise):
    name = f"{exercise.name}-solution"

    def change(nb):
        place = nb.cells.index(cell_named(nb, name))
        again = json.loads(json.dumps(nb.cells[place]))
        for code in (exercise.source.stub, "second = 2"):
            cell = again | {"source": code, "id": f"copy-{len(nb.cells)}"}
            nb.cells.insert(place + 1, nbformat.from_dict(cell))

    found = mended(change)
    assert answer(found, exercise) == "second = 2"
    sources = [c.source for c in found.notebook.cells]
    assert exercise.source.stub not in sources
    assert any("mine" in source for source in sources)


def test_locked_cells_and_points_are_put_back(mended, exercise, assignment):
    def change(nb):
        for cell in nb.cells:
            about = cell.metadata.nbgrader
            if about.locked:
                cell.source = "mine"
            about.update(points=99, locked=not about.locked, grade=True, task=True)

    found = mended(change)
    cells = [cell for cell in found.notebook.cells if "nbgrader" in cell.metadata]
    for cell, original in zip(cells, notebook(assignment).cells, strict=True):
        assert cell.metadata == original.metadata
        assert cell.source == original.source or original.metadata.nbgrader.solution


def test_kinds_of_cells_are_put_back(mended, exercise):
    def change(nb):
        for cell in nb.cells:
            cell["cell_type"] = "markdown" if cell.cell_type == "code" else "raw"
            for gone in ("outputs", "execution_count"):
                cell.pop(gone, None)

    assert "mine" in answer(mended(change), exercise)


def test_moved_cells_stay_where_they_are(mended, assignment):
    found = mended(lambda nb: nb.cells.reverse())
    ids = [c["id"] for c in notebook(assignment).cells]
    assert [c["id"] for c in found.notebook.cells] == ids[::-1]


def test_older_formats_are_read(mended, assignment, exercise):
    raw = json.loads(sent(assignment, {exercise.name: "x = 3"}))
    cells = [c | {"input": c["source"]} for c in raw["cells"]]
    for cell in cells:
        del cell["source"]
    old = {"nbformat": 3, "metadata": {}, "worksheets": [{"cells": cells}]}
    assert answer(mended(data=json.dumps(old).encode()), exercise) == "x = 3"


def test_outputs_that_would_stop_the_feedback_go_and_pictures_stay(mended, exercise):
    def change(nb):
        nb.cells[-1].source = "![a](attachment:a.png) ![b](attachment:b.png)"
        nb.cells[-1].attachments = {"a.png": {"image/png": "AAAA"}}
        cell_named(nb, "setup").outputs = []
        nb.cells.append(nbformat.v4.new_code_cell("1"))
        nb.cells[-1]["outputs"] = [{"output_type": "nonsense"}]

    found = mended(data=json.dumps(_changed(mended, change)).encode())
    last = found.notebook.cells[-2]
    assert "attachment:a.png" in last.source
    assert "attachment:b.png" in last.source
    assert last.attachments == {"a.png": {"image/png": "AAAA"}}
    assert found.notebook.cells[-1].outputs == []


def _changed(mended, change):
    nb = mended().notebook
    change(nb)
    return nb


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe\x00", "not valid JSON"),
        (b"[" * 10**6, "not valid JSON"),
        (b"1" * 10**6, "not valid JSON"),
        (b"[]", "not a notebook"),
        (b"null", "not a notebook"),
        (b"{}", "no cells"),
        (b'{"cells": {}}', "no cells"),
        (b'{"cells": [], "worksheets": 3}', "no cells"),
        (b'{"worksheets": [3, {"cells": [1]}]}', "none of the assignment"),
        (b'{"cells": [{"source": null}, 1, "x"]}', "none of the assignment"),
        (b'{"cells": [' + b"{}," * 2000 + b"{}]}", "more than 1000 cells"),
        (b'{"cells": [{"source": "' + b"x" * (2 << 20) + b'"}]}', "more than a million"),
        (b" " * (21 << 20), "more than 20 MB"),
        (b'{"cells": [{"source": "x", "metadata": {"nbgrader": {"grade_id": ["a"]}}}]}', "none of"),
        (b'{"metadata": {"bplib": {"assignment": "9-a"}}, "cells": [{"source": "x"}]}', "9-a"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_says_why(mended, assignment, data, why):
    found = mended(data=data)
    assert why in found.failure
    assert [c.source for c in found.notebook.cells] == [
        c.source for c in notebook(assignment).cells
    ]


def test_a_byte_order_mark_does_no_harm(mended, assignment):
    assert not mended(data=b"\xef\xbb\xbf" + sent(assignment)).failure


def test_cells_run_in_order_down_to_the_check_then_all_then_alone(mended, exercise):
    def change(nb):
        nb.cells.insert(2, nbformat.v4.new_code_cell("before"))
        nb.cells.append(nbformat.v4.new_code_cell("after"))

    (above, every, alone), definitions = attempts(exercise, mended(change).notebook)
    mine = MINE.format(exercise.source.function)
    assert [code for _, code in above][1:] == ["before", mine]
    assert {"before", mine, "after"} <= {code for _, code in every}
    assert [code for _, code in alone][1:] == [mine]
    assert [code for _, code in definitions][-2:] == ["before", mine]
    assert "after" in [code for _, code in definitions]
    assert not any("bplib.check" in code for part in (above, every, alone) for _, code in part)


def test_an_empty_stub_does_not_hide_the_function_of_another_cell(mended, exercise):
    def change(nb):
        cell = cell_named(nb, f"{exercise.name}-solution")
        nb.cells.insert(2, nbformat.v4.new_code_cell(cell.source))
        cell.source = exercise.source.stub

    runs, definitions = attempts(exercise, mended(change).notebook)
    for part in [*runs, definitions]:
        assert exercise.source.stub not in [code for _, code in part]
        assert any("mine" in code for _, code in part)
