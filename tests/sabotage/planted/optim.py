"""Optimizers: judged by the same rules on plain numbers, one parameter at a time."""

import math

import numpy as np

from bplib import optim
from sabotage.part import Part

part = Part("optimizers")

RTOL = 1e-12  # a dozen float64 updates
STEPS = 9
START = (0.5, -1.0, 0.3, 2.0)
STEEP = (1.0, 0.1, 10.0, 0.01)


def slope(i, t):
    """The derivative of cᵢ t⁴ + an oscillation."""
    return 4 * STEEP[i] * t**3 + 0.3 * math.sin(3 * t)


def sgd():
    return lambda t, g, eta, k: t - eta * g


def momentum(beta, look_ahead=False):
    v = 0.0

    def step(t, g, eta, k):
        nonlocal v
        v = beta * v + g
        return t - eta * (g + beta * v) if look_ahead else t - eta * v

    return step


def adagrad():
    s = 0.0

    def step(t, g, eta, k):
        nonlocal s
        s += g**2
        return t - eta * g / (math.sqrt(s) + 1e-10)

    return step


def rmsprop(beta):
    s = 0.0

    def step(t, g, eta, k):
        nonlocal s
        s = beta * s + (1 - beta) * g**2
        return t - eta * g / (math.sqrt(s) + 1e-8)

    return step


def adam(beta1=0.9, beta2=0.999, decay=0.0):
    m = s = 0.0

    def step(t, g, eta, k):
        nonlocal m, s
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * g**2
        m_hat, s_hat = m / (1 - beta1**k), s / (1 - beta2**k)
        return t - eta * decay * t - eta * m_hat / (math.sqrt(s_hat) + 1e-8)

    return step


RULES = {
    "SGD": (optim.SGD, {}, sgd),
    "Momentum": (optim.Momentum, {"beta": 0.8}, lambda: momentum(0.8)),
    "Nesterov": (optim.Nesterov, {}, lambda: momentum(0.9, look_ahead=True)),
    "AdaGrad": (optim.AdaGrad, {}, adagrad),
    "RMSProp": (optim.RMSProp, {"beta": 0.95}, lambda: rmsprop(0.95)),
    "Adam": (optim.Adam, {}, adam),
    "AdamW": (optim.AdamW, {"weight_decay": 0.2}, lambda: adam(decay=0.2)),
}


def rate(k):
    """η of update k = 0, 1, …"""
    return 0.05 / (1 + k)


def walk(rule, eta, start=START):
    """Where plain numbers are after each update: a list of lists."""
    path = [list(start)]
    steps = [rule() for _ in start]
    for k in range(STEPS):
        here = path[-1]
        now = eta(k) if callable(eta) else eta
        path.append([steps[i](t, slope(i, t), now, k + 1) for i, t in enumerate(here)])
    return path[1:]


def slopes(theta):
    return np.array([[slope(i, t) for i, t in enumerate(row)] for row in np.atleast_2d(theta)])


def walk_ours(opt, start=START):
    theta = np.array(start)
    for _ in range(STEPS):
        opt.step(theta, slopes(theta).reshape(theta.shape))
        yield theta.copy()


def same(ours, plain):
    np.testing.assert_allclose(list(ours), plain, rtol=RTOL)


def follows_the_rule(name, eta):
    make, options, rule = RULES[name]
    same(walk_ours(make(eta, **options)), walk(rule, eta))


for _name in RULES:
    part.judge(f"plain numbers, {_name}")(lambda name=_name: follows_the_rule(name, 0.05))
    part.judge(f"η falling, {_name}")(lambda name=_name: follows_the_rule(name, rate))


@part.judge("side by side")
def two_at_a_time():
    other = tuple(-0.9 * t for t in START)
    for make, options, rule in RULES.values():
        one, two = make(0.05, **options), make(0.05, **options)
        ours = zip(walk_ours(one), walk_ours(two, other), strict=True)  # by turns
        same(ours, list(zip(walk(rule, 0.05), walk(rule, 0.05, other), strict=True)))


@part.judge("stack with an η for each")
def stack_of_rates():
    etas = [0.05, 0.01, 0.0]
    for make, options, rule in RULES.values():
        ours = list(walk_ours(make(etas, **options), [START] * 3))
        for member, eta in enumerate(etas):
            same([theta[member] for theta in ours], walk(rule, eta))


@part.judge("exact numbers, momentum on a constant slope")
def momentum_by_hand():
    theta, opt = np.array([10.0]), optim.Momentum(1.0, beta=0.5)
    for expected in (9, 7.5, 5.75, 3.875):  # v = 1, 3/2, 7/4, 15/8
        opt.step(theta, np.ones(1))
        assert theta[0] == expected


@part.judge("exact numbers, Adam on a constant slope")
def adam_by_hand():
    for g in (1e-3, -1.0, 1e3):
        theta, opt = np.zeros(1), optim.Adam(0.25, eps=0)
        for k in (1, 2, 3):
            opt.step(theta, np.full(1, g))
            assert math.isclose(theta[0], -math.copysign(0.25 * k, g), rel_tol=RTOL)


