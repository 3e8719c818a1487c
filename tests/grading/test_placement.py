"""No answer is lost: wherever a student wrote it, it is found by its place, and said."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from samples import cell_named, sent, solved

from exercises.assignment_notebook import ANSWER, notebook
from grading.class_report import NOBODYS, report, unplaced, unplaced_file
from grading.collect import Student, Upload
from grading.course import Course, Record, write
from grading.grader import Grader
from grading.placement import added
from grading.repair import ANSWERED, BLANK, PARTS, repair
from grading.sandbox import Unsafe

NAME = "backward-2-2-1-written-1"
WORDS = "W2 is zero, so nothing comes back to layer 1 and the two units stay twins."


@pytest.fixture
def mended(assignment):
    """Return a function: what is done to a solved notebook -> what repair makes of it."""
    functions = {f"{e.name}-solution": e.source.function for e in assignment.exercises}
    release = notebook(assignment)

    def run(change=None, written=""):
        data = sent(assignment, solved(assignment), written, change)
        found = repair(data, release, functions, assignment.name)
        nbformat.validate(found.notebook)
        for original in release.cells:  # a locked cell never appears twice
            if original.metadata.nbgrader.locked:
                assert [c.source for c in found.notebook.cells].count(original.source) == 1
        names = [c.metadata.nbgrader.grade_id for c in release.cells]
        given = [c for c in found.notebook.cells if "nbgrader" in c.metadata]
        assert sorted(c.metadata.nbgrader.grade_id for c in given) == sorted(names)
        return found

    return run


def at(nb, name=NAME):
    return nb.cells.index(cell_named(nb, name))


def text(found, name=NAME):
    return cell_named(found.notebook, name).source


def stripped(nb):
    """Do what other editors do: forget the metadata and the ids of all cells."""
    for number, cell in enumerate(nb.cells):
        cell.metadata, cell["id"] = {}, f"other-{number}"


def below(nb):
    nb.cells.insert(at(nb) + 1, new_markdown_cell(WORDS))


def two_below(nb):
    below(nb)
    nb.cells.insert(at(nb) + 2, new_markdown_cell("And so they stay."))


def raw_below(nb):
    nb.cells.insert(at(nb) + 1, nbformat.v4.new_raw_cell(WORDS))


def code_below(nb):
    nb.cells.insert(at(nb) + 1, new_code_cell(WORDS))


def comment_below(nb):
    nb.cells.insert(at(nb) + 1, new_code_cell(f"# {WORDS}"))


def above(nb):
    nb.cells.insert(at(nb), new_markdown_cell(WORDS))


def cleared_and_below(nb):
    below(nb)
    cell_named(nb, NAME).source = ""


def place_deleted(nb):
    below(nb)
    nb.cells.pop(at(nb))


def question_and_place_deleted(nb):
    below(nb)
    nb.cells.pop(at(nb))
    nb.cells.pop(at(nb, f"{NAME}-question"))


def metadata_lost(nb):
    cell = cell_named(nb, NAME)
    cell.source, cell.metadata, cell["id"] = WORDS, {}, "other"


def id_left(nb):
    cell = cell_named(nb, NAME)
    cell.source, cell.metadata = WORDS, {}
    nb.cells.append(nb.cells.pop(at(nb, f"{NAME}-question")))


def in_the_question(nb):
    cell_named(nb, f"{NAME}-question").source += f"\n\n{WORDS}"


def in_the_middle_of_the_question(nb):
    cell = cell_named(nb, f"{NAME}-question")
    first, _, rest = cell.source.partition(" ")
    cell.source = f"{first}\n{WORDS}\n{rest}"


def merged_with_the_question(nb):
    in_the_question(nb)
    nb.cells.pop(at(nb))


def question_split(nb):
    question = cell_named(nb, f"{NAME}-question")
    half = nbformat.from_dict(json.loads(json.dumps(question)))
    half["id"], half.source = "half", WORDS
    nb.cells.insert(at(nb, f"{NAME}-question") + 1, half)


def answer_split(nb):
    cell = cell_named(nb, NAME)
    cell.source = WORDS
    half = nbformat.from_dict(json.loads(json.dumps(cell)))
    half["id"], half.source = "half", "And so they stay."
    nb.cells.insert(at(nb) + 1, half)


def name_of_an_older_version(nb):
    cell_named(nb, NAME).source = WORDS
    cell_named(nb, NAME).metadata.nbgrader.grade_id = "something-else"
    nb.cells[at(nb, "something-else")]["id"] = "other"


SITUATIONS = [
    below, two_below, raw_below, code_below, comment_below, above, cleared_and_below,
    place_deleted, question_and_place_deleted, metadata_lost, id_left, in_the_question,
    in_the_middle_of_the_question, merged_with_the_question, question_split, answer_split,
    name_of_an_older_version,
]  # fmt: skip


@pytest.mark.parametrize(
    ("situation", "names"),
    [
        *((situation, "kept") for situation in SITUATIONS),
        *((s, "lost") for s in SITUATIONS if s is not id_left),  # far from its question
    ],
)
def test_an_answer_in_words_is_found_by_its_place(mended, assignment, situation, names):
    def change(nb):
        situation(nb)
        if names == "lost":
            stripped(nb)

    found = mended(change)
    assert WORDS in text(found)
    assert sum(WORDS in cell.source for cell in found.notebook.cells) == 1
    assert found.notes
    if situation in (two_below, answer_split):
        assert "And so they stay." in text(found)
    others = [c for c in found.notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]
    for cell in others:
        if cell.cell_type == "markdown" and cell.metadata.nbgrader.grade_id != NAME:
            assert cell.source == ANSWER
    for exercise in assignment.exercises:
        assert exercise.source.function in text(found, f"{exercise.name}-solution")
    assert found.unplaced == ()


def test_a_notebook_without_names_gets_them_all_back(mended, assignment):
    found = mended(stripped, written=WORDS)
    assert text(found) == WORDS
    assert [c["id"] for c in found.notebook.cells] == [c["id"] for c in notebook(assignment).cells]
    (note,) = found.notes
    assert "had lost their names" in note


def test_locked_cells_that_were_edited_and_lost_their_names_do_not_appear_twice(mended):
    def change(nb):
        for cell in nb.cells:
            if cell.metadata.nbgrader.locked and cell.cell_type == "markdown":
                cell.source = f" {cell.source}  \n\nseen by me"
        stripped(nb)

    found = mended(change, written=WORDS)
    assert WORDS in text(found)
    assert sum("seen by me" in cell.source for cell in found.notebook.cells) > 3
    assert "seen by me" in found.unplaced


def test_what_is_added_to_a_locked_cell_stands_beside_it(mended):
    def change(nb):
        cell_named(nb, "setup").source += "\nimport math"
        cell_named(nb, "backward-2-2-1-statement").source += "\n\nMy notes."

    found = mended(change, written=WORDS)
    sources = [cell.source for cell in found.notebook.cells]
    assert sources.count("import math") == 1
    assert sources.index("import math") == at(found.notebook, "setup") + 1
    assert sources.count("My notes.") == 1
    assert found.unplaced == ("My notes.",)
    assert sum("what you added stands beside it" in note for note in found.notes) == 2


def test_a_function_written_into_the_check_cell_is_kept_above_it(mended, assignment):
    exercise = assignment.exercises[0]

    def change(nb):
        solution = cell_named(nb, f"{exercise.name}-solution")
        check = cell_named(nb, f"{exercise.name}-check")
        check.source = f"{solution.source}\n\n{check.source}"
        solution.source = exercise.source.stub

    found = mended(change)
    place = at(found.notebook, f"{exercise.name}-check")
    assert f"def {exercise.source.function}" in found.notebook.cells[place - 1].source
    assert exercise.source.stub != found.notebook.cells[place - 1].source


def test_pictures_of_one_name_stay_two(mended):
    def change(nb):
        for data in ("AAAA", "BBBB"):
            nb.cells.insert(at(nb) + 1, new_markdown_cell("![](attachment:image.png)"))
            nb.cells[at(nb) + 1].attachments = {"image.png": {"image/png": data}}

    cell = cell_named(mended(change).notebook, NAME)
    assert len(cell.attachments) == 2
    assert all(f"attachment:{name}" in cell.source for name in cell.attachments)


def test_code_below_a_question_stays_code(mended):
    def change(nb):
        nb.cells.insert(at(nb) + 1, new_code_cell("scratch = np.ones(3)"))
        nb.cells.insert(at(nb) + 1, new_code_cell("%timeit 1"))

    found = mended(change)
    assert text(found) == ANSWER
    assert not found.notes


def test_words_far_from_every_question_are_listed(mended):
    def change(nb):
        nb.cells.insert(0, new_markdown_cell(WORDS))
        nb.cells.insert(0, new_code_cell(f"# {WORDS}"))

    found = mended(change, written="x")
    assert found.unplaced == (f"# {WORDS}", WORDS)


def test_words_of_a_notebook_that_cannot_be_used_are_listed(assignment):
    raw = nbformat.v4.new_notebook(cells=[new_markdown_cell(WORDS)])
    found = repair(nbformat.writes(raw).encode(), notebook(assignment), {}, assignment.name)
    assert "none of the assignment's cells" in found.failure
    assert found.unplaced == (WORDS,)


def test_the_file_for_the_instructor_lists_them_by_student(assignment, tmp_path):
    course = Course(tmp_path)
    for name, texts in {"ann": (WORDS, "\x1b[2Jmore"), "ben": (), "cat": ("x" * 30_000,)}.items():
        write(course.verdict(assignment.name, name), Record(name, "", (), unplaced=texts))
    listed = unplaced(course, assignment)
    assert f"=== ann (originals/{assignment.name}/ann)\n{WORDS}\n---\n [2Jmore\n" in listed
    assert "ben" not in listed
    assert "(cut: 10000 more characters)" in listed
    told = report(course, assignment, [], [], [])
    assert unplaced_file(assignment) in told


def test_files_of_nobody_are_listed_first_with_what_was_not_handed_out(assignment, tmp_path):
    code = next(iter(solved(assignment)))
    files = [
        Upload("x\x1b.ipynb", sent(assignment, {code: "mine = 1"}, written=WORDS)),
        Upload("words.txt", b"Me, in a file.\x1b[2J"),
        Upload("scan.pdf", b"%PDF\0\xff"),
        Upload("y.ipynb", problem="it cannot be unpacked"),
    ]
    course = Course(tmp_path)
    write(course.verdict(assignment.name, "ann"), Record("ann", "", (), unplaced=("Ann's.",)))
    first, *others = unplaced(course, assignment, files).split("=== ")[1:]
    assert first.startswith("NO STUDENT, not read and without points: x .ipynb\nmine = 1\n---\n")
    assert WORDS in first
    assert assignment.exercises[0].source.statement[:20] not in first
    assert [part.split("\n")[:2] for part in others[:3]] == [
        [f"{NOBODYS} words.txt", "Me, in a file. [2J"],
        [f"{NOBODYS} scan.pdf", "(nothing in it can be shown)"],
        [f"{NOBODYS} y.ipynb", "(it cannot be unpacked)"],
    ]
    assert others[3].startswith("ann ")


@pytest.mark.needs("nbgrader")
def test_a_text_file_in_place_of_a_notebook_is_listed(assignment, tmp_path):
    files = [Upload("answers.txt", WORDS.encode()), Upload("a.pdf", b"%PDF\0\xff")]
    grader = Grader(Course(tmp_path), assignment, b"secret", Unsafe())
    record = grader.one(Student("ann", [], files))
    assert record.failure == "no notebook was handed in, only answers.txt, a.pdf"
    assert record.unplaced == (WORDS,)


def test_rank_tells_an_answered_notebook_from_a_blank_one_and_from_scratch(assignment, mended):
    functions = {f"{e.name}-solution": e.source.function for e in assignment.exercises}
    blank = repair(sent(assignment, written=""), notebook(assignment), functions, assignment.name)
    code = next(iter(solved(assignment).values()))
    scratch = nbformat.writes(nbformat.v4.new_notebook(cells=[new_code_cell(code)])).encode()
    parts = repair(scratch, notebook(assignment), functions, assignment.name)
    assert (blank.rank, parts.rank, mended().rank) == (BLANK, PARTS, ANSWERED)


@pytest.mark.parametrize(
    ("original", "text", "kind", "more"),
    [
        ("a b c", "a b c", "markdown", ""),
        ("a b c", " a\nb  c ", "markdown", ""),
        ("a b c", "a b c\n\nd\ne", "markdown", "d\ne"),
        ("a b c", "a x b y c", "markdown", "a x b y c"),
        ("a b c d e f g h i j", "a b c d e x f g h i j", "markdown", "x"),
        ("a b c d e f", "x a y b c d e f z a", "markdown", "x a y\n\nz a"),
        ("a b c", "a b c !", "markdown", ""),
        ("f(x)", "def g():\n    pass\n\nf(x)", "code", "def g():\n    pass"),
    ],
)
def test_what_was_added(original, text, kind, more):
    assert added(original, text, kind) == more
