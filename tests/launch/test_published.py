"""What the workflow publishes: every button leads to a file that is there."""

import re
import subprocess
import sys
import urllib.request
from functools import cache
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

import nbformat
import pytest
from bs4 import BeautifulSoup
from support.book import PAGES, PROGRAMS, ROOT

SPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
RUNNABLE = [*PROGRAMS, *sorted((ROOT / "assignments").glob("[0-9]*.md"))]
RUN = [path.relative_to(ROOT).with_suffix(".html").as_posix() for path in RUNNABLE]


@cache
def soup(path):
    return BeautifulSoup(path.read_text("utf8"), "html.parser")


def button(published, page, name):
    found = soup(published.site / page).select(f"a.btn-{name}")
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("page", RUN)
def test_binder_opens_a_notebook_of_the_branch(published, page):
    link = urlsplit(button(published, page, "launch-binder")["href"])
    assert (link.scheme, link.netloc) == ("https", "mybinder.org")
    assert link.path == "/v2/gh/someone/some-book/notebooks"
    query = parse_qs(link.query, strict_parsing=True)
    (urlpath,) = query.pop("urlpath")
    assert query == {}
    assert urlpath.startswith("lab/tree/")
    assert (published.branch / urlpath.removeprefix("lab/tree/")).is_file()


@pytest.mark.parametrize("page", RUN)
def test_colab_opens_a_notebook_of_the_branch(published, page):
    link = urlsplit(button(published, page, "launch-colab")["href"])
    assert (link.scheme, link.netloc) == ("https", "colab.research.google.com")
    assert link.query == ""
    path = unquote(link.path).removeprefix("/github/someone/some-book/blob/notebooks/")
    assert path.endswith(".ipynb")
    assert (published.branch / path).is_file()


@pytest.mark.parametrize("page", RUN)
def test_buttons_say_where_they_lead(published, page):
    assert "cdn.jsdelivr.net" in button(published, page, "launch-lite")["title"]
    assert "mybinder.org" in button(published, page, "launch-binder")["title"]
    assert "Google" in button(published, page, "launch-colab")["title"]


def test_local_build_offers_only_what_it_has():
    local = soup(ROOT / "_build/html" / RUN[0])
    assert local.select("a.btn-launch-lite")
    assert not local.select("a.btn-launch-binder, a.btn-launch-colab")


def test_the_branch_has_what_binder_needs(published):
    for name in ("README.md", "LICENSE", "LICENSE-text", "pyproject.toml", "bplib/__init__.py"):
        assert (published.branch / name).is_file(), name
    notebooks = {
        p.relative_to(published.branch).as_posix() for p in published.branch.rglob("*.ipynb")
    }
    assert len(notebooks) == len(RUN)
    assert not list(published.branch.rglob("*-executed.ipynb"))


def test_notebooks_get_the_wheel_from_the_site(published, tmp_path):
    for path in published.branch.rglob("*.ipynb"):
        first = nbformat.read(path, as_version=4).cells[0].source
        assert "FROM_" not in first
        (address,) = re.findall(r"%pip install -q (http\S+)", first)
        assert address.startswith(f"{published.address}files/backprop_book-")
        (page,) = re.findall(r"menu of (http\S+) ", first)
        assert (published.site / page.removeprefix(published.address)).is_file()
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--no-deps", "--target", tmp_path, address], check=True)
    assert (tmp_path / "bplib" / "network.py").read_bytes() == (
        ROOT / "bplib/network.py"
    ).read_bytes()


def test_links_between_chapters_lead_to_pages_of_the_site(published):
    seen = 0
    for path in published.branch.glob("chapters/*.ipynb"):
        text = path.read_text("utf8")
        for link in set(re.findall(rf"\]\({re.escape(published.address)}([^)]*)\)", text)):
            page, _, anchor = link.partition("#")
            with urllib.request.urlopen(published.address + page) as answer:
                html = answer.read().decode()
            assert not anchor or f'id="{anchor}"' in html, link
            seen += bool(anchor)
    assert seen >= 10


def test_map_leads_to_every_page_but_the_search(published):
    root = ElementTree.parse(published.site / "sitemap.xml")
    listed = [node.text for node in root.iter(f"{SPACE}loc")]
    pages = set(PAGES) - {"search.html"}
    assert set(listed) == {published.address + name for name in pages}
    assert len(listed) == len(pages) > 10


def test_the_bare_address_is_described_and_leads_on(published):
    door = soup(published.site / "index.html")
    assert door.find("meta", attrs={"http-equiv": "Refresh"})["content"].endswith(
        "=chapters/intro.html"
    )
    assert door.find("meta", property="og:image")["content"].startswith(published.address)
    first = soup(published.site / "chapters/intro.html")
    for named in ({"name": "description"}, {"property": "og:site_name"}):
        assert (
            door.find("meta", attrs=named)["content"] == first.find("meta", attrs=named)["content"]
        )


def test_page_names_its_own_address_and_a_picture_that_is_there(published):
    for name in PAGES:
        page = soup(published.site / name)
        own = published.address + name
        assert page.find("link", rel="canonical")["href"] == own
        assert page.find("meta", property="og:url")["content"] == own
        picture = page.find("meta", property="og:image")["content"]
        assert picture.startswith(published.address)
        assert (published.site / urlsplit(picture).path.lstrip("/")).is_file()
