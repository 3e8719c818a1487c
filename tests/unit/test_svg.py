"""Slim SVG must look as Matplotlib's own does: same shapes, same words, fewer bytes."""

import io
import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest

from bplib.plots import style, svg

HALF_A_DECIMAL = 0.05 + 1e-6  # one decimal is kept; 0.1 of a point is far below a pixel
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
GEOMETRY = ("d", "x", "y", "width", "height", "points", "transform")


def picture():
    with mpl.rc_context(style.STYLE):
        return draw()


def draw():
    fig = svg.new_figure(figsize=(4, 3), layout="constrained")
    ax = fig.subplots()
    t = np.linspace(0, 1, 23)
    ax.plot(t, np.sin(7 * t), label="sine 0.12345")
    ax.scatter(t[::4], t[::4] ** 2, color=style.ERROR)
    ax.fill_between(t, 0, t / 3, color=style.GRADIENT, alpha=0.3)
    ax.set(title="0.0004", xlabel="time 1.23456 <s> & more", ylabel="level")
    ax.text(0.5, 0.5, "turned 2.71828", rotation=30)
    ax.legend()
    return fig


def raw(fig):
    out = io.StringIO()
    with mpl.rc_context(style.STYLE):
        fig.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def shapes(root):
    """Every drawn element: its tag, its text, and all the numbers that place it."""
    found = []
    for element in root.iter():
        tag = element.tag.rpartition("}")[2]
        style = element.get("style", "").strip("; ")
        if tag not in ("path", "use", "text", "rect") or style == "fill: none":
            continue
        if tag == "use" and element.get("x") is None:
            continue
        text = "".join(element.itertext())
        parts = {}
        for name in GEOMETRY:
            value = element.get(name, "")
            if value and not value.startswith("rotate(-0 "):
                parts[name] = [float(n) for n in NUMBER.findall(value)]
        found.append((tag, text, parts))
    return found


@pytest.fixture(scope="module")
def both():
    fig = picture()
    body, viewbox = svg.svg_body(fig)
    element = svg.svg_element(body, viewbox, 'A "picture" of <things> & more')
    return raw(fig), element, body, viewbox


def test_is_well_formed(both):
    _, element, _, viewbox = both
    root = ET.fromstring(element)
    assert root.tag == "svg"
    assert root.get("viewBox") == viewbox
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'A "picture" of <things> & more'


def test_geometry_is_the_same_to_a_tenth(both):
    original, element, *_ = both
    expected, got = shapes(ET.fromstring(original)), shapes(ET.fromstring(element))
    assert len(expected) > 40
    assert [shape[:2] for shape in got] == [shape[:2] for shape in expected]
    for (tag, text, mine), (_, _, theirs) in zip(got, expected, strict=True):
        assert mine.keys() == theirs.keys(), (tag, text)
        for name, numbers in theirs.items():
            np.testing.assert_allclose(mine[name], numbers, rtol=0, atol=HALF_A_DECIMAL)


def test_words_and_numbers_in_them_survive(both):
    texts = ["".join(t.itertext()) for t in ET.fromstring(both[1]).iter("text")]
    for text in ("0.0004", "time 1.23456 <s> & more", "turned 2.71828", "sine 0.12345"):
        assert text in texts


def test_is_slim(both):
    original, element, body, _ = both
    assert len(element) < 0.6 * len(original)
    for waste in ("<metadata", "<style", "<?xml", "<!DOCTYPE", "<!--", "font-family:", "\n"):
        assert waste not in body, waste
    coordinates = " ".join(re.findall(r' (?:d|x|y)="([^"]*)"', body))
    assert re.findall(r"\d+\.\d{2,}", coordinates) == []


def test_nothing_is_fetched(both):
    assert not re.search(r"https?:|xlink", both[2])
    ids = set(re.findall(r'id="([^"]+)"', both[2]))
    referred = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', both[2]))
    assert {a or b for a, b in referred} <= ids
    assert len(referred) >= 2


def test_colours_follow_the_page(both):
    body = both[2]
    for name in ("forward", "error", "gradient", "muted", "ink"):
        assert f"var(--bp-{name}, " in body, name
    for light, _ in svg.PALETTE.values():
        bare = re.findall(rf"(?<!, ){light}", body)
        assert bare == [], "a palette colour without its name cannot follow the theme"


def test_colours_outside_the_palette_stay():
    fig = svg.new_figure()
    fig.subplots().plot([0, 1], color="#123456")
    assert "stroke: #123456" in svg.svg_body(fig)[0]


def test_same_figure_same_bytes():
    assert svg.svg_body(picture()) == svg.svg_body(picture())


def test_small_numbers_in_scales_are_not_rounded():
    original = 'transform="matrix(0.0004 0 0 0.0004 1.25 2)"'
    assert svg._GEOMETRY.sub(svg._round_geometry, f"<g {original}>") == f"<g {original}>"
    rounded = svg._GEOMETRY.sub(svg._round_geometry, '<g x="1.26" d="M 1.04 2e-05 L 3 4.96">')
    assert rounded == '<g x="1.3" d="M 1 2e-05 L 3 5">'