# The lines of each rule, any of which a mutant may replace.


def _step(patch, counted=lambda self: self.k + 1, rate=None):
    def step(self, theta, grad):
        eta = rate(self, theta) if rate else self.rate(theta)
        self.k = counted(self)
        self.update(theta, grad, eta)

    patch.setattr(optim.Optimizer, "step", step)


def _momentum(
    patch,
    v=lambda self, g, eta: self.beta * self.v + g,
    look=lambda self, g, eta: g + self.beta * self.v,
    step=lambda eta, v: eta * v,
):
    def update(self, theta, grad, eta):
        self.v = v(self, grad, eta)
        theta -= step(eta, look(self, grad, eta) if self.nesterov else self.v)

    patch.setattr(optim.Momentum, "update", update)


def _second_moment(patch, rule, s, step=lambda s, eps: 1 / (np.sqrt(s) + eps)):
    def update(self, theta, grad, eta):
        self.s = s(self, grad)
        theta -= eta * grad * step(self.s, self.eps)

    patch.setattr(rule, "update", update)


def _adagrad(patch, s=lambda self, g: self.s + g * g, **lines):
    _second_moment(patch, optim.AdaGrad, s, **lines)


def _rmsprop(patch, s=lambda self, g: self.beta * self.s + (1 - self.beta) * g * g, **lines):
    _second_moment(patch, optim.RMSProp, s, **lines)


def _adam(
    patch,
    m=lambda self, g: self.beta1 * self.m + (1 - self.beta1) * g,
    s=lambda self, g: self.beta2 * self.s + (1 - self.beta2) * g * g,
    hats=lambda self: (
        self.m / (1 - self.beta1**self.k),
        self.s / (1 - self.beta2**self.k),
    ),
    step=lambda self, m, s: m / (np.sqrt(s) + self.eps),
):
    def update(self, theta, grad, eta):
        self.m, self.s = m(self, grad), s(self, grad)
        m_hat, s_hat = hats(self) if self.bias_correction else (self.m, self.s)
        theta -= eta * step(self, m_hat, s_hat)

    patch.setattr(optim.Adam, "update", update)


def _adamw(patch, update):
    patch.setattr(
        optim.AdamW,
        "update",
        lambda self, *args: update(self, super(optim.AdamW, self).update, *args),
    )


@part.control("the rules, written again")
def _(patch):
    def decayed(self, adam, theta, grad, eta):
        theta -= eta * self.weight_decay * theta
        adam(theta, grad, eta)

    for plant in (_step, _momentum, _adagrad, _rmsprop, _adam):
        plant(patch)
    _adamw(patch, decayed)


@part.mutant("k is not counted")
def _(patch):
    _step(patch, counted=lambda self: 0)


@part.mutant("k is counted before η is looked up")
def _(patch):
    def rate(self, theta):
        self.k += 1
        return right(self, theta)

    right = optim.Optimizer.rate
    _step(patch, counted=lambda self: self.k, rate=rate)


@part.mutant("the first member's η for the whole stack")
def _(patch):
    _step(patch, rate=lambda self, theta: np.ravel(self.rate(theta))[0])


@part.mutant("momentum: β forgotten")
def _(patch):
    _momentum(patch, v=lambda self, g, eta: self.v + g)


@part.mutant("momentum: no velocity, only the gradient")
def _(patch):
    _momentum(patch, v=lambda self, g, eta: g)


@part.mutant("momentum: dampened, v ← β v + (1 − β) g")
def _(patch):
    _momentum(patch, v=lambda self, g, eta: self.beta * self.v + (1 - self.beta) * g)


@part.mutant("momentum: η inside the velocity")
def _(patch):
    _momentum(
        patch,
        v=lambda self, g, eta: self.beta * self.v + eta * g,
        look=lambda self, g, eta: eta * g + self.beta * self.v,
        step=lambda eta, v: v,
    )


@part.mutant("momentum: η in the velocity and again in the step")
def _(patch):
    _momentum(patch, v=lambda self, g, eta: self.beta * self.v + eta * g)


@part.mutant("momentum: sign of the velocity, v ← β v − g")
def _(patch):
    _momentum(patch, v=lambda self, g, eta: self.beta * self.v - g)


@part.mutant("momentum: velocity reset at every step")
def _(patch):
    def v(self, g, eta):
        self.v = np.zeros_like(g)
        return self.beta * self.v + g

    _momentum(patch, v=v)


@part.mutant("momentum: one velocity for all optimizers")
def _(patch):
    shared = {}

    def v(self, g, eta):
        before = shared.get(g.shape, 0.0) if self.k > 1 else 0.0
        shared[g.shape] = self.beta * before + g
        return shared[g.shape]

    _momentum(patch, v=v)


@part.mutant("Nesterov: no look ahead")
def _(patch):
    _momentum(patch, look=lambda self, g, eta: self.v)


@part.mutant("Nesterov: looks ahead without β")
def _(patch):
    _momentum(patch, look=lambda self, g, eta: g + self.v)


