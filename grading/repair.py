"""Makes of whatever a student sent a notebook that can be graded, and says what was done.

The result is the handed-out notebook with the student's answers in it and the student's other
cells around them: cells that are locked come from the handed-out notebook, each exactly once.
"""

import functools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grading import limited
from grading.limits import LARGEST
from grading.placement import Cell, Placement, is_text, is_written, place

LONGEST = 1 << 20  # characters of all cells
MOST = 1000  # cells
BLANK, PARTS, ANSWERED = 1, 2, 3  # nothing is answered; only functions are there; answers are


@dataclass(frozen=True)
class Repaired:
    """A notebook that can be graded.

    Attributes:
        notes: what was repaired, for the student.
        failure: why nothing of it could be used, "" if something could; the notebook is then
            the one that was handed out.
        unplaced: the student's texts that stand in no place for an answer.
        rank: BLANK, PARTS or ANSWERED, 0 if there is a failure.
    """

    notebook: nbformat.NotebookNode
    notes: tuple[str, ...] = ()
    failure: str = ""
    unplaced: tuple[str, ...] = ()
    rank: int = 0


class Unusable(Exception):
    """Nothing in the file can be graded; the message says why."""


def repair(
    data: bytes, release: nbformat.NotebookNode, functions: Mapping[str, str], assignment: str
) -> Repaired:
    """Return a notebook with the release's cells and the student's answers.

    It is made in a child process with limits, since parsers can be overstrained.

    Args:
        data: the file as it was sent.
        release: the notebook that was handed out.
        functions: for each solution cell with code, the function that it defines.
        assignment: the assignment's name.
    """
    try:
        return limited.call(_repaired, data, release, functions, assignment)
    except limited.Failed as error:
        return Repaired(_blank(release), (), f"the notebook cannot be read: {error}")


def _repaired(
    data: bytes, release: nbformat.NotebookNode, functions: Mapping[str, str], assignment: str
) -> Repaired:
    notes: list[str] = []
    wanted = by_name(release)
    cells: list[Cell] = []
    try:
        raw = _read(data, notes)
        cells += _cells(raw, wanted, notes)
        named = {cell.name for cell in cells}
        found = place(cells, wanted, functions, notes)
        _refuse_other(raw, named, found, functions, assignment)
    except Unusable as error:
        texts = tuple(cell.source for cell in cells if cell.source.strip())
        return Repaired(_blank(release), (), str(error), texts)
    language = _kernel(raw)
    if language not in ("", "python"):
        notes.append(f"The notebook was set to the language {language}; it is read as Python.")
    merged = _merged(cells, wanted, found, notes)
    texts = tuple(c.source for c in merged if not _name(c) and is_text(c.cell_type, c.source))
    rank = _rank(merged, wanted, found, functions)
    return Repaired(_finished(release, merged), tuple(notes), "", texts, rank)


@functools.lru_cache(maxsize=4096)
def sources(data: bytes) -> list[str]:
    """Return the texts of all cells; none if the file cannot be used."""
    try:
        return limited.call(_sources, data)
    except limited.Failed:
        return []


def _sources(data: bytes) -> list[str]:
    return [cell.source for cell in _cells(_read(data, []), {}, [])]


def _decoded(data: bytes, notes: list[str]) -> str:
    """Return the text in a file, whichever encoding an editor has chosen."""
    try:
        return data.decode(json.detect_encoding(data[:4])).removeprefix("\ufeff")
    except UnicodeDecodeError:
        notes.append("The file is not in UTF-8, as notebooks are; it was read as Windows-1252.")
        return data.decode("cp1252", "replace")


