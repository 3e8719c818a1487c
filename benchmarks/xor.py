"""Exclusive or, 2-3-1: many full-batch steps on four examples, where every call counts.

Hidden and output units are sigmoids, the loss is binary cross-entropy, so that δ = a − y at the
output. The article this book grew out of sums the gradient over the four examples and takes
η = 0.1; with the mean the same steps are taken at η = 0.4.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from functools import cache, partial

import numpy as np
from scipy.special import expit

import bplib
from benchmarks.harness import Contest, Contestant, Train
from benchmarks.machine import compiling_pytorch, jax, library, pytorch

STEPS = 10_000
ETA = 0.4

x, y = bplib.data.xor()


def network() -> bplib.Network:
    """Return the network everybody starts from, as the article draws it: from N(0, 1)."""
    return bplib.mlp([2, 3, 1], "sigmoid", "sigmoid", init="normal", seed=1)


def start() -> list[np.ndarray]:
    """Return copies of W1 (3, 2), b1 (3, 1), W2 (1, 3), b2 (1, 1)."""
    net = network()
    return [p.copy() for pair in zip(net.W, net.b, strict=True) for p in pair]


def contest(steps: int = STEPS) -> Contest:
    """Return the contest over that many steps."""
    same = partial(expected, steps)
    functions = {
        "plain NumPy listing": listing,
        "hand-tuned NumPy": hand_tuned,
        "bplib": with_bplib,
        "bplib, fit's defaults": bplib_defaults,
        "bplib, a loop of one's own": bplib_loop,
        "PyTorch, eager": torch_eager,
        "PyTorch, compiled step": torch_compiled,
        "JAX, one jitted step at a time": jax_step,
        "JAX, lax.scan over all steps": jax_scan,
        "scikit-learn MLPClassifier": scikit_learn,
        "HIPS autograd": hips_autograd,
        "micrograd": micrograd,
    }
    contestants = [Contestant(name, partial(f, steps), same) for name, f in functions.items()]
    return Contest(f"XOR, 2-3-1, {steps:,} steps of gradient descent", contestants)


def listing(steps: int, parameters: Sequence[np.ndarray] | None = None) -> Train:
    """NumPy as the article writes it: rows, whole numbers for data, the gradient summed."""
    X, Y = x.T.astype(int), y.T.astype(int)
    W1, b1, W2, b2 = (p.T.copy() for p in parameters or start())
    eta = ETA / len(X)

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    def sigmoid_slope(a):
        return a * (1 - a)

    def train() -> float:
        nonlocal W1, b1, W2, b2
        for _ in range(steps):
            z1 = np.dot(X, W1) + b1
            a1 = sigmoid(z1)
            z2 = np.dot(a1, W2) + b2
            a2 = sigmoid(z2)

            delta2 = a2 - Y
            dW2 = np.dot(a1.T, delta2)
            db2 = np.sum(delta2, axis=0, keepdims=True)
            delta1 = np.dot(delta2, W2.T) * sigmoid_slope(a1)
            dW1 = np.dot(X.T, delta1)
            db1 = np.sum(delta1, axis=0, keepdims=True)

            W2 -= eta * dW2
            b2 -= eta * db2
            W1 -= eta * dW1
            b1 -= eta * db1
        a = sigmoid(np.dot(sigmoid(np.dot(X, W1) + b1), W2) + b2)
        return -np.mean(Y * np.log(a) + (1 - Y) * np.log(1 - a))

    return train


@cache
def expected(steps: int) -> float:
    """Return the listing's final loss."""
    return listing(steps)()


def hand_tuned(steps: int) -> Train:
    """NumPy without a single new array: buffers, biases as columns of W, one flat θ."""
    W1, b1, W2, b2 = start()
    theta = np.concatenate([np.hstack([W1, b1]).ravel(), np.hstack([W2, b2]).ravel()])
    grad = np.empty_like(theta)
    V1, V2 = theta[:9].reshape(3, 3), theta[9:].reshape(1, 4)
    dV1, dV2 = grad[:9].reshape(3, 3), grad[9:].reshape(1, 4)
    W2_column = V2[:, :3].T
    x1 = np.vstack([x, np.ones((1, 4))])
    a1_and_1 = np.ones((4, 4))
    a1 = a1_and_1[:3]
    z1, slope, delta1 = np.empty((3, 4)), np.empty((3, 4)), np.empty((3, 4))
    z2, a2, delta2 = np.empty((1, 4)), np.empty((1, 4)), np.empty((1, 4))
    x1_T, a1_and_1_T = x1.T, a1_and_1.T
    eta = np.array(ETA / 4)
    dot, subtract, multiply = np.dot, np.subtract, np.multiply

    def train() -> float:
        for _ in range(steps):
            dot(V1, x1, z1)
            expit(z1, a1)
            dot(V2, a1_and_1, z2)
            expit(z2, a2)
            subtract(a2, y, delta2)
            multiply(delta2, eta, delta2)
            dot(delta2, a1_and_1_T, dV2)
            multiply(a1, a1, slope)
            subtract(a1, slope, slope)
            multiply(W2_column, delta2, delta1)
            multiply(delta1, slope, delta1)
            dot(delta1, x1_T, dV1)
            subtract(theta, grad, theta)
        dot(V1, x1, z1)
        expit(z1, a1)
        dot(V2, a1_and_1, z2)
        return np.mean(np.logaddexp(0, z2) - y * z2)

    return train


