"""Every optimizer walks the trajectory of PyTorch's optimizer of the same name."""

import pickle

import numpy as np
import pytest

import bplib
from bplib import optim, schedules
from oracle.twin import OPTIMIZERS

STEPS = 50
RTOL = 1e-12  # fifty float64 updates; what differs is the order of a few roundings

PAIRS = {kind.__name__: pair for kind, pair in OPTIMIZERS.items()}


def curved(theta):
    """Return the gradient of Σ cᵢ θᵢ⁴ + an oscillation: the same function for both libraries."""
    c = np.array([1.0, 0.1, 10.0, 0.01])
    return 4 * c * theta**3 + 0.3 * np.sin(3 * theta)


@pytest.mark.parametrize("name", PAIRS)
def test_trajectory_is_pytorchs(name):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle of this test")
    make, torch_name, options = PAIRS[name]
    theta = np.array([0.5, -1.0, 0.3, 2.0])
    twin = torch.tensor(theta, dtype=torch.float64)
    ours, theirs = make(), getattr(torch.optim, torch_name)([twin], **options)
    for k in range(STEPS):
        ours.step(theta, curved(theta))
        twin.grad = torch.from_numpy(curved(twin.numpy().copy()))
        theirs.step()
        np.testing.assert_allclose(theta, twin.numpy(), rtol=RTOL, err_msg=f"update {k + 1}")


@pytest.mark.parametrize("kind", [optim.AdaGrad, optim.RMSProp, optim.Adam, optim.AdamW])
@pytest.mark.parametrize("given", [{}, {"eps": 0.1}])
def test_what_is_not_given_is_pytorchs(kind, given):
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle of this test")
    theta = np.array([0.5, -1.0, 0.3, 2.0])
    twin = torch.tensor(theta, dtype=torch.float64)
    ours, theirs = kind(**given), getattr(torch.optim, OPTIMIZERS[kind][1])([twin], **given)
    for _ in range(3):
        ours.step(theta, curved(theta))
        twin.grad = torch.from_numpy(curved(twin.numpy().copy()))
        theirs.step()
    np.testing.assert_allclose(theta, twin.numpy(), rtol=RTOL)


@pytest.mark.parametrize("name", PAIRS)
def test_members_of_a_stack_do_not_touch_each_other(name):
    make, _, _ = PAIRS[name]
    starts = np.array([[0.5, -1.0, 0.3, 2.0], [1.5, 0.2, -0.7, 0.1]])
    together, opt = starts.copy(), make()
    for _ in range(STEPS):
        opt.step(together, curved(together))
    for start, end in zip(starts, together, strict=True):
        alone, opt = start.copy(), make()
        for _ in range(STEPS):
            opt.step(alone, curved(alone))
        np.testing.assert_array_equal(alone, end)


def test_each_member_has_its_rate_whatever_the_shape_of_the_stack():
    theta, eta = np.ones((2, 3, 4)), np.arange(6.0).reshape(2, 3)
    optim.SGD(eta).step(theta, np.ones_like(theta))
    np.testing.assert_array_equal(theta, np.broadcast_to(1 - eta[..., None], (2, 3, 4)))


def test_without_bias_correction_adams_first_step_is_too_long():
    grad = np.array([0.3])
    corrected, plain = np.zeros(1), np.zeros(1)
    optim.Adam(0.1, eps=0).step(corrected, grad)
    optim.Adam(0.1, eps=0, bias_correction=False).step(plain, grad)
    assert corrected[0] == pytest.approx(-0.1, rel=RTOL)
    assert plain[0] == pytest.approx(-0.1 * (1 - 0.9) / np.sqrt(1 - 0.999), rel=RTOL)


def test_schedules_are_pytorchs():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle of this test")
    lr = torch.optim.lr_scheduler
    pairs = [
        (schedules.step(0.5, every=7, factor=0.3), lr.StepLR, {"step_size": 7, "gamma": 0.3}),
        (schedules.exponential(0.5, 0.95), lr.ExponentialLR, {"gamma": 0.95}),
        (
            schedules.cosine(0.5, steps=STEPS, floor=0.01),
            lr.CosineAnnealingLR,
            {"T_max": STEPS, "eta_min": 0.01},
        ),
    ]
    for ours, theirs, options in pairs:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5)
        scheduler = theirs(optimizer, **options)
        for k in range(STEPS):
            assert ours(k) == pytest.approx(scheduler.get_last_lr()[0], rel=RTOL)
            optimizer.step()
            scheduler.step()


def test_schedules_without_a_twin():
    half_life = schedules.inverse(0.8, half=10)
    assert (half_life(0), half_life(10), half_life(30)) == (0.8, 0.4, 0.2)
    joined = schedules.warm_up(4, schedules.constant(0.8))
    assert [joined(k) for k in range(6)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8, 0.8])
    late = schedules.warm_up(2, schedules.exponential(1.0, 0.5))
    assert [late(k) for k in range(5)] == [0.5, 1.0, 1.0, 0.5, 0.25]
    assert schedules.cosine(1.0, 10)(25) == 0.0


@pytest.mark.parametrize("kind", [optim.Adam, optim.AdamW])
def test_adam_keeps_the_papers_m_and_s(kind):
    theta, opt = np.zeros(2), kind(0.1, beta1=0.9, beta2=0.99)
    grads = np.array([[1.0, -2.0], [3.0, 0.5], [-1.0, 4.0]])
    for grad in grads:
        opt.step(theta, grad.copy())
    for mean, beta, terms in ((opt.m, 0.9, grads), (opt.s, 0.99, grads**2)):
        unrolled = (1 - beta) * (beta**2 * terms[0] + beta * terms[1] + terms[2])
        np.testing.assert_allclose(mean, unrolled, rtol=1e-14)


