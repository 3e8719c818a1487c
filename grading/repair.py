"""Makes of whatever a student sent a notebook that can be graded, and says what was done.

The result is the handed-out notebook with the student's answers in it and the student's other
cells around them: cells that are locked come from the handed-out notebook, each exactly once.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

LARGEST = 20 << 20  # bytes of a file
LONGEST = 1 << 20  # characters of all cells
MOST = 1000  # cells


@dataclass(frozen=True)
class Repaired:
    """A notebook that can be graded.

    Attributes:
        notes: what was repaired, for the student.
        failure: why nothing of it could be used, "" if something could; the notebook is then
            the one that was handed out.
    """

    notebook: nbformat.NotebookNode
    notes: tuple[str, ...] = ()
    failure: str = ""


@dataclass
class Cell:
    """A cell as it came, and what became of it."""

    kind: str
    source: str
    grade_id: str
    attachments: dict[str, Any] = field(default_factory=dict)
    used: bool = False


class Unusable(Exception):
    """Nothing in the file can be graded; the message says why."""


def repair(
    data: bytes, release: nbformat.NotebookNode, functions: Mapping[str, str], assignment: str
) -> Repaired:
    """Return a notebook with the release's cells and the student's answers.

    Args:
        data: the file as it was sent.
        release: the notebook that was handed out.
        functions: for each solution cell with code, the function that it defines.
        assignment: the assignment's name.
    """
    notes: list[str] = []
    try:
        raw = _read(data)
        cells = list(_cells(raw, notes))
        _refuse_other(raw, cells, release, functions, assignment)
    except Unusable as error:
        return Repaired(_finished(release, list(map(_copied, release.cells))), (), str(error))
    language = _kernel(raw)
    if language not in ("", "python"):
        notes.append(f"The notebook was set to the language {language}; it is read as Python.")
    return Repaired(_finished(release, _merged(cells, release, functions, notes)), tuple(notes))


def defines(source: str, function: str) -> bool:
    """Say whether code defines a function or a name at its top level, also if it has errors."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return bool(re.search(rf"(?m)^(?:async )?(?:def {function}\b|{function}\s*=[^=])", source))
    return any(
        getattr(node, "name", None) == function
        or any(isinstance(t, ast.Name) and t.id == function for t in getattr(node, "targets", []))
        for node in body
    )


def _read(data: bytes) -> dict[str, Any]:
    if len(data) > LARGEST:
        raise Unusable(f"the file has more than {LARGEST >> 20} MB")
    if not data.strip():
        raise Unusable("the file is empty")
    try:
        raw = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Unusable("the file is not a notebook: it is not valid JSON") from error
    if not isinstance(raw, dict):
        raise Unusable("the file is not a notebook")
    return raw


def _cells(raw: Mapping[str, Any], notes: list[str]) -> Iterator[Cell]:
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
        attachments = cell.get("attachments")
        yield Cell(
            "code" if kind == "code" else "markdown",
            source.encode("utf-8", "replace").decode(),
            grade_id if isinstance(grade_id, str) else "",
            attachments if isinstance(attachments, dict) else {},
        )


def _refuse_other(
    raw: Mapping[str, Any],
    cells: list[Cell],
    release: nbformat.NotebookNode,
    functions: Mapping[str, str],
    assignment: str,
) -> None:
    ids = {cell.grade_id for cell in cells} - {"", "introduction", "setup"}
    if ids & set(_by_id(release)):
        return
    named = _mapping(_mapping(raw.get("metadata")).get("bplib")).get("assignment")
    if isinstance(named, str) and named != assignment:
        raise Unusable(f"the notebook belongs to another assignment, {named[:80]}")
    written = (cell.source for cell in cells if cell.kind == "code")
    if not any(defines(source, f) for source in written for f in functions.values()):
        raise Unusable("the notebook has none of the assignment's cells and functions")


