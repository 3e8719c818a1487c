import xml.etree.ElementTree as ET
from collections import Counter
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex
from oracle import worked

import bplib
from bplib import plots
from bplib.plots import style


@pytest.fixture
def trained():
    net, x, y = worked.network()
    bplib.loss_and_grad(net, bplib.losses.SquaredError(), x, y)
    return net


def texts(net, **kwargs):
    _, ax = plots.figure()
    plots.network(ax, net, **kwargs)
    return {t.get_text(): to_hex(t.get_color()) for t in ax.texts}


def show(value, decimals):
    return f"{value:.{decimals}f}".replace("-", "−")


def test_network_shows_every_number(trained):
    numbers = worked.numbers()
    expected = [("0.500", plots.INK), ("0.800", plots.INK), ("x₁", plots.INK), ("x₂", plots.INK)]
    for l, units in ((1, 2), (2, 1)):
        for i in range(units):
            sub = "₁₂"[i]
            expected += [
                (show(numbers[f"a{l}[{i}]"], 3), plots.FORWARD),
                (f"z⁽{'⁰¹²'[l]}⁾{sub} = {show(numbers[f'z{l}[{i}]'], 3)}", plots.FORWARD),
                (f"δ⁽{'⁰¹²'[l]}⁾{sub} = {show(numbers[f'delta{l}[{i}]'], 4)}", plots.ERROR),
                (f"b {show(trained.b[l - 1][i, 0], 3)}", plots.PARAMETER),
            ]
            for j in range(2):
                expected += [
                    (show(trained.W[l - 1][i, j], 3), plots.PARAMETER),
                    (f"∂ {show(numbers[f'dW{l}[{i},{j}]'], 4)}", plots.GRADIENT),
                ]
    _, ax = plots.figure()
    plots.network(ax, trained)
    shown = [(t.get_text(), to_hex(t.get_color())) for t in ax.texts]
    assert Counter(shown) == Counter(expected)


def test_network_with_eta_shows_the_step(trained):
    shown = texts(trained, eta=worked.ETA)
    numbers = worked.numbers()
    assert f"0.400 → {show(numbers['W2[0,0]'], 3)}" in shown
    assert f"b −0.110 → {show(numbers['b1[0]'], 3)}" in shown


def test_network_without_errors_or_parameters():
    net, x, _ = worked.network()
    net.forward(x)
    forward = texts(net, delta=False)
    assert not any("δ" in t or "∂" in t for t in forward)
    assert "0.400" in forward
    bare = texts(net, delta=False, parameters=False)
    assert "0.400" not in bare
    assert "z⁽²⁾₁ = 0.200" in bare


@pytest.mark.parametrize("scale", [-10, -5, -1, 0, 1, 5])
@pytest.mark.parametrize("eta", [None, 0.1, 50])
def test_no_two_labels_of_a_network_touch(scale, eta):
    net, x, y = worked.network()
    net.W[1][...] *= scale
    bplib.loss_and_grad(net, bplib.losses.SquaredError(), x, y)
    fig, ax = plots.figure(4.4, 3.1)
    plots.network(ax, net, eta=eta)
    fig.draw_without_rendering()
    boxes = {}
    for text in ax.texts:
        text.set_bbox(None)
        boxes[f"{text.get_text()} at {text.get_position()}"] = text.get_window_extent()
    touching = [
        (a, b)
        for (a, box_a), (b, box_b) in combinations(boxes.items(), 2)
        if box_a.padded(-1).overlaps(box_b.padded(-1))
    ]
    assert touching == []
    assert all(fig.bbox.x0 <= box.x0 and box.x1 <= fig.bbox.x1 for box in boxes.values())


def test_network_shows_the_example_asked_for():
    net = bplib.mlp([1, 1], output="identity", init=lambda rng, shape: np.ones(shape))
    net.forward([[3.0, 7.0]])
    assert "7.000" in texts(net, example=1, delta=False)
    assert "3.000" not in texts(net, example=1, delta=False)


def test_negative_weights_are_dashed():
    net = bplib.mlp([1, 2, 1], init=lambda rng, shape: np.resize([1.0, -1.0], shape))
    net.forward([[1.0]])
    _, ax = plots.figure()
    plots.network(ax, net, delta=False)
    assert [line.get_linestyle() for line in ax.lines] == ["-", "--", "-", "--"]


def test_number():
    assert plots.number(-0.5) == "−0.500"
    assert plots.number(-1e-9) == plots.number(-0.0) == "0.000"
    assert plots.number(1.23456, 4) == "1.2346"
    assert plots.number(np.inf) == "∞"
    assert plots.number(-np.inf) == "−∞"
    assert plots.number(np.nan) == "NaN"


def test_decades():
    fig, ax = plots.figure()
    ax.set(yscale="log", ylim=(1e-5, 100))
    plots.decades(ax.yaxis)
    fig.draw_without_rendering()
    labels = [t.get_text() for t in ax.get_yticklabels()]
    assert "10⁻⁴" in labels
    assert "1" in labels
    assert not any("$" in label for label in labels)


def test_figure_has_the_style_and_so_has_what_is_drawn_later():
    mpl.rcdefaults()
    fig, axes = plots.figure(5, 2, ncols=2)
    assert tuple(fig.get_size_inches()) == (5, 2)
    assert len(axes) == 2
    ax = axes[0]
    assert not ax.spines["top"].get_visible()
    assert to_hex(ax.spines["left"].get_edgecolor()) == plots.MUTED
    assert fig.get_facecolor()[3] == 0
    colors = [to_hex(ax.plot([0, 1])[0].get_color()) for _ in range(3)]
    assert colors == [plots.FORWARD, plots.ERROR, plots.PARAMETER]
    assert ax.lines[0].get_linewidth() == plots.STYLE["lines.linewidth"]
    text = ax.text(0, 0, "costs $5 and $6")
    assert text.get_fontsize() == plots.STYLE["font.size"]
    assert not text.get_parse_math()


def test_a_mosaic_gives_axes_by_name():
    fig, axes = plots.figure(
        4.4, 3.4, mosaic=[["net", "net"], ["plane", "loss"]], height_ratios=[8, 3]
    )
    fig.draw_without_rendering()
    assert list(axes) == ["net", "plane", "loss"]
    net, plane, loss = (ax.get_position() for ax in axes.values())
    assert net.y0 > plane.y1
    assert net.height > 2 * plane.height
    assert plane.x1 < loss.x0


def test_picture():
    fig, ax = plots.figure()
    ax.plot([0, 1])
    picture = plots.picture(fig, 'A line that "rises" & <ends>')
    root = ET.fromstring(picture._repr_html_())
    assert root.get("class") == "bp-figure"
    assert root[0].get("aria-label") == 'A line that "rises" & <ends>'
    assert "var(--bp-forward" in picture.svg
    assert "rises" in repr(picture)


def test_names_are_those_of_the_palette():
    racers = [light for name, (light, _) in style.PALETTE.items() if name.startswith("racer")]
    assert [color for color, _ in plots.RACERS] == racers
    for name, (light, _) in style.PALETTE.items():
        assert light in racers or getattr(plots, name.upper()) == light
    assert plots.PALETTE is style.PALETTE
    for name in plots.__all__:
        assert hasattr(plots, name)
