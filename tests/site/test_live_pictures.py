"""A live picture in a page without a kernel: sliders, buttons, dragging, playing, and its speed."""

import io
import statistics

import numpy as np
import pytest
from sphinx.application import Sphinx
from support.book import ROOT, SITE
from support.browser import serve
from support.visiting import Visit

import bplib
from bplib.plots.text import live_number

CONF = f"""\
import sys
sys.path.insert(0, {str(ROOT / "_ext")!r})
import bpsite
from bpsite.html import assets, first_frames, widget_runtime
extensions = ["myst_nb"]
html_theme = "basic"
scripts = ("vendor/widgets.js", "bpsite.js")
nb_ipywidgets_js = {{name: {{"defer": "defer"}} for name in scripts}}
html_favicon = {str(SITE / "_static/favicon.svg")!r}
nb_execution_raise_on_error = True
def setup(app):
    bpsite.connect(app, first_frames, widget_runtime)
    app.add_css_file("bpsite.css")
"""
PAGE = """\
---
file_format: mystnb
kernelspec: {name: python3}
---
# Live

```{code-cell}
import sympy as sp
from bplib import live, plots

x, y, x0, y0, eta, k, s = sp.symbols("x y x0 y0 eta k s", real=True)
L = (x**2 / 4 + y**2) / 2
path = live.repeat({p: p - eta * L.diff(p) for p in (x, y)}, {x: x0, y: y0 * (1 - 2 * s)}, 100)
fig, ax = plots.figure(3.5, 2.6)
ax.set(xlim=(-4, 4), ylim=(-3, 3))
pic = live.Picture(fig, {
    eta: live.log(0.01, 4, 0.1, "learning rate η"),
    k: live.linear(0, 100, 5, "update", step=1),
    s: live.choice(["as it is", "mirrored"], label="start"),
}, play=k)
pic.plot(ax, path[x], path[y], upto=k, color=plots.PARAMETER)
pic.point(ax, path[x][k], path[y][k], color=plots.PARAMETER)
pic.edge(ax, ((-3, -2.5), (3, -2.5)), path[y][k], (plots.PARAMETER, plots.MUTED))
pic.text(ax, path[x][k], 2.5, "{:.3f}", path[x][k])
pic.drag(ax, x0, y0, (3, 2), "start of the path")
pic.say("η = {:.2g}: after {:.0f} updates at ({:.3f}, {:.3f}), loss {:.3g}.",
        eta, k, path[x][k], path[y][k], path[L][k])
pic.show("A path on a bowl.")
```
"""
NETWORK = """\
---
file_format: mystnb
kernelspec: {name: python3}
---
# Network

```{code-cell}
import sympy as sp
from bplib import live, plots, symbolic

net, s = symbolic.mlp([2, 2, 1]), sp.Symbol("s", real=True)
known = net.values([0.5, 0.8], [1], [[[0.1, 0.2], [0.3, 0.4]], [[0.4, 0.6]]], [[0, 0.1], [0.2]])
fig, ax = plots.figure(4.4, 2.9)
pic = live.Picture(fig, {s: live.linear(-2, 2, 1, "output weights ×", step=0.5)})
known |= {w: known[w] * s for w in net.W[1]}
live.network(pic, ax, net, lambda e: e.subs(known))
pic.show("A network.")
```
"""
SHEET = """\
---
file_format: mystnb
kernelspec: {name: python3}
---
# Sheet

```{code-cell}
import sympy as sp
from bplib import live, plots

ink = sp.symbols("ink:16", real=True)
fig, ax = plots.figure(2.4, 2.4)
ax.set(xlim=(-0.5, 3.5), ylim=(3.5, -0.5), aspect="equal")
pic = live.Picture(fig, {})
pic.sketch(ax, ink, 10, "A mark")
pic.say("{:.2f}, {:.2f}, {:.2f}, {:.2f}.", ink[0], ink[5], ink[6], sum(ink))
pic.show("A sheet.")
```
"""
READOUT = "document.querySelector('.bp-explore:not(.bp-static) .bp-readout').textContent"
PRESSES = 40
SOON_MS, LATE_MS = 17, 34


