"""Matplotlib figures as slim SVG that follows the page's light or dark theme."""

import io
import re
from typing import Any
from xml.sax.saxutils import quoteattr

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from bplib.plots.style import INK, PALETTE, PAPER, STYLE

# A page of the book defines --bp-…; elsewhere the picture takes what the notebook offers.
_ELSEWHERE = {
    INK: "currentColor",
    PAPER: "var(--jp-layout-color0, #ffffff)",
}
_THEMED = {
    light: f"var(--bp-{name}, {_ELSEWHERE.get(light, light)})"
    for name, (light, _) in PALETTE.items()
}

_DROPPED = re.compile(
    r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>"
    r"|<defs>\s*<style.*?</style>\s*</defs>|font-family: [^;\"]*;? ?",
    re.DOTALL,
)
_GEOMETRY = re.compile(r'(?<= )(d|x|y|x1|x2|y1|y2|cx|cy|r|width|height|transform|points)="([^"]*)"')
_NUMBER = re.compile(r"-?\d+\.\d+(?![\deE])")
_COLOR = re.compile(r"#[0-9a-f]{6}\b")
_EMPTY_GROUP = re.compile(r"<g(?: id=\"[^\"]*\")?>\s*</g>")
_INVISIBLE = re.compile(r'<path d="[^"]*"(?: clip-path="[^"]*")? style="fill: none"/>')
_PLAIN_ID = re.compile(r"<g id=\"[^\"]*\">")
_VIEWBOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


def new_figure(**kwargs: Any) -> Figure:
    """Return an empty Matplotlib figure in the book's style, for an SVG canvas."""
    with mpl.rc_context(STYLE):
        fig = Figure(**kwargs)
    FigureCanvasSVG(fig)
    return fig


def svg_body(fig: Figure, keep: str = "") -> tuple[str, str]:
    """Return what is inside the figure's <svg> element, slimmed and themed, and its viewBox.

    Groups of artists whose gid is `keep` and a number are marked data-{keep}="number".
    """
    out = io.StringIO()
    with mpl.rc_context(STYLE):
        fig.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = _DROPPED.sub("", out.getvalue())
    found = _VIEWBOX.search(text)
    assert found, "Matplotlib writes a viewBox"
    body = text[text.index(">", found.end()) + 1 : text.rindex("</svg>")]
    body = _GEOMETRY.sub(_round_geometry, body)
    body = _COLOR.sub(lambda c: _THEMED.get(c.group(), c.group()), body)
    if keep:
        body = re.sub(rf'<g id="{keep}(\d+)">', rf'<g data-{keep}="\1">', body)
    body = _PLAIN_ID.sub("<g>", body).replace("xlink:href", "href")
    body = _INVISIBLE.sub("", body)
    while (slimmer := _EMPTY_GROUP.sub("", body)) != body:
        body = slimmer
    body = re.sub(r"\s*\n\s*", " ", body)
    body = re.sub(r"(?<=[>\"]) (?=[<>])", "", body).strip()
    return body, found.group().removeprefix('viewBox="').removesuffix('"')


def svg_element(body: str, viewbox: str, alt: str) -> str:
    """Return an <svg> element that scales with the page and tells a screen reader its alt text."""
    width = viewbox.split()[2]
    return (
        f'<svg class="bp-svg" viewBox="{viewbox}" role="img" aria-label={quoteattr(alt)} '
        f'style="width:100%;max-width:{float(width) * 2:.0f}px;height:auto;'
        'stroke-linejoin:round;stroke-linecap:butt;font-family:inherit">'
        f"{body}</svg>"
    )


def _round_geometry(match: re.Match[str]) -> str:
    name, value = match.groups()
    if value.startswith("rotate(-0 "):
        return ""
    if "scale" in value or "matrix" in value:
        return match.group()
    return f'{name}="{_NUMBER.sub(lambda n: f"{float(n.group()):.1f}".removesuffix(".0"), value)}"'
