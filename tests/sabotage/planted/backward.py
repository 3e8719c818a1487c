"""The backward pass and the losses: judged by complex step, differences and exact numbers."""

from functools import cache

import numpy as np
from oracle import worked
from oracle.reference import complex_step_gradient, data, distance, loss_value, network

import bplib
from bplib import activations, losses, train
from bplib.layers import Dense
from bplib.network import Network
from sabotage.part import Part

part = Part("backward pass and losses")

CENTRAL = 1e-7  # correct code reaches about 1e-10, planted bugs 1e-4 and more
EXACT = 1e-12  # float64 roundings
DIGITS = 1e-14  # the worked example has nine parameters and few roundings

# Square layers hide wrong products behind right shapes, so some are square; as many examples
# as units in one case (a wrong axis fits), more than one output, every activation and loss.
PROBLEMS = {
    "square": ([3, 3, 3, 3], ["sigmoid", "sigmoid", "sigmoid"], losses.SquaredError, 3),
    "not square": ([2, 4, 3, 2], ["sigmoid", "tanh", "sigmoid"], losses.SquaredError, 5),
    "relu": ([3, 5, 4, 2], ["relu", "relu", "identity"], losses.SquaredError, 5),
    "cross-entropy": ([2, 3, 1], ["tanh", "sigmoid"], losses.BinaryCrossEntropy, 6),
    "softmax": ([2, 3, 3], ["tanh", "identity"], losses.SoftmaxCrossEntropy, 4),
}


@cache
def problem(name):
    """Sizes, activations, loss, theta, x, y and what the independent code makes of them."""
    sizes, names, loss, m = PROBLEMS[name]
    rng = np.random.default_rng(12)
    theta, loss = network(sizes, names, rng).theta, loss()
    x, y = data(sizes, loss, m, rng)
    value = loss_value(sizes, names, loss, theta, x, y)
    gradient = complex_step_gradient(sizes, names, loss, theta, x, y)
    return sizes, names, loss, theta, x, y, value, gradient


def fresh(name):
    sizes, names, loss, theta, x, y, *_ = problem(name)
    net = network(sizes, names, np.random.default_rng(0))
    net.theta[...] = theta
    return net, loss, x.copy(), y.copy()


def by_gradcheck(name):
    check = bplib.gradcheck(*fresh(name))
    assert check.error < CENTRAL
    assert check.kinks == 0


def by_complex_step(name):
    *_, value, gradient = problem(name)
    net, loss, x, y = fresh(name)
    for _ in range(2):  # the second call must not remember the first
        our_value, grad = bplib.loss_and_grad(net, loss, x, y)
        assert abs(our_value - value) <= EXACT * value
        assert distance(grad, gradient) < EXACT


def by_training(name):
    """Three steps of `fit` against θ − η ∂L/∂θ by complex step."""
    sizes, names, loss, theta, x, y, *_ = problem(name)
    net = fresh(name)[0]
    bplib.fit(net, loss, x.copy(), y.copy(), bplib.SGD(0.3), epochs=3)
    for _ in range(3):
        theta = theta - 0.3 * complex_step_gradient(sizes, names, loss, theta, x, y)
    assert distance(net.theta, theta) < EXACT


@part.judge("worked example")
def by_the_worked_example():
    """One step of `fit` on 2-2-1 against SymPy's exact numbers."""
    exact = worked.numbers()
    net, x, y = worked.network()
    history = bplib.fit(net, losses.SquaredError(), x, y, bplib.SGD(worked.ETA), epochs=1)
    assert abs(history.loss[0] / exact["L"] - 1) < DIGITS
    for l in (0, 1):
        for i in range(len(net.b[l])):
            assert abs(net.b[l][i, 0] / exact[f"b{l + 1}[{i}]"] - 1) < DIGITS
            for j in range(2):
                assert abs(net.W[l][i, j] / exact[f"W{l + 1}[{i},{j}]"] - 1) < DIGITS


