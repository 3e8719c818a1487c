"""Accessibility by axe-core, in light and dark, wide and narrow."""

from pathlib import Path

import pytest

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
OFF = {
    "empty-table-header": "it takes no formula for text; the test of empty headings stands below",
}


LOOK = ["color-contrast", "link-in-text-block"]  # all in which light and dark differ
STILL = "*, ::before, ::after { transition: none !important; }"
RUN = """options => axe.run(options)
    .then(r => r.violations.map(v => [v.id, v.nodes.length, v.nodes.slice(0, 3).map(
        n => [n.html.slice(0, 160), [...n.any, ...n.all, ...n.none][0].message])]))"""


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing(visit, page_name, width):
    page = visit(page_name, width=width, color_scheme="light").page
    page.add_style_tag(content=STILL)
    page.add_script_tag(path=AXE)
    assert page.evaluate(RUN, {"rules": {rule: {"enabled": False} for rule in OFF}}) == []
    light = page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor") != light
    assert page.evaluate(RUN, {"runOnly": LOOK}) == []


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
