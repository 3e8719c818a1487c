import re
import xml.etree.ElementTree as ET
from itertools import product

import ipywidgets as widgets
import numpy as np
import pytest

import bplib

ETAS, SCALES, SEEDS = [0.1, 0.5, 2.0], [1, -3], ["a", "b"]
FRAME_BYTES = 1800  # a frame with one line and one text; its axes are in the background
ALT = 'Loss "L" & <weights>'


def draw(ax, eta, scale, seed):
    ax.plot([0, 1], [eta, eta])
    ax.text(0.5, 1, f"{eta}|{scale}|{seed}|0.0004")


def background(ax):
    background.calls += 1
    ax.set(xlim=(0, 1), ylim=(0, 3), xlabel="shared axis", title="0.0007")


def describe(eta, scale, seed):
    return f"η = {eta}, <{scale}> & {seed}"


@pytest.fixture(scope="module")
def box():
    background.calls = 0
    return bplib.explore(
        draw,
        background,
        describe,
        alt=ALT,
        labels={"seed": "random seed"},
        start={"eta": 0.5, "seed": "b"},
        eta=np.array(ETAS),
        scale=SCALES,
        seed=SEEDS,
    )


def sliders(box):
    return list(box.children[0].children)


def frames(widget):
    """All HTML frames below a stack, in order."""
    if isinstance(widget, widgets.HTML):
        return [widget.value]
    return [frame for child in widget.children for frame in frames(child)]


def frame_at(widget, *indices):
    for i in indices:
        widget = widget.children[i]
    return widget.value


def links():
    with pytest.warns(DeprecationWarning, match="deprecated"):
        everything = list(widgets.Widget.widgets.values())
    return [w for w in everything if isinstance(w, widgets.widget_link.Link)]


def test_structure(box):
    assert isinstance(box, widgets.VBox)
    assert "bp-explore" in box._dom_classes
    controls, picture, shared = box.children
    assert "bp-controls" in controls._dom_classes
    kinds = [widgets.SelectionSlider, widgets.ToggleButtons, widgets.ToggleButtons]
    assert [type(control) for control in controls.children] == kinds
    assert isinstance(picture, widgets.Stack)
    assert isinstance(shared, widgets.HTML)


def test_one_frame_for_each_combination_in_order(box):
    picture = box.children[1]
    assert len(frames(picture)) == 3 * 2 * 2
    for i, j, k in product(range(3), range(2), range(2)):
        shown = f"{ETAS[i]}|{SCALES[j]}|{SEEDS[k]}|0.0004"
        assert shown in frame_at(picture, i, j, k)
    assert len(set(frames(picture))) == 12


def test_sliders(box):
    eta, scale, seed = sliders(box)
    assert [s.description for s in (eta, scale, seed)] == [
        "learning rate η",
        "scale",
        "random seed",
    ]
    assert [label for label, _ in eta.options] == ["0.1", "0.5", "2"]
    assert [label for label, _ in scale.options] == ["1", "−3"]
    assert [label for label, _ in seed.options] == ["a", "b"]
    assert [value for _, value in eta.options] == [0, 1, 2]
    assert (eta.index, scale.index, seed.index) == (1, 0, 1)
    assert eta.continuous_update


def test_few_texts_are_buttons_and_many_values_a_slider():
    def kinds(**axes):
        return [type(c) for c in sliders(bplib.explore(lambda ax, **values: None, **axes))]

    assert kinds(n=[1, 2, 3]) == kinds(n=list("abcdef")) == [widgets.SelectionSlider]
    assert kinds(n=[True, False]) == kinds(n=list("abcde")) == [widgets.ToggleButtons]
    assert kinds(n=[1]) == []


def test_an_axis_can_be_played():
    box = bplib.explore(lambda ax, n, m: ax.plot([n, m]), n=range(7), m=[1, 2, 3], play="n")
    slider, play, other = sliders(box)
    assert (play.value, play.last, play.label) == (0, 6, "n")
    assert [type(slider), type(other)] == [widgets.SelectionSlider] * 2
    with pytest.raises(ValueError, match="play names 'k'; expected one of n"):
        bplib.explore(lambda ax, n: None, n=[1, 2, 3], play="k")


