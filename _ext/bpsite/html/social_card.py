"""Draws the picture that stands for the book where a page of it is shared, and the touch icon."""

from pathlib import Path
from xml.etree import ElementTree

from fontTools.pens.recordingPen import RecordingPen
from fontTools.svgLib.path import parse_path
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.offsetbox import AnchoredOffsetbox, HPacker, TextArea
from matplotlib.patches import Circle, PathPatch
from matplotlib.path import Path as Outline

from bplib.plots.style import ERROR, FORWARD, GRID, INK, MUTED, PAPER, PARAMETER

SIZE = (1200, 630)
DOTS = 100
ALT = (
    "The title of the book, an equation that sends an error back through a layer, and a small "
    "network with an arrow that points backward."
)
TAGLINE = "Every formula derived twice. Every number\ncomputed. Every slider moves in the page."
FORMULA = (
    (r"$\delta^{(l)}$", ERROR),
    (r"$\ = \ ($", INK),
    (r"$W^{(l+1)\mathsf{T}}\,$", PARAMETER),
    (r"$\delta^{(l+1)}$", ERROR),
    (r"$) \odot$", INK),
    (r"$f\,'(z^{(l)})$", FORWARD),
)
CODES = {"moveTo": [Outline.MOVETO], "lineTo": [Outline.LINETO], "curveTo": [Outline.CURVE4] * 3}


def share(path, title, fonts, logo):
    """Write the picture for sharing; the title breaks at its comma. The fonts are KaTeX's."""
    fig, ax = _paper(*SIZE)
    face = {
        name: FontProperties(fname=fonts / f"KaTeX_Main-{name}.ttf") for name in ("Bold", "Regular")
    }
    ax.axhspan(0, 14, color=FORWARD, lw=0)
    ax.axhspan(0, 14, xmin=0.5, color=ERROR, lw=0)
    title = title.replace(", ", ",\n")
    ax.text(80, 548, title, color=INK, size=54, font=face["Bold"], va="top", linespacing=1.15)
    ax.plot([80, 200], [356, 356], color=GRID, lw=3)
    ax.text(80, 320, TAGLINE, color=MUTED, size=25, font=face["Regular"], va="top", linespacing=1.4)
    look = {"size": 38, "math_fontfamily": "cm"}
    parts = [TextArea(text, textprops=look | {"color": color}) for text, color in FORMULA]
    row = HPacker(children=parts, pad=0, sep=2, align="baseline")
    box = AnchoredOffsetbox("lower left", child=row, pad=0, frameon=False, borderpad=0)
    box.set_bbox_to_anchor((80, 88), transform=ax.transData)
    ax.add_artist(box)
    draw(ax, logo, left=800, top=470, width=330)
    _write(fig, path)


def touch_icon(path, logo, size=180):
    """Write the icon of a page that a reader puts among the apps of a phone."""
    fig, ax = _paper(size, size)
    draw(ax, logo, left=0.1 * size, top=0.9 * size, width=0.8 * size)
    _write(fig, path)


def draw(ax, svg, left, top, width):
    """Draw an SVG of circles and paths, such as the logo."""
    root = ElementTree.parse(svg).getroot()
    x0, y0, wide, _ = map(float, root.get("viewBox").split())
    scale = width / wide
    for node, look in _shapes(root, {}):
        fill, stroke = look.get("fill", "none"), look.get("stroke", "none")
        style = {
            "facecolor": fill if node.tag.endswith("circle") or stroke == "none" else "none",
            "edgecolor": stroke,
            "lw": float(look.get("stroke-width", 0)) * scale * 72 / DOTS,
            "capstyle": look.get("stroke-linecap", "butt"),
        }

        def place(x, y):
            return left + scale * (x - x0), top - scale * (y - y0)

        if node.tag.endswith("circle"):
            cx, cy, r = (float(node.get(name)) for name in ("cx", "cy", "r"))
            ax.add_patch(Circle(place(cx, cy), r * scale, **style))
        else:
            ax.add_patch(PathPatch(_outline(node.get("d"), place), **style))


def _shapes(node, look):
    look = look | node.attrib
    for child in node:
        yield from _shapes(child, look)
    if node.tag.endswith(("}circle", "}path")):
        yield node, look


def _outline(data, place):
    pen = RecordingPen()
    parse_path(data, pen)
    steps = [(points, CODES[name]) for name, points in pen.value if name in CODES]
    points = [place(*point) for some, _ in steps for point in some]
    return Outline(points, [code for _, codes in steps for code in codes])


def _paper(width, height):
    fig = Figure(figsize=(width / DOTS, height / DOTS), dpi=DOTS, facecolor=PAPER)
    ax = fig.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(0, height))
    ax.set_axis_off()
    return fig, ax


def _write(fig, path):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(fig).print_png(path, metadata={"Software": None})
