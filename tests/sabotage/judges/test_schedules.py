"""Schedules: judged by tables of exact numbers, and by what no schedule may do."""

import math
from fractions import Fraction
from itertools import pairwise

import pytest

from bplib import schedules

RTOL = 1e-14


ETA, FACTOR = Fraction(4, 5), Fraction(3, 4)
TURNS = {0: 1.0, 2: 0.75, 3: 0.5, 4: 0.25, 6: 0.0, 7: 0.0, 12: 0.0, 100: 0.0}  # cos 0°, 60°, …
TABLES = {
    "step": (
        schedules.step(0.8, every=3, factor=0.5),
        {0: 0.8, 1: 0.8, 2: 0.8, 3: 0.4, 4: 0.4, 5: 0.4, 6: 0.2, 8: 0.2, 9: 0.1},
    ),
    "exponential": (schedules.exponential(0.8, 0.75), {k: ETA * FACTOR**k for k in range(30)}),
    "inverse": (schedules.inverse(0.8, half=10), {k: ETA * 10 / (10 + k) for k in range(40)}),
    "cosine": (schedules.cosine(1.0, 6), TURNS),
    "floor": (schedules.cosine(0.9, 6, floor=0.1), {k: 0.1 + 0.8 * c for k, c in TURNS.items()}),
    "line": (schedules.warm_up(4, lambda k: 0.8), {0: 0.2, 1: 0.4, 2: 0.6, 3: 0.8, 4: 0.8, 5: 0.8}),
    "halves": (schedules.warm_up(2, lambda k: 0.5**k), {0: 0.5, 1: 1.0, 2: 1.0, 3: 0.5, 4: 0.25}),
}


@pytest.mark.parametrize("name", TABLES)
def test_table(name):
    schedule, table = TABLES[name]
    for k, eta in table.items():
        assert math.isclose(schedule(k), eta, rel_tol=RTOL, abs_tol=RTOL), k


def test_never_rising():
    for schedule in (
        schedules.step(0.5, every=4, factor=0.5),
        schedules.exponential(0.5, 0.9),
        schedules.inverse(0.5, half=7),
        schedules.cosine(0.5, 9, floor=0.05),
    ):
        etas = [schedule(k) for k in range(30)]
        assert etas[0] == 0.5
        assert all(0 < after <= before for before, after in pairwise(etas))


def test_warm_up_moves():
    etas = [schedules.warm_up(5, schedules.constant(0.5))(k) for k in range(9)]
    assert 0 < etas[0] < etas[1]
    assert max(etas) == etas[4] == 0.5
