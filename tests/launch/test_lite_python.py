"""What JupyterLite says while Python is loaded, and where it cannot be; and its tabs' names."""

import http.server
import threading
import time
from urllib.parse import urljoin, urlsplit

import pytest
from bpsite.lite import app as lite
from bpsite.lite import notebook_list
from laboratory import Laboratory
from playwright.sync_api import expect
from pyodide_cdn import ROOT, TYPES, Cdn
from support.book import SITE
from support.browser import serve

BINDER = "https://mybinder.org/v2/gh/someone/some-book/notebooks?urlpath="
NOTEBOOK = ROOT / "_build/notebooks/chapters/05-worked-example.ipynb"
PLACE = notebook_list.place(NOTEBOOK)
PAGE = f"lite/lab/index.html?path={PLACE}"
PORTAL = b"<!DOCTYPE html><title>Welcome to our network</title>"


class Source(http.server.BaseHTTPRequestHandler):
    """A place of Pyodide that behaves as it is told."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.server.folder / self.path.lstrip("/")
        if self.server.mood == "hang":
            self.server.released.wait(120)
        if self.server.mood == "forbid" or not path.is_file():
            return self.answer(403, "text/plain", b"")
        if self.server.mood == "portal":
            return self.answer(200, "text/html", PORTAL)
        kind = TYPES.get(path.suffix, "application/octet-stream")
        return self.answer(200, kind, path.read_bytes())

    def answer(self, status, kind, data):
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        broken = self.server.mood == "break" and len(data) > 2_000_000
        step = 500_000
        for start in range(0, len(data) // 2 if broken else len(data), step):
            self.wfile.write(data[start : start + step])
            if self.server.mood == "slow":
                time.sleep(0.3)
        self.close_connection = broken

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="module")
def source():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Source)
    server.daemon_threads = True
    server.folder, server.mood, server.released = Cdn().folder, "", threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.host = f"127.0.0.1:{server.server_port}"
    server.address = f"http://{server.host}/"
    server.answer = lambda route: route.continue_()
    yield server
    server.released.set()
    server.shutdown()


@pytest.fixture(scope="module")
def app(source, tmp_path_factory):
    """The address of a site whose JupyterLite takes Pyodide from `source`."""
    place = tmp_path_factory.mktemp("site")
    recipe = lite.Recipe(ROOT, place / "noted", "A title", source.address, BINDER)
    lite.make(recipe, place / "site/lite")
    notebook_list.write(place / "site/lite", [NOTEBOOK])
    server = serve(place / "site")
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def opened(browser, app, source):
    """A function that opens the notebook where Pyodide's place behaves in a certain way."""
    found = []

    def open_with(mood, path=PAGE):
        source.mood = mood
        found.append(Laboratory(browser, app, source))
        found[-1].open(path)
        return found[-1]

    yield open_with
    for one in found:
        one.context.close()


def notice(laboratory):
    return laboratory.page.locator("#bp-python")


def alert(laboratory):
    return notice(laboratory).get_by_role("alert")


def test_megabytes_are_seen_to_grow_until_python_is_there(opened, source):
    laboratory = opened("slow")
    said = notice(laboratory).get_by_text(f"Python is loading from {source.host}:")
    aloud = laboratory.page.get_by_role("status").filter(has_text="Python is load")
    expect(said).to_contain_text(" MB so far", timeout=120_000)
    expect(aloud).to_have_text(f"Python is loading from {source.host}.")
    seen = set()
    deadline = time.monotonic() + 60
    while len(seen) < 5:
        assert time.monotonic() < deadline, seen
        seen.add(float(said.inner_text().split(": ")[1].split(" MB")[0]))
    assert 0 < max(seen) < 25
    source.mood = ""
    assert "answer 42" in laboratory.run("print('answer', 6 * 7)", seconds=60)
    expect(notice(laboratory)).to_be_hidden()
    expect(aloud).to_have_text("Python is loaded.")
    assert laboratory.problems == []


@pytest.mark.parametrize(
    ("mood", "why"),
    [
        ("forbid", "It answers with error 403."),
        ("portal", "It sent a page in place of Python"),
        ("break", "The connection broke off."),
    ],
)
def test_says_what_went_wrong(opened, source, mood, why):
    laboratory = opened(mood)
    expect(alert(laboratory)).to_contain_text(why, timeout=120_000)
    expect(alert(laboratory)).to_contain_text(source.host)


def test_tries_again(opened, source):
    laboratory = opened("forbid")
    retry = notice(laboratory).get_by_role("button", name="Try again")
    expect(retry).to_be_visible(timeout=120_000)
    assert laboratory.shown().count() > 3, "the notebook can be read"
    source.mood = ""
    retry.press("Enter")
    assert "answer 42" in laboratory.run("print('answer', 6 * 7)", seconds=60)
    expect(notice(laboratory)).to_be_hidden()


def test_what_comes_late_still_counts(opened, source):
    laboratory = opened("hang")
    expect(alert(laboratory)).to_contain_text("Nothing has come", timeout=120_000)
    source.mood = ""
    source.released.set()
    assert "answer 42" in laboratory.run("print('answer', 6 * 7)", seconds=60)
    expect(notice(laboratory)).to_be_hidden()


def test_blocked_host_is_named_with_what_else_there_is(browser):
    server = serve(SITE)
    address = f"http://127.0.0.1:{server.server_port}"

    class Blocked(Cdn):
        def answer(self, route):
            route.abort("blockedbyclient")

    laboratory = Laboratory(browser, address, Blocked())
    laboratory.open(PAGE)
    expect(alert(laboratory)).to_contain_text(
        "Python could not be loaded from cdn.jsdelivr.net. It cannot be reached", timeout=120_000
    )
    links = notice(laboratory).get_by_role("link").all()
    paths = [urlsplit(urljoin(laboratory.page.url, one.get_attribute("href"))) for one in links]
    assert [one.path for one in paths] == [
        "/notebooks/chapters/05-worked-example.zip",
        "/chapters/05-worked-example.html",
    ]
    assert all((SITE / one.path.lstrip("/")).is_file() for one in paths)
    notice(laboratory).get_by_role("button", name="Close").click()
    expect(notice(laboratory)).to_be_hidden()
    laboratory.context.close()
    server.shutdown()


def test_binder_is_offered_where_the_site_has_it(opened):
    laboratory = opened("forbid")
    link = notice(laboratory).get_by_role("link", name="Binder")
    expect(link).to_have_attribute(
        "href", f"{BINDER}lab%2Ftree%2Fchapters%2F05-worked-example.ipynb", timeout=120_000
    )


def test_tab_and_title_are_the_notebooks_plain_name(opened):
    laboratory = opened("forbid")
    assert laboratory.shown()
    tab = laboratory.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tabLabel")
    expect(tab).to_have_text("05-worked-example.ipynb")
    expect(laboratory.page).to_have_title("05-worked-example.ipynb - A title")
    laboratory.page.wait_for_timeout(3000)  # JupyterLab saves what is open a little later
    laboratory.page.reload()
    expect(tab).to_have_text("05-worked-example.ipynb", timeout=120_000)
    expect(laboratory.page).to_have_title("05-worked-example.ipynb - A title")
