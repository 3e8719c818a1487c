"""Who may import whom among the rooms of the house."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ABOVE = {  # what stands above a room, which it must not import
    "bplib": {"exercises", "grading", "bpsite"},
    "exercises": {"grading", "bpsite"},
    "grading": {"bpsite"},
    "_ext/bpsite": {"grading"},
}


def imported(path):
    """Return the packages that a module imports, by the first part of their names."""
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("room", ABOVE)
def test_imports_go_downward(room):
    paths = list((ROOT / room).rglob("*.py"))
    assert len(paths) > 5
    assert not [path for path in paths if ABOVE[room] & set(imported(path))]