for _name in PROBLEMS:
    part.judge(f"gradcheck, {_name}")(lambda name=_name: by_gradcheck(name))
    part.judge(f"complex step, {_name}")(lambda name=_name: by_complex_step(name))
    part.judge(f"training, {_name}")(lambda name=_name: by_training(name))


def _backward(monkeypatch, hidden):
    """Put hidden(layer, da) in the place of da ⊙ f′(z), the delta of a hidden layer."""
    monkeypatch.setattr(
        Dense,
        "backward",
        lambda self, da, down=True: self.backward_from(hidden(self, da), down),
    )


def _backward_from(monkeypatch, delta=None, dW=None, db=None, down=None):
    """Replace one of the four lines of `Dense.backward_from`."""

    def backward_from(self, d, wanted=True):
        d = delta(self, d) if delta else d
        self.delta = d
        self.dW[...] = dW(self, d) if dW else d @ self.a_prev.mT
        self.db[...] = db(self, d) if db else d.sum(axis=-1, keepdims=True)
        return down(self, d) if down else self.W.mT @ d

    monkeypatch.setattr(Dense, "backward_from", backward_from)


def square(W):
    return W.shape[-1] == W.shape[-2]


@part.control("the lines of the backward pass, written again")
def _(monkeypatch):
    _backward(monkeypatch, lambda layer, da: da * layer.f.df(layer.z, layer.a))
    _backward_from(monkeypatch)


@part.mutant("wrong sign: y − a")
def wrong_sign(monkeypatch):
    for loss in (losses.SquaredError, losses.BinaryCrossEntropy, losses.SoftmaxCrossEntropy):
        right = loss.delta
        monkeypatch.setattr(loss, "delta", lambda self, *args, right=right: -right(self, *args))


@part.mutant("σ′(a) for σ′(z)")
def slope_of_a(monkeypatch):
    def df(z, a):
        return activations.sigmoid(a) * (1 - activations.sigmoid(a))

    # every place that holds the activation, by way of the one frozen object
    right = activations.sigmoid.df
    monkeypatch.setitem(activations.sigmoid.__dict__, "df", df)
    assert activations.sigmoid.df is not right


@part.mutant("z(1 − z) for a(1 − a)")
def slope_from_z(monkeypatch):
    monkeypatch.setitem(activations.sigmoid.__dict__, "df", lambda z, a: z * (1 - z))


@part.mutant("σ′ twice in the hidden layer")
def slope_twice(monkeypatch):
    _backward(monkeypatch, lambda layer, da: da * layer.f.df(layer.z, layer.a) ** 2)


@part.mutant("σ′ missing in the hidden layer")
def slope_missing(monkeypatch):
    _backward(monkeypatch, lambda layer, da: da)


@part.mutant("σ′ missing at the output, squared error")
def slope_missing_at_output(monkeypatch):
    monkeypatch.setattr(losses.SquaredError, "delta", lambda self, z, a, y, f: a - y)


@part.mutant("transposed product: W for W.mT where both fit")
def transposed(monkeypatch):
    """On W that is not square NumPy objects, unless one row or column is stretched over it."""

    def down(layer, d):
        if square(layer.W):
            return layer.W @ d
        if layer.n_out == 1:  # the 2-2-1 way to get it wrong: the entries in the wrong places
            return layer.W.mT[..., ::-1, :] @ d
        return layer.W.mT @ d

    _backward_from(monkeypatch, down=down)


@part.mutant("dW transposed where it fits")
def dW_transposed(monkeypatch):
    def dW(layer, d):
        right = d @ layer.a_prev.mT
        return right.mT if square(right) else right

    _backward_from(monkeypatch, dW=dW)


@part.mutant("dW₂ in place of W₂")
def gradient_for_weights(monkeypatch):
    _backward_from(monkeypatch, down=lambda layer, d: layer.dW.mT @ d)