def expected(eta=0.1, k=5, start=(3, 2)):
    x, y = start[0] * (1 - eta / 4) ** k, start[1] * (1 - eta) ** k
    x, y, loss = (
        live_number(value, 3, kind)
        for value, kind in ((x, "f"), (y, "f"), ((x**2 / 4 + y**2) / 2, "g"))
    )
    return f"η = {live_number(eta, 2, 'g')}: after {k} updates at ({x}, {y}), loss {loss}."


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("live")
    source, made = root / "source", root / "made"
    source.mkdir()
    pages = {
        "conf.py": CONF,
        "index.md": f"{PAGE}\n```{{toctree}}\nnetwork\nsheet\n```\n",
        "network.md": NETWORK,
        "sheet.md": SHEET,
    }
    for name, text in pages.items():
        (source / name).write_text(text, "utf8")
    said = io.StringIO()
    Sphinx(source, source, made, root / "doctrees", "html", status=None, warning=said).build()
    assert said.getvalue() == ""
    static = ROOT / "_ext/bpsite/html/static"
    for name in ("bpsite.css", "bpsite.js"):
        (made / "_static" / name).write_bytes((static / name).read_bytes())
    return made


@pytest.fixture
def opened(browser, folder):
    """A function that opens the page and returns it, with the picture alive."""
    server, visits = serve(folder), []

    def look(name="index.html", **options):
        address = f"http://127.0.0.1:{server.server_port}"
        visits.append(Visit(browser, address, name, **options))
        page = visits[-1].page
        if options.get("java_script_enabled", True):
            page.locator(".bp-stage").wait_for(timeout=10_000)
        return page

    yield look
    for visit in visits:
        assert visit.problems == visit.foreign == []
        visit.context.close()
    server.shutdown()


def says(page, text):
    page.wait_for_function(f"text => {READOUT} === text", arg=text, timeout=15_000)


def slider(page, number):
    return page.locator(".bp-explore:not(.bp-static) [role=slider].noUi-handle").nth(number)


def test_the_first_picture_stands_there_without_scripts(opened):
    page = opened(java_script_enabled=False)
    still = page.locator(".bp-static")
    assert still.locator("svg[role=img]").count() == 1
    assert still.locator(".bp-readout").inner_text() == expected()
    assert still.locator(".bp-pressed").inner_text() == "as it is"
    assert [v.inner_text() for v in still.locator(".bp-value").all()] == ["0.1", "5"]


def test_sliders_move_numbers_lines_points_and_edges(opened):
    page = opened()
    says(page, expected())
    frame = page.locator(".bp-explore:not(.bp-static) .bp-frame")
    before = frame.locator("[data-live]").evaluate_all("all => all.map(e => e.outerHTML)")
    slider(page, 1).press("ArrowRight")
    says(page, expected(k=6))
    after = frame.locator("[data-live]").evaluate_all("all => all.map(e => e.outerHTML)")
    moved = [old != new for old, new in zip(before, after, strict=True)]
    assert moved == [True, True, True, True, False]  # the start stays where it is
    assert "after 6 updates" in frame.locator("svg").get_attribute("aria-label")


def test_buttons_choose(opened):
    page = opened()
    page.get_by_role("button", name="mirrored").click()
    says(page, expected(start=(3, -2)))
    page.get_by_role("button", name="as it is").focus()
    page.keyboard.press("Enter")
    says(page, expected())


def test_the_start_is_dragged_by_mouse_and_by_keys(opened):
    page = opened()
    handle = page.locator(".bp-handle")
    assert handle.get_attribute("aria-roledescription") == "movable point"
    assert handle.get_attribute("aria-label") == "start of the path"
    box = handle.bounding_box()
    assert min(box["width"], box["height"]) >= 44
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - 60, middle[1] + 30, steps=4)
    page.mouse.up()
    moved = handle.get_attribute("aria-valuetext")
    x, y = (float(part.split()[1].replace("−", "-")) for part in moved.split(", "))
    assert x < 2.5
    assert y < 1.8
    says(page, expected(start=(x, y)))
    handle.press("Home")
    says(page, expected())
    handle.press("ArrowLeft")
    handle.press("Shift+ArrowDown")
    says(page, expected(start=(3 - 8 / 100, 2 - 6 / 10)))
    for _ in range(12):
        handle.press("Shift+ArrowRight")
    says(page, expected(start=(4, 2 - 6 / 10)))  # and no further


