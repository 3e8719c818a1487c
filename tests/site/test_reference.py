"""The page of the code names all that bplib offers."""

import importlib
import inspect
import pkgutil
import re

import pytest
from support.book import SITE

import bplib

PAGE = SITE / "chapters" / "api.html"


def public_names():
    """Every public function and class of every public module, under the module that defines it."""
    found = set()
    for module in pkgutil.walk_packages(bplib.__path__, "bplib."):
        if any(part.startswith("_") for part in module.name.split(".")):
            continue
        members = vars(importlib.import_module(module.name))
        found |= {
            f"{module.name}.{name}"
            for name, thing in members.items()
            if not name.startswith("_")
            and (inspect.isfunction(thing) or inspect.isclass(thing))
            and thing.__module__ == module.name
        }
    return found


@pytest.fixture(scope="module")
def page():
    if not PAGE.exists():
        pytest.skip("build the book first: make book")
    return PAGE.read_text(encoding="utf-8")


def test_every_public_name_is_there_once(page):
    shown = re.findall(r'id="(bplib\.[\w.]+)"', page)
    names = public_names() - {name for name in public_names() if name.startswith("bplib.plots.svg")}
    assert len(names) > 90
    assert names - set(shown) == set()
    assert len(shown) == len(set(shown))


def test_what_bplib_exports_is_there(page):
    for name in bplib.__all__:
        thing = getattr(bplib, name)
        if inspect.isfunction(thing) or inspect.isclass(thing):
            assert f'id="{thing.__module__}.{thing.__qualname__}"' in page
        else:
            assert thing.__name__ in page


def test_equations_are_rendered(page):
    assert page.count('class="katex-display"') >= 3
    assert page.count('class="katex"') > 60
    assert "\\begin{" not in re.sub(r"<annotation.*?</annotation>", "", page, flags=re.S)