def _merged(
    cells: list[Cell],
    release: nbformat.NotebookNode,
    functions: Mapping[str, str],
    notes: list[str],
) -> list[nbformat.NotebookNode]:
    """Return the release's cells and the student's others, in the student's order."""
    wanted = _by_id(release)
    chosen = {name: _chosen(name, cells, wanted, functions, notes) for name in wanted}
    names = {id(cell): name for name, cell in chosen.items() if cell}
    merged = []
    for cell in cells:
        if name := names.get(id(cell)):
            merged.append(_filled(wanted[name], cell, notes))
        elif not _superfluous(cell, wanted):
            merged.append(_extra(cell))
    place = 0
    for name, original in wanted.items():
        if chosen[name]:
            place = 1 + next(
                i
                for i, cell in enumerate(merged)
                if cell.metadata.get("nbgrader", {}).get("grade_id") == name
            )
        else:
            merged.insert(place, _copied(original))
            place += 1
            notes.append(f"The cell “{name}” was missing and was put back as it was handed out.")
    return merged


def _chosen(
    name: str,
    cells: list[Cell],
    wanted: Mapping[str, nbformat.NotebookNode],
    functions: Mapping[str, str],
    notes: list[str],
) -> Cell | None:
    """Return the cell that answers: the last of its name that is not as it was handed out."""
    same = [cell for cell in cells if cell.grade_id == name and not cell.used]
    solution = wanted[name].metadata.nbgrader.solution
    if not same and name in functions:
        same = [
            cell
            for cell in cells
            if cell.grade_id not in wanted
            and not cell.used
            and cell.kind == "code"
            and defines(cell.source, functions[name])
        ]
        if same:
            notes.append(f"The cell “{name}” had lost its name; it was found by its function.")
    elif len(same) > 1 and solution:
        notes.append(f"The cell “{name}” was there {len(same)} times; the last answer counts.")
    if not same:
        return None
    answered = [cell for cell in same if cell.source.strip() != wanted[name].source.strip()]
    cell = (answered if solution and answered else same)[-1]
    cell.used = True
    return cell


def _superfluous(cell: Cell, wanted: Mapping[str, nbformat.NotebookNode]) -> bool:
    """Say whether a second cell of a name is locked, or as it was handed out."""
    original = wanted.get(cell.grade_id)
    return original is not None and (
        not original.metadata.nbgrader.solution or cell.source.strip() == original.source.strip()
    )


def _filled(original: nbformat.NotebookNode, cell: Cell, notes: list[str]) -> nbformat.NotebookNode:
    """Return the handed-out cell, with the student's answer if it is the place for one."""
    new, name = _copied(original), original.metadata.nbgrader.grade_id
    if original.metadata.nbgrader.solution:
        new.source = cell.source
        if cell.kind != original.cell_type:
            notes.append(f"The cell “{name}” was made {cell.kind}; it is read as it was.")
        elif cell.kind == "markdown":
            _attach(new, cell)
    elif cell.source.strip() != original.source.strip():
        notes.append(f"The cell “{name}” was edited; the original was put back.")
    return new


def _extra(cell: Cell) -> nbformat.NotebookNode:
    if cell.kind == "code":
        return new_code_cell(cell.source)
    new = new_markdown_cell(cell.source)
    _attach(new, cell)
    return new


def _attach(new: nbformat.NotebookNode, cell: Cell) -> None:
    """Keep the pictures that can be shown; a reference to any other would stop the feedback."""
    kept = {
        str(name): {str(kind): data for kind, data in bundle.items() if isinstance(data, str)}
        for name, bundle in cell.attachments.items()
        if isinstance(bundle, dict) and any(isinstance(data, str) for data in bundle.values())
    }
    if kept:
        new.attachments = kept
    new.source = re.sub(
        r"attachment:([^)\s\"'>]*)",
        lambda found: found[0] if found[1] in kept else f"attachment {found[1]}",
        new.source,
    )


def _finished(
    release: nbformat.NotebookNode, cells: list[nbformat.NotebookNode]
) -> nbformat.NotebookNode:
    for number, cell in enumerate(cells):
        if "nbgrader" not in cell.metadata:
            cell["id"] = f"extra-{number}"
    return new_notebook(cells=cells, metadata=nbformat.from_dict(dict(release.metadata)))


def _by_id(release: nbformat.NotebookNode) -> dict[str, nbformat.NotebookNode]:
    return {cell.metadata.nbgrader.grade_id: cell for cell in release.cells}


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
