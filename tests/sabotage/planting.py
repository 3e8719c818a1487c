"""Bugs planted in bplib: a text of its source, what is put in its place, and who must notice.

The bugs of one part of bplib stand in bugs/PART.toml, its judges in judges/test_PART.py:
test functions, each of which asserts by means that are not bplib's what that part does.
In the table

    [losses.SquaredError.delta]
    "wrong sign: y − a" = ["a - y", "y - a", "gradcheck"]

the first text, which occurs exactly once in that function (or class, or module) of bplib,
gives way to the second, and test_gradcheck must fail in at least one of its cases, by an
AssertionError. More pairs of texts may stand before the judge, and a name that comes again
under another heading is one bug of several changes. "nobody" in the judge's place makes a
control: other words for the same thing, which nobody may notice.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from importlib.machinery import PathFinder
from pathlib import Path
from typing import NamedTuple

import numpy as np

HERE = Path(__file__).parent
BPLIB = HERE.parents[1] / "bplib"
ANEW = {"bplib", "oracle"}  # packages that are imported again for each bug


_parsed = cache(ast.parse)


class Change(NamedTuple):
    """Put a text in the place of another in a module of bplib, or in one function of it."""

    module: str
    within: tuple[str, ...]
    find: str
    put: str

    def __str__(self) -> str:
        return f"{self.find!r} in bplib/{self.module}.py, {'.'.join(self.within) or 'anywhere'}"

    def made(self, source: str) -> str:
        """Return the source with the change made; new lines are indented like the first."""
        start, end, body = 0, len(source), _parsed(source).body
        for name in self.within:
            node = next((node for node in body if getattr(node, "name", None) == name), None)
            if node is None:
                raise ValueError(f"text not found in file: {self}, which has no {name}")
            text, body = ast.get_source_segment(source, node), node.body
            start = source.index(text, start)
            end = start + len(text)
        text = re.escape(self.find).replace("\\\n", r"\n *")
        found = [*re.compile(text).finditer(source, start, end)]
        if len(found) != 1:
            how = f"found {len(found)} times, not once," if found else "not found"
            raise ValueError(f"text {how} in file: {self}")
        first, last = found[0].span()
        indent = re.match(" *", source[source.rfind("\n", 0, first) + 1 :])[0]
        return source[:first] + self.put.replace("\n", "\n" + indent) + source[last:]


class Bug(NamedTuple):
    """A bug by name, and the judges that must notice it: none if it is a control."""

    part: str
    name: str
    changes: tuple[Change, ...] = ()
    caught_by: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.part}: {self.name}"

    def sources(self) -> dict[str, str]:
        """Return the changed text of each module that it changes."""
        sources = {}
        for change in self.changes:
            path = BPLIB / f"{change.module}.py"
            source = sources.get(f"bplib.{change.module}") or path.read_text("utf-8")
            sources[f"bplib.{change.module}"] = change.made(source)
        return sources


def _rows(table: dict, place: tuple[str, ...] = ()) -> Iterator[tuple[str, Change, str]]:
    for key, entry in table.items():
        if isinstance(entry, dict):
            yield from _rows(entry, (*place, key))
        else:
            *texts, judge = entry
            for find, put in zip(texts[::2], texts[1::2], strict=True):
                yield key, Change(place[0], place[1:], find, put), judge


def _bugs(path: Path) -> list[Bug]:
    bugs = {}
    for name, change, judge in _rows(tomllib.loads(path.read_text("utf-8"))):
        _, _, changes, judges = bugs.get(name, Bug(path.stem, name))
        bugs[name] = Bug(path.stem, name, (*changes, change), judges | ({judge} - {"nobody"}))
    return [*bugs.values()]


TABLE = [bug for path in sorted((HERE / "bugs").glob("*.toml")) for bug in _bugs(path)]
PARTS = sorted({bug.part for bug in TABLE})
BUGS = [bug for bug in TABLE if bug.caught_by]
CONTROLS = [
    *(bug for bug in TABLE if not bug.caught_by),
    *(Bug(part, "as it is") for part in PARTS),
]

_compiled = cache(partial(compile, mode="exec"))


class _Finder(dict):
    """Finds what is imported anew, with a text from this table, name -> text, in its place."""

    def find_spec(self, name, path, target=None):
        spec = PathFinder.find_spec(name, path) if name.split(".")[0] in ANEW else None
        if spec:
            source = self.get(name) or Path(spec.origin).read_text("utf-8")
            spec.loader.get_code = lambda name: _compiled(source, spec.origin)
        return spec


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """Let `import bplib` give a bplib of its own with the bug in it, and end with the old one."""
    finder, kept = _Finder(bug.sources()), _removed()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        _removed()
        sys.modules.update(kept)


def _removed() -> dict:
    return {name: sys.modules.pop(name) for name in [*sys.modules] if name.split(".")[0] in ANEW}


def judges(part: str) -> dict[str, Callable[[], None]]:
    """Run a part's test file, with the bplib that there is, and return its tests by name."""
    path = HERE / "judges" / f"test_{part}.py"
    names, found = {"__name__": f"sabotage.judges.{path.stem}"}, {}
    exec(_compiled(path.read_text("utf-8"), str(path)), names)
    for name, test in names.items():
        if name.startswith("test_"):
            name = name.removeprefix("test_")
            marks = getattr(test, "pytestmark", ())
            cases = {f"{name}[{case}]": partial(test, case) for m in marks for case in m.args[1]}
            found |= cases or {name: test}
    return found


@cache
def complaints(bug: Bug) -> dict[str, str]:
    """Return the judges that find something wrong -> how: "a wrong result" or "a crash"."""
    found = {}
    with planted(bug), np.errstate(all="ignore"):
        for name, judge in judges(bug.part).items():
            try:
                judge()
            except AssertionError:
                found[name] = "a wrong result"
            except (ValueError, ArithmeticError, LookupError):
                found[name] = "a crash"
    return found


_KNOWN: dict[tuple, object] = {}


def once(function: Callable) -> Callable:
    """Let a function of which bplib is no part work once, and not again for each bug."""

    def known(*args):
        key = (function.__qualname__, function.__module__, *args)
        if key not in _KNOWN:
            _KNOWN[key] = function(*args)
        return _KNOWN[key]

    return known


def refused(call: Callable, *words: str) -> bool:
    """Say whether the call raises a ValueError, and all these words are in what it says."""
    try:
        call()
    except ValueError as error:
        return all(word in str(error) for word in words)
    return False
