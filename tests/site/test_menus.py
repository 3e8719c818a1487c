"""The menus of a page: opened and closed by finger, mouse and keyboard, folded where they fit."""

import pytest
from support.axe import AXE
from support.visiting import Visit

PAGE = "assignments/3-backward-pass.html"
WIDTHS = [360, 390, 800, 1024, 1366]
CONTENTS, ON_THIS_PAGE, SEARCH = "Contents", "On this page", "Search"
BESIDE = {CONTENTS: 960, ON_THIS_PAGE: 1200}  # from this width on, a menu stands beside the text
SIDEBAR = {CONTENTS: "#pst-primary-sidebar", ON_THIS_PAGE: "#pst-secondary-sidebar"}
DIALOGS = [(name, width) for width in WIDTHS for name in BESIDE if width < BESIDE[name]]
DIALOGS += [(SEARCH, width) for width in WIDTHS]
FOLDED = [width for width in WIDTHS if width >= BESIDE[CONTENTS]]
WAYS_IN = {
    "tap": lambda button: button.tap(),
    "click": lambda button: button.click(),
    "Enter": lambda button: button.press("Enter"),
    "Space": lambda button: button.press("Space"),
}
WAYS_OUT = {
    "Escape": lambda page, dialog: page.keyboard.press("Escape"),
    "Escape after Tab": lambda page, dialog: (
        page.keyboard.press("Tab"),
        page.keyboard.press("Escape"),
    ),
    "the button": lambda page, dialog: dialog.get_by_role("button", name="Close").click(),
    "a tap beside it": lambda page, dialog: page.touchscreen.tap(*beside(page, dialog)),
}
FOCUS_IS_INSIDE = "e => e.contains(document.activeElement)"
HAS_FOCUS = "e => e === document.activeElement"


def button_of(page, name):
    return page.get_by_role("button", name=name, exact=True)


def opener(page, name):
    """Return the visible button that opens a dialog; two of them open the search."""
    return page.get_by_role("button", name=name).locator("visible=true").first


def beside(page, dialog):
    """Return a point of the page that the dialog leaves free."""
    box, width = dialog.bounding_box(), page.viewport_size["width"]
    if box["height"] < 800:
        return width / 2, 880
    return (box["x"] or box["x"] + box["width"] + width) / 2, 450


def shown(page, name):
    dialog = page.get_by_role("dialog", name=name, exact=True)
    dialog.wait_for(timeout=5000)
    return dialog


def small(page, selector):
    """Return the visible elements that a finger may miss."""
    return page.evaluate(
        """selector => [...document.querySelectorAll(selector)]
            .filter(e => e.checkVisibility({visibilityProperty: true}))
            .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
            .filter(([, box]) => box.height < 43.9 || box.width < 43.9)
            .map(([html, box]) => [html, box.width, box.height])""",
        selector,
    )


@pytest.fixture(scope="module", params=["light", "dark"])
def page_of(request, browser, address):
    """A function that returns the page of a width, opened once for all tests."""
    visits = {}

    def look_at(width):
        if width not in visits:
            options = {"color_scheme": request.param, "has_touch": True}
            visits[width] = Visit(browser, address, PAGE, width, **options)
        return visits[width].page

    yield look_at
    for one in visits.values():
        one.context.close()
        assert one.problems == []


@pytest.mark.parametrize(("name", "width"), DIALOGS)
@pytest.mark.parametrize(("way_in", "way_out"), [*zip(WAYS_IN, WAYS_OUT, strict=True)])
def test_a_dialog_opens_and_gives_the_focus_back(page_of, name, width, way_in, way_out):
    page = page_of(width)
    button = opener(page, name)
    WAYS_IN[way_in](button)
    dialog = shown(page, name)
    assert dialog.evaluate("e => e.matches(':modal')")
    assert dialog.evaluate(FOCUS_IS_INSIDE)
    assert name == SEARCH or dialog.locator("nav").is_visible()
    WAYS_OUT[way_out](page, dialog)
    dialog.wait_for(state="hidden")
    assert button.evaluate(HAS_FOCUS)


@pytest.mark.parametrize(("name", "width"), DIALOGS)
def test_the_focus_stays_in_an_open_dialog(page_of, name, width):
    page = page_of(width)
    opener(page, name).press("Enter")
    dialog = shown(page, name)
    stops = dialog.locator("a, button, input").locator("visible=true").count()
    assert stops > 1
    for key in ["Tab"] * (stops + 1) + ["Shift+Tab"] * (stops + 2):
        page.keyboard.press(key)
        assert dialog.evaluate(FOCUS_IS_INSIDE), key
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")


@pytest.mark.parametrize(("name", "width"), DIALOGS)
def test_an_open_dialog_can_be_seen_hit_and_heard(page_of, name, width):
    page = page_of(width)
    opener(page, name).click()
    dialog = shown(page, name)
    assert small(page, "dialog[open] :is(a, button, input)") == []
    page.add_script_tag(path=AXE)
    found = page.evaluate(
        "axe.run('dialog[open]').then(r => r.violations.map(v => [v.id, v.nodes[0].html]))"
    )
    assert found == []
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_buttons_above_a_page_can_be_hit(page_of, width):
    assert small(page_of(width), ".bd-header-article :is(button, a):not(.dropdown-menu *)") == []


