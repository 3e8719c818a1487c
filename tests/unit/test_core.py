"""The core is to be read in an afternoon: its lines of code, without docstrings, are counted."""

import ast
import io
import tokenize
from pathlib import Path

import bplib

FOLDER = Path(bplib.__file__).parent
CORE = [
    *("activations", "losses", "initializers", "layers", "network", "optim", "schedules", "train"),
    *("history", "gradient_check", "curvature", "autodiff", "symbolic", "data", "store"),
]
MOST = 1884  # lines of all of them together
NOT_CODE = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
    *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
}


def code_lines(source):
    """Return the numbers of the lines that hold code: no comments, docstrings or blank lines."""
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NOT_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if text and isinstance(node.value.value, str):
            lines.difference_update(range(node.lineno, node.end_lineno + 1))
    return lines


def test_counting():
    source = (
        '''"""A module."""\n\nx = [  # two\n    1]\n\ndef f():\n    """Say.\n\n    More."""\n'''
    )
    assert code_lines(source + "    return 1\n# the end\n") == {3, 4, 6, 10}


def test_core_is_short():
    counts = {name: len(code_lines((FOLDER / f"{name}.py").read_text("utf-8"))) for name in CORE}
    assert sum(counts.values()) <= MOST, counts
