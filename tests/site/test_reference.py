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
    """Every name that a public module lists, under that module; packages only pass names on."""
    found = set()
    for module in pkgutil.walk_packages(bplib.__path__, "bplib."):
        if not module.ispkg:
            names = getattr(importlib.import_module(module.name), "__all__", [])
            found |= {f"{module.name}.{name}" for name in names}
    return found


@pytest.fixture(scope="module")
def page():
    if not PAGE.exists():
        pytest.skip("build the book first: make book")
    return PAGE.read_text(encoding="utf-8")


def test_every_public_name_is_there_once_and_no_other(page):
    shown = re.findall(r'<dt [^>]*id="(bplib\.[\w.]+)"', page)
    assert len(shown) == len(set(shown))
    names = public_names()
    assert len(names) > 100
    members = {name for name in shown if name.rpartition(".")[0] in names}  # of a class
    assert set(shown) - members == names


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
