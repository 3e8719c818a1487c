"""What one has read: ticks and the button that makes them, kept by the reader's browser alone."""

from urllib.parse import urljoin

import pytest
from bs4 import BeautifulSoup
from support.axe import AXE, LOOK, RUN, STILL
from support.book import ROOT, SITE

ONE, OTHER = "chapters/10-schedules.html", "chapters/05-worked-example.html"
TITLE = "10. Schedules"
KEPT = "localStorage.getItem('bp-read')"
BLOCKED = """Object.defineProperty(window, "localStorage", {
    get() { throw new DOMException("denied", "SecurityError"); }
});"""
FULL = (
    "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"
)
PLACES = """() => [...document.querySelectorAll("nav.bd-links a, article > *, .bp-mark > *")]
    .map(e => e.getBoundingClientRect()).map(box => [box.x, box.y, box.width, box.height])"""


def mark(page):
    return page.get_by_role("button", name="Mark as read")


def forget(page):
    return page.get_by_role("button", name="Forget what I have read")


def ticked(page):
    """Return what a screen reader says of the links in the contents that have a tick."""
    links = page.locator("nav.bd-links").get_by_role("link", name="(read)")
    return [text.strip() for text in links.all_inner_texts()]


def go(visit, name):
    visit.page.goto(urljoin(visit.page.url, f"/{name}"), wait_until="load")


@pytest.fixture
def one(visit):
    visited = visit(ONE)
    yield visited
    assert visited.problems == []
    assert visited.foreign == []


def test_a_chapter_that_is_marked_has_a_tick_on_every_page(one):
    page = one.page
    assert ticked(page) == []
    assert mark(page).get_attribute("aria-pressed") == "false"
    mark(page).click()
    for name in (ONE, OTHER, "chapters/intro.html", "solutions/10-schedules.html", "search.html"):
        go(one, name)
        assert [text.split("✓")[0].strip() for text in ticked(page)] == [TITLE], name
        assert page.locator(".bp-tick >> visible=true").count() == 1 + (name == ONE)
    go(one, OTHER)
    assert mark(page).get_attribute("aria-pressed") == "false"
    mark(page).click()
    assert len(ticked(page)) == 2
    assert page.evaluate(KEPT) == "10-schedules 05-worked-example"


@pytest.mark.parametrize("way", ["click", "Enter", "Space"])
def test_the_button_tells_its_state_and_takes_it_back(one, way):
    for pressed in ("true", "false"):
        mark(one.page).click() if way == "click" else mark(one.page).press(way)
        assert mark(one.page).get_attribute("aria-pressed") == pressed
        assert len(ticked(one.page)) == (pressed == "true")
    assert one.page.evaluate(KEPT) is None


def test_every_chapter_can_have_a_tick():
    chapters = sorted(path.stem for path in (ROOT / "chapters").glob("[0-9]*.md"))
    page = BeautifulSoup((SITE / "search.html").read_text("utf8"), "html.parser")
    assert [tick["data-chapter"] for tick in page.select("nav.bd-links a > .bp-tick")] == chapters


def test_only_chapters_have_the_button(one):
    for name in ("chapters/intro.html", "chapters/notation.html", "solutions/10-schedules.html"):
        go(one, name)
        assert mark(one.page).count() == 0


@pytest.mark.parametrize("width", [390, 1280])
def test_one_click_forgets_all(visit, width):
    page = visit(ONE, width=width).page
    mark(page).click()
    if width < 960:
        page.get_by_role("button", name="Contents", exact=True).click()
    assert forget(page).bounding_box()["height"] >= 43.9
    forget(page).press("Enter")
    assert not forget(page).is_visible()
    assert ticked(page) == []
    assert width < 960 or mark(page).get_attribute("aria-pressed") == "false"
    assert page.evaluate(KEPT) is None
    assert page.evaluate("document.activeElement.closest('nav.bd-links') !== null")


def test_there_is_nothing_to_forget_at_first(one):
    assert not forget(one.page).is_visible()


def test_nothing_moves(one):
    page = one.page
    mark(page).scroll_into_view_if_needed()
    before = page.evaluate(PLACES)
    mark(page).click()
    assert page.evaluate(PLACES) == before


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_the_button_begins_where_the_text_does(visit, width):
    page = visit(ONE, width=width).page
    text = page.locator("article p").first
    assert mark(page).bounding_box()["x"] == text.bounding_box()["x"]


def test_ticks_are_there_before_any_script_has_been_loaded(one):
    mark(one.page).click()
    one.context.route("**/*.js*", lambda route: route.abort())
    one.page.goto(urljoin(one.page.url, "notation.html"), wait_until="commit")
    one.page.locator("nav.bd-links").wait_for()
    assert len(ticked(one.page)) == 1
    one.problems.clear()  # the scripts that were kept away


def test_nothing_is_sent(one):
    sent = []
    one.page.on("request", lambda request: sent.append(request.url))
    mark(one.page).click()
    forget(one.page).click()
    one.page.wait_for_timeout(200)
    assert sent == []
    assert one.context.cookies() == []


def test_another_window_follows(one):
    other = one.context.new_page()
    other.goto(one.page.url)
    mark(one.page).click()
    other.locator("[aria-pressed=true]", has_text="Mark as read").wait_for()
    assert len(ticked(other)) == 1


@pytest.mark.parametrize("script", [BLOCKED, FULL])
def test_a_browser_that_keeps_nothing_offers_nothing(browser, address, script):
    context, errors = browser.new_context(), []
    context.add_init_script(script)
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(error.stack or ""))
    page.goto(f"{address}/{ONE}", wait_until="load")
    if script == FULL:
        mark(page).click()
    assert not mark(page).is_visible()
    assert ticked(page) == []
    assert [stack for stack in errors if "read.js" in stack] == []
    context.close()


def test_without_scripts_there_is_no_button(visit):
    page = visit(ONE, java_script_enabled=False).page
    assert not page.locator(".bp-mark").is_visible()
    assert not page.locator(".bp-forget").is_visible()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_marked_can_be_seen_and_heard(visit, width, scheme):
    page = visit(ONE, width=width, color_scheme=scheme).page
    mark(page).click()
    assert mark(page).bounding_box()["height"] >= 43.9
    page.add_style_tag(content=STILL)
    page.add_script_tag(path=AXE)
    for part in (".bp-mark", "#pst-primary-sidebar"):
        assert page.evaluate(RUN.replace("run(", f"run('{part}', "), {}) == []
    assert page.evaluate(RUN, {"runOnly": LOOK}) == []
