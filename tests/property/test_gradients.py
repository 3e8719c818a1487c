"""What must hold for every network, on networks that hypothesis draws."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import deep_reference as deep
from oracle.reference import complex_step_gradient, data, distance, loss_value, network

import bplib
from bplib import Network, losses
from bplib.activations import ACTIVATIONS
from bplib.layers import BatchNorm, Dropout

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


# From here on: any mix of layers.

WIDTHS = st.integers(1, 8)
ANY_NAME = st.sampled_from(sorted(ACTIVATIONS))
PLAIN = ["dense", "activate", "dropout", "batch_norm", "layer_norm"]
PENALTIES = [(), (losses.L2(0.1),), (losses.L1(0.1),), (losses.L1(0.03), losses.L2(0.02))]


@st.composite
def chains(draw, n, least, most, nested=0):
    """A list of `least` to `most` layers on n units, and the number of units at its end."""
    chain = []
    for _ in range(draw(st.integers(least, most))):
        kind = draw(st.sampled_from(PLAIN + ["residual"] * (nested < 2)))
        if kind == "dense":
            n_in, n = n, draw(WIDTHS)
            chain.append((kind, n_in, n, draw(ANY_NAME)))
        elif kind == "activate":
            chain.append((kind, n, draw(ANY_NAME)))
        elif kind == "dropout":
            chain.append((kind, n, draw(st.sampled_from([0.0, 0.2, 0.5])), draw(st.integers(0, 9))))
        elif kind == "residual":
            inner, end = draw(chains(n, 1, 3, nested + 1))
            back = [] if end == n else [("dense", end, n, draw(ANY_NAME))]
            chain.append((kind, inner + back))
        else:
            chain.append((kind, n))
    return chain, n


@st.composite
def deep_problems(draw):
    """Chain, loss, network, x and y: depth 1–6, residuals two deep, width 1–8, batch 1–9."""
    n_in = draw(WIDTHS)
    chain, n = draw(chains(n_in, 0, 5))
    last, n_out = draw(chains(n, 1, 1))
    loss, outputs = draw(st.sampled_from(OUTPUTS))
    if isinstance(loss, losses.BinaryCrossEntropy) and last[0][0] != "activate":
        last, n_out = [("dense", n, n_out, "sigmoid")], n_out
    if last[0][0] in ("dense", "activate") and not isinstance(loss, losses.SquaredError):
        last = [(*last[0][:-1], outputs[0])]
    chain = chain + last
    for penalty in draw(st.sampled_from(PENALTIES)):
        loss = loss + penalty
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    net = deep_network(chain, rng)
    least = 2 if any(isinstance(layer, BatchNorm) for layer in net.walk()) else 1
    return chain, loss, net, *data([n_in, n_out], loss, draw(st.integers(least, 9)), rng)


def deep_network(chain, rng, stack=None):
    """Weights N(0, 1/n_in), biases and β N(0, ¼), γ N(1, ¼); masks are held once drawn."""
    net = Network([deep.layer(*one) for one in chain], stack)
    for layer in net.walk():
        layer.hold = True
        for name in layer.shapes:
            p = getattr(layer, name)
            p[...] = rng.standard_normal(p.shape) / (2 if name != "W" else np.sqrt(layer.n_in))
            p += name == "gamma"
    return net


def amplification(net):
    """How much larger than elsewhere roundings may be, 1 in most networks.

    A normalization of nearly equal numbers (one unit, dead ReLUs, two examples) divides their
    roundings by a small deviation, down to √ε = 0.003.
    """
    small = [np.min(layer.deviation) for layer in net.walk() if hasattr(layer, "deviation")]
    return np.prod([max(1, 0.1 / deviation) for deviation in small])


def dropouts(net):
    return [layer for layer in net.walk() if isinstance(layer, Dropout)]


@given(deep_problems())
@settings(max_examples=2000)
def test_deep_gradient_is_that_of_complex_step(problem):
    chain, loss, net, x, y = problem
    value, grad = run(net, loss, x, y)
    masks = [layer.mask for layer in dropouts(net)]
    assert distance(value, deep.loss_value(chain, loss, net.theta, x, y, masks), FLOOR) < EXACT
    exact = deep.gradient(chain, loss, net.theta, x, y, masks)
    assert distance(grad, exact, FLOOR) < EXACT * amplification(net)


@given(deep_problems())
@settings(max_examples=60)
def test_deep_gradcheck_agrees(problem):
    _, loss, net, x, y = problem
    check = bplib.gradcheck(net, loss, x, y, "complex")
    assert distance(check.analytic, check.numeric, FLOOR) < EXACT * amplification(net)
    assert check.kinks == 0


@given(deep_problems(), st.integers(0, 2**32 - 1))
def test_deep_stack_is_its_members(problem, seed):
    chain, loss, net, x, y = problem
    stack = deep_network(chain, np.random.default_rng(seed), stack=3)
    values, grads = run(stack, loss, x, y)
    values = np.broadcast_to(values, 3)  # a network without parameters is the same three times
    for k in range(3):
        net.theta[...] = stack.theta[k]
        for mine, theirs in zip(dropouts(net), dropouts(stack), strict=True):
            mine.mask = theirs.mask[k] if theirs.mask.ndim == 3 else theirs.mask
        value, grad = run(net, loss, x, y)
        tolerance = REORDERED * amplification(net)
        assert distance(values[k], value, 1.0) < tolerance
        assert distance(grads[k], grad, 1.0) < tolerance
    for name, array in net.state.items():
        assert stack.state[name].shape == (3, *array.shape)


@given(deep_problems())
def test_evaluating_leaves_the_state_alone(problem):
    _, loss, net, x, y = problem
    run(net, loss, x, y)

    def everything():
        numbers = [*net.state.values(), net.grad, *(layer.mask for layer in dropouts(net))]
        draws = [layer.rng.bit_generator.state for layer in dropouts(net)]
        return [array.tobytes() for array in numbers], draws

    before = everything()
    a = net.forward(x)
    value = bplib.evaluate(net, loss, x, y)
    assert everything() == before
    np.testing.assert_array_equal(net.forward(x), a)
    assert bplib.evaluate(net, loss, x, y) == value
    each = [net.forward(x[:, [k]]) for k in range(x.shape[1])]
    assert distance(np.concatenate(each, axis=1), a, 1.0) < REORDERED * amplification(net)


@given(deep_problems(), st.sampled_from([None, 2]), st.sampled_from([np.float64, np.float32]))
@settings(max_examples=100)
def test_what_is_saved_comes_back(problem, stack, dtype):
    chain, loss, _, x, y = problem
    net, twin = (Network([deep.layer(*one) for one in chain], stack, dtype) for _ in range(2))
    net.theta += np.random.default_rng(0).standard_normal(net.theta.shape)
    run(net, loss, x, y)
    with tempfile.TemporaryDirectory() as folder:
        bplib.load(twin, bplib.save(net, Path(folder) / "net.npz"))
    for name, array in net.state.items():
        assert twin.state[name].tobytes() == array.tobytes()
        assert twin.state[name].dtype == dtype
    np.testing.assert_array_equal(twin.forward(x), net.forward(x))
    assert bplib.evaluate(twin, loss, x, y).tobytes() == bplib.evaluate(net, loss, x, y).tobytes()
