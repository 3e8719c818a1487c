"""JupyterLite in the built site: its files, and a reader's browser in which a chapter runs."""

import json
import re

import pytest
from book import SITE
from laboratory import Laboratory
from playwright.sync_api import expect
from pyodide_cdn import ROOT, Cdn
from shoot import serve

LITE = SITE / "lite"
NOTEBOOKS = sorted((ROOT / "_build" / "notebooks").glob("*/*.ipynb"))
PLACE = "any/where"

GRADIENT = """\
import piplite, importlib.util, sys
await piplite.install("bplib", deps=False)
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


def test_opens_the_chapter(laboratory, chapter, capsys):
    cells = json.loads(chapter.read_text("utf8"))["cells"]
    first = next(cell["source"] for cell in cells if cell["cell_type"] == "code")
    lines = laboratory.shown().first.locator(".cm-line").all_text_contents()
    assert lines == "".join(first).split("\n")
    files = [SITE / name for name in laboratory.fetched]
    size = sum(path.stat().st_size for path in files if path.is_file())
    with capsys.disabled():
        print(f"\n  {len(files)} files of {size / 1e3:.0f} kB until the notebook is there ", end="")


def test_kernel_computes(laboratory):
    assert "answer 42" in laboratory.run("print('answer', 6 * 7)", seconds=60)


def test_bplib_comes_from_the_site(laboratory):
    assert "gradient 28.0" in laboratory.run(GRADIENT)


def test_slider_moves_in_the_live_kernel(laboratory):
    laboratory.run(SLIDER)
    output = laboratory.shown().first.locator(".jp-OutputArea")
    expect(output.locator(".widget-html-content")).to_have_text("not yet")
    output.locator("[role=slider]").focus()
    laboratory.page.keyboard.press("ArrowRight")
    expect(output.locator(".widget-readout")).to_have_text("8")
    expect(output.locator(".widget-html-content")).to_have_text("square 64")


def test_numpy_is_asked_of_pyodides_cdn(laboratory, cdn):
    laboratory.run("import piplite\ntry:\n    await piplite.install('bplib')\n"
        "except Exception as e:\n    print(type(e), e)")
    print(cdn.asked, laboratory.foreign)
    assert 0