def with_bplib(steps: int) -> Train:
    """The package of this book, with ten entries in the history."""
    return bplib_fit(steps, every=max(1, steps // 10))


def bplib_defaults(steps: int) -> Train:
    """The same as one writes it first, with about a hundred entries."""
    return bplib_fit(steps)


def bplib_fit(steps: int, **how: int) -> Train:
    """Return what trains the network with `bplib.fit`."""
    net, loss = network(), bplib.losses.BinaryCrossEntropy()

    def train() -> float:
        history = bplib.fit(net, loss, x, y, bplib.SGD(ETA), epochs=steps, **how)
        if history.interrupted:
            raise KeyboardInterrupt
        return history.loss[-1]

    return train


def bplib_loop(steps: int) -> Train:
    """The package's loss, gradient and update in a loop of one's own."""
    net, loss = network(), bplib.losses.BinaryCrossEntropy()

    def train() -> float:
        sgd = bplib.SGD(ETA)
        for _ in range(steps):
            _, grad = bplib.loss_and_grad(net, loss, x, y)
            sgd.step(net.theta, grad)
        return bplib.evaluate(net, loss, x, y)

    return train


def torch_model():
    """Return a PyTorch model with the parameters everybody starts from."""
    torch = pytorch()
    nn, f64 = torch.nn, torch.float64
    model = nn.Sequential(nn.Linear(2, 3, dtype=f64), nn.Sigmoid(), nn.Linear(3, 1, dtype=f64))
    reset(model)
    return model


def reset(model) -> None:
    """Put the first parameters back into a PyTorch model."""
    torch = pytorch()
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), start(), strict=True):
            parameter.copy_(torch.from_numpy(value.reshape(parameter.shape)))


def torch_eager(steps: int) -> Train:
    """PyTorch as its tutorials write it."""
    torch = pytorch()
    model = torch_model()
    X, Y = torch.from_numpy(x.T.copy()), torch.from_numpy(y.T.copy())
    loss = torch.nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=ETA)

    def train() -> float:
        for _ in range(steps):
            optimizer.zero_grad()
            loss(model(X), Y).backward()
            optimizer.step()
        with torch.no_grad():
            return loss(model(X), Y).item()

    return train


@cache
def torch_step():
    """Return a compiled function (parameters, X, Y) -> parameters after one step."""
    torch = compiling_pytorch()
    f = torch.nn.functional

    def loss(parameters, X, Y):
        W1, b1, W2, b2 = parameters
        z = f.linear(torch.sigmoid(f.linear(X, W1, b1)), W2, b2)
        return f.binary_cross_entropy_with_logits(z, Y)

    @torch.compile
    def step(parameters, X, Y):
        gradients = torch.func.grad(loss)(parameters, X, Y)
        return tuple(p - ETA * g for p, g in zip(parameters, gradients, strict=True))

    return step, loss


def torch_compiled(steps: int) -> Train:
    """PyTorch with forward pass, backward pass and update compiled into one function."""
    torch = compiling_pytorch()
    step, loss = torch_step()
    parameters = tuple(p.detach() for p in torch_model().parameters())
    X, Y = torch.from_numpy(x.T.copy()), torch.from_numpy(y.T.copy())

    @torch.no_grad()
    def train() -> float:
        nonlocal parameters
        for _ in range(steps):
            parameters = step(parameters, X, Y)
        return loss(parameters, X, Y).item()

    return train


