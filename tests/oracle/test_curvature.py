"""Second derivatives against SymPy, PyTorch and closed forms."""

import numpy as np
import pytest
import sympy as sp

import bplib
from bplib import activations, losses, symbolic
from bplib.curvature import hessian, hessian_vector, largest_curvature
from bplib.layers import Activate, BatchNorm, Dense, Dropout, LayerNorm, Residual
from oracle import worked
from oracle.reference import MATCHED, complex_step_gradient, data, distance, network

EXACT = 1e-14  # complex step: nothing but a handful of float64 roundings
TOLERANCE = 1e-12  # two float64 programs that add in another order
DIGITS = 30
ELEMENTWISE = [name for name in activations.ACTIVATIONS if name != "softmax"]
SE = losses.SquaredError()


@pytest.fixture(scope="module")
def torch():
    module = pytest.importorskip(
        "torch", reason="NOT CHECKED against PyTorch: it needs `pip install torch==2.13.0`"
    )
    module.set_num_threads(1)
    return module


def eigenvalues(net, loss, x, y):
    return np.linalg.eigvalsh(hessian(net, loss, x, y))


def true_residual(found, net, loss, x, y):
    Hv = hessian_vector(net, loss, x, y, found.vector)
    return np.linalg.norm(Hv - found.value * found.vector)


# Hessian-vector products


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_complex_step_through_every_slope_is_sympys_second_derivative(name):
    f, z = activations.get(name), sp.Symbol("z", real=True)
    second = symbolic.ACTIVATIONS[name](z).diff(z, 2)
    at = np.array([-20.0, -4.1, -1.5, -0.3, 0.2, 0.9, 3.7, 20.0])
    exact = [float(second.subs(z, sp.Rational(str(p))).doit().evalf(DIGITS)) for p in at]
    nudged = at + 1e-30j
    found = f.df(nudged, f(nudged)).imag / 1e-30
    np.testing.assert_allclose(found, exact, rtol=EXACT, atol=1e-16)


@pytest.mark.parametrize(
    ("sizes", "hidden", "output"),
    [
        ([2, 2, 1], "tanh", "identity"),
        ([2, 2, 1], "gelu", "sigmoid"),
        ([1, 2, 2], "softplus", "tanh"),
        ([1, 1, 1, 1], "sigmoid", "elu"),
    ],
)
def test_hessian_is_sympys(sizes, hidden, output):
    rng = np.random.default_rng(3)
    net = network(sizes, [hidden] * (len(sizes) - 2) + [output], rng)
    x, y = data(sizes, SE, 1, rng)
    net.theta[...], x, y = np.round(net.theta, 3), np.round(x, 3), np.round(y, 3)
    sym = symbolic.mlp(sizes, hidden, output)
    compare(net, x, y, sym, sym.values(x, y, net.W, net.b))


def test_hessian_of_the_worked_example_is_sympys():
    compare(*worked.network(), *worked.known())


def compare(net, x, y, sym, known):
    second = sp.hessian(sym.loss, sym.theta)
    exact = np.array(
        [[float(e.subs(known).doit().evalf(DIGITS)) for e in row] for row in second.tolist()]
    )
    assert distance(hessian(net, SE, x, y), exact) < EXACT
    v = np.random.default_rng(0).standard_normal(len(exact))
    assert distance(hessian_vector(net, SE, x, y, v), exact @ v) < EXACT


def flat_loss(torch, net, names, loss, x, y):
    """The loss as a PyTorch function of theta, by PyTorch's own layers and losses."""
    F = torch.nn.functional
    x, target = torch.tensor(x.T.copy()), torch.tensor(y.T.copy())
    act = {name: getattr(F, name) for name in activations.ACTIVATIONS if name != "identity"}
    act |= {"identity": lambda z: z, "softmax": lambda z: F.softmax(z, dim=-1)}

    def value(theta):
        a, start = x, 0
        for W, name in zip(net.W, names, strict=True):
            n_out, n_in = W.shape
            stop = start + n_out * n_in
            z = F.linear(a, theta[start:stop].reshape(n_out, n_in), theta[stop : stop + n_out])
            a, start = act[name](z), stop + n_out
        return torch_loss(F, loss, z, a, target)

    return value


def torch_loss(F, loss, z, a, target):
    if isinstance(loss, losses.SquaredError):
        return F.mse_loss(a, target, reduction="sum") / 2 / len(a)
    if isinstance(loss, losses.BinaryCrossEntropy):
        return F.binary_cross_entropy_with_logits(z, target, reduction="sum") / len(z)
    return F.cross_entropy(z, target)


