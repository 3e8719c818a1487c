"""Colours that can be read, and told apart by readers who see fewer of them."""

from itertools import combinations

import numpy as np
import pytest

from bplib.plots.style import PALETTE, RACERS

CONTRAST = 4.5  # WCAG 2.2, 1.4.3, level AA for text
APART = 20  # CIE76; 2.3 is just noticeable side by side, small marks far apart need more
ROLES = ("forward", "error", "gradient", "parameter")
RACING = ("racer1", "racer2", "racer3")
THEMES = {"light": 0, "dark": 1}

# Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB.
SEEN_BY = {
    "trichromat": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def linear(color):
    c = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def luminance(color):
    return linear(color) @ [0.2126, 0.7152, 0.0722]


def contrast(one, two):
    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    t = to_xyz @ np.clip(rgb, 0, 1) / [0.95047, 1.0, 1.08883]
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_the_yardsticks():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    np.testing.assert_allclose(lab(linear("#ffffff")), [100, 0, 0], atol=0.02)
    np.testing.assert_allclose(lab(linear("#ff0000")), [53.24, 80.09, 67.20], atol=0.05)
    for matrix in SEEN_BY.values():
        np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-5)  # grey stays grey
    red, green = (lab(SEEN_BY["deuteranopia"] @ linear(c)) for c in ("#d62728", "#7f7f00"))
    assert np.linalg.norm(red - green) < APART, "what the test is there to catch"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["ink", "muted", *ROLES, *RACING])
def test_text_can_be_read(name, theme):
    i = THEMES[theme]
    assert contrast(PALETTE[name][i], PALETTE["paper"][i]) >= CONTRAST


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("eyes", SEEN_BY)
@pytest.mark.parametrize("pair", [*combinations(ROLES, 2), *combinations(RACING, 2)], ids="-".join)
def test_what_stands_side_by_side_can_be_told_apart(pair, eyes, theme):
    one, two = (lab(SEEN_BY[eyes] @ linear(PALETTE[name][THEMES[theme]])) for name in pair)
    assert np.linalg.norm(one - two) >= APART


def test_racers_differ_by_dash_as_well():
    colors, dashes = zip(*RACERS, strict=True)
    assert colors == tuple(PALETTE[name][0] for name in RACING)
    assert len(set(dashes)) == len(RACERS)


def test_every_colour_is_a_different_one():
    for i in (0, 1):
        colors = [pair[i] for pair in PALETTE.values()]
        assert len(set(colors)) == len(colors)
        assert all(len(c) == 7 and c == c.lower() for c in colors)
