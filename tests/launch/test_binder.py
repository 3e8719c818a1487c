"""Chapters on Binder: opened where their buttons lead, run from top to bottom, played with.

Every kind of picture and control is among them; that every chapter runs is shown elsewhere.
"""

import contextlib
import re
import shutil
from importlib.resources import files

import nbformat
import pytest
from emulation import ROOT, RUNTIME, Binder, serving
from playwright.sync_api import TimeoutError
from support.book import EXPLORERS, PROGRAMS

CALLS = re.compile(
    r"\b(explore|Picture|show)\(|(play)=|\.(choice|drag|edge|explain|sketch|table)\("
)
# By conda's name: what the base environment holds, by pip's.
BASE = {
    "jupyterhub-base": "jupyterhub",
    "jupyterlab": "jupyterlab",
    "notebook": "notebook",
    "jupyter-resource-usage": "jupyter-resource-usage",
    "jupyter-offlinenotebook": "jupyter-offlinenotebook",
}
RUN_MS = 60_000
ASKS_OTHERS = ("/lab/api/news", "/lab/api/update")

PANEL = "jupyterapp.shell.currentWidget"

STATE = f"""() => {{
    const cells = {PANEL}.content.widgets.map(cell => cell.model)
        .filter(model => model.type === "code" && model.sharedModel.source.trim());
    const errors = cells.flatMap(model => model.outputs.toJSON())
        .filter(output => output.output_type === "error")
        .map(output => `${{output.ename}}: ${{output.evalue}}`);
    const waiting = cells.filter(model => model.executionCount === null).length;
    const kernel = {PANEL}.sessionContext.session?.kernel?.status;
    return {{errors, waiting, kernel, ran: cells.length - waiting}};
}}"""

OVER = f"""() => {{
    const {{errors, waiting, kernel}} = ({STATE})();
    return errors.length || (kernel === "idle" && !waiting);
}}"""

PLAYABLE = f"""() => {PANEL}.content.widgets.flatMap((cell, i) =>
    JSON.stringify(cell.model.outputs?.toJSON() ?? "").includes("widget-view") ? [i] : [])"""

SCROLL = f"""async i => {{
    await {PANEL}.content.scrollToItem(i, "start");
    return {PANEL}.content.widgets[i].node;
}}"""

SHOWN = """explorer => {
    const frame = [...explorer.querySelectorAll(".bp-frame")].find(one => one.offsetParent);
    return {picture: frame.querySelector("svg").outerHTML,
            readout: frame.querySelector(".bp-readout")?.textContent};
}"""

CHANGED = f"""([explorer, old]) => {{
    const now = ({SHOWN})(explorer);
    return now.picture !== old.picture || now.readout !== old.readout; // η changes no start
}}"""

# What the kernel believes about its sliders, buttons and points.
INDICES = f"""async () => {{
    const here = `[[v for k, v in sorted(w["state"].items())
        if k == "index" or k[0] == "v" and k[1:].isdigit()]
        for w in __import__("ipywidgets").Widget.get_manager_state()["state"].values()
    ]`.replaceAll("\\n", " ");
    const {{kernel}} = {PANEL}.sessionContext.session;
    const request = {{code: "", silent: true, user_expressions: {{here}}}};
    const reply = await kernel.requestExecute(request, true).done;
    return reply.content.user_expressions.here.data["text/plain"];
}}"""


def all_kinds():
    """Return chapters that together have every kind of picture and control, the richest first."""
    kinds = {
        path.stem: {name for found in CALLS.findall(path.read_text("utf8")) for name in found}
        for path in PROGRAMS
        if path.parent.name == "chapters"
    }
    chosen = ["intro", "notation", "01-chain-rule", "09-optimizers"]
    seen = set().union(*(kinds[name] for name in chosen))
    while left := set().union(*kinds.values()) - seen:
        chosen.append(max(kinds, key=lambda name: len(kinds[name] & left)))
        seen |= kinds[chosen[-1]]
    return chosen


MARKDOWN = """---
kernelspec:
  name: python3
  display_name: Python 3
---

# A chapter in Markdown

:::{admonition} A directive
which only jupyterlab-myst understands
:::

```{code-cell} ipython3
import bplib
```
"""


@pytest.fixture(scope="module")
def binder(tmp_path_factory):
    binder = Binder(tmp_path_factory.mktemp("binder"))
    yield binder
    shutil.rmtree(binder.prefix)


@pytest.fixture(scope="module")
def server(binder):
    (binder.home / "chapters/in-markdown.md").write_text(MARKDOWN, encoding="utf-8")
    with serving(binder) as server:
        yield server