def check_against(torch, value, net, loss, x, y):
    theta = torch.tensor(net.theta)
    assert bplib.loss_and_grad(net, loss, x, y)[0] == pytest.approx(value(theta).item(), rel=1e-12)
    exact = torch.autograd.functional.hessian(value, theta).numpy()
    H = hessian(net, loss, x, y)
    assert np.linalg.norm(exact) > 1e-2, "a Hessian of zero would prove nothing"
    assert distance(H, exact) < TOLERANCE
    assert distance(H, H.T) < TOLERANCE
    v = np.random.default_rng(0).standard_normal(len(exact))
    _, Hv = torch.autograd.functional.hvp(value, theta, torch.tensor(v))
    assert distance(hessian_vector(net, loss, x, y, v), Hv.numpy()) < TOLERANCE


@pytest.mark.parametrize(("loss", "output"), MATCHED)
@pytest.mark.parametrize("hidden", activations.ACTIVATIONS)
def test_hessian_is_pytorchs(torch, hidden, loss, output):
    rng = np.random.default_rng(7)
    sizes, names, loss = [3, 5, 4, 2], [hidden, hidden, output], loss()
    net = network(sizes, names, rng)
    x, y = data(sizes, loss, 6, rng)
    check_against(torch, flat_loss(torch, net, names, loss, x, y), net, loss, x, y)


def every_layer():
    """A network with each kind of layer, its parameters drawn at random."""
    dropout = Dropout(6, 0.4, seed=1)
    block = Residual([LayerNorm(4), Dense(4, 6, "softplus"), dropout, Dense(6, 4)])
    net = bplib.Network([Dense(3, 4), BatchNorm(4), Activate(4, "gelu"), block, Dense(4, 2)])
    rng = np.random.default_rng(5)
    net.theta[...] = rng.standard_normal(net.theta.size)
    x, y = data([3, 2], losses.SoftmaxCrossEntropy(), 7, rng)
    return net, dropout, losses.SoftmaxCrossEntropy(), x, y


def test_hessian_through_every_layer_is_pytorchs(torch):
    net, dropout, loss, x, y = every_layer()
    bplib.loss_and_grad(net, loss, x, y)
    dropout.hold = True
    assert 0 < (dropout.mask == 0).sum() < dropout.mask.size
    F, mask = torch.nn.functional, torch.tensor(dropout.mask.T.copy())
    x_rows, target = torch.tensor(x.T.copy()), torch.tensor(y.T.copy())
    shapes = [(4, 3), (4,), (4,), (4,), (4,), (4,), (6, 4), (6,), (4, 6), (4,), (2, 4), (2,)]

    def value(theta):
        parts = torch.split(theta, [int(np.prod(shape)) for shape in shapes])
        W1, b1, g1, h1, g2, h2, W2, b2, W3, b3, W4, b4 = (
            part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)
        )
        a = F.gelu(F.batch_norm(F.linear(x_rows, W1, b1), None, None, g1, h1, training=True))
        inner = mask * F.softplus(F.linear(F.layer_norm(a, (4,), g2, h2), W2, b2))
        return F.cross_entropy(F.linear(a + F.linear(inner, W3, b3), W4, b4), target)

    check_against(torch, value, net, loss, x, y)


def test_product_is_the_slope_of_the_gradient():
    net, dropout, loss, x, y = every_layer()
    v = np.random.default_rng(0).standard_normal(net.theta.size)
    bplib.loss_and_grad(net, loss, x, y)
    dropout.hold = True
    Hv, theta, h = hessian_vector(net, loss, x, y, v), net.theta.copy(), 1e-5
    sides = []
    for sign in (1, -1):
        net.theta[...] = theta + sign * h * v
        sides.append(bplib.loss_and_grad(net, loss, x, y)[1].copy())
    assert distance(Hv, (sides[0] - sides[1]) / (2 * h)) < 1e-7


def test_l2_adds_its_strength_for_the_weights_and_l1_nothing():
    rng = np.random.default_rng(6)
    net = network([2, 3, 1], ["tanh", "identity"], rng)
    x, y = data([2, 1], SE, 5, rng)
    H = hessian(net, SE, x, y)
    on_weights = np.diag([0.25] * 6 + [0] * 3 + [0.25] * 3 + [0])
    penalized = hessian(net, SE + losses.L2(0.25) + losses.L1(0.5), x, y)
    assert distance(penalized - H, on_weights) < EXACT