def _read(data: bytes, notes: list[str]) -> dict[str, Any]:
    if len(data) > LARGEST:
        raise Unusable(f"the file has more than {LARGEST >> 20} MB")
    if not data.strip():
        raise Unusable("the file is empty")
    try:
        text = _decoded(data, notes)
        raw = json.loads(text)
        if "\\ud" in text.lower():  # half a character may be there, which no file can hold
            raw = json.loads(json.dumps(raw, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise Unusable("the file is not a notebook: it is not valid JSON") from error
    if not isinstance(raw, dict):
        raise Unusable("the file is not a notebook")
    return raw


def _cells(
    raw: Mapping[str, Any], wanted: Mapping[str, nbformat.NotebookNode], notes: list[str]
) -> Iterator[Cell]:
    """Yield the cells of a notebook of format 3 or 4."""
    found = raw.get("cells")
    if not isinstance(found, list):
        sheets = raw.get("worksheets")
        sheets = sheets if isinstance(sheets, list) else []
        found = [cell for sheet in sheets for cell in _mapping(sheet).get("cells", [])]
    if not found:
        raise Unusable("the notebook has no cells")
    if len(found) > MOST:
        raise Unusable(f"the notebook has more than {MOST} cells")
    length = 0
    for number, item in enumerate(found, 1):
        cell = _mapping(item)
        source = cell.get("source", cell.get("input"))
        source = "".join(map(str, source)) if isinstance(source, list) else source
        if not isinstance(source, str):
            notes.append(f"Cell {number} cannot be read and was left out.")
            continue
        length += len(source)
        if length > LONGEST:
            raise Unusable("the notebook has more than a million characters of text and code")
        grade_id = _mapping(_mapping(cell.get("metadata")).get("nbgrader")).get("grade_id")
        kind = cell.get("cell_type")
        name = grade_id if isinstance(grade_id, str) and grade_id in wanted else ""
        attachments = cell.get("attachments")
        yield Cell(
            "code" if kind == "code" else "markdown",
            source,
            name,
            str(cell.get("id", "")),
            attachments if isinstance(attachments, dict) else {},
        )


def _refuse_other(
    raw: Mapping[str, Any],
    named: set[str],
    found: Placement,
    functions: Mapping[str, str],
    assignment: str,
) -> None:
    """Refuse a notebook that has no cell of the assignment but what all assignments have.

    One that says that it is another assignment's needs a cell that came with its name.
    """
    common = {"", "introduction", "setup"}
    if named - common:
        return
    other = _mapping(_mapping(raw.get("metadata")).get("bplib")).get("assignment")
    if isinstance(other, str) and other != assignment:
        raise Unusable(f"the notebook belongs to another assignment, {other[:80]}")
    if not set(found.chosen) - common:
        raise Unusable("the notebook has none of the assignment's cells and functions")


def _rank(
    merged: list[nbformat.NotebookNode],
    wanted: Mapping[str, nbformat.NotebookNode],
    found: Placement,
    functions: Mapping[str, str],
) -> int:
    """Return how much of the assignment is there: of two notebooks, the higher one counts."""
    if all(_name(cell) and cell.source == wanted[_name(cell)].source for cell in merged):
        return BLANK
    return ANSWERED if set(found.chosen) - {"introduction", "setup", *functions} else PARTS


def _merged(
    cells: list[Cell],
    wanted: Mapping[str, nbformat.NotebookNode],
    found: Placement,
    notes: list[str],
) -> list[nbformat.NotebookNode]:
    """Return the handed-out cells and the student's others, in the student's order."""
    names = {cell: name for name, cell in found.chosen.items()}
    merged = []
    for cell in cells:
        name = names.get(cell)
        more = found.added.get(cell)
        extra = [_extra(Cell(cell.kind, more, attachments=cell.attachments))] if more else []
        if name:
            new = _filled(wanted[name], cell, found, notes)
            # What is added to a check is wanted above it: it may be the function.
            merged += [*extra, new] if wanted[name].metadata.nbgrader.grade else [new, *extra]
        elif cell in found.dropped:
            merged += extra
        else:
            merged.append(_extra(cell))
    at = 0
    for name, original in wanted.items():
        if name in found.chosen:
            at = 1 + next(i for i, cell in enumerate(merged) if _name(cell) == name)
            continue
        new = _copied(original)
        if name in found.answers:
            _answer(new, *found.answers[name])
        merged.insert(at, new)
        at += 1
        notes.append(f"The cell “{name}” was missing and was put back as it was handed out.")
    return merged


def _filled(
    original: nbformat.NotebookNode, cell: Cell, found: Placement, notes: list[str]
) -> nbformat.NotebookNode:
    """Return the handed-out cell, with the student's answer if it is the place for one."""
    new, name = _copied(original), _name(original)
    if is_written(original):
        if cell.kind != "markdown":
            notes.append(f"The cell “{name}” was made code; it is read as it was.")
        _answer(new, *found.answers.get(name, (cell.source, cell.attachments)))
    elif original.metadata.nbgrader.solution:
        new.source = cell.source
        if cell.kind != "code":
            notes.append(f"The cell “{name}” was made {cell.kind}; it is read as it was.")
    elif cell.source.strip() != original.source.strip():
        kept = ", and what you added stands beside it" if cell in found.added else ""
        notes.append(f"The cell “{name}” was edited; the original was put back{kept}.")
    return new


def _extra(cell: Cell) -> nbformat.NotebookNode:
    if cell.kind == "code":
        return new_code_cell(cell.source)
    new = new_markdown_cell(cell.source)
    _answer(new, cell.source, cell.attachments)
    return new


def _answer(new: nbformat.NotebookNode, text: str, attachments: Mapping[str, Any]) -> None:
    """Fill in a text, and those of its attachments that are some."""
    kept = {
        str(name): {str(kind): data for kind, data in bundle.items() if isinstance(data, str)}
        for name, bundle in attachments.items()
        if isinstance(bundle, dict) and any(isinstance(data, str) for data in bundle.values())
    }
    if kept:
        new.attachments = kept
    new.source = text


def _blank(release: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return _finished(release, list(map(_copied, release.cells)))


def _finished(
    release: nbformat.NotebookNode, cells: list[nbformat.NotebookNode]
) -> nbformat.NotebookNode:
    for number, cell in enumerate(cells):
        if "nbgrader" not in cell.metadata:
            cell["id"] = f"extra-{number}"
    return new_notebook(cells=cells, metadata=nbformat.from_dict(dict(release.metadata)))


def by_name(release: nbformat.NotebookNode) -> dict[str, nbformat.NotebookNode]:
    """Return the cells of a handed-out notebook by their names."""
    return {cell.metadata.nbgrader.grade_id: cell for cell in release.cells}


def _name(cell: nbformat.NotebookNode) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def _copied(cell: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return nbformat.from_dict(json.loads(json.dumps(cell)))


def _kernel(raw: Mapping[str, Any]) -> str:
    metadata = _mapping(raw.get("metadata"))
    for block, name in (("kernelspec", "language"), ("language_info", "name")):
        language = _mapping(metadata.get(block)).get(name)
        if isinstance(language, str) and language:
            return language.lower()[:40]
    return ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
