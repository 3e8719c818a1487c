"""The script that brings widgets to life: how it is built, and a small site that uses all of it."""

import gzip
import io
import json
import shutil

import pytest
from bpsite.html import widget_runtime
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from support.book import ROOT, SITE
from support.browser import serve
from support.visiting import Visit

LARGEST = 80_000
MODULES = ROOT / "node_modules"
WITHIN_OTHERS = ["solid-js", "@lukeed/uuid"]  # only their licences are read

CONF = f"""\
import bpsite
from bpsite.html import widget_runtime
extensions = ["myst_nb"]
nb_ipywidgets_js = {{"vendor/widgets.js": {{"defer": "defer"}}}}
html_favicon = {str(SITE / "_static/favicon.svg")!r}
nb_execution_raise_on_error = True
suppress_warnings = ["toc.not_included"]
def setup(app):
    bpsite.connect(app, widget_runtime)
"""
HEAD = """\
---
file_format: mystnb
kernelspec: {name: python3}
---
"""
PLAIN = "# No widget\n"
STRANGE = f"""{HEAD}
# A widget that no page of the book has

```{{code-cell}}
import ipywidgets
ipywidgets.IntSlider()
```
"""
PAGE = f"""{HEAD}
# Widgets

```{{code-cell}}
import anywidget, traitlets
from ipywidgets import (
    HTML, Box, HBox, Label, Play, SelectionSlider, Stack, ToggleButtons, VBox, jsdlink, jslink
)

class Echo(anywidget.AnyWidget):
    _esm = '''
    export default {{
      initialize({{ model }}) {{
        model.on("change:level", () => {{
          model.set("said", `level ${{model.get("level")}}`);
          model.save_changes();
        }});
      }},
      render({{ model, el }}) {{
        const button = document.createElement("button");
        const show = () => {{ button.textContent = model.get("level"); }};
        button.className = "echo";
        button.onclick = () => {{ model.set("level", 3); model.save_changes(); }};
        model.on("change:level", show);
        show();
        el.append(button);
      }},
    }};'''
    _css = ".echo {{ color: rgb(1, 2, 3); }}"
    level = traitlets.Int(1).tag(sync=True)
    said = traitlets.Unicode("nothing").tag(sync=True)

options = ["none", "one", "two", "three"]
slider = SelectionSlider(options=options, value="one", description="a < b")
echo, label = Echo(), Label("still")
stack = Stack([HTML(f"<b>{{option}}</b>") for option in options])
play = Play(min=0, max=3, value=1, interval=20, description="levels")
toggle = ToggleButtons(options=options, value="one", description="choice")
jslink((slider, "index"), (echo, "level"))
jslink((slider, "index"), (play, "value"))
jslink((slider, "index"), (toggle, "index"))
jsdlink((slider, "index"), (stack, "selected_index"))
jsdlink((echo, "said"), (label, "value"))
VBox([slider, HBox([play, toggle]), Box([echo, label]), stack])
```
"""

SEEN = """() => [
    document.querySelector(".widget-readout"),
    document.querySelector(".widget-html-content b"),
    document.querySelector(".widget-toggle-button[aria-pressed=true]"),
    document.querySelector(".echo"),
    document.querySelector(".widget-label:not(label)"),
].map(e => e?.textContent).join()"""


def wait_for_level(page, level):
    """Wait until all widgets of the page agree on a level."""
    word = ["none", "one", "two", "three"][level]
    wanted = f"{word},{word},{word},{level},level {level}"
    page.wait_for_function(f"wanted => ({SEEN})() === wanted", arg=wanted, timeout=5000)


@pytest.fixture(scope="module")
def small_site(tmp_path_factory):
    """A site of three pages, built by Sphinx: (its folder, what the build warned of)."""
    root = tmp_path_factory.mktemp("small")
    source, made = root / "source", root / "made"
    source.mkdir()
    pages = {"conf.py": CONF, "index.md": PAGE, "plain.md": PLAIN, "strange.md": STRANGE}
    for name, text in pages.items():
        (source / name).write_text(text, "utf8")
    said = io.StringIO()
    Sphinx(source, source, made, root / "doctrees", "html", status=None, warning=said).build()
    return made, said.getvalue()


@pytest.fixture
def page(browser, small_site):
    server = serve(small_site[0])
    visit = Visit(browser, f"http://127.0.0.1:{server.server_port}", "index.html")
    visit.page.locator(".echo").wait_for()
    yield visit.page
    assert visit.problems == visit.foreign == []
    visit.context.close()
    server.shutdown()


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The sources of the script and its packages, copied to another place."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(widget_runtime.SOURCES, root / "runtime")
    noted = json.loads((widget_runtime.SOURCES / "packages.json").read_text("utf8"))
    for name in [line.rsplit(" ", 1)[0] for line in noted] + WITHIN_OTHERS:
        shutil.copytree(MODULES / name, root / "node_modules" / name)
    for name in ("esbuild", "@esbuild"):
        (root / "node_modules" / name).symlink_to(MODULES / name, target_is_directory=True)
    return root


@pytest.fixture
def altered(copy):
    """A function that replaces text in a file of a copied package, until the test ends."""
    before = {}

    def alter(name, old, new):
        path = copy / "node_modules" / name
        before[path] = path.read_text("utf8")
        assert old in before[path]
        path.write_text(before[path].replace(old, new), "utf8")

    yield alter
    for path, text in before.items():
        path.write_text(text, "utf8")


