"""What a search engine, or somebody to whom a page is sent, is told of it."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import matplotlib.image
import pytest
from support.book import PAGES, SITE
from test_files import soup

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "https://book.test/deep/"
SHORTEST, LONGEST = 60, 160
NAMES = {"lo": "http://www.sitemaps.org/schemas/sitemap/0.9"}

CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "_ext")!r})
import bpsite
from bpsite import addresses
from bpsite.html import metadata, sitemap
extensions = ["myst_parser"]
html_title = "A title, broken"
html_use_index = False
exclude_patterns = ["node_modules"]
def setup(app):
    bpsite.connect(app, addresses, metadata, sitemap)
"""
SOURCE = "---\nmyst:\n  html_meta:\n    description: {}\n---\n\n# {}\n"
SAID = 'Says "a < b", and why.'


def tags(page, attribute="property"):
    found = page.find_all("meta", attrs={attribute: True})
    return {node[attribute]: node["content"] for node in found}


def described(page):
    return [node["content"] for node in page.find_all("meta", attrs={"name": "description"})]


def test_page_has_one_description_of_the_right_length(page_name):
    (text,) = described(soup(SITE / page_name))
    assert SHORTEST <= len(text) <= LONGEST, f"{len(text)} characters"
    assert text == text.strip()
    assert text.endswith(".")


def test_no_two_pages_have_the_same_description():
    counts = Counter(text for name in PAGES for text in described(soup(SITE / name)))
    assert len(PAGES) > 10
    assert set(counts.values()) == {1}


def test_page_is_introduced_by_its_heading_and_its_description(page_name):
    page = soup(SITE / page_name)
    said = tags(page)
    heading = page.find("h1").get_text().removesuffix("#").strip()
    assert said["og:title"] == heading.split("\n")[0]
    assert said["og:description"] == described(page)[0]
    assert said["og:site_name"] in page.title.text
    assert said["og:type"] == ("website" if page_name == "chapters/intro.html" else "article")


def test_touch_icon_is_a_square_picture(page_name):
    link = soup(SITE / page_name).find("link", rel="apple-touch-icon")
    picture = matplotlib.image.imread((SITE / page_name).parent / link["href"])
    assert picture.shape[:2] == (180, 180)
    assert 0.1 < (picture[..., :3].min(axis=-1) < 0.9).mean() < 0.7, "it is empty"


def test_browser_frame_follows_light_and_dark(page_name):
    colours = {
        node["media"]: node["content"]
        for node in soup(SITE / page_name).find_all("meta", attrs={"name": "theme-color"})
    }
    assert sorted(media.split(": ")[1] for media in colours) == ["dark)", "light)"]
    assert len(set(colours.values())) == 2


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A function that builds a site of two pages with the same parts: its folder."""

    def build(address, source=SOURCE):
        folder = tmp_path_factory.mktemp("small")
        (folder / "node_modules").symlink_to(ROOT / "node_modules")
        (folder / "conf.py").write_text(CONF, "utf8")
        for name, title in (("index", "`One`\n```{toctree}\ntwo\n```"), ("two", "Two")):
            (folder / f"{name}.md").write_text(source.format(f"'{SAID}'", title), "utf8")
        command = [sys.executable, "-m", "sphinx", "-q", "-W", folder, folder / "out"]
        environment = os.environ | {"BOOK_ADDRESS": address}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        return folder / "out", done

    return build


@pytest.fixture(scope="module")
def addressed(small):
    folder, done = small(ADDRESS)
    assert done.stderr == ""
    return folder


def test_with_an_address_pages_name_it(addressed):
    for name in ("index.html", "two.html"):
        page = soup(addressed / name)
        said = tags(page)
        assert said["og:url"] == page.find("link", rel="canonical")["href"] == ADDRESS + name
        assert said["og:description"] == SAID
        assert said["og:image"].startswith(ADDRESS)
        assert len(said["og:image:alt"]) > SHORTEST
        picture = matplotlib.image.imread(addressed / said["og:image"].removeprefix(ADDRESS))
        size = said["og:image:width"], said["og:image:height"]
        assert size == (str(picture.shape[1]), str(picture.shape[0])) == ("1200", "630")
    assert tags(soup(addressed / "index.html"))["og:title"] == "One"


def test_with_an_address_there_is_a_map_of_the_pages_to_be_found(addressed):
    root = ElementTree.parse(addressed / "sitemap.xml")
    places = [node.text for node in root.findall("lo:url/lo:loc", NAMES)]
    assert places == [f"{ADDRESS}index.html", f"{ADDRESS}two.html"]
    robots = (addressed / "robots.txt").read_text("utf8").splitlines()
    assert f"Sitemap: {ADDRESS}sitemap.xml" in robots
    assert "Disallow: /deep/lite/" in robots
    assert tags(soup(addressed / "search.html"), "name")["robots"] == "noindex"


def test_without_an_address_nothing_names_one(small):
    folder, done = small("")
    assert done.stderr == ""
    for name in ("index.html", "two.html"):
        page = soup(folder / name)
        assert {"og:title", "og:type"} <= tags(page).keys()
        assert not {"og:url", "og:image"} & tags(page).keys()
        assert page.find("link", rel="canonical") is None
    assert not {"sitemap.xml", "robots.txt"} & {path.name for path in folder.iterdir()}


def test_a_page_without_a_description_is_refused(small):
    _, done = small("", "# {1}\n")
    assert done.returncode
    assert "page index has no description; expected myst: html_meta" in done.stderr
