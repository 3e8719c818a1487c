"""Finds which cell of a student's notebook is which of the handed-out one, and where answers stand.

A cell is known by its name, its id, its text, the function that it defines or, if it answers a
question in words, by its place below the question.
"""

import ast
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import nbformat

ALIKE = 0.8  # the share of its words that is left in an edited text
FEW = 5  # words, the fewest by which a text is known
WORDS = 5000  # of a text that is compared word by word
LONGEST_PROSE = 20_000  # characters of a code cell that may be an answer in words
CODE = re.compile(
    r"(?m)^\s*(?:[%!@]|def \w+\(|class \w+[:(]|import \w+\s*$|from \S+ import |return\b"
    r"|(?:for|while|if|with|try|else)\b.*:\s*$|\w+\s*=\s*\S+\s*$)"
)


@dataclass(eq=False)
class Cell:
    """A cell as it came.

    Attributes:
        name: which cell of the handed-out notebook it is, "" if none.
    """

    kind: str
    source: str
    name: str = ""
    id: str = ""
    attachments: dict[str, Any] = field(default_factory=dict)


@dataclass
class Placement:
    """Where everything stands.

    Attributes:
        chosen: for each name that was found, the cell in whose place it stands.
        answers: the text and the attachments of each answer that is not that cell's own.
        added: what a student added to a locked cell.
        dropped: cells that say nothing that is not said elsewhere.
    """

    chosen: dict[str, Cell] = field(default_factory=dict)
    answers: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    added: dict[Cell, str] = field(default_factory=dict)
    dropped: set[Cell] = field(default_factory=set)


def place(
    cells: list[Cell],
    wanted: Mapping[str, nbformat.NotebookNode],
    functions: Mapping[str, str],
    notes: list[str],
) -> Placement:
    """Find the place of each cell.

    Args:
        cells: the student's, which get names where they have none.
        wanted: the cells of the handed-out notebook, by name.
        functions: for each solution cell with code, the function that it defines.
        notes: what is said of it.
    """
    found = Placement()
    lost = _recognise(cells, wanted, functions)
    for name, original in wanted.items():
        same = [cell for cell in cells if cell.name == name]
        if original.metadata.nbgrader.locked:
            found.dropped.update(same)
            for cell in same:
                if more := added(original.source, cell.source, cell.kind):
                    found.added[cell] = more
        if same:
            found.chosen[name] = _best(name, same, original, notes)
            found.dropped |= {c for c in same if _says_nothing(c, original)}
    for name, original in wanted.items():
        if is_written(original):
            lost += _place_words(name, cells, wanted, found, notes)
    if len(lost) > 2:
        told = "had lost their names, as other editors cause; they were found by text and place."
        notes.append(f"{len(lost)} cells {told}")
    else:
        told = "had lost its name; it was found by what stands in it."
        notes += [f"The cell “{name}” {told}" for name in lost]
    found.dropped -= set(found.chosen.values())
    return found


def is_written(original: nbformat.NotebookNode) -> bool:
    """Say whether a cell of the handed-out notebook is for an answer in words."""
    return bool(original.metadata.nbgrader.solution) and original.cell_type == "markdown"


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


def is_text(kind: str, source: str) -> bool:
    """Say whether a cell holds words, also if it is one for code."""
    if not source.strip():
        return False
    return kind != "code" or _prose(source)


def added(original: str, text: str, kind: str = "markdown") -> str:
    """Return what a text has more than the original, word by word, or line by line in code."""
    old, new = original.split(), list(re.finditer(r"\S+", text))
    if kind == "code" or len(new) > WORDS:
        known = {line.strip() for line in original.splitlines()} - {""}
        lines = [line.rstrip() for line in text.splitlines() if line.strip() not in known]
        return "\n".join(lines).strip("\n")
    matcher = difflib.SequenceMatcher(None, old, [word[0] for word in new], autojunk=False)
    parts, begin = [], 0
    for _, start, size in matcher.get_matching_blocks():
        if size >= min(FEW, len(old)) or start == len(new):  # a few words alike are a coincidence
            if start > begin:
                parts.append(text[new[begin].start() : new[start - 1].end()])
            begin = start + size
    return "\n\n".join(part for part in parts if re.search(r"\w", part))


def _recognise(
    cells: list[Cell],
    wanted: Mapping[str, nbformat.NotebookNode],
    functions: Mapping[str, str],
) -> list[str]:
    """Give their names back to the cells that have lost them; return those names."""
    ids = {cell["id"]: name for name, cell in wanted.items()}
    locked = {n: cell for n, cell in wanted.items() if cell.metadata.nbgrader.locked}
    texts = {(cell.cell_type, *cell.source.split()): name for name, cell in locked.items()}
    have = {cell.name for cell in cells}
    lost = []

    def give(cell: Cell, name: str) -> None:
        cell.name = name
        have.add(name)
        lost.append(name)

    def unnamed() -> Iterator[Cell]:
        return (cell for cell in cells if not cell.name)

    for cell in unnamed():
        name = ids.get(cell.id, "")
        if name and name not in have:
            give(cell, name)
        elif same := texts.get((cell.kind, *cell.source.split())):
            give(cell, same)
    for name, function in functions.items():
        if name not in have:
            those = [c for c in unnamed() if c.kind == "code" and defines(c.source, function)]
            own = [c for c in those if c.source.strip() != wanted[name].source.strip()]
            for cell in (own or those)[-1:]:
                give(cell, name)
    for name, original in locked.items():
        if name not in have:
            for cell in unnamed():
                if cell.kind == original.cell_type and _alike(original, cell):
                    give(cell, name)
                    break
    return lost


