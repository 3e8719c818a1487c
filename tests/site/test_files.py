"""The built files, read without a browser: links, foreign addresses, and what a page weighs."""

import gzip
import re
from functools import cache
from html import unescape
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from bs4 import BeautifulSoup, SoupStrainer
from support.book import EXPLORERS, SITE

LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
NAMED = (["next"], ["prev"], ["index"], ["canonical"])  # not loaded
TEXT_BUDGET = 700_000
TEXT_BUDGET_GZIPPED = 140_000
WIDGET_BUDGET_GZIPPED = 80_000
TAGS = SoupStrainer([*LOADS, "a", "meta", "title", "h1"])  # all else takes a gigabyte of memory


@cache
def soup(path):
    return BeautifulSoup(path.read_text("utf8"), "html.parser", parse_only=TAGS)


@cache
def anchors(path):
    found = re.findall(r'<[^>]*\sid="([^"]*)"', path.read_text("utf8"))
    named = [node["name"] for node in soup(path).find_all("a", attrs={"name": True})]
    return {*map(unescape, found), *named}


def local(page, link):
    """Return the file and fragment that a link on `page` leads to; None if it leaves the site."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    address, fragment = urldefrag(link)
    path = unquote(urlsplit(address).path)
    base = SITE / page
    return ((base.parent / path).resolve() if path else base), fragment


def loaded_files(page):
    for tag, attribute in LOADS.items():
        for node in soup(SITE / page).find_all(tag):
            if node.get(attribute) and node.get("rel") not in NAMED:
                yield tag, node[attribute]


def test_loads_nothing_from_elsewhere(page_name):
    foreign = [link for _, link in loaded_files(page_name) if local(page_name, link) is None]
    assert [link for link in foreign if not link.startswith("data:")] == []


def test_no_link_is_broken(page_name):
    broken = []
    for node in soup(SITE / page_name).find_all(["a", "link", "script", "img"]):
        link = node.get("href") or node.get("src")
        target = link and local(page_name, link)
        if not target:
            continue
        path, fragment = target
        known = path.is_file() and (
            not fragment or path.suffix != ".html" or unquote(fragment) in anchors(path)
        )
        if not known:
            broken.append(link)
    assert broken == []


def test_weight_of_scripts_and_styles(page_name, tell):
    paths = {
        local(page_name, link)[0]
        for tag, link in loaded_files(page_name)
        if tag in ("script", "link") and local(page_name, link)
    }
    paths = {path for path in paths if path.suffix in (".js", ".css") and path.is_file()}
    index = {path for path in paths if path.name == "searchindex.js"}
    assert not index or page_name == "search.html", "only the search page needs the index"
    paths -= index  # it grows with the book
    raw = sum(path.stat().st_size for path in paths)
    packed = sum(len(gzip.compress(path.read_bytes())) for path in paths)
    html = len(gzip.compress((SITE / page_name).read_bytes()))
    tell(
        f"scripts and styles {raw / 1e3:.0f} kB, {packed / 1e3:.0f} kB gzipped;"
        f" page {html / 1e3:.0f} kB gzipped"
    )
    for widgets in [path for path in paths if path.name == "widgets.js"]:
        size = len(gzip.compress(widgets.read_bytes()))
        assert size < WIDGET_BUDGET_GZIPPED
        raw, packed = raw - widgets.stat().st_size, packed - size
    assert raw < TEXT_BUDGET
    assert packed < TEXT_BUDGET_GZIPPED


def test_widget_script_only_where_there_are_widgets(page_name):
    names = {link.split("?")[0].rsplit("/", 1)[-1] for _, link in loaded_files(page_name)}
    assert ("widgets.js" in names) == ("widget-view+json" in (SITE / page_name).read_text("utf8"))
    assert not any("require" in name or "mathjax" in name.lower() for name in names)


@pytest.mark.parametrize(
    "name", ["scripts/fontawesome.js", "scripts/sphinx-book-theme.js", "sphinx-thebe.js"]
)
def test_unused_scripts_are_not_shipped(name):
    assert not (SITE / "_static" / name).exists()


def test_chapters_offer_a_notebook():
    for name in EXPLORERS:
        for what in ("notebook", "bundle", "package"):
            link = soup(SITE / name).find("a", class_=f"btn-download-{what}-button")
            assert link is not None, name
            assert local(name, link["href"])[0].is_file()
