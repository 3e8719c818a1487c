import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Circle

import bplib
from bplib import plots

X, Y = np.array([[0.5], [-1.0]]), np.array([[1.0], [0.0]])


@pytest.fixture(scope="module")
def net():
    net = bplib.mlp([2, 3, 2], hidden="sigmoid", output="sigmoid")
    net.theta[:] = np.random.default_rng(3).standard_normal(net.theta.size)
    bplib.loss_and_grad(net, bplib.losses.SquaredError(), X, Y)
    return net


def draw(net, **kwargs):
    _, ax = plots.figure()
    plots.equation(ax, net, y=Y, **kwargs)
    return ax


def frame_colour(text):
    box = text.get_bbox_patch()
    return to_hex(box.get_edgecolor(), True) if box else "#00000000"


def coloured(ax):
    """Text -> (colour, framed?) of all that is not grey."""
    return {
        t.get_text(): (to_hex(t.get_color()), frame_colour(t))
        for t in ax.texts
        if to_hex(t.get_color()) != plots.MUTED
    }


def edges(ax, color):
    return [line for line in ax.lines if to_hex(line.get_color()) == color]


def framed(color):
    return color, color + "ff"


def plain(color):
    return color, "#00000000"


def test_without_keys_all_is_grey(net):
    ax = draw(net)
    assert coloured(ax) == {}
    drawn = [np.isnan(line.get_xdata()).sum() for line in edges(ax, plots.GRID)]
    assert drawn == [6, 6]
    assert len(ax.lines) == 2
    assert {"y₁ = 1", "y₂ = 0", "x₁", "x₂", "0.50", "−1.0"} <= {t.get_text() for t in ax.texts}


def test_one_hidden_error_reads_two_weights_two_errors_and_its_slope(net):
    ax = draw(net, reads=["delta2", "W2[:,1]", "z1[1]"], writes=["delta1[1]"])
    number = plots.number
    assert coloured(ax) == {
        f"δ⁽¹⁾₂ = {number(net.delta[0][1, 0], 4)}": framed(plots.ERROR),
        f"δ⁽²⁾₁ = {number(net.delta[1][0, 0], 4)}": plain(plots.ERROR),
        f"δ⁽²⁾₂ = {number(net.delta[1][1, 0], 4)}": plain(plots.ERROR),
        f"z⁽¹⁾₂ = {number(net.z[0][1, 0], 2)}": plain(plots.FORWARD),
        number(net.W[1][0, 1], 2): plain(plots.PARAMETER),
        number(net.W[1][1, 1], 2): plain(plots.PARAMETER),
    }
    assert len(edges(ax, plots.PARAMETER)) == 2


def test_a_written_gradient_is_thick_and_framed_and_bias_gradients_show(net):
    ax = draw(net, reads=["a0[1]", "delta1[2]"], writes=["dW1[2,1]", "db1[2]"])
    (edge,) = edges(ax, plots.GRADIENT)
    (grid, *_) = edges(ax, plots.GRID)
    assert edge.get_linewidth() > 2 * grid.get_linewidth()
    shown = coloured(ax)
    assert shown[f"∂ {plots.number(net.dW[0][2, 1], 4)}"] == framed(plots.GRADIENT)
    assert shown[f"∂b {plots.number(net.db[0][2, 0], 4)}"] == framed(plots.GRADIENT)
    assert shown["−1.0"] == shown["x₂"] == plain(plots.INK)
    assert len(shown) == 5


def test_a_lit_bias_takes_the_place_of_a_grey_error(net):
    ax = draw(net, reads=["db1[0]"], writes=["b1[0]"])
    texts = {t.get_text(): t.get_position()[1] for t in ax.texts}
    assert not any(text.startswith("δ⁽¹⁾₁") for text in texts)
    (bias,) = (at for text, at in texts.items() if text.startswith("b = "))
    (gradient,) = (at for text, at in texts.items() if text.startswith("∂b "))
    (below,) = (at for text, at in texts.items() if text.startswith("z⁽¹⁾₂"))
    assert bias - 0.15 > gradient > below + 0.15


def test_of_many_lit_edges_no_numbers_are_shown(net):
    ax = draw(net, reads=["W1", "b1", "a0"], writes=["z1", "a1"])
    assert len(edges(ax, plots.PARAMETER)) == 6
    assert plots.number(net.W[0][0, 0], 2) not in coloured(ax)
    assert f"b = {plots.number(net.b[0][0, 0], 2)}" in coloured(ax)
    rings = [p for p in ax.patches if isinstance(p, Circle)]
    widths = [ring.get_linewidth() for ring in rings]
    assert len(rings) == 7
    assert set(widths[2:5]) == {max(widths)}


def test_a_weight_and_its_gradient_lie_side_by_side(net):
    ax = draw(net, reads=["dW1[1,0]"], writes=["W1[1,0]"])
    (weight,), (gradient,) = edges(ax, plots.PARAMETER), edges(ax, plots.GRADIENT)
    assert np.allclose(weight.get_xdata(), gradient.get_xdata())
    assert np.all(weight.get_ydata() > gradient.get_ydata())
    assert coloured(ax) == {
        plots.number(net.W[0][1, 0], 2): framed(plots.PARAMETER),
        f"∂ {plots.number(net.dW[0][1, 0], 4)}": plain(plots.GRADIENT),
    }


def test_a_bias_beside_its_gradient_stands_in_the_room_of_what_is_grey(net):
    ax = draw(net, reads=["db1[0]"], writes=["b1[0]"])
    shown = coloured(ax)
    assert shown[f"b = {plots.number(net.b[0][0, 0], 2)}"] == framed(plots.PARAMETER)
    assert shown[f"∂b {plots.number(net.db[0][0, 0], 4)}"] == plain(plots.GRADIENT)
    beside = {t.get_text().split(" ")[0] for t in ax.texts}
    assert {"z⁽¹⁾₂", "δ⁽¹⁾₂"} <= beside
    assert not {"z⁽¹⁾₁", "δ⁽¹⁾₁"} & beside


def test_targets_light_up(net):
    assert coloured(draw(net, reads=["y[1]"])) == {"y₂ = 0": plain(plots.INK)}
    assert set(coloured(draw(net, reads=["y"]))) == {"y₁ = 1", "y₂ = 0"}