def _alike(original: nbformat.NotebookNode, cell: Cell) -> bool:
    """Say whether a cell is the original one with changes."""
    if cell.kind == "code":
        return original.source.strip() in cell.source
    words = set(original.source.split())
    return len(words) >= FEW and len(words & set(cell.source.split())) >= ALIKE * len(words)


def _best(name: str, same: list[Cell], original: nbformat.NotebookNode, notes: list[str]) -> Cell:
    """Return the last cell of a name that is not as it was handed out."""
    answered = [cell for cell in same if not _says_nothing(cell, original)]
    if len(same) > 1 and original.metadata.nbgrader.solution and not is_written(original):
        notes.append(f"The cell “{name}” was there {len(same)} times; the last answer counts.")
    return (answered or same)[-1]


def _says_nothing(cell: Cell, original: nbformat.NotebookNode) -> bool:
    return cell.source.strip() in ("", original.source.strip())


def _place_words(
    name: str,
    cells: list[Cell],
    wanted: Mapping[str, nbformat.NotebookNode],
    found: Placement,
    notes: list[str],
) -> list[str]:
    """Find the answer to a question in words: in its own cell, in the question's, or below.

    Returns:
        The name, if its cell had lost it.
    """
    own = [cell for cell in cells if cell.name == name]
    answered = [cell for cell in own if not _says_nothing(cell, wanted[name])]
    if answered:
        if len(answered) > 1:
            notes.append(f"The cell “{name}” was there {len(own)} times; all texts are kept.")
            found.answers[name] = _joined(answered)
            found.dropped.update(answered)
        return []
    order = list(wanted)
    above = order[: order.index(name)]
    questions = [cell for cell in cells if cell.name == above[-1]]
    inside = [
        Cell("markdown", found.added.pop(cell), attachments=cell.attachments)
        for cell in questions
        if cell in found.added
    ]
    free = list(_below(name, above, cells))
    blank = [cell for cell in free if _says_nothing(cell, wanted[name]) and cell.source]
    texts = [cell for cell in free if not _says_nothing(cell, wanted[name])]
    below = [c for c in texts if c.kind != "code"] or [c for c in texts if _prose(c.source)]
    places = [*own, *blank, *below]
    for cell in places:
        cell.name = name
    found.dropped.update(places)
    if places:
        found.chosen.setdefault(name, places[0])
    if inside or below:
        found.answers[name] = _joined([*inside, *below])
    if not own and len(places) == 1 and not inside:
        return [name]
    if inside or below:
        where = "in the question's cell" if inside else "in another cell below the question"
        notes.append(f"The answer to “{name}” stood {where}; it was put into its place.")
    return []


def _below(name: str, above: list[str], cells: list[Cell]) -> Iterator[Cell]:
    """Yield the cells without a name that stand where the answer is expected."""
    starts = [i for i, cell in enumerate(cells) if cell.name in (above[-1], name)]
    for before in reversed(above[:-1]):  # the question is not there: below what comes before it
        if starts:
            break
        starts = [i for i, cell in enumerate(cells) if cell.name == before]
    seen = set()
    for start in starts:
        for cell in cells[start + 1 :]:
            if cell.name and cell.name != name:
                break
            if not cell.name and cell not in seen:
                seen.add(cell)
                yield cell


def _joined(cells: Iterable[Cell]) -> tuple[str, dict[str, Any]]:
    """Return the texts of cells, each once, and all attachments, each under a name of its own."""
    texts: dict[str, None] = {}
    kept: dict[str, Any] = {}
    for number, cell in enumerate(cells):
        text = cell.source.strip()
        for key, value in cell.attachments.items():
            name = key if kept.get(key, value) == value else f"{number}-{key}"
            kept[name] = value
            text = text.replace(f"attachment:{key}", f"attachment:{name}")
        texts[text] = None
    return "\n\n".join(texts), kept


def _prose(source: str) -> bool:
    """Say whether a code cell holds words: comments, or what is no Python and no magic."""
    text = source.strip()
    if not text or len(text) > LONGEST_PROSE or text.startswith(("%", "!")):
        return False
    try:
        body = ast.parse(text).body
    except SyntaxError:
        return not CODE.search(text)
    except (ValueError, RecursionError, MemoryError):
        return False
    plain = (ast.Constant, ast.Name, ast.Compare, ast.BoolOp, ast.Tuple)
    return all(isinstance(node, ast.Expr) and isinstance(node.value, plain) for node in body)