@part.mutant("update as you go: the hidden delta reads the new weights")
def as_you_go(monkeypatch):
    _backward_from(monkeypatch, down=lambda layer, d: (layer.W - 0.5 * layer.dW).mT @ d)


@part.mutant("update as you go: each layer steps before the one below is reached")
def as_you_go_in_fit(monkeypatch):
    """`fit` with SGD(η), the gradient of each layer taken after those above have stepped."""

    def step_as_you_go(net, loss, x, y):
        a = net.forward(x)
        last = net.layers[-1]
        old, da = net.theta.copy(), loss.delta(last.z, a, y, last.f)
        for layer in reversed(net.layers):
            step = layer.backward_from if layer is last else layer.backward
            step(da)
            layer.W[...] -= 0.5 * layer.dW / x.shape[-1]
            da = layer.W.mT @ layer.delta
        net.theta[...] = old  # the optimizer steps now, with the gradients so found
        net.grad /= x.shape[-1]
        return a

    monkeypatch.setattr(train, "backpropagate", step_as_you_go)


@part.mutant("no mean: gradient summed over the batch")
def no_mean(monkeypatch):
    right = Network.backward

    def backward(self, delta, down=True):
        da = right(self, delta, down)
        self.grad *= delta.shape[-1]
        return da

    monkeypatch.setattr(Network, "backward", backward)


@part.mutant("no mean, in the loss as well")
def no_mean_anywhere(monkeypatch):
    no_mean(monkeypatch)
    for loss in (losses.SquaredError, losses.BinaryCrossEntropy, losses.SoftmaxCrossEntropy):
        right = loss.value
        monkeypatch.setattr(
            loss,
            "value",
            lambda self, z, a, y, right=right: right(self, z, a, y) * z.shape[-1],
        )


@part.mutant("mean taken twice")
def mean_twice(monkeypatch):
    _backward_from(monkeypatch, delta=lambda layer, d: d / d.shape[-1])


@part.mutant("mean over examples × outputs")
def mean_over_outputs(monkeypatch):
    right = losses.SquaredError.delta
    monkeypatch.setattr(
        losses.SquaredError,
        "delta",
        lambda self, z, a, y, f: right(self, z, a, y, f) / z.shape[-2],
    )


@part.mutant("mean over examples × outputs, in the loss as well")
def mean_over_outputs_anywhere(monkeypatch):
    mean_over_outputs(monkeypatch)
    right = losses.SquaredError.value
    monkeypatch.setattr(
        losses.SquaredError,
        "value",
        lambda self, z, a, y: right(self, z, a, y) / z.shape[-2],
    )


@part.mutant("factor 2: delta of ‖y − a‖² with the loss ½‖y − a‖²")
def factor_two(monkeypatch):
    right = losses.SquaredError.delta
    monkeypatch.setattr(losses.SquaredError, "delta", lambda self, *args: 2 * right(self, *args))


@part.mutant("bias gradient of the first example only")
def bias_of_one(monkeypatch):
    _backward_from(monkeypatch, db=lambda layer, d: d[..., :1])


@part.mutant("bias gradient summed over the units")
def bias_wrong_axis(monkeypatch):
    def db(layer, d):
        if d.shape[-1] != d.shape[-2]:
            return d.sum(axis=-1, keepdims=True)
        return d.sum(axis=-2)[..., None]

    _backward_from(monkeypatch, db=db)


@part.mutant("bias gradient meaned again")
def bias_mean_twice(monkeypatch):
    _backward_from(monkeypatch, db=lambda layer, d: d.sum(axis=-1, keepdims=True) / d.shape[-1])


@part.mutant("z for a in dW")
def z_for_a(monkeypatch):
    right = Dense.forward

    def forward(self, a_prev, *train):
        a = right(self, a_prev, *train)
        self.z_prev = getattr(a_prev, "z", a_prev)
        return _With(a, self.z)

    class _With(np.ndarray):
        def __new__(cls, a, z):
            made = np.asarray(a).view(cls)
            made.z = z
            return made

        def __array_finalize__(self, source):
            self.z = getattr(source, "z", None)

    monkeypatch.setattr(Dense, "forward", forward)
    _backward_from(monkeypatch, dW=lambda layer, d: d @ np.asarray(layer.z_prev).mT)