def test_script_is_small():
    assert len(gzip.compress((SITE / "_static/vendor/widgets.js").read_bytes())) <= LARGEST


def test_builds_are_alike_wherever_they_are_made(copy, tmp_path):
    widget_runtime.build(tmp_path / "here")
    widget_runtime.build(tmp_path / "there", copy / "runtime")
    for name in ("widgets.js", "widgets.LICENSES.txt"):
        built = (tmp_path / "here" / name).read_bytes()
        assert built == (tmp_path / "there" / name).read_bytes()
        assert built == (SITE / "_static/vendor" / name).read_bytes()
    assert str(ROOT).encode() not in (tmp_path / "here" / "widgets.js").read_bytes()


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("backbone/backbone.js", "_.uniqueId", "_.uniqueID", "backbone 1.4.0 has other contents"),
        (
            "@jupyter-widgets/controls/css/widgets-base.css",
            "2px",
            "3px",
            "@jupyter-widgets/controls 5.0.13 has other contents",
        ),
        (
            "nouislider/package.json",
            '"version": "15.4.0"',
            '"version": "15.4.1"',
            "nouislider 15.4.1 was not expected",
        ),
        (
            "anywidget/dist/index.js",
            'define(["@jupyter-widgets/base"]',
            "define([]",
            "anywidget does not end in the definition of a module",
        ),
        (
            "anywidget/dist/index.js",
            "AbortSignal.timeout(2e3)",
            "AbortSignal.timeout(3e3)",
            "anywidget does not wait for two seconds",
        ),
        ("@lumino/widgets/src/title.ts", "class Title", "class Headline", "@lumino/widgets"),
    ],
)
def test_other_packages_are_refused_by_name(copy, altered, tmp_path, file, old, new, message):
    altered(file, old, new)
    with pytest.raises(ExtensionError, match=message):
        widget_runtime.build(tmp_path, copy / "runtime")
    assert list(tmp_path.iterdir()) == []


def test_package_without_a_licence_is_refused(copy, altered, tmp_path):
    altered("@lumino/widgets/package.json", "BSD-3-Clause", "UNLICENSED")
    with pytest.raises(ExtensionError, match="@lumino/widgets has no licence file"):
        widget_runtime.build(tmp_path, copy / "runtime")
    assert list(tmp_path.iterdir()) == []


def test_licences_of_all_packages_lie_beside_the_script():
    text = (SITE / "_static/vendor/widgets.LICENSES.txt").read_text("utf8")
    noted = json.loads((widget_runtime.SOURCES / "packages.json").read_text("utf8"))
    assert all(f"\n{name} " in f"\n{text}" for name in [*noted, *WITHIN_OTHERS])
    for holder in ("Jupyter Development Team", "PhosphorJS", "Ashkenas", "Adam Krebs", "Gersen"):
        assert holder in text


def test_unknown_widget_fails_the_build(small_site):
    lines = small_site[1].splitlines()
    warnings = "\n".join(line for line in lines if "is already registered" not in line)
    assert "IntSliderModel, IntSliderView" in warnings
    assert "strange" in warnings
    assert "index" not in warnings


def test_page_without_widgets_does_not_load_the_script(small_site):
    assert "widgets.js" in (small_site[0] / "index.html").read_text("utf8")
    assert "widgets.js" not in (small_site[0] / "plain.html").read_text("utf8")


def test_every_class_is_on_the_small_page(small_site):
    text = (small_site[0] / "index.html").read_text("utf8")
    assert {name for name in widget_runtime.known() if f'"{name}"' not in text} == set()


def test_slider_moves_all_that_is_linked_to_it(page):
    page.locator(".noUi-handle").focus()
    for level in (2, 3):
        page.keyboard.press("ArrowRight")
        wait_for_level(page, level)


def test_module_moves_the_slider(page):
    page.locator(".echo").click()
    wait_for_level(page, 3)
    assert page.locator(".noUi-handle").get_attribute("aria-valuenow") == "3.0"


def test_module_has_its_style(page):
    assert page.locator(".echo").evaluate("e => getComputedStyle(e).color") == "rgb(1, 2, 3)"


def test_player_plays_and_says_what_its_buttons_do(page):
    assert page.get_by_role("group", name="levels").count() == 1
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('.echo').textContent === '3'")
    page.get_by_role("button", name="Play").wait_for()  # it has come to its end
    page.get_by_role("button", name="Back to the start").click()
    wait_for_level(page, 0)
    repeat = page.get_by_role("button", name="Repeat", exact=True)
    assert repeat.get_attribute("aria-pressed") == "false"
    repeat.click()
    assert repeat.get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Play").wait_for()


def test_choice_has_a_name_and_moves_the_slider(page):
    group = page.get_by_role("group", name="choice")
    group.get_by_role("button", name="three").click()
    wait_for_level(page, 3)


def test_description_is_text_without_an_empty_tooltip(page):
    label = page.locator(".widget-hslider label")
    assert label.inner_text() == "a < b"
    assert label.get_attribute("title") == ""


def test_buttons_can_be_touched(page):
    for button in page.locator(".widget-play button, .widget-toggle-button").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 44
