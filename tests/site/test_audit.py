"""The audit of a site: it weighs what is loaded, compressed, and says which limit is not met."""

import pytest

from benchmarks import pages

HEAD = '<!doctype html><title>A page</title><link rel="stylesheet" href="../style.css">'


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    (folder / "chapters").mkdir()
    (folder / "style.css").write_text("p { color: black; } " * 5000)
    noise = "".join(chr(33 + i * i % 90) for i in range(50_000)).replace("<", "")
    (folder / "noise.bin").write_bytes(bytes(i * i % 251 for i in range(40_000)))
    (folder / "chapters/intro.html").write_text(f"{HEAD}<p>Hello")
    (folder / "chapters/01.html").write_text(
        f'{HEAD}<p>Hello<script>fetch("../noise.bin")</script><!-- {noise} -->'
    )
    (folder / "index.html").write_text('<meta http-equiv="Refresh" content="0; url=a">')
    return folder


def test_pages_are_the_books_own(site):
    assert pages.pages(site) == {"chapters/01.html": False, "chapters/intro.html": False}


def test_weight_is_what_the_network_carries(browser, site):
    address = pages.publish(site)
    cold, warm = pages.weigh(browser, address, "chapters/01.html", moves=False)
    style, page = (
        len(pages._compressed(site / name)) / 1000 for name in ("style.css", "chapters/01.html")
    )
    assert style < 1
    assert warm == pytest.approx(40 + page, abs=1), "the style sheet is kept"
    assert cold == pytest.approx(40 + page + style, abs=1.5)
    assert cold > warm


def test_times_are_those_of_a_slow_link(browser, site):
    found = pages.time(browser, pages.publish(site), "chapters/01.html", moves=False)
    assert 150 < found["first"] < 5000
    assert found["largest"] >= found["first"]
    assert found["shift"] == 0


@pytest.mark.parametrize(
    ("most", "line"),
    [
        (119.6, "| page of text, cold | at most 120 kB | 60 | 120 (`b`) | met |"),
        (121, "| page of text, cold | at most 120 kB | 61 | 121 (`b`) | **not met** |"),
    ],
)
def test_a_limit_is_met_by_the_page_nearest_to_it(most, line):
    assert pages.row(pages.TEXT, {"a.html": 0.2, "b.html": most}) == line


def test_without_a_site_the_audit_says_so(tmp_path):
    with pytest.raises(SystemExit, match="run `make book` first"):
        pages.main(["--site", str(tmp_path)])


def test_an_unknown_page_is_named(site):
    with pytest.raises(SystemExit, match="no page has 'nothing' in its name"):
        pages.main(["--site", str(site), "--only", "nothing"])