@pytest.fixture(scope="module")
def context(browser, server):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def lab(context, server):
    """A function that opens a path in JupyterLab; whom the page asks is checked at the end."""
    page, foreign = context.new_page(), []

    def let(route):
        url = route.request.url
        ours = url.startswith((server.address, "data:", "blob:"))
        if ours and not any(part in url for part in ASKS_OTHERS):
            route.continue_()
        else:
            foreign.append(url)
            route.abort()

    def open_path(path):
        page.goto(f"{server.address}lab/tree/{path}?token={server.token}")
        page.wait_for_function("window.jupyterapp?.restored.then(() => true)")
        return page

    page.route("**/*", let)
    page.on("websocket", lambda ws: server.origin in ws.url or foreign.append(ws.url))
    yield open_path
    page.close()
    server.forget()
    assert foreign == []


def expect_notebook(page, name):
    """Wait for the notebook and its kernel; see no editor, no dialog and no notification."""
    page.locator(f".lm-TabBar-tab.jp-mod-current[title*='{name}']").wait_for()
    page.locator(".jp-NotebookPanel:visible .jp-Cell").first.wait_for()
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    assert page.locator(".jp-NotebookPanel").count() == 1
    others = ".jp-FileEditor, .jp-MarkdownViewer, .jp-Dialog, .Toastify__toast"
    assert page.locator(others).all_inner_texts() == []


def run_all(page):
    """Choose Run All Cells in the menu; return how that ended."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    with contextlib.suppress(TimeoutError):
        page.wait_for_function(OVER, timeout=RUN_MS)
    return page.evaluate(STATE)


def test_environment_agrees_with_itself(binder, tell):
    binder.call("pip", "check")
    tell(f"installed in {binder.seconds:.0f} s, {binder.megabytes():.0f} MB")


def test_bplib_is_the_source_beside_the_chapters(binder):
    code = "import bplib; print(bplib.__file__)"
    found = binder.call("python", "-P", "-c", code).strip()
    assert found == str(binder.home / "bplib/__init__.py")


def brought_by_repo2docker():
    """Return what repo2docker installs first, by its own lock file, and our pins do not replace."""
    lock = files("repo2docker") / f"buildpacks/conda/environment.py-{RUNTIME}-linux-64.lock"
    versions = dict(re.findall(r"/([a-z_-]+)-([\d.]+)-[^/]*\.conda", lock.read_text("utf8")))
    ours = (ROOT / "binder/requirements.txt").read_text("utf8")
    return [
        f"{name}=={versions[conda_name]}"
        for conda_name, name in BASE.items()
        if f"\n{name}==" not in ours
    ]


def test_environment_agrees_with_what_repo2docker_brings(binder):
    base = brought_by_repo2docker()
    assert base
    binder.call("pip", "install", "--dry-run", "-q", "-r", "binder/requirements.txt", *base)


@pytest.mark.parametrize("name", all_kinds())
def test_chapter_runs_and_its_sliders_move(binder, lab, name):
    page = lab(f"chapters/{name}.ipynb")
    expect_notebook(page, name)
    written = nbformat.read(binder.home / f"chapters/{name}.ipynb", 4)
    code = [cell for cell in written.cells if cell.cell_type == "code" and cell.source.strip()]
    assert run_all(page) == {"errors": [], "waiting": 0, "kernel": "idle", "ran": len(code)}
    playable = page.evaluate(PLAYABLE)
    assert bool(playable) == (f"chapters/{name}.html" in EXPLORERS)
    for number in playable:
        known = page.evaluate(INDICES)
        assert any(moves(page, number) for _ in range(3)), "no press of a key moved the picture"
        assert page.evaluate(INDICES) != known


def moves(page, number):
    """Press a key on a cell's first slider; say whether what it shows, and the readout, changed.

    They do not if JupyterLab draws the cell anew at that moment, which it does while scrolling.
    """
    cell = page.evaluate_handle(SCROLL, number).as_element()
    explorer = cell.wait_for_selector(".bp-explore")
    control = "[role=slider], .widget-toggle-button:not(.mod-active)"
    slider = explorer.wait_for_selector(control)
    old = explorer.evaluate(SHOWN)
    if not slider.get_attribute("role"):  # a row of buttons
        slider.press("Enter")
        page.wait_for_timeout(500)
        return explorer.evaluate(SHOWN)["readout"] != old["readout"]
    now, last = (float(slider.get_attribute(f"aria-value{key}")) for key in ("now", "max"))
    slider.press("ArrowRight" if now < last else "ArrowLeft")
    with contextlib.suppress(TimeoutError):
        page.wait_for_function(CHANGED, arg=[explorer, old], timeout=3000)
        return explorer.evaluate(SHOWN)["readout"] != old["readout"]
    return False


@pytest.mark.parametrize("way", ["address", "double click"])
def test_markdown_opens_as_a_notebook(lab, way):
    if way == "address":
        page = lab("chapters/in-markdown.md")
    else:
        page = lab("chapters")
        page.locator(".jp-DirListing-item", has_text="in-markdown.md").dblclick()
    expect_notebook(page, "in-markdown")
    page.locator(".jp-MarkdownCell .myst-admonition").wait_for()
    assert page.locator(".jp-CodeCell").count() == 1