def test_a_dictionary_describes_the_axes():
    seen = {}

    def draw(ax, n):
        seen.update({name: (a.get_xlim(), a.get_yscale()) for name, a in ax.items()})

    settings = {"left": {"xlim": (0, n_max := 5)}, "right": {"yscale": "log", "ylim": (0.01, 1)}}
    box = bplib.explore(draw, settings, mosaic=[["left", "right"]], n=[1, 2, 3])
    assert seen["left"] == ((0, n_max), "linear")
    assert seen["right"][1] == "log"
    shared = box.children[2].value
    assert ">0.01<" in shared
    assert ">0.1<" in shared
    with pytest.raises(ValueError, match="background names 'middle'; expected one of left, right"):
        bplib.explore(draw, {"middle": {}}, mosaic=[["left", "right"]], n=[1])
    one = bplib.explore(lambda ax, n: None, {"xlabel": "only one"}, n=[1])
    assert "only one" in one.children[2].value


def stacks(widget):
    if isinstance(widget, widgets.Stack):
        yield widget
        for child in widget.children:
            yield from stacks(child)


def test_each_slider_is_linked_to_each_of_its_stacks(box):
    found = {
        (link.source[0].model_id, link.target[0].model_id): (link.source[1], link.target[1])
        for link in links()
    }
    picture = box.children[1]
    levels = [[picture], list(picture.children)]
    levels.append([inner for outer in picture.children for inner in outer.children])
    assert [len(level) for level in levels] == [1, 3, 6]
    for slider, level in zip(sliders(box), levels, strict=True):
        for stack in level:
            assert found[slider.model_id, stack.model_id] == ("index", "selected_index")
            assert stack.selected_index == slider.index
    mine = {s.model_id for s in sliders(box)}
    assert sum(source in mine for source, _ in found) == 1 + 3 + 6


def test_readout_and_alt_are_escaped(box):
    for frame in frames(box.children[1]):
        root = ET.fromstring(frame)
        picture, readout = root
        assert readout.tag == "p"
        assert readout.get("class") == "bp-readout"
        assert picture.get("role") == "img"
        assert picture.get("aria-label") == f"{ALT} {readout.text}"
    shown = ET.fromstring(frame_at(box.children[1], 0, 1, 0)).find("p").text
    assert shown == "η = 0.1, <−3> & a"


def test_background_is_written_once_and_used_by_each_frame(box):
    assert background.calls == 2  # once to find room, once for good
    shared = box.children[2].value
    ET.fromstring(shared)
    (name,) = re.findall(r'<symbol id="([^"]+)"', shared)
    assert 'aria-hidden="true"' in shared
    assert "shared axis" in shared
    assert "0.0007" in shared
    for frame in frames(box.children[1]):
        assert frame.count(f'<use href="#{name}"/>') == 1
        assert "shared axis" not in frame
        root = ET.fromstring(frame)
        assert root[0].get("viewBox") == ET.fromstring(shared)[0].get("viewBox")


def test_frames_line_up_with_the_background(box):
    """A line from (0, 0.5) to (1, 0.5) starts and ends at the frame of the background's axes."""
    spines = re.findall(
        r'<path d="M ([\d.]+) ([\d.]+) L ([\d.]+) ([\d.]+) "', box.children[2].value
    )
    left = min(float(s[0]) for s in spines if float(s[3]) != 3.5)
    bottom = max(float(s[1]) for s in spines)
    top = min(float(s[3]) for s in spines if float(s[3]) != 3.5 and s[0] == s[2])
    x, y = map(
        float,
        re.search(r'<path d="M ([\d.]+) ([\d.]+)', frame_at(box.children[1], 1, 0, 0)).groups(),
    )
    assert x == pytest.approx(left, abs=0.1)
    assert y == pytest.approx(bottom + (top - bottom) * 0.5 / 3, abs=0.2)


def test_frames_are_slim(box):
    for frame in frames(box.children[1]):
        assert len(frame.encode()) < FRAME_BYTES
        for waste in ("<metadata", "<style", "<?xml", "<!DOCTYPE"):
            assert waste not in frame


def test_moving_a_slider_needs_no_kernel(box):
    """Nothing observes a slider in Python: jslink is all there is."""
    for slider in sliders(box):
        assert not any(
            getattr(handler, "__module__", "").startswith("bplib")
            for handlers in slider._trait_notifiers.get("index", {}).values()
            for handler in handlers
        )


