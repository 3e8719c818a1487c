"""Handwritten digits, 64-64-10: Adam on batches of 64, the loss of all examples after each epoch.

Everybody gets the same first parameters and the same shuffles, those that `bplib.fit` draws.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

import bplib
from benchmarks.harness import Contest, Contestant, Train
from benchmarks.machine import compiling_pytorch, jax, library, pytorch

EPOCHS = 20
BATCH = 64
BATCHES = (BATCH, 200)  # the second is scikit-learn's default
OWN_UPDATES = (
    "other updates: its own shuffles and ε, the mean of the batches' losses after an epoch"
)
ETA, BETA1, BETA2, EPS = 1e-3, 0.9, 0.999, 1e-8
SEED = 0


@dataclass(frozen=True)
class Problem:
    """What to train, and in which order.

    Attributes:
        x, y: examples as columns, (64, m) and (10, m).
        width: number of hidden units.
        orders: the examples in the order in which each epoch takes them.
        batch: examples per update.
    """

    x: np.ndarray
    y: np.ndarray
    width: int
    orders: tuple[np.ndarray, ...]
    batch: int = BATCH

    def network(self) -> bplib.Network:
        """Return the network everybody starts from."""
        return bplib.mlp([len(self.x), self.width, len(self.y)], "tanh", seed=1)

    def start(self) -> list[np.ndarray]:
        """Return copies of W1 (w, 64), b1 (w, 1), W2 (10, w), b2 (10, 1)."""
        net = self.network()
        return [p.copy() for pair in zip(net.W, net.b, strict=True) for p in pair]

    def rows(self) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
        """Return examples as rows, labels as numbers, and the first parameters, transposed."""
        parameters = [np.ascontiguousarray(p.T) for p in self.start()]
        return np.ascontiguousarray(self.x.T), self.y.argmax(axis=0), parameters

    def batches(self, order: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the indices of each batch of an epoch."""
        for k in range(0, len(order), self.batch):
            yield order[k : k + self.batch]


def problem(epochs: int = EPOCHS, width: int = 64, batch: int = BATCH) -> Problem:
    """Return the digits with as many epochs of shuffles as wanted."""
    data = bplib.data.digits()
    rng = np.random.default_rng(SEED)
    orders = tuple(rng.permutation(data.x.shape[-1]) for _ in range(epochs))
    return Problem(data.x, data.y, width, orders, batch)


def contest(epochs: int = EPOCHS) -> Contest:
    """Return the contest over that many epochs."""
    what = problem(epochs)
    expected = final_loss(what)
    functions = {
        "plain NumPy listing": listing,
        "hand-tuned NumPy": hand_tuned,
        "bplib": with_bplib,
        "PyTorch, eager": torch_eager,
        "PyTorch, compiled step": torch_compiled,
        "JAX, one jitted step at a time": jax_step,
        "JAX, lax.scan over all steps": jax_scan,
        "HIPS autograd": hips_autograd,
    }
    contestants = [Contestant(name, partial(f, what), expected) for name, f in functions.items()]
    classifier = partial(scikit_learn, what)
    contestants.append(Contestant("scikit-learn MLPClassifier", classifier, None, note=OWN_UPDATES))
    absent = {"micrograd": "each batch would be a graph of 600,000 single numbers"}
    title = f"Digits, 64-64-10, {epochs} epochs of Adam, batches of {BATCH}"
    return Contest(title, contestants, absent=absent)


def beside_scikit_learn(epochs: int = EPOCHS) -> Contest:
    """Return the contest of bplib and MLPClassifier, each with batches of both sizes."""
    contestants = []
    for what in (problem(epochs, batch=size) for size in BATCHES):
        ours, theirs = batch_names(what.batch)
        contestants += [
            Contestant(ours, partial(with_bplib, what), final_loss(what)),
            Contestant(theirs, partial(scikit_learn, what), None, note=OWN_UPDATES),
        ]
    title = f"Digits, 64-64-10, {epochs} epochs of Adam, beside scikit-learn"
    return Contest(title, contestants, baseline=contestants[0].name)


def batch_names(size: int) -> tuple[str, str]:
    """Return what bplib and MLPClassifier are called with batches of a size."""
    return f"bplib, batches of {size}", f"MLPClassifier, batches of {size}"


def final_loss(what: Problem) -> Callable[[], float]:
    """Return a function that returns the listing's last loss, computed when first asked for."""
    return cache(lambda: listing(what)())


