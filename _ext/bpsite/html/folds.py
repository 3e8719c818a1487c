"""Folds: what a reader may leave closed stands behind one line that says what it shows.

- A code cell tagged `proof` is one line, "✓ " and its first comment, that opens to code and output.
- Neighbouring cells tagged `picture` show what they made; all their code is one fold below it.
- Cells tagged `imports` are one fold.
- A section with the class `deeper` is folded under its own title.
- The directive `fold` folds any text under its title.
"""

from itertools import groupby

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

MADE = "How this picture is made"
IMPORTS = "What this page imports"
KINDS = ("proof", "picture", "imports")

logger = logging.getLogger(__name__)


class fold(nodes.General, nodes.Element):
    """What is folded: the summary first, then the rest."""


class summary(nodes.General, nodes.TextElement):
    """The line that is always seen."""


class Fold(SphinxDirective):
    """Folds its content: `:::{fold} What happened`."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        """Return the fold."""
        title, messages = self.state.inline_text(self.arguments[0], self.lineno)
        node = fold("", summary("", "", *title), classes=["bp-fold"])
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node, *messages]


def fold_cells(app, doctree, docname):
    """Fold the cells of a page by their tags."""
    for parent in {id(cell.parent): cell.parent for cell in _cells(doctree)}.values():
        children = list(parent.children)
        parent.clear()
        for kind, run in groupby(children, _kind):
            run = list(run)
            if kind == "proof":
                parent.extend(_proof(cell) for cell in run)
            elif kind == "picture":
                parent.extend(_picture(run))
            elif kind == "imports":
                parent.append(_folded("bp-imports", [nodes.Text(IMPORTS)], run))
            else:
                parent.extend(run)


def fold_sections(app, doctree, docname):
    """Fold each section that goes deeper, under its title."""
    for section in list(doctree.findall(nodes.section)):
        if "deeper" not in section["classes"]:
            continue
        title, *rest = section.children
        section.children = []
        for node in (
            _raw('<details class="bp-fold bp-deeper"><summary>'),
            title,  # Sphinx wants it to be the section's own child
            _raw("</summary>"),
            *rest,
            _raw("</details>"),
        ):
            section.append(node)


def _raw(html):
    return nodes.raw("", html, format="html")


def _cells(doctree):
    return [n for n in doctree.findall(nodes.container) if n.get("nb_element") == "cell_code"]


def _kind(node):
    if not (isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"):
        return None
    return next((kind for kind in KINDS if f"tag_{kind}" in node["classes"]), None)


def _folded(name, title, content):
    return fold("", summary("", "", *title), *content, classes=["bp-fold", name])


def _proof(cell):
    """One line for a proof: what its first comment says."""
    first = _code(cell).astext().strip().partition("\n")[0]
    if not first.startswith("# "):
        logger.warning(
            "a cell tagged proof begins with %r; expected a comment", first, location=cell
        )
    return _folded("bp-proof", [nodes.Text(f"✓ {first.removeprefix('# ')}")], [cell])


def _picture(cells):
    """What the cells made, then all their code in one fold."""
    made, code = [], []
    for cell in cells:
        source = _code(cell)
        rest = [child for child in cell.children if child is not source]
        shell = cell.copy()
        shell.extend([source])
        code.append(shell)
        if any(node.children or node.astext() for node in rest):
            cell.children = []
            cell.extend(rest)
            made.append(cell)
    return [*made, _folded("bp-made", [nodes.Text(MADE)], code)]


def _code(cell):
    return next(n for n in cell.children if n.get("nb_element") == "cell_code_source")


def visit_fold(self, node):
    """Open the element; a browser opens it for a search or a link to what is inside."""
    self.body.append(self.starttag(node, "details"))


def depart_fold(self, node):
    """Close it."""
    self.body.append("</details>\n")


def visit_summary(self, node):
    """Open the line that is always seen."""
    self.body.append("<summary>")


def depart_summary(self, node):
    """Close it."""
    self.body.append("</summary>\n")


def setup(app):
    """Register nodes, directive and hooks."""
    app.add_node(fold, html=(visit_fold, depart_fold))
    app.add_node(summary, html=(visit_summary, depart_summary))
    app.add_directive("fold", Fold)