def test_the_start_is_dragged_by_a_finger(opened):
    page = opened(width=390, has_touch=True, is_mobile=True)
    handle = page.locator(".bp-handle")
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    for kind, points in (
        ("touchStart", [(x, y)]),
        ("touchMove", [(x - 20, y + 10)]),
        ("touchMove", [(x - 50, y + 25)]),
        ("touchEnd", []),
    ):
        touches = [{"x": u, "y": v} for u, v in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
    moved = handle.get_attribute("aria-valuetext")
    x, y = (float(part.split()[1].replace("−", "-")) for part in moved.split(", "))
    assert x < 2.9
    says(page, expected(start=(x, y)))


def test_it_plays_steps_and_rests(opened):
    page = opened()
    group = page.get_by_role("group", name="Play: update")
    group.get_by_role("button", name="One step forward").click()
    says(page, expected(k=6))
    group.get_by_role("button", name="One step back").click()
    says(page, expected(k=5))
    group.get_by_role("combobox", name="Speed").select_option("0.25")
    group.get_by_role("button", name="Play").click()
    group.get_by_role("button", name="Pause").wait_for()
    says(page, expected(k=100))
    group.get_by_role("button", name="Play").wait_for()  # at rest again
    group.get_by_role("button", name="Play").click()
    page.wait_for_function(f"text => {READOUT} !== text", arg=expected(k=100))
    group.get_by_role("button", name="Pause").click()
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    here = page.evaluate(READOUT)
    page.wait_for_timeout(300)
    assert page.evaluate(READOUT) == here
    for button in group.get_by_role("button").all():
        assert min(button.bounding_box()["width"], button.bounding_box()["height"]) >= 44


def test_divergence_is_shown_as_what_it_is(opened):
    page = opened()
    for _ in range(60):
        slider(page, 0).press("PageUp")
    slider(page, 1).press("End")
    says(page, expected(eta=4.0, k=100))
    height = page.locator(".bp-explore:not(.bp-static) [data-live='1'] use").get_attribute("y")
    assert abs(float(height)) == 1e4  # far out, but a place that every browser can draw


@pytest.mark.alone
def test_it_answers_at_once(opened, tell):
    page = opened()
    page.evaluate(
        f"""() => {{
            window.times = [];
            let start = null;
            addEventListener("keydown", () => {{ start = performance.now(); }}, true);
            new MutationObserver(() => {{
                if (start === null) return;
                times.push(performance.now() - start);
                start = null;
            }}).observe({READOUT.removesuffix(".textContent")}, {{childList: true}});
        }}"""
    )
    handle = slider(page, 1)
    handle.focus()
    for k in range(PRESSES):
        page.keyboard.press("ArrowRight" if k < PRESSES / 2 else "ArrowLeft")
        page.wait_for_function("k => times.length > k", arg=k)
    times = sorted(page.evaluate("times"))
    median, late = statistics.median(times), times[int(0.95 * len(times))]
    tell(f"key to picture: median {median:.1f} ms, 95th percentile {late:.1f} ms")
    assert median <= SOON_MS
    assert late <= LATE_MS


def test_who_points_at_a_number_sees_its_arithmetic(opened):
    """The numbers are those of `bplib`; pointer, finger, Tab and arrow keys lead to them."""
    net = bplib.mlp([2, 2, 1], hidden="sigmoid", output="sigmoid")
    net.theta[...] = [0.1, 0.2, 0.3, 0.4, 0, 0.1, 0.4, 0.6, 0.2]
    loss = bplib.losses.SquaredError()

    def arithmetic():
        bplib.loss_and_grad(net, loss, np.array([[0.5], [0.8]]), np.array([[1.0]]))
        w1, d1, a = net.W[1][0, 0], net.delta[0][0, 0], net.a[0][:, 0]
        z, error = net.z[0][0, 0], net.delta[1][0, 0]
        slope = a[0] * (1 - a[0])
        weight = f"∂L/∂w⁽²⁾₁₁ = {error:.4f} · {a[0]:.3f} = {error * a[0]:.4f}"
        unit = (
            f"z⁽¹⁾₁ = 0.100 · 0.500 + 0.200 · 0.800 + 0.000 = {z:.3f}, a⁽¹⁾₁ = {a[0]:.3f}; "
            f"δ⁽¹⁾₁ = ({w1:.3f} · {error:.4f}) · {slope:.4f} = {d1:.4f}"
        )
        return weight.replace("-", "−"), unit.replace("-", "−")

    page = opened("network.html")
    weight, unit = page.get_by_label("weight w⁽²⁾₁₁"), page.get_by_label("unit 1 of layer 1")
    tip = page.locator(".bp-tip")
    assert not tip.is_visible()
    assert page.locator(".bp-spot").count() == 6 + 3
    weight.hover()
    assert tip.inner_text() == arithmetic()[0]
    page.mouse.move(1, 1)
    assert not tip.is_visible()
    slider(page, 0).press("ArrowLeft")
    net.W[1] /= 2
    unit.hover()
    page.wait_for_timeout(100)
    assert tip.inner_text() == arithmetic()[1]
    page.mouse.move(1, 1)
    slider(page, 0).focus()
    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.ariaLabel")
    assert first.startswith("weight w⁽¹⁾₁₁: ∂L/∂w⁽¹⁾₁₁ = ")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.ariaLabel").startswith("unit 1 of layer 2: z⁽²⁾₁")
    assert tip.is_visible()
    page.keyboard.press("Escape")
    assert not tip.is_visible()


def test_a_finger_shows_the_arithmetic(opened):
    page = opened("network.html", width=390, has_touch=True, is_mobile=True)
    page.get_by_label("weight w⁽²⁾₁₂").tap()
    assert page.locator(".bp-tip").inner_text().startswith("∂L/∂w⁽²⁾₁₂ = −")


def test_who_draws_on_a_sheet_sets_its_squares(opened):
    page = opened("sheet.html")
    says(page, "0.00, 0.00, 0.00, 0.00.")
    sheet = page.locator(".bp-sketch")
    box = sheet.bounding_box()
    square = box["width"] / 4
    assert abs(box["height"] - box["width"]) < 1
    start = box["x"] + 1.5 * square, box["y"] + 1.5 * square
    page.mouse.move(*start)
    page.mouse.down()  # ten where the pen is, 2.5 in each of the four squares beside it
    says(page, "0.00, 10.00, 2.50, 20.00.")
    page.mouse.move(start[0] + square, start[1])
    page.mouse.up()
    says(page, "0.00, 10.00, 10.00, 35.00.")
    page.mouse.move(*start)  # the pen is up
    says(page, "0.00, 10.00, 10.00, 35.00.")
    page.get_by_role("button", name="wipe").click()
    says(page, "0.00, 0.00, 0.00, 0.00.")
    sheet.press("Space")
    says(page, "10.00, 0.00, 0.00, 15.00.")
    assert "drawn: arrow keys" in sheet.get_attribute("aria-label")
    for key in ("Delete", "ArrowRight", "ArrowDown", "ArrowUp", "ArrowDown", "Space"):
        sheet.press(key)
    says(page, "0.00, 10.00, 2.50, 20.00.")
    assert sheet.get_attribute("aria-label").endswith("Row 2, column 2")


def test_a_finger_draws(opened):
    page = opened("sheet.html", width=390, has_touch=True, is_mobile=True)
    page.locator(".bp-sketch").scroll_into_view_if_needed()
    box = page.locator(".bp-sketch").bounding_box()
    page.touchscreen.tap(box["x"] + 0.375 * box["width"], box["y"] + 0.375 * box["height"])
    says(page, "0.00, 10.00, 2.50, 20.00.")