@part.mutant("biases are never updated")
def biases_forgotten(monkeypatch):
    right = train.backpropagate

    def without(net, *args):
        a = right(net, *args)
        for db in net.db:
            db[...] = 0
        return a

    monkeypatch.setattr(train, "backpropagate", without)


@part.mutant("step uphill")
def uphill(monkeypatch):
    def step(self, theta, grad):
        theta += self.eta * grad

    monkeypatch.setattr(bplib.SGD, "step", step)


@part.mutant("a step on a copy of theta")
def step_on_copy(monkeypatch):
    monkeypatch.setattr(bplib.SGD, "step", lambda self, theta, grad: theta - self.eta * grad)


@part.mutant("gradients of the last batch are added to")
def never_reset(monkeypatch):
    def dW(layer, d):
        return layer.dW + d @ layer.a_prev.mT

    _backward_from(monkeypatch, dW=dW)


@part.mutant("softmax: delta through a diagonal Jacobian")
def softmax_diagonal(monkeypatch):
    def delta(self, z, a, y, f):
        p = np.exp(z) / np.exp(z).sum(axis=-2, keepdims=True)
        return -y * (1 - p)  # −y/p · p(1 − p): the other outputs are forgotten

    monkeypatch.setattr(losses.SoftmaxCrossEntropy, "delta", delta)


@part.mutant("softmax over the examples instead of the outputs")
def softmax_axis(monkeypatch):
    def delta(self, z, a, y, f):
        return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True) - y

    monkeypatch.setattr(losses.SoftmaxCrossEntropy, "delta", delta)


@part.mutant("softmax applied twice")
def softmax_twice(monkeypatch):
    def softmax(z):
        return np.exp(z) / np.exp(z).sum(axis=-2, keepdims=True)

    monkeypatch.setattr(
        losses.SoftmaxCrossEntropy, "delta", lambda self, z, a, y, f: softmax(softmax(z)) - y
    )


@part.mutant("cross-entropy's delta times σ′")
def cross_entropy_slope(monkeypatch):
    monkeypatch.setattr(
        losses.BinaryCrossEntropy, "delta", lambda self, z, a, y, f: (a - y) * f.df(z, a)
    )


@part.mutant("ReLU: no mask")
def relu_no_mask(monkeypatch):
    monkeypatch.setitem(activations.relu.__dict__, "df", lambda z, a: np.ones_like(z))


@part.mutant("ReLU: times z")
def relu_times_z(monkeypatch):
    monkeypatch.setitem(activations.relu.__dict__, "df", lambda z, a: a)


@part.mutant("ReLU: mask taken from the gradient")
def relu_gradient_mask(monkeypatch):
    def hidden(layer, da):
        mask = da > 0 if layer.f.name == "relu" else layer.f.df(layer.z, layer.a)
        return da * mask

    _backward(monkeypatch, hidden)


@part.mutant("tanh′ = 1 − a")
def tanh_slope(monkeypatch):
    monkeypatch.setitem(activations.tanh.__dict__, "df", lambda z, a: 1 - a)


@part.mutant("inputs changed in place")
def inputs_changed(monkeypatch):
    def forward(self, a_prev, *train):
        self.a_prev = a_prev
        self.z = self.W @ a_prev + self.b
        self.a = self.f(self.z)
        a_prev *= 0.5
        return self.a

    monkeypatch.setattr(Dense, "forward", forward)


@part.mutant("forward without its bias")
def no_bias(monkeypatch):
    def forward(self, a_prev, *train):
        self.a_prev, self.z = a_prev, self.W @ a_prev + 0 * self.b
        self.a = self.f(self.z)
        return self.a

    monkeypatch.setattr(Dense, "forward", forward)