@pytest.mark.parametrize("scale", [0.0, 1e-300, 1e-20, -3.0, 1e20, 1e300])
def test_product_is_linear_at_every_length(scale):
    rng = np.random.default_rng(8)
    net = network([2, 3, 1], ["tanh", "identity"], rng)
    x, y = data([2, 1], SE, 5, rng)
    v = rng.standard_normal(net.theta.size)
    Hv = hessian_vector(net, SE, x, y, v)
    assert np.abs(Hv).max() > 1e-2
    found = hessian_vector(net, SE, x, y, scale * v)
    np.testing.assert_allclose(found, scale * Hv, rtol=1e-12, atol=1e-15 * abs(scale))


def test_relu_counts_as_the_piece_it_is_on():
    """Away from kinks a ReLU network is the linear one that its open units make."""
    rng = np.random.default_rng(9)
    relu = bplib.Network([Dense(2, 4, "relu"), Dense(4, 1)])
    relu.theta[...] = rng.standard_normal(relu.theta.size)
    x, y = rng.standard_normal((2, 1)), np.ones((1, 1))
    relu.forward(x)
    is_open = relu.z[0][:, 0] > 0
    assert 0 < is_open.sum() < 4
    linear = bplib.Network([Dense(2, 4), Dense(4, 1)])
    linear.theta[...] = relu.theta
    linear.W[0][~is_open] = linear.b[0][~is_open] = linear.W[1][:, ~is_open] = 0
    kept = np.concatenate([np.repeat(is_open, 2), is_open, is_open, [True]])
    H, piece = hessian(relu, SE, x, y), hessian(linear, SE, x, y)
    np.testing.assert_allclose(H[np.ix_(kept, kept)], piece[np.ix_(kept, kept)], rtol=EXACT)
    assert not H[~kept].any()


def test_network_is_left_as_it_is():
    net, dropout, loss, x, y = every_layer()
    bplib.loss_and_grad(net, loss, x, y)
    norm = net.layers[1]
    arrays = [net.theta, net.grad, *net.z, *net.a, *net.delta, dropout.mask]
    arrays += [norm.running_mean, norm.running_variance]
    before, state = [array.copy() for array in arrays], dropout.rng.bit_generator.state
    v = np.ones(net.theta.size)
    first = hessian_vector(net, loss, x, y, v)
    largest_curvature(net, loss, x, y)
    for left, array in zip(before, arrays, strict=True):
        np.testing.assert_array_equal(left, array)
    assert dropout.rng.bit_generator.state == state
    assert not dropout.hold
    np.testing.assert_array_equal(hessian_vector(net, loss, x, y, v), first)


def test_masks_are_drawn_once_where_there_are_none():
    net, _, loss, x, y = every_layer()
    v = np.ones(net.theta.size)
    fresh = hessian_vector(net, loss, x, y, v)
    np.testing.assert_array_equal(hessian_vector(net, loss, x, y, v), fresh)
    bplib.loss_and_grad(net, loss, x, y)  # draws the very masks that were drawn above
    np.testing.assert_array_equal(hessian_vector(net, loss, x, y, v), fresh)
    H = hessian(net, loss, x, y)
    assert distance(H @ v, fresh) < EXACT


# The largest eigenvalue


def linear_regression(seed=0):
    """A linear network with squared error: H = I ⊗ (1/m) Σ x̃ x̃ᵀ, x̃ = (x, 1)."""
    rng = np.random.default_rng(seed)
    net = bplib.mlp([3, 1], seed=rng)
    x, y = data([3, 1], SE, 20, rng)
    inputs = np.vstack([x, np.ones((1, 20))])
    return net, x, y, inputs @ inputs.T / 20


def test_linear_regression_in_closed_form():
    net, x, y, H = linear_regression()
    assert distance(hessian(net, SE, x, y), H) < EXACT
    found = largest_curvature(net, SE, x, y, tol=1e-10)
    assert found.converged
    assert found.value == pytest.approx(np.linalg.eigvalsh(H)[-1], rel=1e-14)
    assert distance(H @ found.vector, found.value * found.vector) < 1e-9