@cache
def jax_functions() -> tuple[Callable, Callable, Callable]:
    """Return jitted functions: one step, many steps, the loss."""
    jnp, lax = jax().numpy, jax().lax

    def loss(parameters, X, Y):
        W1, b1, W2, b2 = parameters
        z = W2 @ jax().nn.sigmoid(W1 @ X + b1) + b2
        return jnp.mean(jnp.logaddexp(0, z) - Y * z)

    def step(parameters, X, Y):
        gradients = jax().grad(loss)(parameters, X, Y)
        return jax().tree.map(lambda p, g: p - ETA * g, parameters, gradients)

    def many(parameters, X, Y, steps):
        def body(parameters, _):
            return step(parameters, X, Y), None

        return lax.scan(body, parameters, length=steps)[0]

    return jax().jit(step), jax().jit(many, static_argnums=3), jax().jit(loss)


def jax_step(steps: int) -> Train:
    """JAX with a compiled step and the loop in Python."""
    step, _, loss = jax_functions()
    parameters, X, Y = jax().device_put((start(), x, y))

    def train() -> float:
        nonlocal parameters
        for _ in range(steps):
            parameters = step(parameters, X, Y)
        return float(loss(parameters, X, Y))

    return train


def jax_scan(steps: int) -> Train:
    """JAX with the loop compiled too: one call trains."""
    _, many, loss = jax_functions()
    parameters, X, Y = jax().device_put((start(), x, y))

    def train() -> float:
        return float(loss(many(parameters, X, Y, steps), X, Y))

    return train


def scikit_learn(steps: int) -> Train:
    """MLPClassifier, persuaded to plain full-batch gradient descent from given weights."""
    neural, errors = library("sklearn.neural_network"), library("sklearn.exceptions")
    model = neural.MLPClassifier(
        hidden_layer_sizes=(3,),
        activation="logistic",
        solver="sgd",
        alpha=0,
        batch_size=4,
        learning_rate_init=ETA,
        max_iter=1,
        shuffle=False,
        tol=0,
        momentum=0,
        nesterovs_momentum=False,
        n_iter_no_change=steps + 1,
        warm_start=True,
    )
    X, label = x.T.copy(), y[0].astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.ConvergenceWarning)
        model.fit(X, label)
    model.set_params(max_iter=steps)
    W1, b1, W2, b2 = start()
    model.coefs_ = [W1.T.copy(), W2.T.copy()]
    model.intercepts_ = [b1[:, 0].copy(), b2[:, 0].copy()]

    def train() -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", errors.ConvergenceWarning)
            model.fit(X, label)
        return -np.mean(np.log(model.predict_proba(X)[range(4), label]))

    return train


def hips_autograd(steps: int) -> Train:
    """Autograd: NumPy code, differentiated anew in each step."""
    grad, anp = library("autograd").grad, library("autograd.numpy")

    def loss(parameters):
        W1, b1, W2, b2 = parameters
        a1 = 1 / (1 + anp.exp(-(anp.dot(W1, x) + b1)))
        z = anp.dot(W2, a1) + b2
        return anp.mean(anp.logaddexp(0, z) - y * z)

    gradient = grad(loss)
    parameters = start()

    def train() -> float:
        nonlocal parameters
        for _ in range(steps):
            gradients = gradient(parameters)
            parameters = [p - ETA * g for p, g in zip(parameters, gradients, strict=True)]
        return loss(parameters)

    return train


def micrograd(steps: int) -> Train:
    """Micrograd: a graph of single numbers, built anew in each step.

    It knows sums, products, powers and ReLU; the sigmoid and log(1 + eᶻ) are added here.
    """
    Value = library("micrograd.engine").Value
    W1, b1, W2, b2 = ([[Value(float(v)) for v in row] for row in p] for p in start())
    parameters = [v for p in (W1, b1, W2, b2) for row in p for v in row]
    examples = [(list(map(float, column)), float(t)) for column, t in zip(x.T, y[0], strict=True)]

    def unary(value, result, slope):
        out = Value(result, (value,))

        def backward():
            value.grad += slope * out.grad

        out._backward = backward
        return out

    def sigmoid(z):
        a = 1 / (1 + math.exp(-z.data))
        return unary(z, a, a * (1 - a))

    def softplus(z):
        return unary(z, math.log1p(math.exp(z.data)), 1 / (1 + math.exp(-z.data)))

    def dense(W, b, a):
        rows = zip(W, b, strict=True)
        return [sum((w * v for w, v in zip(row, a, strict=True)), bias[0]) for row, bias in rows]

    def loss():
        total = 0
        for column, target in examples:
            (z,) = dense(W2, b2, [sigmoid(z) for z in dense(W1, b1, column)])
            total = total + softplus(z) - z * target
        return total * (1 / len(examples))

    def train() -> float:
        for _ in range(steps):
            for p in parameters:
                p.grad = 0
            loss().backward()
            for p in parameters:
                p.data -= ETA * p.grad
        return loss().data

    return train