def listing(what: Problem) -> Train:
    """NumPy as one writes it first: rows, and Adam's formulas parameter by parameter."""
    X, label, parameters = what.rows()
    W1, b1, W2, b2 = parameters
    Y = what.y.T.copy()
    m = [np.zeros_like(p) for p in parameters]
    s = [np.zeros_like(p) for p in parameters]

    def softmax(z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def train() -> float:
        k = 0
        for order in what.orders:
            for batch in what.batches(order):
                x, y = X[batch], Y[batch]
                a1 = np.tanh(x @ W1 + b1)
                a2 = softmax(a1 @ W2 + b2)

                delta2 = (a2 - y) / len(x)
                dW2 = a1.T @ delta2
                db2 = delta2.sum(axis=0, keepdims=True)
                delta1 = (delta2 @ W2.T) * (1 - a1**2)
                dW1 = x.T @ delta1
                db1 = delta1.sum(axis=0, keepdims=True)

                k += 1
                for i, g in enumerate([dW1, db1, dW2, db2]):
                    m[i] = BETA1 * m[i] + (1 - BETA1) * g
                    s[i] = BETA2 * s[i] + (1 - BETA2) * g**2
                    m_hat = m[i] / (1 - BETA1**k)
                    s_hat = s[i] / (1 - BETA2**k)
                    parameters[i] -= ETA * m_hat / (np.sqrt(s_hat) + EPS)
            a2 = softmax(np.tanh(X @ W1 + b1) @ W2 + b2)
            loss = -np.mean(np.log(a2[np.arange(len(X)), label]))
        return loss

    return train


def hand_tuned(what: Problem) -> Train:
    """NumPy without a new array in a step: buffers, biases as columns of W, Adam on one flat θ.

    Adam keeps m / (1 − β₁) and s / (1 − β₂), and moves all corrections into two numbers.
    """
    (n_in, n), n_out, width, size = what.x.shape, len(what.y), what.width, what.batch
    W1, b1, W2, b2 = what.start()
    theta = np.concatenate([np.hstack([W1, b1]).ravel(), np.hstack([W2, b2]).ravel()])
    grad, m, s, step = (np.zeros_like(theta) for _ in range(4))
    V1, dV1 = (p[: W1.size + width].reshape(width, n_in + 1) for p in (theta, grad))
    V2, dV2 = (p[W1.size + width :].reshape(n_out, width + 1) for p in (theta, grad))
    W2_T = V2[:, :-1].T
    X1, Y = np.hstack([what.x.T, np.ones((n, 1))]), what.y
    right = Y.argmax(axis=0), np.arange(n)
    A1, P, row = np.ones((width + 1, n)), np.empty((n_out, n)), np.empty((1, n))
    longest = max(map(len, what.orders))
    x_epoch, y_epoch = np.empty((longest, n_in + 1)), np.empty((n_out, longest))
    dot, add, subtract, multiply = np.dot, np.add, np.subtract, np.multiply
    divide, sqrt, exp, tanh = np.divide, np.sqrt, np.exp, np.tanh
    largest, total = np.maximum.reduce, np.add.reduce

    def buffers(columns: int) -> tuple:
        a_and_1 = np.ones((width + 1, columns))
        z, slope, p = (np.empty((rows, columns)) for rows in (width, width, n_out))
        return a_and_1, a_and_1[:-1], a_and_1.T, z, slope, p, np.empty((1, columns))

    full, rest = buffers(size), buffers(longest % size)

    def train() -> float:
        k = 0
        for order in what.orders:
            X1.take(order, 0, x_epoch, "clip")
            Y.take(order, 1, y_epoch, "clip")
            for i in range(0, len(order), size):
                x, y = x_epoch[i : i + size], y_epoch[:, i : i + size]
                a_and_1, a, a_and_1_T, z, slope, p, sums = full if len(x) == size else rest
                dot(V1, x.T, z)
                tanh(z, a)
                dot(V2, a_and_1, p)
                largest(p, 0, None, sums, True)
                subtract(p, sums, p)
                exp(p, p)
                total(p, 0, None, sums, True)
                divide(p, sums, p)
                subtract(p, y, p)
                multiply(p, 1 / len(x), p)
                dot(p, a_and_1_T, dV2)
                dot(W2_T, p, z)
                multiply(a, a, slope)
                subtract(1.0, slope, slope)
                multiply(z, slope, z)
                dot(z, x, dV1)

                k += 1
                c = ((1 - BETA2) / (1 - BETA2**k)) ** 0.5
                multiply(m, BETA1, m)
                add(m, grad, m)
                multiply(grad, grad, grad)
                multiply(s, BETA2, s)
                add(s, grad, s)
                sqrt(s, step)
                add(step, EPS / c, step)
                divide(m, step, step)
                multiply(step, ETA * (1 - BETA1) / (1 - BETA1**k) / c, step)
                subtract(theta, step, theta)
            dot(V1, X1.T, A1[:-1])
            tanh(A1[:-1], A1[:-1])
            dot(V2, A1, P)
            largest(P, 0, None, row, True)
            subtract(P, row, P)
            z_right = P[right].mean()
            exp(P, P)
            loss = np.log(total(P, 0, None, row, True)).mean() - z_right
        return loss

    return train


def with_bplib(what: Problem) -> Train:
    """The package of this book, which records accuracy and norms beside the loss."""
    net, loss = what.network(), bplib.losses.SoftmaxCrossEntropy()
    epochs = len(what.orders)

    def train() -> float:
        adam = bplib.Adam(ETA)
        history = bplib.fit(net, loss, what.x, what.y, adam, epochs, what.batch, SEED)
        if history.interrupted:
            raise KeyboardInterrupt
        return history.loss[-1]

    return train


def torch_model(what: Problem):
    """Return a PyTorch model with the first parameters, the examples and their labels."""
    torch = pytorch()
    nn, f64 = torch.nn, torch.float64
    X, label, _ = what.rows()
    model = nn.Sequential(
        nn.Linear(X.shape[1], what.width, dtype=f64),
        nn.Tanh(),
        nn.Linear(what.width, len(what.y), dtype=f64),
    )
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), what.start(), strict=True):
            parameter.copy_(torch.from_numpy(value.reshape(parameter.shape)))
    return model, torch.from_numpy(X), torch.from_numpy(label)


