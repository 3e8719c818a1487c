"""Runs in a chapter's kernel before its first cell, and sees what its code asserts and calls.

It has names of its own: what a chapter defines changes nothing here.
"""

import ast
import builtins
import json
from time import process_time

from IPython import get_ipython

SEEN = {"symbolic": set(), "numeric": set(), "bplib": set()}
OPEN = []


def witness_value(value):
    """Remember that the assertion being evaluated met an object of SymPy."""
    # an undefined function, such as f(x), has a class without a module
    if OPEN and any(str(c.__module__).startswith("sympy.") for c in type(value).__mro__):
        OPEN[-1] = True
    return value


def witness_called(function):
    """Remember that a function of bplib is called."""
    module = getattr(function, "__module__", None) or ""
    if module.split(".")[0] == "bplib":
        SEEN["bplib"].add(f"{module}.{getattr(function, '__qualname__', type(function).__name__)}")
    return witness_value(function)


def witness_begin():
    """An assertion's test is about to be evaluated."""
    OPEN.append(False)
    return True


def witness_end(result, place):
    """It has been evaluated, at this place in the notebook."""
    SEEN["symbolic" if OPEN.pop() else "numeric"].add(place)
    return result


def call(name, *arguments):
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


class Witness(ast.NodeTransformer):
    """Wraps the tests of assertions, the values in them, and every function called."""

    cell = 0
    inside = False

    def visit_Module(self, node):
        self.cell += 1
        return ast.fix_missing_locations(self.generic_visit(node))

    def visit_Assert(self, node):
        place = ast.Constant(f"{self.cell}:{node.lineno}")
        self.inside, before = True, self.inside
        test = self.visit(node.test)
        self.inside = before
        both = ast.BoolOp(ast.And(), [call("witness_begin"), test])
        node.test = call("witness_end", both, place)
        return node

    def visit_Call(self, node):
        node.func = call("witness_called", self.visit(node.func))
        node.args = [self.visit(a) for a in node.args]
        node.keywords = [self.visit(k) for k in node.keywords]
        return call("witness_value", node) if self.inside else node

    def visit_Name(self, node):
        wanted = self.inside and isinstance(node.ctx, ast.Load)
        return call("witness_value", node) if wanted else node

    def visit_BinOp(self, node):
        self.generic_visit(node)
        return call("witness_value", node) if self.inside else node


def witness_report():
    """Print what was seen."""
    print(
        json.dumps(
            {
                "seconds": process_time(),
                "symbolic": len(SEEN["symbolic"]),
                "numeric": len(SEEN["numeric"]),
                "bplib": sorted(SEEN["bplib"]),
            }
        )
    )


for function in (witness_value, witness_called, witness_begin, witness_end, witness_report):
    setattr(builtins, function.__name__, function)
get_ipython().ast_transformers.append(Witness())
