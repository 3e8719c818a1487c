"""What must hold for every network, on networks that hypothesis draws."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle.reference import complex_step_gradient, data, distance, loss_value, network

import bplib
from bplib import losses

EXACT = 1e-12  # float64 roundings over at most six layers; complex step adds none
REORDERED = 1e-13  # the same sum in another order
SAME = 1e-15  # the same products in the same order, at most one rounding apart
SINGLE = 1e-3  # float32 keeps seven digits; saturation and six layers cost some
# Where a ≈ y or all ReLUs are dead the gradient is nearly nothing and its relative error
# means nothing: below this norm errors are absolute.
FLOOR = 1e-2

NAMES = ["identity", "sigmoid", "tanh", "relu"]
OUTPUTS = [
    (losses.SquaredError(), NAMES),
    (losses.BinaryCrossEntropy(), ["sigmoid"]),
    (losses.SoftmaxCrossEntropy(), ["identity"]),
]

settings.register_profile("book", deadline=None, max_examples=200, derandomize=True)
settings.load_profile("book")


@st.composite
def problems(draw, smooth=False):
    """Sizes, activations, loss, network, x and y: depth 1–6, width 1–8, batch 1–9."""
    hidden = [n for n in NAMES if n != "relu"] if smooth else NAMES
    depth = draw(st.integers(1, 6))
    sizes = draw(st.lists(st.integers(1, 8), min_size=depth + 1, max_size=depth + 1))
    loss, outputs = draw(st.sampled_from(OUTPUTS))
    names = [draw(st.sampled_from(hidden)) for _ in range(depth - 1)]
    names.append(draw(st.sampled_from([n for n in outputs if n in hidden])))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    net = network(sizes, names, rng)
    return sizes, names, loss, net, *data(sizes, loss, draw(st.integers(1, 9)), rng)


def run(net, loss, x, y):
    value, grad = bplib.loss_and_grad(net, loss, x, y)
    return value, grad.copy()


@given(problems())
@settings(max_examples=1000)
def test_gradient_is_that_of_complex_step(problem):
    sizes, names, loss, net, x, y = problem
    value, grad = run(net, loss, x, y)
    assert distance(value, loss_value(sizes, names, loss, net.theta, x, y), FLOOR) < EXACT
    exact = complex_step_gradient(sizes, names, loss, net.theta, x, y)
    assert distance(grad, exact, FLOOR) < EXACT


@given(problems(smooth=True))
@settings(max_examples=60)
def test_gradcheck_agrees(problem):
    *_, loss, net, x, y = problem
    check = bplib.gradcheck(net, loss, x, y, "complex")
    assert distance(check.analytic, check.numeric, FLOOR) < EXACT
    assert check.numeric.shape == net.theta.shape


@given(problems())
def test_batch_is_the_mean_of_its_examples(problem):
    *_, loss, net, x, y = problem
    value, grad = run(net, loss, x, y)
    each = [run(net, loss, x[:, [k]], y[:, [k]]) for k in range(x.shape[1])]
    assert distance(value, np.mean([v for v, _ in each]), FLOOR) < REORDERED
    assert distance(grad, np.mean([g for _, g in each], axis=0), FLOOR) < REORDERED


@given(problems(), st.integers(2, 4))
def test_copies_of_all_examples_change_nothing(problem, copies):
    *_, loss, net, x, y = problem
    value, grad = run(net, loss, x, y)
    more_value, more_grad = run(net, loss, np.tile(x, copies), np.tile(y, copies))
    assert distance(more_value, value, FLOOR) < REORDERED
    assert distance(more_grad, grad, FLOOR) < REORDERED


@given(problems(), st.randoms(use_true_random=False))
def test_order_of_examples_changes_nothing(problem, random):
    *_, loss, net, x, y = problem
    value, grad = run(net, loss, x, y)
    order = list(range(x.shape[1]))
    random.shuffle(order)
    other_value, other_grad = run(net, loss, x[:, order], y[:, order])
    assert distance(other_value, value, FLOOR) < REORDERED
    assert distance(other_grad, grad, FLOOR) < REORDERED


@given(problems(), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_stack_is_its_members(problem, k, seed):
    sizes, names, loss, _, x, y = problem
    stack = network(sizes, names, np.random.default_rng(seed), stack=k)
    values, grads = run(stack, loss, x, y)
    for member in range(k):
        single = network(sizes, names, np.random.default_rng(0))
        single.theta[...] = stack.theta[member]
        value, grad = run(single, loss, x, y)
        assert distance(values[member], value, 1.0) < SAME
        assert distance(grads[member], grad, 1.0) < SAME


@given(problems())
def test_theta_round_trip(problem):
    sizes, names, *_, net, x, _ = problem
    twin = network(sizes, names, np.random.default_rng(1))
    twin.theta[...] = net.theta
    for mine, theirs in zip((*net.W, *net.b), (*twin.W, *twin.b), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    parts = [p.ravel() for layer in twin.layers for p in (layer.W, layer.b)]
    np.testing.assert_array_equal(np.concatenate(parts), net.theta)
    np.testing.assert_array_equal(twin.forward(x), net.forward(x))


@given(problems(smooth=True))
def test_float32_is_close_to_float64(problem):
    sizes, names, loss, net, x, y = problem
    small = network(sizes, names, np.random.default_rng(1), dtype=np.float32)
    small.theta[...] = net.theta
    value, grad = run(net, loss, x, y)
    small_value, small_grad = run(small, loss, x, y)
    assert small_grad.dtype == small_value.dtype == np.float32
    assert distance(small_value, value, FLOOR) < SINGLE
    assert distance(small_grad, grad, FLOOR) < SINGLE


@given(problems(smooth=True))
def test_a_short_step_downhill_lowers_the_loss(problem):
    *_, loss, net, x, y = problem
    value, grad = run(net, loss, x, y)
    length = np.linalg.norm(grad)
    if length > FLOOR:
        bplib.SGD(1e-6 / length).step(net.theta, grad)  # a step of length 1e-6
        fall = value - bplib.evaluate(net, loss, x, y)
        assert abs(fall / (1e-6 * length) - 1) < 1e-2
