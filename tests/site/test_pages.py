"""Every page of the built site, opened in a real browser that can reach only its own server."""

import pytest


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