def torch_eager(what: Problem) -> Train:
    """PyTorch as its tutorials write it, but for a DataLoader, which would be slower."""
    torch = pytorch()
    model, X, label = torch_model(what)
    loss = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=ETA)
    orders = [torch.from_numpy(order) for order in what.orders]

    def train() -> float:
        for order in orders:
            for batch in what.batches(order):
                optimizer.zero_grad()
                loss(model(X[batch]), label[batch]).backward()
                optimizer.step()
            with torch.no_grad():
                last = loss(model(X), label).item()
        return last

    return train


@cache
def torch_functions():
    """Return compiled functions: one step of Adam, and the loss."""
    torch = compiling_pytorch()
    f = torch.nn.functional

    def loss(parameters, X, label):
        W1, b1, W2, b2 = parameters
        return f.cross_entropy(f.linear(torch.tanh(f.linear(X, W1, b1)), W2, b2), label)

    def step(parameters, m, s, corrections, X, label, batch):
        gradients = torch.func.grad(loss)(parameters, X[batch], label[batch])
        c1, c2 = corrections
        for p, m_p, s_p, g in zip(parameters, m, s, gradients, strict=True):
            m_p.mul_(BETA1).add_(g, alpha=1 - BETA1)
            s_p.mul_(BETA2).addcmul_(g, g, value=1 - BETA2)
            p.sub_(ETA * (m_p / c1) / ((s_p / c2).sqrt() + EPS))

    return torch.compile(step, dynamic=False), torch.compile(loss, dynamic=False)


def torch_compiled(what: Problem) -> Train:
    """PyTorch with forward pass, backward pass and Adam compiled into one function."""
    torch = compiling_pytorch()
    step, loss = torch_functions()
    model, X, label = torch_model(what)
    parameters = tuple(p.detach() for p in model.parameters())
    m, s = (tuple(torch.zeros_like(p) for p in parameters) for _ in range(2))
    orders = [torch.from_numpy(order) for order in what.orders]
    k = sum(len(list(what.batches(order))) for order in orders)
    powers = torch.arange(1, k + 1, dtype=torch.float64)[:, None]
    corrections = 1 - torch.tensor([BETA1, BETA2], dtype=torch.float64) ** powers

    @torch.no_grad()
    def train() -> float:
        of_step = iter(corrections)
        for order in orders:
            for batch in what.batches(order):
                step(parameters, m, s, next(of_step), X, label, batch)
            last = loss(parameters, X, label).item()
        return last

    return train


