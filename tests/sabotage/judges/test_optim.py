"""Optimizers: judged by the same rules on plain numbers, one parameter at a time."""

import copy
import math
from types import SimpleNamespace

import numpy as np
import pytest

from bplib import optim
from sabotage.planting import refused

RTOL = 1e-12  # a dozen float64 updates
STEPS = 9
START = (0.5, -1.0, 0.3, 2.0)
STEEP = (1.0, 0.1, 10.0, 0.01)


def slope(i, t):
    """The derivative of cᵢ t⁴ + an oscillation."""
    return 4 * STEEP[i] * t**3 + 0.3 * math.sin(3 * t)


def sgd(o, t, g, eta, k):  # its memory, the number, its slope, η and k = 1, 2, …
    return t - eta * g


def momentum(o, t, g, eta, k, beta=0.9):
    o.v = beta * o.v + g
    return t - eta * o.v


def nesterov(o, t, g, eta, k, beta=0.9):
    o.v = beta * o.v + g
    return t - eta * (g + beta * o.v)


def adagrad(o, t, g, eta, k):
    o.s += g**2
    return t - eta * g / (math.sqrt(o.s) + 1e-10)


def rmsprop(o, t, g, eta, k, beta=0.99):
    o.s = beta * o.s + (1 - beta) * g**2
    return t - eta * g / (math.sqrt(o.s) + 1e-8)


def adam(o, t, g, eta, k, beta1=0.9, beta2=0.999, weight_decay=0.0):
    o.m = beta1 * o.m + (1 - beta1) * g
    o.s = beta2 * o.s + (1 - beta2) * g**2
    m_hat, s_hat = o.m / (1 - beta1**k), o.s / (1 - beta2**k)
    return t - eta * weight_decay * t - eta * m_hat / (math.sqrt(s_hat) + 1e-8)


RULES = {
    "SGD": (optim.SGD, sgd, {}),
    "Momentum": (optim.Momentum, momentum, {"beta": 0.8}),
    "Nesterov": (optim.Nesterov, nesterov, {}),
    "AdaGrad": (optim.AdaGrad, adagrad, {}),
    "RMSProp": (optim.RMSProp, rmsprop, {"beta": 0.95}),
    "Adam": (optim.Adam, adam, {}),
    "AdamW": (optim.AdamW, adam, {"weight_decay": 0.2}),
}


def rate(k):
    """η of update k = 0, 1, …"""
    return 0.05 / (1 + k)


def walk(rule, options, eta, start=START):
    """Where plain numbers are after each update: a list of lists."""
    now, path = list(start), []
    memory = [SimpleNamespace(v=0.0, s=0.0, m=0.0) for _ in start]
    for k in range(STEPS):
        rate = eta(k) if callable(eta) else eta
        now = [
            rule(o, t, slope(i, t), rate, k + 1, **options)
            for i, (o, t) in enumerate(zip(memory, now, strict=True))
        ]
        path.append(now)
    return path


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
    make, rule, options = RULES[name]
    same(walk_ours(make(eta, **options)), walk(rule, options, eta))


@pytest.mark.parametrize("name", RULES)
def test_plain_numbers(name):
    follows_the_rule(name, 0.05)


@pytest.mark.parametrize("name", RULES)
def test_falling_rate(name):
    follows_the_rule(name, rate)


def test_side_by_side():
    other = tuple(-0.9 * t for t in START)
    for make, rule, options in RULES.values():
        one, two = make(0.05, **options), make(0.05, **options)
        ours = zip(walk_ours(one), walk_ours(two, other), strict=True)  # by turns
        same(
            ours,
            list(zip(walk(rule, options, 0.05), walk(rule, options, 0.05, other), strict=True)),
        )


def test_stack_of_rates():
    etas = [0.05, 0.01, 0.0]
    for make, rule, options in RULES.values():
        ours = list(walk_ours(make(etas, **options), [START] * 3))
        for member, eta in enumerate(etas):
            same([theta[member] for theta in ours], walk(rule, options, eta))


def test_exact_momentum():
    theta, opt = np.array([10.0]), optim.Momentum(1.0, beta=0.5)
    for expected in (9, 7.5, 5.75, 3.875):  # v = 1, 3/2, 7/4, 15/8
        opt.step(theta, np.ones(1))
        assert theta[0] == expected


def test_exact_adam():
    for g in (1e-3, -1.0, 1e3):
        theta, opt = np.zeros(1), optim.Adam(0.25, eps=0)
        for k in (1, 2, 3):
            opt.step(theta, np.full(1, g))
            assert math.isclose(theta[0], -math.copysign(0.25 * k, g), rel_tol=RTOL)


def test_another_network():
    for make, _, options in RULES.values():
        opt = make(0.05, **options)
        theta, other = np.array(START), np.array(START)
        for _ in range(2):
            opt.step(theta, np.ones(4))
        for strange in (other, np.array([START] * 3), other[:2]):
            before = strange.copy()
            grad = np.ones_like(strange)
            assert refused(lambda o=opt, s=strange, g=grad: o.step(s, g), "2 updates", "k=2")
            assert np.array_equal(strange, before)
        opt.step(theta, np.ones(4))  # its own is still welcome


def test_reset():
    for make, rule, options in RULES.values():
        opt = make(rate, **options)
        list(walk_ours(opt, tuple(-t for t in START)))
        opt.reset()
        same(walk_ours(opt), walk(rule, options, rate))


def test_a_copy_goes_its_own_way():
    for make, rule, options in RULES.values():
        opt, theta = make(rate, **options), np.array(START)
        first, *path = walk(rule, options, rate)
        opt.step(theta, slopes(theta)[0])
        same(theta, first)
        twin, other = copy.copy(opt), theta.copy()
        for place in path:
            for o, t in ((opt, theta), (twin, other)):
                o.step(t, slopes(t)[0])
                same(t, place)


def test_schedule_that_goes_wrong():
    """Two updates, and one of rate 0; then it turns negative, or is no number."""
    for eta in (lambda k: 2.0 - k, lambda k: [2, 1, 0, math.nan][k], lambda k: [2, 1, 0, "1"][k]):
        theta, opt = np.array(START), optim.SGD(eta)
        for _ in range(3):
            opt.step(theta, np.ones(4))
        assert refused(lambda opt=opt, theta=theta: opt.step(theta, np.ones(4)), "eta(3)")
        assert [*theta] == [t - 3 for t in START]
