"""Clipping by norm keeps the direction, clipping by value need not."""

import numpy as np
import pytest

from bplib import optim

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_by_norm_keeps_the_direction(scale):
    grad = scale * RNG.standard_normal(20)
    before = grad.copy()
    optim.by_norm(0.5)(grad)
    length = np.linalg.norm(before)
    assert np.linalg.norm(grad) == pytest.approx(min(length, 0.5), rel=1e-5)
    assert grad @ before / (np.linalg.norm(grad) * length) == pytest.approx(1, rel=1e-14)
    if length < 0.5 - 1e-6:
        np.testing.assert_array_equal(grad, before)


def test_by_norm_by_hand():
    grad = np.array([3.0, -4.0])
    optim.by_norm(1.0, eps=0)(grad)
    np.testing.assert_allclose(grad, [0.6, -0.8], rtol=1e-15)
    optim.by_norm(1, eps=1)(grad)
    np.testing.assert_allclose(grad, [0.3, -0.4], rtol=1e-15)


def test_by_value_changes_the_direction():
    grad = np.array([0.05, -0.2, 3.0, 0.1, -0.1])
    optim.by_value(0.1)(grad)
    np.testing.assert_array_equal(grad, [0.05, -0.1, 0.1, 0.1, -0.1])


@pytest.mark.parametrize("stack", [(3,), (2, 2)])
@pytest.mark.parametrize("clip", [optim.by_norm(0.5), optim.by_value(0.5)])
def test_each_member_by_itself(clip, stack):
    grad = RNG.standard_normal((*stack, 6)) * np.geomspace(1e-3, 1e3, np.prod(stack)).reshape(
        *stack, 1
    )
    members = [grad[k].copy() for k in np.ndindex(stack)]
    clip(grad)
    for k, member in zip(np.ndindex(stack), members, strict=True):
        clip(member)
        np.testing.assert_array_equal(grad[k], member)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("clip", [optim.by_norm(1), optim.by_norm(1, eps=0), optim.by_value(1)])
def test_a_gradient_of_zero_stays(clip):
    grad = np.zeros((2, 3))
    clip(grad)
    np.testing.assert_array_equal(grad, 0)


@pytest.mark.filterwarnings("error")
def test_what_is_not_a_number_spreads_by_norm_and_stays_by_value():
    grad = np.array([[1.0, np.nan], [3.0, 4.0]])
    one, other = grad.copy(), grad.copy()
    optim.by_norm(1.0)(one)
    np.testing.assert_allclose(one, [[np.nan, np.nan], [0.6, 0.8]], rtol=1e-5)
    optim.by_value(1.0)(other)
    np.testing.assert_array_equal(other, [[1, np.nan], [1, 1]])


def test_it_happens_in_place():
    for clip in (optim.by_norm(1e-3), optim.by_value(1e-3)):
        theta_like = np.ones(4)
        assert clip(theta_like[1:3]) is None
        assert (theta_like[[0, 3]] == 1).all()
        assert (theta_like[1:3] < 1e-2).all()
