"""How the published site is found: every page names itself, and the map leads to all of them."""

from urllib.parse import urlsplit
from xml.etree import ElementTree

from book import PAGES
from bs4 import BeautifulSoup

SPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def test_map_leads_to_every_page_but_the_search(published):
    root = ElementTree.parse(published.site / "sitemap.xml")
    listed = [node.text for node in root.iter(f"{SPACE}loc")]
    pages = {name for name in PAGES if not name.startswith(("lite/", "search."))}
    assert set(listed) == {published.address + name for name in pages}
    assert len(listed) == len(pages) > 10


def test_page_names_its_own_address_and_a_picture_that_is_there(published):
    for name in PAGES:
        if name.startswith("lite/"):
            continue
        page = BeautifulSoup((published.site / name).read_text("utf8"), "html.parser")
        own = published.address + name
        assert page.find("link", rel="canonical")["href"] == own
        assert page.find("meta", property="og:url")["content"] == own
        picture = page.find("meta", property="og:image")["content"]
        assert picture.startswith(published.address)
        assert (published.site / urlsplit(picture).path.lstrip("/")).is_file()
