"""JupyterLite in the built site: its files, and a reader's browser in which a chapter runs."""

import json
import re

import pytest
from bpsite.lite import app as lite
from bpsite.lite import notebook_list
from laboratory import Laboratory
from playwright.sync_api import expect
from pyodide_cdn import ROOT, Cdn
from support.book import SITE
from support.browser import serve

import bplib

LITE = SITE / "lite"
NOTEBOOKS = sorted((ROOT / "_build" / "notebooks").glob("*/*.ipynb"))
PLACE = "any/where"

ALL = """\
import micropip, piplite
micropip.uninstall(["backprop-book", "ipywidgets", "comm"])
await piplite.install("backprop-book")"""

GRADIENT = """\
import piplite, importlib.util, sys
await piplite.install("backprop-book", deps=False)
spec = importlib.util.find_spec("bplib")
sys.modules["bplib"] = importlib.util.module_from_spec(spec)  # without its __init__, and NumPy
from bplib.autodiff import Value
x = Value(3.0)
(x * x * x + x).backward()
print("gradient", x.grad)"""

SLIDER = """\
import piplite
await piplite.install("ipywidgets")
from IPython.display import display
from ipywidgets import HTML, IntSlider, VBox
slider, said = IntSlider(7, 0, 10, description="step"), HTML("not yet")
slider.observe(lambda change: setattr(said, "value", f"square {change.new ** 2}"), "value")
display(VBox([slider, said]))"""


@pytest.fixture(scope="module")
def cdn():
    return Cdn()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    (root / PLACE).parent.mkdir()
    (root / PLACE).symlink_to(SITE, target_is_directory=True)
    server = serve(root)
    yield f"http://127.0.0.1:{server.server_port}/{PLACE}"
    server.shutdown()


@pytest.fixture(scope="module")
def chapter():
    return next(path for path in sorted(LITE.glob("files/chapters/*.ipynb")) if "05-" in path.name)


@pytest.fixture(scope="module")
def laboratory(browser, address, cdn, chapter):
    found = Laboratory(browser, address, cdn)
    found.open(f"lite/lab/index.html?path=chapters/{chapter.name}")
    yield found
    found.context.close()


def test_asks_nobody_before_a_kernel_starts(browser, address, cdn):
    found = Laboratory(browser, address, cdn)
    found.open("lite/lab/index.html")
    expect(found.page.locator(".jp-Launcher")).to_be_visible(timeout=30_000)
    found.page.wait_for_load_state("networkidle")
    assert found.foreign == []
    assert found.problems == []
    found.context.close()


def test_pyodide_may_be_served_with_the_site(browser, cdn, tmp_path):
    recipe = lite.Recipe(ROOT, ROOT / "_build" / "lite", "A title", str(cdn.folder))
    made = lite.build(recipe, tmp_path)
    notebook_list.write(made, NOTEBOOKS[:1])
    server = serve(made)
    found = Laboratory(browser, f"http://127.0.0.1:{server.server_port}", cdn)
    found.open(f"lab/index.html?path={notebook_list.place(NOTEBOOKS[0])}")
    assert "answer 42" in found.run("print('answer', 6 * 7)", seconds=60)
    assert "static/pyodide/pyodide.asm.wasm" in found.fetched
    assert found.foreign == []
    found.context.close()
    server.shutdown()


def test_opens_the_chapter(laboratory, chapter, tell):
    cells = json.loads(chapter.read_text("utf8"))["cells"]
    first = next(cell["source"] for cell in cells if cell["cell_type"] == "code")
    lines = laboratory.shown().first.locator(".cm-line")
    expect(lines).to_have_text("".join(first).split("\n"))
    files = [SITE / name for name in laboratory.fetched]
    size = sum(path.stat().st_size for path in files if path.is_file())
    tell(f"{len(files)} files of {size / 1e3:.0f} kB until the notebook is there")


def test_kernel_computes(laboratory):
    assert "answer 42" in laboratory.run("print('answer', 6 * 7)", seconds=60)


def test_bplib_comes_from_the_site(laboratory):
    assert "gradient 28.0" in laboratory.run(GRADIENT)
    assert f"lite/pypi/backprop_book-{bplib.__version__}-py3-none-any.whl" in laboratory.fetched


def test_slider_moves_in_the_live_kernel(laboratory):
    laboratory.run(SLIDER)
    output = laboratory.shown().first.locator(".jp-OutputArea")
    expect(output.locator(".widget-html-content")).to_have_text("not yet")
    output.locator("[role=slider]").focus()
    laboratory.page.keyboard.press("ArrowRight")
    expect(output.locator(".widget-readout")).to_have_text("8")
    expect(output.locator(".widget-html-content")).to_have_text("square 64")


def test_nothing_went_wrong(laboratory):
    assert laboratory.problems == []


def test_first_cell_asks_for_bplib(laboratory, chapter):
    cell = json.loads(chapter.read_text("utf8"))["cells"][0]
    output = laboratory.start("".join(cell["source"]))
    expect(output).to_contain_text(re.compile("Missing here: (bplib )?numpy"))


def test_bplib_with_all_it_needs_is_asked_of_the_site_and_pyodides_cdn(laboratory, cdn):
    before = len(cdn.asked)
    laboratory.run(ALL)
    asked = {name.split("-")[0] for name in cdn.asked[before:]}
    assert asked >= {"numpy", "scipy", "sympy", "matplotlib", "tqdm"}
    assert laboratory.elsewhere() == []


def test_edit_is_there_after_a_reload(laboratory):
    laboratory.write("# mine")
    laboratory.save()
    laboratory.page.reload()
    expect(laboratory.shown().first.locator(".cm-content")).to_have_text("# mine")


def test_edit_is_listed_when_the_site_has_a_new_version(laboratory, chapter):
    """The reader's copy stays when the file that it was made from is gone."""

    def without(route):
        folder = json.loads((LITE / "api/contents/chapters/all.json").read_text("utf8"))
        folder["content"] = [one for one in folder["content"] if one["name"] != chapter.name]
        route.fulfill(json=folder)

    laboratory.context.route("**/api/contents/chapters/all.json", without)
    laboratory.context.route(f"**/files/chapters/{chapter.name}", lambda r: r.fulfill(status=404))
    laboratory.page.reload()
    expect(laboratory.shown().first.locator(".cm-content")).to_have_text("# mine")
    listed = laboratory.page.locator(".jp-DirListing-item").filter(has_text=chapter.stem)
    expect(listed).to_have_count(1)
    laboratory.write("# mine still")
    laboratory.save()
    laboratory.page.reload()
    expect(laboratory.shown().first.locator(".cm-content")).to_have_text("# mine still")
