"""Every page of the built site, opened in a real browser that can reach only its own server.

Each page is opened once at each width, for all tests that only look at it.
"""

import pytest
from support.axe import AXE, LOOK, OFF, RUN, STILL

FOLD = """open => document.querySelectorAll("article details")
    .forEach(fold => { fold.open = open; })"""


def test_asks_no_other_host_and_reports_no_error(seen, page_name):
    visited = seen(page_name)
    assert visited.foreign == []
    assert visited.problems == []


def test_has_one_main_heading(seen, page_name):
    headings = seen(page_name).page.locator("h1").all_text_contents()
    assert len(headings) == 1


@pytest.mark.parametrize("width", [360, 1280])
def test_does_not_scroll_sideways(seen, page_name, width):
    page = seen(page_name, width=width).page
    wider = page.evaluate(
        """width => document.documentElement.scrollWidth <= width ? [] :
            [...document.querySelectorAll("main *")]
                .filter(e => e.getBoundingClientRect().right > width + 1)
                .map(e => e.tagName + "." + e.className).slice(0, 5)
                .concat(document.documentElement.scrollWidth)""",
        width,
    )
    assert wider == []


@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(seen, page_name, width):
    """In light with all folds closed on a wide page, open on a phone; in dark the other way."""
    page = seen(page_name, width=width).page
    still = page.add_style_tag(content=STILL)
    page.add_script_tag(path=AXE)
    theme = page.evaluate("document.documentElement.dataset.theme")
    folds = page.locator("article details").evaluate_all("all => all.map(fold => fold.open)")
    background = "getComputedStyle(document.body).backgroundColor"
    try:
        page.evaluate("document.documentElement.dataset.theme = 'light'")
        page.evaluate(FOLD, width == 360)
        assert page.evaluate(RUN, {"rules": {rule: {"enabled": False} for rule in OFF}}) == []
        light = page.evaluate(background)
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        page.evaluate(FOLD, width != 360)
        assert page.evaluate(background) != light
        assert page.evaluate(RUN, {"runOnly": LOOK}) == []
    finally:
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        page.locator("article details").evaluate_all(
            "(all, open) => all.forEach((fold, i) => { fold.open = open[i]; })", folds
        )
        still.evaluate("style => style.remove()")


def test_every_heading_of_a_table_says_something(seen, page_name):
    empty = (
        seen(page_name)
        .page.locator("th")
        .evaluate_all(
            "all => all.filter(e => !e.textContent.trim()).map(e => e.parentElement.outerHTML)"
        )
    )
    assert empty == []


def test_every_part_of_a_formula_is_mathml(seen, page_name):
    """Elements of another kind, and text outside a token, are nothing to a screen reader."""
    strangers = seen(page_name).page.evaluate(
        """() => [...document.querySelectorAll(".katex-mathml math")].flatMap(math => [
            ...[...math.querySelectorAll("*")]
                .filter(e => e.namespaceURI !== "http://www.w3.org/1998/Math/MathML"),
            ...[...math.querySelectorAll(":not(annotation, mi, mn, mo, ms, mtext)")]
                .flatMap(e => [...e.childNodes])
                .filter(node => node.nodeType === Node.TEXT_NODE && node.data.trim()),
        ].map(node => [node.nodeName, math.querySelector("annotation").textContent]))"""
    )
    assert strangers == []


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_the_first_screen_of_the_book_shows_a_picture_and_what_it_says(seen, width, height):
    page = seen("chapters/intro.html", width=width).page
    bottom = page.locator(".bp-explore .bp-readout").first.evaluate(
        """readout => {
            const words = document.createRange();
            words.selectNodeContents(readout);
            return words.getBoundingClientRect().bottom + scrollY;
        }"""
    )
    assert bottom <= height


def test_every_picture_is_described(seen, page_name):
    bare = seen(page_name).page.evaluate(
        """() => [...document.querySelectorAll("img, article svg")]
            .filter(e => !e.closest("[aria-hidden=true], button"))
            .filter(e => e.tagName === "IMG" ? !e.hasAttribute("alt")
                                             : !e.getAttribute("aria-label"))
            .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert bare == []


def test_fonts_of_formulas_are_served(seen, page_name):
    visited = seen(page_name)
    if visited.page.locator(".katex").count():
        assert visited.page.evaluate("document.fonts.check('16px KaTeX_Main')")


def test_search_finds_the_book(visit):
    page = visit("search.html?q=network").page
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li a").count() > 0


def test_reader_chooses_light_or_dark(visit):
    page = visit("search.html", color_scheme="light").page
    theme = "document.documentElement.dataset.theme"
    seen = set()
    for _ in range(3):
        page.locator(".theme-switch-button:visible").first.click()
        seen.add(page.evaluate(theme))
    assert seen == {"light", "dark"}


def test_first_paint_follows_the_readers_system(visit):
    page = visit("search.html", color_scheme="dark").page
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
