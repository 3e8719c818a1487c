"""The sliders of every page that has any: keyboard, picture, readout, speed, a page at rest."""

import statistics

import pytest

PRESSES = 30
LIMIT_MS = 50

WATCH = """() => {
    window.bp = {start: null, times: []};
    addEventListener("keydown", () => { bp.start = performance.now(); }, true);
    const changed = () => {
        if (bp.start === null) return;
        const start = bp.start;
        bp.start = null;
        requestAnimationFrame(() => bp.times.push(performance.now() - start));
    };
    const frames = new MutationObserver(list => {
        if (list.some(m => [...m.addedNodes].some(n => n.querySelector?.("svg, .bp-frame")
                || n.closest?.(".bp-frame"))
                || m.target.closest?.(".bp-stage, .bp-readout")
                || (m.type === "attributes" && m.target.querySelector?.(".bp-frame")))) changed();
    });
    for (const explorer of document.querySelectorAll(".bp-explore"))
        frames.observe(explorer, {subtree: true, childList: true, attributes: true,
                                  attributeFilter: ["class", "style", "hidden", "d", "x", "y"]});
}"""

BOXES = """() => [...document.querySelectorAll(
        "article :is(h1, h2, h3, h4, p, li, table, .cell, .cell_input, .widget-hslider)")]
    .filter(e => e.getClientRects().length && !e.closest(".bp-frame"))
    .map(e => { const b = e.getBoundingClientRect();
                return [e.tagName, b.x, b.y + scrollY, b.width, b.height].join(" "); })"""

SHOWN = """explorer => {
    const frame = [...explorer.querySelectorAll(".bp-frame")].find(f => f.offsetParent);
    return {picture: frame.querySelector("svg").outerHTML,
            readout: frame.querySelector(".bp-readout")?.textContent ?? ""};
}"""


@pytest.fixture
def page(visit, explorer_page):
    page = visit(explorer_page).page
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(500)
    return page


def sliders(page):
    for explorer in page.locator(".bp-explore").all():
        for handle in explorer.locator(".widget-hslider [role=slider]").all():
            yield explorer, handle


@pytest.mark.alone
def test_keys_change_picture_and_readout_at_once(page, tell):
    page.evaluate(WATCH)
    before = page.evaluate(BOXES)
    found = list(sliders(page))
    assert found
    for explorer, handle in found:
        handle.focus()
        forward = True
        for _ in range(-(-PRESSES // len(found))):
            now, last = (float(handle.get_attribute(f"aria-value{k}")) for k in ("now", "max"))
            forward = now < last if forward else now == 0
            old = explorer.evaluate(SHOWN)
            count = page.evaluate("bp.times.length")
            page.keyboard.press("ArrowRight" if forward else "ArrowLeft")
            page.wait_for_function("count => bp.times.length > count", arg=count, timeout=2000)
            new = explorer.evaluate(SHOWN)
            assert new != old
            if not explorer.locator(".bp-stage").count():  # what is live may stand still, at rest
                assert new["picture"] != old["picture"]
                assert new["readout"] != old["readout"]
            assert page.evaluate(BOXES) == before
    times = page.evaluate("bp.times")
    assert len(times) >= PRESSES
    median = statistics.median(times)
    tell(f"key to frame: median {median:.1f} ms, worst {max(times):.1f} ms")
    assert median < LIMIT_MS


def test_sliders_have_names_and_values(seen, explorer_page):
    for _, handle in sliders(seen(explorer_page).page):
        row = handle.locator("xpath=ancestor::div[contains(@class, 'widget-hslider')]")
        assert handle.get_attribute("aria-label") == row.locator(".widget-label").inner_text()
        assert handle.get_attribute("aria-valuetext") == row.locator(".widget-readout").inner_text()


def test_slider_rows_can_be_touched(seen, explorer_page):
    page = seen(explorer_page, width=390).page
    for row in page.locator(".bp-explore .widget-hslider").all():
        assert row.bounding_box()["height"] >= 44
        label = row.locator(".widget-label")
        assert label.evaluate("e => e.scrollWidth <= e.clientWidth + 1")


def test_readout_is_announced(page):
    explorer, handle = next(sliders(page))
    at_its_end = "e => e.getAttribute('aria-valuenow') === e.getAttribute('aria-valuemax')"
    handle.focus()
    page.keyboard.press("ArrowLeft" if handle.evaluate(at_its_end) else "ArrowRight")
    page.wait_for_function("document.querySelector('.bp-live').textContent !== ''")
    assert page.locator(".bp-live").inner_text() == explorer.evaluate(SHOWN)["readout"]


@pytest.mark.parametrize("width", [390, 1280])
def test_without_scripts_pictures_stand_there_and_with_them_nothing_jumps(
    visit, seen, explorer_page, width
):
    still = visit(explorer_page, width=width, java_script_enabled=False).page
    for explorer in still.locator(".bp-static").all():
        assert explorer.locator(".bp-frame svg").bounding_box()["height"] > 100
    alive = seen(explorer_page, width=width).page
    place = "() => [...document.querySelectorAll('article h2')].map(e => Math.round(e.offsetTop))"
    shifts = [abs(a - b) for a, b in zip(still.evaluate(place), alive.evaluate(place), strict=True)]
    assert max(shifts, default=0) <= 2
