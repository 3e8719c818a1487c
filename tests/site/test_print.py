"""A chapter on paper: what is printed after a reader of the dark page has moved a slider."""

import pytest
from support.book import EXPLORERS
from support.visiting import Visit

from bplib.plots.style import INK, PAPER

PRESSES = 3

CHROME = (
    "#pst-header, .bd-header-article, .bd-sidebar-primary, .bd-sidebar-secondary, "
    ".search-button-field, .prev-next-footer, .bd-footer-content, .skip-link, "
    ".slider-container, a.headerlink, button"
)

STATE = """explorer => ({
    frames: [...explorer.querySelectorAll(".bp-frame")].filter(f => f.checkVisibility())
        .map(f => f.querySelector("svg").innerHTML),
    sentences: [...explorer.querySelectorAll(".bp-readout")].filter(r => r.checkVisibility())
        .map(r => r.innerText),
    values: [...explorer.querySelectorAll(".widget-readout")].filter(r => r.checkVisibility())
        .map(r => r.innerText),
})"""

VISIBLE = """selector => [...document.querySelectorAll(selector)]
    .filter(e => e.checkVisibility() && e.getClientRects().length).map(e => e.outerHTML)"""

BEHIND_TEXT = """() => {
    const colours = new Set();
    for (let e = document.querySelector("article h1"); e; e = e.parentElement)
        colours.add(getComputedStyle(e).backgroundColor);
    return [...colours];
}"""


def rgb(colour):
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgb({red}, {green}, {blue})"


@pytest.fixture(scope="module")
def dark(browser, address):
    """A dark page whose first explorer has been moved: (page, its state before printing)."""
    visit = Visit(browser, address, EXPLORERS[0], color_scheme="dark")
    page = visit.page
    explorer = page.locator(".bp-explore").first
    first = explorer.evaluate(STATE)
    explorer.locator("[role=slider]").first.focus()
    for _ in range(PRESSES):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(200)
    moved = explorer.evaluate(STATE)
    assert moved != first
    yield page, moved
    visit.context.close()


@pytest.fixture
def printed(dark):
    page, _ = dark
    page.emulate_media(media="print")
    yield page
    page.emulate_media(media="screen")


def test_the_frame_that_was_seen_is_printed_with_its_values(dark, printed):
    _, moved = dark
    on_paper = printed.locator(".bp-explore").first.evaluate(STATE)
    assert len(on_paper["frames"]) == len(on_paper["sentences"]) == 1
    assert on_paper == moved


def test_every_explorer_prints_one_frame(printed):
    sliders = 0
    for explorer in printed.locator(".bp-explore").all():
        state = explorer.evaluate(STATE)
        assert len(state["frames"]) == 1
        assert len(state["values"]) == explorer.locator(".widget-hslider").count()
        sliders += len(state["values"])
    assert sliders > 0  # a picture may have buttons or points alone


def test_nothing_to_press_is_printed(dark, printed):
    assert printed.evaluate(VISIBLE, CHROME) == []
    printed.emulate_media(media="screen")
    assert len(printed.evaluate(VISIBLE, CHROME)) > 10


def test_paper_is_white_and_ink_is_dark(dark, printed):
    assert set(printed.evaluate(BEHIND_TEXT)) <= {"rgba(0, 0, 0, 0)", rgb(PAPER)}
    for text in ("article p:not(.bp-chapter)", "article h1", "article h2", "article pre"):
        colour = printed.locator(text).first.evaluate("e => getComputedStyle(e).color")
        assert colour in (rgb(INK), rgb("#000000")), text
    printed.emulate_media(media="screen")
    assert printed.evaluate("getComputedStyle(document.body).backgroundColor") != rgb(PAPER)


def test_nothing_is_wider_than_the_paper(printed):
    printed.set_viewport_size({"width": 640, "height": 900})  # A4 less its margins
    wider = printed.evaluate(
        """() => [...document.querySelectorAll("article :is(p, li, pre, table, .katex, img),"
                + " :is(.bp-frame, .bp-figure) > svg")]
            .filter(e => e.getBoundingClientRect().right > 641)
            .map(e => e.outerHTML.slice(0, 90)).slice(0, 5)"""
    )
    printed.set_viewport_size({"width": 1280, "height": 900})
    assert wider == []


def test_hints_lie_open(visit):
    page = visit("assignments/3-backward-pass.html").page
    closed = page.locator(".admonition.toggle-hidden > p:not(.admonition-title)")
    assert closed.count() > 0
    height = "e => e.getBoundingClientRect().height * getComputedStyle(e).opacity"
    assert closed.first.evaluate(height) == 0
    page.emulate_media(media="print")
    assert closed.first.evaluate(height) > 10


def test_folds_lie_open(dark):
    page, _ = dark
    folds = page.locator("article details.bp-fold")
    still_closed = page.locator("article details.bp-fold:not([open])")
    closed = still_closed.count()
    assert closed > 10
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert still_closed.count() == 0 < folds.count()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert still_closed.count() == closed