@cache
def jax_functions() -> tuple[Callable, Callable, Callable]:
    """Return jitted functions: one step, an epoch by lax.scan, the loss."""
    jnp, lax, tree = jax().numpy, jax().lax, jax().tree

    def loss(parameters, x, y):
        W1, b1, W2, b2 = parameters
        z = W2 @ jnp.tanh(W1 @ x + b1) + b2
        return -jnp.mean(jnp.sum(y * jax().nn.log_softmax(z, axis=0), axis=0))

    def step(state, x, y, batch):
        parameters, m, s, k = state
        g = jax().grad(loss)(parameters, x[:, batch], y[:, batch])
        k = k + 1
        m = tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, g)
        s = tree.map(lambda s, g: BETA2 * s + (1 - BETA2) * g * g, s, g)

        def update(p, m, s):
            m_hat, s_hat = m / (1 - BETA1**k), s / (1 - BETA2**k)
            return p - ETA * m_hat / (jnp.sqrt(s_hat) + EPS)

        return tree.map(update, parameters, m, s), m, s, k

    def many(state, x, y, full, rest):
        def one(state, batch):
            return step(state, x, y, batch), None

        def epoch(state, batches):
            batches, last = batches
            state, _ = lax.scan(one, state, batches)
            if last.size:
                state = step(state, x, y, last)
            return state, loss(state[0], x, y)

        return lax.scan(epoch, state, (full, rest))[1]

    return jax().jit(step), jax().jit(many), jax().jit(loss)


def jax_state(what: Problem):
    """Return the state at the start, and the examples, as JAX's own arrays."""
    zeros = [np.zeros_like(p) for p in what.start()]
    return jax().device_put(((what.start(), zeros, zeros, 0.0), what.x, what.y))


def jax_step(what: Problem) -> Train:
    """JAX with a compiled step and the loop in Python."""
    step, _, loss = jax_functions()
    state, x, y = jax_state(what)

    def train() -> float:
        nonlocal state
        for order in what.orders:
            for batch in what.batches(order):
                state = step(state, x, y, batch)
            last = float(loss(state[0], x, y))
        return last

    return train


def jax_scan(what: Problem) -> Train:
    """JAX with both loops compiled too: one call trains."""
    _, many, _ = jax_functions()
    state, x, y = jax_state(what)
    orders = np.array(what.orders)
    n_full = orders.shape[1] // what.batch * what.batch
    full = orders[:, :n_full].reshape(len(orders), -1, what.batch)
    full, rest = jax().device_put((full, orders[:, n_full:]))

    def train() -> float:
        return float(many(state, x, y, full, rest)[-1])

    return train


def hips_autograd(what: Problem) -> Train:
    """Autograd: NumPy code, differentiated anew in each step; Adam in NumPy beside it."""
    grad, anp = library("autograd").grad, library("autograd.numpy")
    parameters = what.start()
    m, s = ([np.zeros_like(p) for p in parameters] for _ in range(2))

    def loss(parameters, x, y):
        W1, b1, W2, b2 = parameters
        z = anp.dot(W2, anp.tanh(anp.dot(W1, x) + b1)) + b2
        z = z - anp.max(z, axis=0, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(z), axis=0)) - anp.sum(y * z, axis=0))

    gradient = grad(loss)

    def train() -> float:
        k = 0
        for order in what.orders:
            for batch in what.batches(order):
                k += 1
                gradients = gradient(parameters, what.x[:, batch], what.y[:, batch])
                for i, g in enumerate(gradients):
                    m[i] = BETA1 * m[i] + (1 - BETA1) * g
                    s[i] = BETA2 * s[i] + (1 - BETA2) * g * g
                    m_hat, s_hat = m[i] / (1 - BETA1**k), s[i] / (1 - BETA2**k)
                    parameters[i] -= ETA * m_hat / (np.sqrt(s_hat) + EPS)
            last = loss(parameters, what.x, what.y)
        return last

    return train


def scikit_learn(what: Problem) -> Train:
    """MLPClassifier with its own start, shuffles and Adam, as one would call it."""
    neural, errors = library("sklearn.neural_network"), library("sklearn.exceptions")
    X, label, _ = what.rows()
    model = neural.MLPClassifier(
        hidden_layer_sizes=(what.width,),
        activation="tanh",
        alpha=0,
        batch_size=what.batch,
        learning_rate_init=ETA,
        max_iter=len(what.orders),
        random_state=SEED,
    )

    def train() -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", errors.ConvergenceWarning)
            return model.fit(X, label).loss_

    return train
