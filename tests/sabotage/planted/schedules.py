"""Schedules: judged by tables of exact numbers, and by what no schedule may do."""

import math
from fractions import Fraction
from itertools import pairwise

from bplib import schedules
from sabotage.part import Part

part = Part("schedules")

RTOL = 1e-14


def table(schedule, expected):
    for k, eta in expected.items():
        assert math.isclose(schedule(k), eta, rel_tol=RTOL, abs_tol=RTOL), k


@part.judge("table, step")
def step_table():
    drops = {0: 0.8, 1: 0.8, 2: 0.8, 3: 0.4, 4: 0.4, 5: 0.4, 6: 0.2, 8: 0.2, 9: 0.1}
    table(schedules.step(0.8, every=3, factor=0.5), drops)


@part.judge("table, exponential")
def exponential_table():
    eta, factor = Fraction(4, 5), Fraction(3, 4)
    table(schedules.exponential(0.8, 0.75), {k: float(eta * factor**k) for k in range(30)})


@part.judge("table, inverse")
def inverse_table():
    eta = Fraction(3, 5)
    powers = {k: float(eta * 10 / (10 + k)) for k in range(40)}
    table(schedules.inverse(0.6, half=10), powers)


@part.judge("table, cosine")
def cosine_table():
    # cos 0°, 60°, 90°, 120°, 180° are 1, ½, 0, −½, −1.
    turns = {0: 1.0, 2: 0.75, 3: 0.5, 4: 0.25, 6: 0.0, 7: 0.0, 12: 0.0, 100: 0.0}
    table(schedules.cosine(1.0, 6), turns)
    table(schedules.cosine(0.9, 6, floor=0.1), {k: 0.1 + 0.8 * c for k, c in turns.items()})


@part.judge("table, warm-up")
def warm_up_table():
    line = {0: 0.2, 1: 0.4, 2: 0.6, 3: 0.8, 4: 0.8, 5: 0.8}
    table(schedules.warm_up(4, lambda k: 0.8), line)
    halves = {0: 0.5, 1: 1.0, 2: 1.0, 3: 0.5, 4: 0.25}
    table(schedules.warm_up(2, lambda k: 0.5**k), halves)


@part.judge("never rising")
def falling():
    for schedule in (
        schedules.step(0.5, every=4, factor=0.5),
        schedules.exponential(0.5, 0.9),
        schedules.inverse(0.5, half=7),
        schedules.cosine(0.5, 9, floor=0.05),
    ):
        etas = [schedule(k) for k in range(30)]
        assert etas[0] == 0.5
        assert all(0 < after <= before for before, after in pairwise(etas))


@part.judge("warm-up moves")
def never_zero():
    etas = [schedules.warm_up(5, schedules.constant(0.5))(k) for k in range(9)]
    assert 0 < etas[0] < etas[1]
    assert max(etas) == etas[4] == 0.5


def _plant(patch, name, schedule):
    """Put schedule(*settings, k) in the place of a schedule's formula."""
    patch.setattr(
        schedules, name, lambda *settings, **more: lambda k: schedule(k, *settings, **more)
    )


def _cosine(patch, formula):
    _plant(patch, "cosine", lambda k, eta, steps, floor=0.0: formula(k, eta, steps, floor))


def _step(patch, formula):
    _plant(patch, "step", lambda k, eta, every, factor=0.1: formula(k, eta, every, factor))


@part.control("the formulas, written again")
def _(patch):
    def cosine(k, eta, steps, floor):
        return floor + (eta - floor) * math.cos(math.pi / 2 * min(k, steps) / steps) ** 2

    _step(patch, lambda k, eta, every, factor: eta * factor ** math.floor(k / every))
    _plant(patch, "exponential", lambda k, eta, factor: eta * factor**k)
    _plant(patch, "inverse", lambda k, eta, half: eta * half / (half + k))
    _cosine(patch, cosine)
    _plant(
        patch,
        "warm_up",
        lambda k, steps, then: then(max(k - steps, 0)) * min((k + 1) / steps, 1),
    )