def test_saddle_of_a_deep_linear_network_in_closed_form():
    """L = ½ (w₂ (w₁ x + b₁) + b₂ − y)² at θ = 0 has the eigenvalues ±|y| √(x² + 1), 1 and 0.

    Two of the same modulus: without a shift, power iteration goes on for ever.
    """
    net = bplib.mlp([1, 1, 1], hidden="identity", init="zeros")
    x, y = np.array([[2.0]]), np.array([[-3.0]])
    found = largest_curvature(net, SE, x, y)
    assert found.converged
    assert found.value == pytest.approx(3 * np.sqrt(5), rel=1e-11)
    expected = np.array([2, 1, np.sqrt(5), 0]) / np.sqrt(10)
    assert abs(found.vector @ expected) == pytest.approx(1, rel=1e-11)
    ends = [-3 * np.sqrt(5), 0, 1, 3 * np.sqrt(5)]
    np.testing.assert_allclose(eigenvalues(net, SE, x, y), ends, atol=1e-14)


def far_below_zero():
    """Saturated on the wrong side: what stands out is negative."""
    net = bplib.mlp([2, 4, 1], hidden="tanh", output="sigmoid", seed=0)
    net.b[1][...] = 1.5
    return net, SE, np.random.default_rng(3).standard_normal((2, 6)), np.zeros((1, 6))


def all_below_zero():
    """One sigmoid, two examples: H = Σ s x̃ x̃ᵀ with s < 0, so that 0 is the largest eigenvalue."""
    net = bplib.mlp([3, 1], output="sigmoid", init="zeros")
    net.b[0][...] = 2
    return net, SE, np.array([[1.0, 0], [0, 1], [0.5, -1]]), np.zeros((1, 2))


def at_the_start():
    net = bplib.mlp([2, 8, 8, 1], output="sigmoid")
    rng = np.random.default_rng(4)
    return net, losses.BinaryCrossEntropy(), *data([2, 1], losses.BinaryCrossEntropy(), 30, rng)


def with_batch_norm():
    net, _, loss, x, y = every_layer()
    return net, loss, x, y


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("problem", [far_below_zero, all_below_zero, at_the_start, with_batch_norm])
def test_largest_eigenvalue_is_numpys(problem, seed):
    net, loss, x, y = problem()
    exact = eigenvalues(net, loss, x, y)
    size = np.abs(exact).max()
    assert exact[0] < -1e-2, "there is something to be mistaken for"
    if problem in (far_below_zero, all_below_zero):
        assert -exact[0] > 2 * exact[-1]
    found = largest_curvature(net, loss, x, y, seed=seed)
    assert found.converged
    assert found.value == pytest.approx(exact[-1], abs=1e-10 * size)
    assert np.linalg.norm(found.vector) == pytest.approx(1, rel=1e-14)
    assert found.residual <= 1e-6 * size
    assert true_residual(found, net, loss, x, y) == pytest.approx(found.residual, abs=1e-12)


def test_residual_can_be_made_as_small_as_roundings():
    """Errors of v and H v are not fed back from step to step."""
    net, loss, x, y = at_the_start()
    found = largest_curvature(net, loss, x, y, tol=1e-13)
    assert found.converged
    assert true_residual(found, net, loss, x, y) < 1e-12
    on = largest_curvature(net, loss, x, y, tol=0, iterations=3000)
    assert true_residual(on, net, loss, x, y) < 1e-12
    assert on.value == pytest.approx(eigenvalues(net, loss, x, y)[-1], rel=1e-13)


def test_no_step_lowers_the_value_and_stopping_early_is_reported():
    net, loss, x, y = at_the_start()
    steps = [largest_curvature(net, loss, x, y, iterations=k) for k in range(1, 12)]
    values = [found.value for found in steps]
    assert (np.diff(values) > 0).all()
    assert [found.iterations for found in steps] == list(range(1, 12))
    assert not steps[0].converged
    top = eigenvalues(net, loss, x, y)
    for found in steps:
        assert true_residual(found, net, loss, x, y) == pytest.approx(found.residual, rel=1e-9)
        assert np.abs(top - found.value).min() <= found.residual


def test_a_step_goes_to_the_best_of_its_plane():
    net, loss, x, y = at_the_start()
    H = hessian(net, loss, x, y)
    before, after = (largest_curvature(net, loss, x, y, iterations=k) for k in (1, 2))
    plane, _ = np.linalg.qr(np.stack([before.vector, H @ before.vector], axis=-1))
    best = np.linalg.eigvalsh(plane.T @ H @ plane)[-1]
    assert after.value == pytest.approx(best, rel=1e-12)


