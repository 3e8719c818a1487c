"""Bugs planted in bplib: each must be caught by a check against something independent."""

import numpy as np
import pytest

from sabotage.planted import PARTS, backward

MUTANTS = [(part, name) for part in PARTS for name in part.mutants]
CONTROLS = [(part, name) for part in PARTS for name in part.controls]


def named(cases):
    return {"argvalues": cases, "ids": [f"{part.name}: {name}" for part, name in cases]}


@pytest.mark.parametrize(("part", "name"), **named(MUTANTS))
def test_planted_bug_is_caught(part, name, monkeypatch, record_property):
    assert part.complaints() == {}, "without the bug nothing complains"
    with monkeypatch.context() as patch:
        part.mutants[name](patch)
        caught = part.complaints()
    record_property("planted bug", (part.name, name, caught))
    assert "a wrong result" in caught.values(), f"all that {len(part.judges)} judges saw: {caught}"
    assert part.complaints() == {}, "the bug has been taken out again"


@pytest.mark.parametrize(("part", "name"), **named(CONTROLS))
def test_harness_alone_is_not_caught(part, name, monkeypatch):
    """What catches a mutant is its bug, not the way it was planted."""
    part.controls[name](monkeypatch)
    assert part.complaints() == {}


@pytest.mark.parametrize("part", PARTS, ids=[part.name for part in PARTS])
def test_each_part_has_a_control(part):
    assert part.controls


def test_gradcheck_alone_catches_the_bugs_of_the_backward_pass(monkeypatch):
    """Loss and gradient that are wrong in the same way are beyond any difference quotient."""
    beyond = {
        "update as you go: each layer steps before the one below is reached",
        "no mean, in the loss as well",
        "mean over examples × outputs, in the loss as well",
        "biases are never updated",
        "step uphill",
        "a step on a copy of theta",
        "gradients of the last batch are added to",  # the first batch is still right
    }
    missed = set()
    for name, plant in backward.part.mutants.items():
        with monkeypatch.context() as patch, np.errstate(all="ignore"):
            plant(patch)
            if not any(judge.startswith("gradcheck") for judge in backward.part.complaints()):
                missed.add(name)
    assert missed == beyond
