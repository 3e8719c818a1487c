import numpy as np
import pytest

import bplib
from bplib import autodiff, plots

X, Y = bplib.data.xor()


def trained(**kwargs):
    net = bplib.mlp([2, 3, 1], output="sigmoid", seed=1, stack=kwargs.pop("stack", None))
    loss = bplib.losses.BinaryCrossEntropy()
    return net, bplib.fit(net, loss, X, Y, bplib.SGD(1.0), epochs=60, **kwargs)


def boundary(ax, levels):
    """Return the points of the boundary lines, not of the tinted regions."""
    lines = [c for c in ax.collections if not c.filled and np.allclose(c.levels, levels)]
    return np.concatenate([path.vertices for line in lines for path in line.get_paths()])


@pytest.mark.parametrize("threshold", [0.5, 0.4])
def test_boundary_runs_where_the_output_is_the_threshold(threshold):
    net, _ = trained()
    _, ax = plots.figure()
    plots.decision_boundary(ax, net, X, Y, threshold=threshold)
    a = net.forward(boundary(ax, [threshold]).T)
    np.testing.assert_allclose(a, threshold, atol=0.02)


def test_boundary_of_several_outputs_parts_the_two_largest():
    x, y = bplib.data.moons(40)
    labels = np.concatenate([y, 1 - y]) if len(y) == 1 else y
    net = bplib.mlp([2, 5, 2], seed=3)
    _, ax = plots.figure()
    plots.decision_boundary(ax, net, x, labels)
    points = boundary(ax, [0])
    assert len(points)
    a = net.forward(points.T)
    np.testing.assert_allclose(a[0], a[1], atol=0.05)


def test_boundary_of_one_member_is_that_of_a_network_of_its_own():
    stack = bplib.mlp([2, 3, 1], seed=3, stack=(2,))
    net = bplib.mlp([2, 3, 1], seed=3)
    net.theta = stack.theta[1]
    drawn = []
    for args in [(stack, X, Y, 1), (net, X, Y)]:
        _, ax = plots.figure()
        plots.decision_boundary(ax, *args, threshold=float(net.forward(X).mean()))
        drawn.append(np.concatenate([p.vertices for c in ax.collections for p in c.get_paths()]))
    np.testing.assert_array_equal(*drawn)
    _, ax = plots.figure()
    with pytest.raises(ValueError, match="member is None"):
        plots.decision_boundary(ax, stack, X, Y)
    with pytest.raises(ValueError, match="member is 2"):
        plots.decision_boundary(ax, stack, X, Y, 2)


def test_examples_have_a_marker_for_each_class():
    _, ax = plots.figure()
    plots.examples(ax, [[0, 1, 2], [3, 4, 5]], [[0, 1, 0]])
    low, high = ax.get_lines()
    np.testing.assert_array_equal(low.get_xydata(), [[0, 3], [2, 5]])
    np.testing.assert_array_equal(high.get_xydata(), [[1, 4]])
    assert low.get_marker() != high.get_marker()
    with pytest.raises(ValueError, match="y has 2"):
        plots.examples(ax, [[0, 1, 2], [3, 4, 5]], [[0, 1]])


def test_descent_path_is_cut_at_the_frame_and_starts_inside_it():
    _, ax = plots.figure()
    ax.set(xlim=(-1, 1), ylim=(-1, 1))
    plots.descent_path(ax, [[0, 0], [0.5, 0.5], [4, 4]])
    drawn = np.concatenate([line.get_xydata() for line in ax.get_lines()])
    assert np.abs(drawn).max() <= 1
    assert "start" in [text.get_text() for text in ax.texts]
    with pytest.raises(ValueError, match="path starts at"):
        plots.descent_path(ax, [[2, 0], [0, 0]])
    with pytest.raises(ValueError, match="path has shape"):
        plots.descent_path(ax, [0, 1])


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