def test_without_background_or_description():
    box = bplib.explore(lambda ax, init: ax.plot([0, init]), init=[1, 2])
    assert len(box.children) == 2
    (slider,) = sliders(box)
    assert slider.description == "initial scale"
    assert slider.index == 0
    for frame in frames(box.children[1]):
        root = ET.fromstring(frame)
        assert len(root) == 1
        assert root[0].get("aria-label").strip()
        assert '<use href="#bp-' not in frame


def test_frames_without_background_share_their_axes_position():
    box = bplib.explore(lambda ax, n: ax.plot([0, 10**n]), n=[0, 6])
    first, second = (
        re.findall(r'<rect x="([\d.]+)" y="([\d.]+)"', f) for f in frames(box.children[1])
    )
    assert first == second


def test_an_axis_of_one_value_has_no_slider():
    box = bplib.explore(lambda ax, eta, n: ax.text(0, 0, f"{eta}|{n}"), eta=[1], n=[5, 6, 7])
    (slider,) = sliders(box)
    assert slider.description == "n"
    assert len(box.children[1].children) == 3
    assert "1|6" in frame_at(box.children[1], 1)
    still = bplib.explore(lambda ax, eta: ax.text(0, 0, eta), eta=[3])
    assert sliders(still) == []
    assert isinstance(still.children[1], widgets.HTML)


def test_mosaic_hands_out_a_dictionary():
    seen = []
    bplib.explore(
        lambda ax, n: seen.append(sorted(ax)),
        lambda ax: seen.append(sorted(ax)),
        mosaic=[["up"], ["down"]],
        height_ratios=[2, 1],
        n=[1, 2],
    )
    assert seen == [["down", "up"]] * 5  # two to find room, the background, two frames


def test_a_title_drawn_by_a_frame_has_room_above_the_background():
    box = bplib.explore(
        lambda ax, n: ax.set_title(f"{n} steps"), lambda ax: ax.set(xlabel="step"), n=[1, 2]
    )
    for frame in frames(box.children[1]):
        (y,) = re.findall(r'y="([-\d.]+)"[^>]*>\d steps', frame)
        assert float(y) > 6


def test_same_call_same_frames():
    one, two = (bplib.explore(lambda ax, n: ax.plot([0, n]), n=[1, 2]) for _ in range(2))
    assert frames(one.children[1]) == frames(two.children[1])


def test_the_largest_grid_that_is_allowed(monkeypatch):
    from bplib.widgets import explorer

    assert explorer.MAX_FRAMES == 400
    monkeypatch.setattr(explorer, "MAX_FRAMES", 4)
    assert len(frames(bplib.explore(lambda ax, n, m: None, n=[1, 2], m=[1, 2]).children[1])) == 4
    with pytest.raises(ValueError, match="5 frames"):
        bplib.explore(lambda ax, n: None, n=[1, 2, 3, 4, 5])


def test_a_frame_keeps_nothing_of_the_one_before():
    def background(ax):
        ax["left"].set(xlim=(0, 3), ylim=(0, 3))
        ax["right"].set(xlim=(0, 3), ylim=(1e-2, 10), yscale="log")

    def draw(ax, k):
        ax["right"].plot([1, k])
        if k == 1:
            ax["left"].set_title("first")
            ax["left"].plot([0, 1], label="first")
            ax["left"].legend()
            ax["left"].text(1, 1, "first")
            ax["left"].fill_between([0, 1], 0, 1)
            ax["left"].figure.text(0.5, 0.5, "first")

    box = bplib.explore(draw, background, mosaic=[["left", "right"]], k=[2, 1, 2])
    before, between, after = frames(box.children[1])
    assert between.count("first") == 4
    assert before == after != between


def test_without_stack_the_kernel_changes_the_picture(monkeypatch):
    monkeypatch.delattr(widgets, "Stack")
    old = bplib.explore(draw, describe=describe, eta=ETAS, scale=[1], seed=SEEDS)
    picture, note = old.children[1].children
    eta, seed = sliders(old)
    seen = set()
    for eta.index, seed.index in product(range(3), range(2)):
        assert f">η = {ETAS[eta.index]}, &lt;1&gt; &amp; {SEEDS[seed.index]}</p>" in picture.value
        seen.add(picture.value)
    assert len(seen) == 6
    assert f"ipywidgets {widgets.__version__} has no Stack" in note.value
