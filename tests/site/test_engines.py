"""The built site in the two other engines: every page loads, every explorer moves."""

import pytest
from support.book import EXPLORERS, SITE
from support.browser import serve
from support.engines import ENGINES
from support.watched import Watched

RIGHT, LEFT, ENTER = "\ue014", "\ue012", "\ue007"  # as WebDriver writes keys

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # in the drivers' own code

ALIVE = """return document.querySelector('.bp-explore:not(.bp-static)')
    && !document.querySelector('.bp-static')"""

# One control of each kind that an explorer has.
CONTROLS = """return [...document.querySelectorAll('.bp-explore')].map(explorer => [explorer,
    ['.noUi-handle', '.bp-handle', '.widget-toggle-button:not(.mod-active)']
        .map(kind => [kind, explorer.querySelector(kind)]).filter(([, control]) => control)])"""

SHOWN = """const shown = (explorer) => {
    const frame = [...explorer.querySelectorAll('.bp-frame')].find(f => f.offsetParent);
    return frame.querySelector('svg').outerHTML
        + (explorer.querySelector('.bp-readout')?.textContent ?? '');
};"""
REMEMBER = SHOWN + "window.before = shown(arguments[0])"
CHANGED = SHOWN + "return shown(arguments[0]) !== window.before"

AT_ITS_END = """return arguments[0].getAttribute('aria-valuenow')
    === arguments[0].getAttribute('aria-valuemax')"""

# Where there is room: towards the middle of the slider or of the picture.
INWARD = """const control = arguments[0].getBoundingClientRect();
    const around = arguments[0].closest('.noUi-target, .bp-frame, .bp-stage')
        .getBoundingClientRect();
    const side = (at, size, from, room) => at + size / 2 < from + room / 2 ? 1 : -1;
    return [0.4 * around.width * side(control.x, control.width, around.x, around.width),
            0.2 * around.height * side(control.y, control.height, around.y, around.height)]"""

FAULTY = """<!DOCTYPE html><html><head><title>Faulty</title></head><body>
<img src="http://elsewhere.invalid/a.png"><img src="missing.png">
<script>console.error("said"); Promise.reject("broken"); fetch("http://elsewhere.invalid/b")
.catch(() => {}); throw new Error("thrown")</script></body></html>"""


@pytest.fixture(scope="session", params=ENGINES)
def engine(request):
    make, find = ENGINES[request.param]
    if find() is None:
        pytest.skip(f"no {request.param} on this machine")
    engine = make()
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def server():
    server = serve(SITE, Watched)
    server.refused = []
    yield server
    server.shutdown()


@pytest.fixture
def opened(engine, server, page_name):
    """The engine, with the page open and its explorers alive."""
    server.refused.clear()
    engine.open(f"http://127.0.0.1:{server.server_port}/{page_name}")
    if page_name in EXPLORERS:
        assert engine.wait(ALIVE, seconds=15)
    return engine


def moves(engine, explorer, act, *control):
    engine.run(REMEMBER, explorer)
    act(engine, *control)
    return engine.wait(CHANGED, explorer)


def by_keyboard(engine, kind, control):
    if kind == ".widget-toggle-button:not(.mod-active)":
        engine.focus_and_press(control, ENTER)
    else:
        engine.focus_and_press(control, LEFT if engine.run(AT_ITS_END, control) else RIGHT)


def by_pointer(engine, kind, control):
    if kind == ".widget-toggle-button:not(.mod-active)":
        engine.drag(control)
    else:
        x, y = engine.run(INWARD, control)
        engine.drag(control, x, 0 if kind == ".noUi-handle" else y)


def test_pages_load_and_explorers_move(opened, server, page_name):
    still = []
    for act in (by_keyboard, by_pointer):
        for number, (explorer, controls) in enumerate(opened.run(CONTROLS)):
            assert controls
            for kind, control in controls:
                if not moves(opened, explorer, act, kind, control):
                    still.append(f"explorer {number + 1}, {kind}, {act.__name__}")
    assert still == []
    assert opened.run("return watched") == {"foreign": [], "problems": []}
    assert server.refused == []


def test_what_goes_wrong_is_noticed(engine, tmp_path):
    (tmp_path / "faulty.html").write_text(FAULTY, "utf8")
    server = serve(tmp_path, Watched)
    server.refused = []
    engine.open(f"http://127.0.0.1:{server.server_port}/faulty.html")
    assert engine.wait("return watched.foreign.length >= 2 && watched.problems.length >= 4")
    noted = engine.run("return watched")
    server.shutdown()
    assert {"http://elsewhere.invalid/a.png", "http://elsewhere.invalid/b"} <= set(noted["foreign"])
    for word in ("said", "broken", "thrown", "missing.png"):
        assert any(word in problem for problem in noted["problems"])
    assert any("missing.png" in line for line in server.refused)