def test_flat_loss_has_no_curvature():
    net = bplib.mlp([2, 2, 1], hidden="relu", output="relu", init="zeros")
    found = largest_curvature(net, SE, np.ones((2, 3)), np.ones((1, 3)))
    assert (found.value, found.residual, found.converged) == (0, 0, True)


@pytest.mark.parametrize(("factor", "ends"), [(0.98, "lower"), (1.02, "higher")])
def test_two_over_lambda_divides_learning_from_diverging(factor, ends):
    net, x, y, _ = linear_regression()
    top = largest_curvature(net, SE, x, y).value
    history = bplib.fit(net, SE, x, y, bplib.SGD(factor * 2 / top), epochs=400, every=1)
    if ends == "lower":
        assert history.loss[-1] < history.loss[200] < history.loss[0]
    else:
        assert history.loss[-1] > 100 * history.loss[200] > history.loss[0]


def test_product_is_the_slope_of_a_second_programs_gradient():
    rng = np.random.default_rng(11)
    sizes, names = [2, 4, 2], ["tanh", "sigmoid"]
    net = network(sizes, names, rng)
    x, y = data(sizes, SE, 5, rng)
    v, h = rng.standard_normal(net.theta.size), 1e-5
    right = complex_step_gradient(sizes, names, SE, net.theta + h * v, x, y)
    left = complex_step_gradient(sizes, names, SE, net.theta - h * v, x, y)
    assert distance(hessian_vector(net, SE, x, y, v), (right - left) / (2 * h)) < 1e-8


def test_ctrl_c_gets_through(monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    net, loss, x, y = at_the_start()
    monkeypatch.setattr("bplib.curvature.loss_and_grad", interrupt)
    with pytest.raises(KeyboardInterrupt):
        largest_curvature(net, loss, x, y)


def test_progress_bar(capsys):
    net, loss, x, y = at_the_start()
    largest_curvature(net, loss, x, y)
    assert capsys.readouterr().err == ""
    largest_curvature(net, loss, x, y, progress=True)
    assert "curvature" in capsys.readouterr().err


# What takes complex numbers otherwise than real ones

RNG = np.random.default_rng(0)
THREE, TWO = RNG.standard_normal((3, 5)), RNG.standard_normal((2, 5))


def own(f, df):
    act = activations.Activation("own", f, df)
    return bplib.mlp([3, 4, 4, 2], hidden=act, output=act)


NOT_HOLOMORPHIC = {
    "np.abs": (np.abs, lambda z, a: np.sign(z)),
    "the real part alone": (lambda z: z.real**2, lambda z, a: 2 * z.real),
    "a slope of the real part": (lambda z: z * z, lambda z, a: 2 * z.real + 0 * z),
    "no function of complex numbers": (lambda z: z + 0 * np.floor(z), lambda z, a: 1 + 0 * z),
}


@pytest.mark.parametrize("name", NOT_HOLOMORPHIC)
def test_a_hessian_that_would_be_wrong_is_refused(name):
    net = own(*NOT_HOLOMORPHIC[name])
    calls = [
        lambda: hessian(net, SE, THREE, TWO),
        lambda: hessian_vector(net, SE, THREE, TWO, np.ones(net.theta.size)),
        lambda: largest_curvature(net, SE, THREE, TWO),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r"net or loss takes complex numbers.*'own'.*expected"):
            call()


def test_absolute_values_can_be_written_for_complex_numbers():
    def f(z):
        return np.where(z.real < 0, -z, z)

    def df(z, a):
        return np.sign(z.real)

    H = hessian(own(f, df), SE, THREE, TWO)
    assert np.linalg.norm(H) > 1
    assert distance(H, H.T) < TOLERANCE


def test_a_relu_on_its_kink_is_no_reason_to_refuse():
    for output in ("identity", "relu"):
        net = bplib.mlp([3, 4, 2], hidden="relu", output=output, init="zeros")
        assert np.isfinite(hessian(net, SE, THREE, TWO)).all()


@pytest.mark.parametrize("epochs", [0, 3000])
@pytest.mark.parametrize("hidden", activations.ACTIVATIONS)
def test_no_activation_of_ours_is_refused(hidden, epochs):
    for scale in (0.1, 1, 100):
        net = bplib.mlp([3, 4, 2], hidden=hidden)
        bplib.fit(net, SE, scale * THREE, TWO, bplib.Adam(0.01), epochs=epochs, every=1000)
        H = hessian(net, SE, scale * THREE, TWO)
        assert distance(H, H.T) < 1e-9