@pytest.mark.parametrize(("name", "width"), [d for d in DIALOGS if d[0] != SEARCH])
def test_a_button_tells_whether_its_menu_is_open(page_of, name, width):
    page = page_of(width)
    button = page.locator(f"button[aria-label='{name}']")
    assert button.get_attribute("aria-expanded") == "false"
    button.click()
    dialog = shown(page, name)
    assert button.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    page.locator(f"button[aria-label='{name}'][aria-expanded='false']").wait_for()


@pytest.mark.parametrize("width", [320, *WIDTHS])
@pytest.mark.parametrize("name", ["Run this page", "Download this page"])
def test_a_list_of_links_opens_under_its_button(visit, name, width):
    page = visit("chapters/05-worked-example.html", width=width).page
    button = button_of(page, name)
    links = button.locator("xpath=..").locator(".dropdown-menu :is(a, button)")
    button.press("ArrowDown")
    assert button.get_attribute("aria-expanded") == "true"
    assert links.first.evaluate(HAS_FOCUS)
    page.keyboard.press("ArrowUp")
    assert links.last.evaluate(HAS_FOCUS)
    assert links.count() > 0
    for k in range(links.count()):
        box = links.nth(k).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] >= button.bounding_box()["y"]
    page.keyboard.press("Escape")
    assert button.evaluate(HAS_FOCUS)
    assert not links.first.is_visible()
    button.click()
    assert links.first.is_visible()
    page.mouse.click(width / 2, 700)
    assert not links.first.is_visible()
    assert button.get_attribute("aria-expanded") == "false"


@pytest.mark.parametrize("width", FOLDED)
@pytest.mark.parametrize("way", WAYS_IN)
def test_the_contents_fold_where_they_stand_beside_the_text(page_of, width, way):
    page = page_of(width)
    button, sidebar = button_of(page, CONTENTS), page.locator(SIDEBAR[CONTENTS])
    left = page.locator("article").bounding_box()["x"]
    assert button.get_attribute("aria-expanded") == "true"
    assert sidebar.is_visible()
    WAYS_IN[way](button)
    assert button.get_attribute("aria-expanded") == "false"
    assert not sidebar.is_visible()
    assert page.locator("article").bounding_box()["x"] < left
    assert button_of(page, SEARCH).is_visible()
    WAYS_IN[way](button)
    assert button.get_attribute("aria-expanded") == "true"
    assert page.locator("article").bounding_box()["x"] == left


@pytest.mark.parametrize("width", WIDTHS)
def test_a_menu_stands_beside_the_text_or_behind_a_button(page_of, width):
    page = page_of(width)
    for name, room in BESIDE.items():
        assert page.locator(SIDEBAR[name]).is_visible() == (width >= room)
    assert button_of(page, ON_THIS_PAGE).is_visible() == (width < BESIDE[ON_THIS_PAGE])


@pytest.mark.parametrize(("way", "which"), [("tap", 1), ("Enter", 2)])
@pytest.mark.parametrize("width", [w for w in WIDTHS if w < BESIDE[ON_THIS_PAGE]])
def test_a_chosen_section_is_seen(page_of, width, way, which):
    page = page_of(width)
    button_of(page, ON_THIS_PAGE).click()
    dialog = shown(page, ON_THIS_PAGE)
    link = dialog.locator("a[href^='#']").nth(which)
    section = link.get_attribute("href")
    WAYS_IN[way](link)
    dialog.wait_for(state="hidden")
    page.wait_for_timeout(100)
    bar = page.locator(".bd-header-article").bounding_box()
    heading = page.locator(f"{section} > :is(h2, h3)").first.bounding_box()
    assert bar["y"] + bar["height"] <= heading["y"] < 200
    assert page.url.endswith(section)


@pytest.mark.parametrize("name", BESIDE)
def test_a_page_that_grows_wide_has_its_menus_beside_the_text(visit, name):
    page = visit(PAGE, width=390).page
    button_of(page, name).click()
    shown(page, name)
    page.set_viewport_size({"width": 1366, "height": 900})
    page.locator("dialog:modal").wait_for(state="detached")
    assert page.locator(SIDEBAR[name]).is_visible()
    assert button_of(page, CONTENTS).get_attribute("aria-expanded") == "true"
    page.set_viewport_size({"width": 390, "height": 900})
    assert button_of(page, CONTENTS).get_attribute("aria-expanded") == "false"


def test_another_page_is_left_with_the_menu_closed(visit):
    page = visit(PAGE, width=390).page
    button_of(page, CONTENTS).click()
    shown(page, CONTENTS).get_by_role("link", name="Bibliography").click()
    page.wait_for_url("**/bibliography.html")
    page.go_back()
    page.wait_for_url(f"**/{PAGE}")
    assert page.locator("dialog:modal").count() == 0


def test_a_button_that_is_pressed_keeps_the_focus(visit):
    button = visit(PAGE).page.locator(".theme-switch-button:visible")
    button.press("Enter")
    assert button.evaluate(HAS_FOCUS)


@pytest.mark.parametrize("width", [390, 1024])
@pytest.mark.parametrize("name", BESIDE)
def test_without_scripts_a_link_leads_to_the_menu(visit, width, name):
    page = visit(PAGE, width=width, java_script_enabled=False).page
    menu = page.locator(SIDEBAR[name])
    assert menu.locator("a").last.is_visible()
    if width < BESIDE[name]:
        page.locator(f".bd-header-article a[href='{SIDEBAR[name]}']").click()
        box = menu.bounding_box()
        assert 0 <= box["y"] < 900
        assert box["width"] <= width
