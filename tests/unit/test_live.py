"""Live pictures: what the page computes is what Python computes, and wrong calls are named."""

import json
import re

import numpy as np
import pytest
import sympy as sp
from support.javascript import in_javascript, node

import bplib
from bplib import plots
from bplib.plots.text import live_number
from bplib.widgets import live
from bplib.widgets.program import Program, along, repeat

EXACT = 1e-12
x, y, u, w, eta, k = sp.symbols("x y u w eta k", real=True)


def same(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        size = np.abs(np.where(np.isfinite(one), one, 0)).max(initial=1e-300)
        np.testing.assert_allclose(other, one, rtol=EXACT, atol=EXACT * size)


def agree(folder, program, settings):
    run = program.compiled()
    for setting, (loops, scalars) in zip(
        settings, in_javascript(folder, program, settings), strict=True
    ):
        columns, numbers = run(*setting)
        same(columns, loops)
        same([np.array(numbers)], [scalars])


def test_every_function_of_the_book_means_the_same_in_javascript(tmp_path):
    program = Program([x, y])
    z = sp.Symbol("z", real=True)
    for f in (
        bplib.symbolic.sigmoid,
        bplib.symbolic.relu,
        bplib.symbolic.leaky_relu,
        bplib.symbolic.elu,
        bplib.symbolic.softplus,
        sp.tanh,
        sp.sin,
        sp.Abs,
        sp.sign,
        sp.floor,
        lambda v: sp.exp(v).diff(v),
        lambda v: bplib.symbolic.sigmoid(v).diff(v),
        lambda v: sp.sqrt(v**2 + 1),
        lambda v: v**3 - v**-2,
        lambda v: sp.Max(v, y, 0.3) + sp.Min(v, -y),
        lambda v: sp.Piecewise((v, sp.And(v > 0, y > 0)), (y, v < -1), (7, True)),
    ):
        program.scalar(f(z).subs(z, x) if not callable(getattr(f, "fdiff", None)) else f(x))
    rng = np.random.default_rng(0)
    agree(tmp_path, program, rng.normal(0, 3, (200, 2)).round(3).tolist())


def test_a_training_run_is_bplibs(tmp_path):
    """The 2-2-1 network of chapter 5, 50 updates at random rates, against `bplib`."""
    net = bplib.symbolic.mlp([2, 2, 1])
    fixed = dict(zip([*net.x, *net.y], [sp.Rational(1, 2), sp.Rational(4, 5), 1], strict=True))
    loss = net.loss.subs(fixed)
    path = repeat({p: p - eta * loss.diff(p) for p in net.theta}, dict.fromkeys(net.theta, w), 50)
    program = Program([eta, w])
    for value in (loss, *net.theta, *(z[0].subs(fixed) for z in net.z)):
        program.column(path[value])
    rng = np.random.default_rng(1)
    settings = np.column_stack([10 ** rng.uniform(-1, 1, 20), rng.normal(0, 2, 20)]).tolist()
    for (rate, start), (loops, _) in zip(
        settings, in_javascript(tmp_path, program, settings), strict=True
    ):
        ours = bplib.mlp([2, 2, 1], hidden="sigmoid", output="sigmoid")
        ours.theta[...] = start
        for step in range(51):
            value, grad = bplib.loss_and_grad(
                ours, bplib.losses.SquaredError(), [[0.5], [0.8]], [[1]]
            )
            np.testing.assert_allclose(loops[0][0, step], value, rtol=EXACT)
            np.testing.assert_allclose(loops[0][1:10, step], ours.theta, rtol=EXACT)
            ours.theta -= rate * np.array(grad)


def test_a_loop_reads_another_and_any_of_its_steps(tmp_path):
    path = repeat({u: u / 2 + x}, {u: y}, 8)
    curve = along(u, 0, path[u][-1], 4)
    program = Program([x, y, k])
    program.column(curve[u * path[u][2]])
    for value in (
        path[u][0],
        path[u][-1],
        path[u][k],
        path[u][k - 1] - path[u][k],
        sp.Max(path[u][-1], 0.1),
    ):
        program.scalar(value)
    settings = [[0.5, 3.0, step] for step in (-2, 0, 0.4, 0.6, 5, 8, 11)]
    agree(tmp_path, program, settings)
    (columns, _), numbers = program.compiled()(0.5, 3.0, 11)
    halves = 3.0
    for _ in range(8):
        halves = halves / 2 + 0.5
    assert numbers[:3] == [3.0, halves, halves]
    assert columns.shape == (1, 9)


def test_the_larger_of_two_steps_of_loops(tmp_path):
    path, other = repeat({u: u / 2}, {u: x}, 3), repeat({w: 1 - w}, {w: y}, 3)
    program = Program([x, y])
    program.scalar(sp.Max(path[u][0], other[w][3], sp.Abs(path[u][-1])))
    agree(tmp_path, program, [[2.0, 0.5], [-3.0, 0.5], [0.1, -4.0]])
    assert program.compiled()(2.0, 0.5)[1] == [2.0]
    assert program.compiled()(0.1, -4.0)[1] == [5.0]


def test_divergence_is_shown_as_what_it_is(tmp_path):
    path = repeat({u: u**2}, {u: x}, 30)
    program = Program([x])
    for value in (path[u][-1], path[u][-1] - path[u][-2], -path[u][-1]):
        program.scalar(value)
    ((_, scalars),) = in_javascript(tmp_path, program, [[10.0]])
    assert [live_number(v, 3, "f") for v in scalars] == ["∞", "NaN", "−∞"]
    said = node(
        tmp_path,
        "console.log(JSON.stringify([Infinity, NaN, -Infinity].map(v => live.number(v, 3, 'g'))));",
        [],
    )
    assert said == ["∞", "NaN", "−∞"]


def test_numbers_are_written_alike(tmp_path):
    """Ties too: JavaScript rounds them up, Python to the even digit."""
    rng = np.random.default_rng(2)
    values = [
        0.5,
        1.5,
        2.5,
        0.125,
        -0.0004,
        12345,
        12355,
        1234.5,
        1e6,
        999999.5,
        1e21,
        5e-324,
        -0.0,
    ]
    values += [i / 8 for i in range(-40, 40)] + [5.0 * i for i in range(1, 200)]
    values += (rng.standard_normal(1500) * 10.0 ** rng.integers(-12, 12, 1500)).tolist()
    cases = [(v, d, kind) for v in values for kind in "fg" for d in range(kind == "g", 5)]
    code = "console.log(JSON.stringify(data.map(c => live.number(...c))));"
    assert node(tmp_path, code, cases) == [live_number(*case) for case in cases]


def bowl(controls=None, play=None):
    fig, ax = plots.figure()
    ax.set(xlim=(-2, 2), ylim=(0, 4))
    controls = {eta: live.log(0.01, 2, 0.1, "learning rate η")} if controls is None else controls
    return live.Picture(fig, controls, play), ax


def descent(times=20):
    return live.repeat({x: x - eta * 2 * x}, {x: u}, times)


def test_a_picture_shows_its_first_state_and_moves():
    picture, ax = bowl()
    path = descent()
    picture.plot(ax, path[x], path[x**2])
    picture.drag(ax, u, u**2, 1.5, "start")
    picture.text(ax, 0, 3, "loss {:.3f}", path[x**2][-1])
    picture.say(
        "η = {:.2g}: the loss {}.", eta, live.words(path[x**2][-1] < u**2, "falls", "grows")
    )
    box = picture.show("A parabola.")
    widget = box.children[1]
    last = (1.5 * 0.8**20) ** 2
    assert f">loss {last:.3f}<" in widget.svg
    assert widget.readout == "η = 0.1: the loss falls."
    assert widget.svg.count("data-live=") == len(widget.program["parts"]) == 3
    assert 'aria-label="A parabola. η = 0.1' in widget.svg
    slider = box.children[0].children[0]
    assert slider.description == "learning rate η"
    assert widget.v0 == slider.index
    assert widget.program["tables"][0][slider.index] == 0.1
    assert widget.v1 == 1.5
    assert widget.program["handles"][0].keys() == {"ax", "x", "label", "at"}


@pytest.mark.parametrize(
    "place", [(0, 1e9), (-1e250, 1), (sp.log(-eta), 1), (1, sp.oo), (1, 1)], ids=str
)
def test_a_point_that_begins_off_the_figure_has_a_marker_to_be_moved(place):
    picture, ax = bowl()
    picture.point(ax, *place)
    svg = picture.show("A point.").children[1].svg
    assert re.search(r'<g data-live="0">.*?<use ', svg)


def test_a_choice_is_a_row_of_buttons_and_play_plays():
    picture, ax = bowl(
        {k: live.linear(0, 20, 0, "update", step=1), w: live.choice(["both", "one"], "one")}, play=k
    )
    path = live.repeat({x: x / 2 + w}, {x: 1}, 20)
    picture.point(ax, path[x][k], 0)
    controls, widget = picture.show("A point.").children
    slider, play, buttons = controls.children
    assert (play.value, play.last, play.label) == (0, 20, "update")
    assert buttons.options == ("both", "one")
    assert buttons.index == widget.v1 == 1
    assert len(slider.options) == 21


def test_sliders_say_round_numbers():
    assert live.linear(0, 0.99, 0.5).values[:3] == (0, 0.002, 0.004)
    assert live.linear(-10, 5, 1, step=0.5).values[-2:] == (4.5, 5.0)
    rates = live.log(0.01, 4, 1)
    assert {0.01, 0.1, 1.0, 4.0} <= set(rates.values)
    assert all(len(text.strip("0.").replace(".", "")) <= 2 for text in rates.texts)
    assert rates.start == 1
    assert live.log(1e-3, 1, 0.0123).start == 0.0123


DOUBLE = sp.Symbol("eta")
WRONG = {
    "start outside": (lambda: live.linear(0, 1, 2), "start is 2; expected a number from 0 to 1"),
    "start no number": (lambda: live.log(1, 2, "a"), "start is 'a'; expected a finite number"),
    "start infinite": (lambda: live.linear(0, 1, float("nan")), "start is nan"),
    "ends swapped": (lambda: live.linear(1, 0, 0.5), "expected low below high"),
    "log from 0": (lambda: live.log(0, 1, 0.5), "low is 0.0; expected a number above 0"),
    "step": (lambda: live.linear(0, 1, 0, step=0), "step is 0"),
    "one option": (lambda: live.choice(["a"]), "at least two"),
    "options alike": (lambda: live.choice(["a", "a"]), "different"),
    "options a text": (lambda: live.choice("ab"), "list of texts"),
    "unknown option": (lambda: live.choice(["a", "b"], "c"), "start is 'c'"),
    "no symbol": (lambda: bowl({"eta": live.log(1, 2, 1)}), "expected a symbol"),
    "no control": (lambda: bowl({eta: [1, 2]}), "expected a symbol and one of"),
    "play": (lambda: bowl(play=x), "play is x"),
    "name twice": (lambda: bowl({eta: live.log(1, 2, 1), DOUBLE: live.log(1, 2, 1)}), "set twice"),
    "loop's start": (lambda: live.repeat({x: x}, {y: 1}, 3), "expected the same symbols"),
    "loop's times": (lambda: live.repeat({x: x}, {x: 1}, 0), "times is 0"),
    "no expression": (lambda: live.repeat({x: "x"}, {x: 1}, 3), "update is 'x'"),
    "step beyond": (lambda: descent()[x][21], "from 0 to 20"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_calls_are_named(name):
    call, told = WRONG[name]
    with pytest.raises((ValueError, IndexError)) as caught:
        call()
    assert told in str(caught.value)


WRONGLY_DRAWN = {
    "unknown symbol": (lambda p, ax: p.point(ax, w, 0), "has w; expected symbols"),
    "unknown in a loop": (
        lambda p, ax: p.point(ax, live.repeat({x: x + w}, {x: 1}, 3)[x][-1], 0),
        "update is w + x, which has w",
    ),
    "loop's symbol outside": (lambda p, ax: p.point(ax, x, 0), "which has x"),
    "slider in a loop": (
        lambda p, ax: p.plot(ax, *2 * [live.repeat({eta: eta / 2}, {eta: 1}, 3)[eta]]),
        "eta is set by a slider and by a loop",
    ),
    "no function of JavaScript": (lambda p, ax: p.point(ax, sp.erf(eta), 0), "erf"),
    "undefined function": (lambda p, ax: p.point(ax, sp.Function("f")(eta), 0), "has f("),
}


@pytest.mark.parametrize("name", WRONGLY_DRAWN)
def test_nothing_is_shown_of_what_cannot_be_computed(name):
    draw, told = WRONGLY_DRAWN[name]
    picture, ax = bowl()
    draw(picture, ax)
    with pytest.raises(ValueError, match=r".") as caught:
        picture.show("A picture.")
    assert told in str(caught.value)


REFUSED = {
    "plot: marker": (lambda p, ax: p.plot(ax, [0, 1], [0, 1], marker="o"), "marker is 'o'"),
    "drag: start": (lambda p, ax: p.drag(ax, x, y, (1,), "a"), "start is (1,)"),
    "drag: NaN": (lambda p, ax: p.drag(ax, x, y, (1, float("nan")), "a"), "finite"),
    "drag: taken": (lambda p, ax: p.drag(ax, eta, y, (1, 1), "a"), "'eta' is set twice"),
    "sketch: no square": (lambda p, ax: p.sketch(ax, [x, y], 1, "a"), "ink has 2 symbols"),
    "sketch: nothing": (lambda p, ax: p.sketch(ax, [], 1, "a"), "ink has 0 symbols"),
    "sketch: taken": (lambda p, ax: p.sketch(ax, [eta], 1, "a"), "'eta' is set twice"),
    "say: too few": (lambda p, ax: p.say("{:.2f} {:.2f}", eta), "has 2 places for numbers, not 1"),
    "say: no format": (lambda p, ax: p.say("{}", eta), "has {:}"),
    "plot: lengths": (lambda p, ax: p.plot(ax, [0, 1], [eta]), "2 corners and y 1"),
    "plot: steps": (lambda p, ax: p.plot(ax, descent(3)[x], descent(4)[x]), "3 steps and y 4"),
    "ax": (lambda p, ax: p.point(plots.figure()[1], 0, 0), "expected axes of the picture's"),
    "no ax": (lambda p, ax: p.point(None, 0, 0), "ax is None"),
    "colour": (
        lambda p, ax: p.edge(ax, ((0, 0), (1, 1)), eta, ("red", "blue")),
        "colors has 'red'",
    ),
    "alt": (lambda p, ax: p.show(" "), "alt is empty"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_drawing_is_refused(name):
    draw, told = REFUSED[name]
    picture, ax = bowl()
    with pytest.raises((ValueError, AttributeError)) as caught:
        draw(picture, ax)
    assert told in str(caught.value)


def test_a_sheet_has_an_input_for_each_square():
    picture, ax = bowl()
    ink = sp.symbols("ink:9", real=True)
    picture.sketch(ax, ink, 16, "A digit")
    picture.say("{:.1f}", sum(ink) + eta)
    [widget] = [w for w in picture.show("A sheet.").children if hasattr(w, "program")]
    first = len(picture.program.inputs) - 9
    sheet = {"ax": 0, "first": first, "n": 3, "full": 16, "label": "A digit"}
    assert widget.program["sketches"] == [sheet]
    assert [getattr(widget, f"v{first + i}") for i in range(9)] == [0.0] * 9


def test_two_pictures_alike_are_alike_byte_for_byte():
    def make():
        picture, ax = bowl()
        path = descent()
        picture.plot(ax, path[x], path[x**2])
        picture.drag(ax, u, u**2, 1, "start")
        widget = picture.show("A parabola.").children[1]
        return widget.svg, json.dumps(widget.program)

    assert make() == make()


@pytest.mark.parametrize(("value", "width"), [(0, 0.5), (-3, 2.7), (30, 2.7), (np.nan, 0.5)])
def test_edges_are_as_wide_as_their_number(value, width):
    assert live.edge_width(value) == pytest.approx(width)
