"""Leads from each exercise to its solution; sphinx-exercise itself leads back."""

from docutils import nodes
from sphinx.util import logging
from sphinx.util.nodes import make_refnode
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_node

logger = logging.getLogger(__name__)


def solved(env):
    """Return {label of an exercise: (page, anchor) of its solution}."""
    known = getattr(env, "sphinx_exercise_registry", {})
    solutions = {label: e for label, e in known.items() if e["type"].startswith("solution")}
    return {e["node"]["target_label"]: (e["docname"], label) for label, e in solutions.items()}


def link(app, doctree, docname):
    """Add a link to each exercise that has a solution."""
    known = solved(app.env)
    for kind in (exercise_node, exercise_enumerable_node):
        for exercise in list(doctree.findall(kind)):
            found = known.get(exercise.get("label"))
            if not found:
                continue
            page, anchor = found
            text = nodes.inline("", "Solution")
            reference = make_refnode(app.builder, docname, page, anchor, text)
            exercise.append(nodes.paragraph("", "", reference, classes=["bp-solution"]))
