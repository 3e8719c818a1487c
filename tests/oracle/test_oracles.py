"""Nothing public is without an oracle: a twin in PyTorch, or a reason why there is none."""

import pytest

from bplib import activations, layers, losses, optim, schedules
from oracle import test_optim, test_training
from oracle.twin import ACTIVATIONS, CLIPS, LAYERS, LOSSES, OPTIMIZERS, PENALTIES

WITHOUT = {
    "activations.Activation": "what all activations are made of",
    "activations.Softmax": "the class of `softmax`, which has a twin",
    "activations.get": "looks up a name",
    "layers.Layer": "has no forward pass of its own",
    "layers.chain": "checks sizes",
    "layers.bind_all": "hands out views",
    "layers.run": "calls the layers' own passes",
    "layers.write": "copies numbers",
    "losses.Loss": "has no value of its own",
    "optim.Optimizer": "has no update of its own",
    "schedules.Schedule": "gives no rate of its own",
    "schedules.constant": "the number itself; test_schedules_without_a_twin",
    "schedules.inverse": "PyTorch has none; by hand in test_schedules_without_a_twin",
    "schedules.warm_up": "PyTorch's SequentialLR joins otherwise; test_schedules_without_a_twin",
}
TWINS = {
    activations: {f"activations.{name}" for name in ACTIVATIONS},
    layers: {f"layers.{kind.__name__}" for kind in LAYERS},
    losses: {f"losses.{kind.__name__}" for kind in (*LOSSES, *PENALTIES)},
    optim: {f"optim.{kind.__name__}" for kind in (*OPTIMIZERS, *CLIPS)},
    schedules: {"schedules.step", "schedules.exponential", "schedules.cosine"},
}


def public(module):
    """What the module defines under a name without underscore, functions, classes and objects."""
    home = module.__name__.removeprefix("bplib.")
    for name, thing in vars(module).items():
        if isinstance(thing, activations.Activation):
            if module is activations:
                yield f"{home}.{thing.name}"
            continue
        defined_here = getattr(thing, "__module__", "") == module.__name__
        if defined_here and not name.startswith("_") and callable(thing):
            yield f"{home}.{name}"


@pytest.mark.parametrize("module", TWINS, ids=lambda module: module.__name__)
def test_everything_public_has_an_oracle(module):
    found = set(public(module))
    assert found, "nothing was enumerated"
    without = {name for name in WITHOUT if name in found}
    assert found - without == TWINS[module]
    assert all(WITHOUT[name] for name in without)


def test_no_reason_has_outlived_its_cause():
    assert set(WITHOUT) <= set().union(*(public(module) for module in TWINS))


def test_every_activation_that_can_be_named_is_in_the_module():
    named = {f"activations.{name}" for name in activations.ACTIVATIONS}
    assert named == TWINS[activations]
    objects = {n for n in public(activations) if n.removeprefix("activations.") in ACTIVATIONS}
    assert objects == named


def test_the_tests_run_through_the_tables():
    """The parameters of the trajectory tests are the tables' own keys."""

    def parameters(test):
        return [mark.args[1] for mark in test.pytestmark if mark.name == "parametrize"]

    assert any(it is ACTIVATIONS for it in parameters(test_training.test_activation))
    assert any(it is LAYERS for it in parameters(test_training.test_layer))
    assert any(it is LOSSES for it in parameters(test_training.test_loss_at_the_end_of_all_layers))
    fits = parameters(test_training.test_fit_with_every_layer_and_mini_batches)
    assert any(it is OPTIMIZERS for it in fits)
    assert set(test_optim.PAIRS) == {kind.__name__ for kind in OPTIMIZERS}
    assert set(test_training.KINDS) == set(LAYERS)
