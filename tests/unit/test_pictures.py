import numpy as np
import pytest

import bplib
from bplib import autodiff, plots

X, Y = bplib.data.xor()


def trained(**kwargs):
    net = bplib.mlp([2, 3, 1], output="sigmoid", seed=1, stack=kwargs.pop("stack", None))
    loss = bplib.losses.BinaryCrossEntropy()
    return net, bplib.fit(net, loss, X, Y, bplib.SGD(1.0), epochs=60, **kwargs)


def test_boundary_runs_where_the_network_says_one_half():
    net, _ = trained()
    _, ax = plots.figure()
    plots.decision_boundary(ax, net, X, Y)
    (line,) = [c for c in ax.collections if np.allclose(c.levels, [0.5])]
    points = np.concatenate([path.vertices for path in line.get_paths()])
    np.testing.assert_allclose(net.forward(points.T), 0.5, atol=0.02)
    shown = [marker.get_marker() for marker in ax.get_lines()]
    assert len(set(shown)) == 2


def test_boundary_of_several_outputs_parts_the_largest():
    x, y = bplib.data.moons(40)
    labels = np.concatenate([y, 1 - y]) if len(y) == 1 else y
    net = bplib.mlp([2, 5, 2], seed=3)
    _, ax = plots.figure()
    plots.decision_boundary(ax, net, x, labels)
    for c in ax.collections:
        for path in c.get_paths():
            a = net.forward(path.vertices.T)
            np.testing.assert_allclose(a[0], a[1], atol=0.05)


def test_gradient_by_layer_shows_what_has_no_logarithm():
    _, ax = plots.figure()
    plots.gradient_by_layer(ax, {"tanh": [1e-3, 0, 1], "relu": [1, np.inf, 2]})
    curves = [line for line in ax.get_lines() if len(line.get_xdata()) == 3]
    np.testing.assert_array_equal(curves[0].get_ydata(), [1e-3, np.nan, 1])
    crosses = [line for line in ax.get_lines() if line.get_marker() == "x"]
    assert [(c.get_xdata()[0], c.get_ydata()[0]) for c in crosses] == [(2, 0.03), (2, 0.97)]
    assert curves[0].get_marker() != curves[1].get_marker()


def test_graph_draws_every_value_once_and_every_edge():
    a, b = autodiff.Value(2.0, name="a"), autodiff.Value(-3.0, name="b")
    c = a * b
    out = c + a
    out.backward()
    _, ax = plots.figure()
    plots.computational_graph(ax, out)
    nodes = [line for line in ax.get_lines() if line.get_marker() == "o"]
    edges = [line for line in ax.get_lines() if len(line.get_xdata()) == 2]
    assert (len(nodes), len(edges)) == (4, 4)
    words = [text.get_text() for text in ax.texts]
    assert {"a", "b", "×", "+", "−6", "−4", "−2"} <= set(words)
    assert max(line.get_xdata()[0] for line in nodes) == 2


def test_dashboard_tells_the_numbers():
    _, history = trained(validation=(X, Y))
    picture = plots.dashboard(history, "XOR")
    assert picture.alt.startswith("XOR: loss from ")
    assert f"{history.loss[-1]:.3g}" in picture.alt
    assert "60 epochs" in picture.alt
    assert "validation loss" in picture.alt
    assert "layer 2" in picture.svg
    assert "loss" in plots.dashboard(trained(stack=3)[1]).alt


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda ax: plots.decision_boundary(ax, bplib.mlp([3, 1]), X, Y), "net"),
        (lambda ax: plots.decision_boundary(ax, bplib.mlp([2, 1]), X.T, Y), "x has shape"),
        (lambda ax: plots.decision_boundary(ax, bplib.mlp([2, 1]), X, Y.T), "y has shape"),
        (lambda ax: plots.gradient_by_layer(ax, {}), "norms"),
        (lambda ax: plots.gradient_by_layer(ax, {"a": [-1.0]}), "norms"),
        (lambda ax: plots.computational_graph(ax, 3.0), "output"),
        (lambda ax: plots.computational_graph(ax, sum([autodiff.Value(1.0)] * 40)), "output"),
        (lambda ax: plots.dashboard("history"), "history"),
        (lambda ax: plots.dashboard(bplib.History()), "history"),
    ],
)
def test_wrong_calls_name_the_argument(call, word):
    _, ax = plots.figure()
    with pytest.raises(ValueError, match=word):
        call(ax)
