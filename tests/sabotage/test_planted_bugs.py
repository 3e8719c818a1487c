"""Bugs planted in bplib: each must be caught by a check against something independent."""

import pytest

from sabotage.planting import BUGS, CONTROLS, PARTS, TABLE, Bug, Change, complaints


def test_every_text_of_the_table_is_found_once():
    broken = []
    for bug in TABLE:
        try:
            bug.sources()
        except ValueError as error:
            broken.append(f"{bug}: {error}")
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("find", ["no such text", "self"])
def test_text_that_is_not_there_or_more_than_once_is_refused(find):
    bug = Bug("a part", "a bug", (Change("losses", ("SquaredError",), find, ""),))
    with pytest.raises(ValueError, match=r"text (not found|found \d times, not once,) in file"):
        bug.sources()


@pytest.mark.parametrize("bug", BUGS, ids=str)
def test_planted_bug_is_caught(bug, record_property):
    caught = complaints(bug)
    record_property("planted bug", (bug.part, bug.name, caught))
    wrong = {judge for judge, how in caught.items() if how == "a wrong result"}
    wrong |= {judge.split("[")[0] for judge in wrong}
    assert bug.caught_by <= wrong, f"all that the judges saw: {caught}"


@pytest.mark.parametrize("control", CONTROLS, ids=str)
def test_harness_alone_is_not_caught(control):
    """What catches a bug is the bug, not the way it was planted."""
    assert complaints(control) == {}


@pytest.mark.parametrize("part", PARTS)
def test_each_part_has_a_control_in_other_words(part):
    assert any(control.part == part and control.changes for control in CONTROLS)


def test_gradcheck_alone_catches_the_bugs_of_the_backward_pass():
    """Loss and gradient that are wrong in the same way are beyond any difference quotient."""
    missed = {
        bug.name
        for bug in BUGS
        if bug.part == "backward" and not any("gradcheck" in judge for judge in complaints(bug))
    }
    assert missed == {
        "update as you go: each layer steps before the one below is reached",
        "no mean, in the loss as well",
        "mean over examples × outputs, in the loss as well",
        "biases are never updated",
        "step uphill",
        "a step on a copy of theta",
        "gradients of the last batch are added to",  # the first batch is still right
    }