@part.mutant("AdaGrad: gradient not squared")
def _(patch):
    _adagrad(patch, s=lambda self, g: self.s + np.abs(g))


@part.mutant("AdaGrad: no root")
def _(patch):
    _adagrad(patch, step=lambda s, eps: 1 / (s + eps))


@part.mutant("AdaGrad: ε inside the root")
def _(patch):
    _adagrad(patch, step=lambda s, eps: 1 / np.sqrt(s + eps))


@part.mutant("AdaGrad: nothing is accumulated")
def _(patch):
    _adagrad(patch, s=lambda self, g: g * g)


@part.mutant("AdaGrad: the norm of the whole gradient for each entry")
def _(patch):
    _adagrad(patch, s=lambda self, g: self.s + np.sum(g * g, axis=-1, keepdims=True))


@part.mutant("RMSProp: accumulates like AdaGrad")
def _(patch):
    _rmsprop(patch, s=lambda self, g: self.s + g * g)


@part.mutant("RMSProp: β and 1 − β swapped")
def _(patch):
    _rmsprop(patch, s=lambda self, g: (1 - self.beta) * self.s + self.beta * g * g)


@part.mutant("RMSProp: 1 − β forgotten")
def _(patch):
    _rmsprop(patch, s=lambda self, g: self.beta * self.s + g * g)


@part.mutant("RMSProp: ε inside the root")
def _(patch):
    _rmsprop(patch, step=lambda s, eps: 1 / np.sqrt(s + eps))


@part.mutant("Adam: no bias correction")
def _(patch):
    _adam(patch, hats=lambda self: (self.m, self.s))


@part.mutant("Adam: only the first moment corrected")
def _(patch):
    _adam(patch, hats=lambda self: (self.m / (1 - self.beta1**self.k), self.s))


@part.mutant("Adam: bias correction with k − 1")
def _(patch):
    _adam(
        patch,
        hats=lambda self: (
            self.m / (1 - self.beta1 ** (self.k - 1)),
            self.s / (1 - self.beta2 ** (self.k - 1)),
        ),
    )


@part.mutant("Adam: bias correction with k + 1")
def _(patch):
    _adam(
        patch,
        hats=lambda self: (
            self.m / (1 - self.beta1 ** (self.k + 1)),
            self.s / (1 - self.beta2 ** (self.k + 1)),
        ),
    )


@part.mutant("Adam: bias correction without the power k")
def _(patch):
    _adam(patch, hats=lambda self: (self.m / (1 - self.beta1), self.s / (1 - self.beta2)))


@part.mutant("Adam: the corrected moments are kept")
def _(patch):
    def hats(self):
        self.m = self.m / (1 - self.beta1**self.k)
        self.s = self.s / (1 - self.beta2**self.k)
        return self.m, self.s

    _adam(patch, hats=hats)


@part.mutant("Adam: β₁ and β₂ swapped")
def _(patch):
    right = optim.Adam.__init__

    def swapped(self, eta=1e-3, beta1=0.9, beta2=0.999, **rest):
        right(self, eta, beta2, beta1, **rest)

    patch.setattr(optim.Adam, "__init__", swapped)


@part.mutant("Adam: ε inside the root")
def _(patch):
    _adam(patch, step=lambda self, m, s: m / np.sqrt(s + self.eps))


@part.mutant("Adam: ε before the bias correction")
def _(patch):
    def step(self, m, s):
        root = np.sqrt(1 - self.beta2**self.k)
        return m / ((np.sqrt(self.s) + self.eps) / root)

    _adam(patch, step=step)


@part.mutant("Adam: second moment of |g|")
def _(patch):
    _adam(patch, s=lambda self, g: self.beta2 * self.s + (1 - self.beta2) * np.abs(g))


@part.mutant("Adam: no root")
def _(patch):
    _adam(patch, step=lambda self, m, s: m / (s + self.eps))


@part.mutant("Adam: one k for all optimizers")
def _(patch):
    updates = {"made": 0}

    def hats(self):
        updates["made"] += 1
        k = updates["made"]
        return self.m / (1 - self.beta1**k), self.s / (1 - self.beta2**k)

    _adam(patch, hats=hats)


@part.mutant("AdamW: decay added to the gradient, which is L2 in Adam")
def _(patch):
    _adamw(
        patch,
        lambda self, adam, theta, grad, eta: adam(theta, grad + self.weight_decay * theta, eta),
    )


@part.mutant("AdamW: decay not multiplied by η")
def _(patch):
    def update(self, adam, theta, grad, eta):
        theta *= 1 - self.weight_decay
        adam(theta, grad, eta)

    _adamw(patch, update)


@part.mutant("AdamW: decay after the step")
def _(patch):
    def update(self, adam, theta, grad, eta):
        adam(theta, grad, eta)
        theta *= 1 - eta * self.weight_decay

    _adamw(patch, update)


@part.mutant("AdamW: decay of the wrong sign")
def _(patch):
    def update(self, adam, theta, grad, eta):
        theta *= 1 + eta * self.weight_decay
        adam(theta, grad, eta)

    _adamw(patch, update)