SHOWN = [
    (lambda: optim.SGD(0.1), "SGD(0.1, k=0)"),
    (lambda: optim.Momentum(0.1, nesterov=True), "Momentum(0.1, k=0)"),
    (lambda: optim.AdamW(), "AdamW(0.001, k=0)"),
    (lambda: optim.RMSProp(np.float32(0.5)), "RMSProp(0.5, k=0)"),
    (lambda: optim.SGD([0.1, 0.2]), "SGD(array([0.1, 0.2]), k=0)"),
    (
        lambda: optim.Adam(schedules.cosine(0.1, 100)),
        "Adam(cosine(eta=0.1, steps=100, floor=0.0), k=0)",
    ),
    (lambda: schedules.step(0.5, every=7), "step(eta=0.5, every=7, factor=0.1)"),
    (lambda: schedules.inverse(1, half=10), "inverse(eta=1.0, half=10.0)"),
    (
        lambda: schedules.warm_up(5, schedules.exponential(0.1, 0.9)),
        "warm_up(steps=5, then=exponential(eta=0.1, factor=0.9))",
    ),
    (lambda: schedules.constant(2), "constant(eta=2.0)"),
]


@pytest.mark.parametrize(("make", "text"), SHOWN, ids=[text for _, text in SHOWN])
def test_representations(make, text):
    assert repr(make()) == text


def test_an_optimizer_says_how_many_updates_it_has_made():
    rule, theta = optim.Adam(), np.ones(3)
    for _ in range(40):
        rule.step(theta, np.ones(3))
    assert repr(rule) == "Adam(0.001, k=40)"


@pytest.mark.parametrize("eta", [[0.1, 0.2], np.array([0.1, 0.2])])
@pytest.mark.parametrize(
    "make",
    [
        schedules.constant,
        lambda eta: schedules.step(eta, 2),
        lambda eta: schedules.exponential(eta, 0.5),
        lambda eta: schedules.inverse(eta, 5),
        lambda eta: schedules.cosine(eta, 5),
        lambda eta: schedules.warm_up(2, schedules.constant(eta)),
    ],
)
def test_a_schedule_for_each_member(make, eta):
    together, (one, other) = make(eta), map(make, eta)
    for k in range(8):
        np.testing.assert_array_equal(together(k), [one(k), other(k)])


def test_a_schedule_is_pickled_and_its_arrays_are_its_own():
    eta = np.array([0.1, 0.2])
    schedule = schedules.cosine(eta, steps=10)
    eta[:] = 0
    again = pickle.loads(pickle.dumps(schedule))
    np.testing.assert_array_equal(again(0), [0.1, 0.2])
    assert repr(again) == repr(schedule)


def test_an_optimizer_follows_its_schedule():
    theta, opt = np.array([1.0]), bplib.SGD(schedules.exponential(1.0, 0.5))
    for _ in range(3):
        opt.step(theta, np.array([1.0]))
    assert theta[0] == 1.0 - (1 + 0.5 + 0.25)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: optim.SGD(-0.1), "eta is -0.1; expected a finite number"),
        (lambda: optim.Momentum(0.1, beta=1.0), "beta is 1.0; expected a number from 0"),
        (lambda: optim.Adam(beta1=-0.1), "beta1 is -0.1"),
        (lambda: optim.Adam(beta2=2), "beta2 is 2"),
        (lambda: optim.Adam(eps=-1), "eps is -1"),
        (lambda: optim.AdamW(weight_decay=-1), "weight_decay is -1"),
        (lambda: optim.AdaGrad(eps=-1), "eps is -1"),
        (lambda: optim.RMSProp(beta=1), "beta is 1"),
        (lambda: optim.RMSProp(eps="x"), "eps is 'x'"),
        (lambda: optim.SGD([0.1, 0.2]).step(np.zeros(3), np.zeros(3)), r"eta has shape \(2,\)"),
        (lambda: optim.SGD(lambda k: -1.0).step(np.zeros(3), np.zeros(3)), r"eta\(0\) is -1.0"),
        (lambda: schedules.step(0.1, every=0), "every is 0; expected a whole number"),
        (lambda: schedules.step(-1, every=1), "eta is -1"),
        (lambda: schedules.step(0.1, every=1, factor=-1), "factor is -1"),
        (lambda: schedules.exponential(-1, 0.5), "eta is -1"),
        (lambda: schedules.exponential(0.1, -1), "factor is -1"),
        (lambda: schedules.inverse(-1, 10), "eta is -1"),
        (lambda: schedules.inverse(0.1, -1), "half is -1"),
        (lambda: schedules.inverse(0.1, 0), "half is 0; expected a finite number above 0"),
        (lambda: schedules.cosine(-1, 5), "eta is -1"),
        (lambda: schedules.cosine(0.1, 0), "steps is 0"),
        (lambda: schedules.cosine(0.1, 5, floor=-1), "floor is -1"),
        (lambda: schedules.warm_up(0, schedules.constant(0.1)), "steps is 0"),
        (lambda: schedules.warm_up(3, 0.1), "then is 0.1; expected a schedule"),
        (lambda: schedules.constant(float("nan")), "eta is nan"),
    ],
)
def test_wrong_calls_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