@part.mutant("step: one update too early")
def _(patch):
    _step(patch, lambda k, eta, every, factor: eta * factor ** ((k + 1) // every))


@part.mutant("step: one update too late")
def _(patch):
    _step(patch, lambda k, eta, every, factor: eta * factor ** (max(k - 1, 0) // every))


@part.mutant("step: rounded, not floored")
def _(patch):
    _step(patch, lambda k, eta, every, factor: eta * factor ** round(k / every))


@part.mutant("step: no steps, k / every as a fraction")
def _(patch):
    _step(patch, lambda k, eta, every, factor: eta * factor ** (k / every))


@part.mutant("step: one step and no more")
def _(patch):
    _step(patch, lambda k, eta, every, factor: eta * factor if k >= every else eta)


@part.mutant("exponential: k counted in epochs of ten updates")
def _(patch):
    _plant(patch, "exponential", lambda k, eta, factor: eta * factor ** (k // 10))


@part.mutant("exponential: one update ahead")
def _(patch):
    _plant(patch, "exponential", lambda k, eta, factor: eta * factor ** (k + 1))


@part.mutant("exponential: e^(−factor k)")
def _(patch):
    _plant(patch, "exponential", lambda k, eta, factor: eta * math.exp(-factor * k))


@part.mutant("inverse: with k + 1")
def _(patch):
    _plant(patch, "inverse", lambda k, eta, half: eta / (1 + (k + 1) / half))


@part.mutant("inverse: half as a factor of k")
def _(patch):
    _plant(patch, "inverse", lambda k, eta, half: eta / (1 + k * half))


@part.mutant("cosine: a full period")
def _(patch):
    _cosine(
        patch,
        lambda k, eta, steps, floor: (
            floor + 0.5 * (eta - floor) * (1 + math.cos(2 * math.pi * min(k / steps, 1)))
        ),
    )


@part.mutant("cosine: rises again after its end")
def _(patch):
    _cosine(
        patch,
        lambda k, eta, steps, floor: (
            floor + 0.5 * (eta - floor) * (1 + math.cos(math.pi * k / steps))
        ),
    )


@part.mutant("cosine: the floor is added on top")
def _(patch):
    _cosine(
        patch,
        lambda k, eta, steps, floor: (
            floor + 0.5 * eta * (1 + math.cos(math.pi * min(k / steps, 1)))
        ),
    )


@part.mutant("cosine: no ½")
def _(patch):
    _cosine(
        patch,
        lambda k, eta, steps, floor: (
            floor + (eta - floor) * (1 + math.cos(math.pi * min(k / steps, 1)))
        ),
    )


@part.mutant("cosine: one update ahead")
def _(patch):
    _cosine(
        patch,
        lambda k, eta, steps, floor: (
            floor + 0.5 * (eta - floor) * (1 + math.cos(math.pi * min((k + 1) / steps, 1)))
        ),
    )


@part.mutant("warm-up: starts at zero")
def _(patch):
    _plant(
        patch,
        "warm_up",
        lambda k, steps, then: then(0) * k / steps if k < steps else then(k - steps),
    )


@part.mutant("warm-up: the schedule behind it is not shifted")
def _(patch):
    _plant(
        patch,
        "warm_up",
        lambda k, steps, then: then(0) * (k + 1) / steps if k < steps else then(k),
    )


@part.mutant("warm-up: the schedule runs on meanwhile")
def _(patch):
    _plant(
        patch,
        "warm_up",
        lambda k, steps, then: then(k) * (k + 1) / steps if k < steps else then(k - steps),
    )


@part.mutant("warm-up: one update too long")
def _(patch):
    _plant(
        patch,
        "warm_up",
        lambda k, steps, then: then(0) * (k + 1) / steps if k <= steps else then(k - steps),
    )
