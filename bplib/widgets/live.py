"""Pictures whose numbers the page itself computes: SymPy's expressions, run as JavaScript.

A picture is drawn once, by Matplotlib, in the book's style. What moves in it is given as
expressions in the symbols that a reader sets by sliders, buttons and points to be dragged. They
are compiled to JavaScript, and the page redraws texts, lines, points and edges at every frame.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any

import anywidget
import ipywidgets as widgets
import matplotlib as mpl
import numpy as np
import sympy as sp
import traitlets
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bplib.plots.network_diagram import Quantities, diagram, edge_width
from bplib.plots.style import HIGHLIGHT, INK, PALETTE, STYLE
from bplib.plots.svg import svg_body, svg_element
from bplib.plots.text import live_number, say
from bplib.symbolic import SymbolicNetwork
from bplib.widgets.controls import Choice, Slider
from bplib.widgets.controls import choice as choice
from bplib.widgets.controls import linear as linear
from bplib.widgets.controls import log as log
from bplib.widgets.player import player
from bplib.widgets.program import Column, Program, expression
from bplib.widgets.program import along as along
from bplib.widgets.program import repeat as repeat

__all__ = ["Picture", "network", "words"]

HERE = Path(__file__).parent
MARK = "live"
_FORMAT = re.compile(r"\.(\d+)([fg])")


@dataclass(frozen=True)
class Words:
    """Texts of which a number chooses one: the first at 0, the second at 1, …"""

    number: sp.Expr
    texts: tuple[str, ...]


def words(test: Any, yes: str, no: str = "") -> Words:
    """Return what stands in a sentence: `yes` where the test holds, `no` elsewhere."""
    return Words(sp.Piecewise((1, test), (0, True)), (no, yes))


class LivePicture(anywidget.AnyWidget):
    """The widget: an SVG, the program that moves it, and a trait v0, v1, … for each input."""

    _esm = HERE / "live.js"
    _css = HERE / "live.css"
    svg = traitlets.Unicode().tag(sync=True)
    readout = traitlets.Unicode().tag(sync=True)
    program = traitlets.Dict().tag(sync=True)


class Picture:
    """Draws on the axes of a figure; wherever a number moves, an expression stands.

    Args:
        fig: a figure as from `plots.figure`, its axes with their limits set before `show`.
        controls: symbol -> `linear`, `log` or `choice`, in the order in which they stand.
        play: a symbol of `controls` whose slider gets a button that plays it.

    Raises:
        ValueError: a control is none, play names none, or two symbols look alike.
    """

    def __init__(
        self,
        fig: Figure,
        controls: Mapping[sp.Symbol, Slider | Choice],
        play: sp.Symbol | None = None,
    ) -> None:
        for symbol, control in controls.items():
            if not isinstance(symbol, sp.Symbol) or not isinstance(control, (Slider, Choice)):
                raise ValueError(
                    f"controls has {symbol!r}: {control!r}; "
                    "expected a symbol and one of linear(…), log(…), choice(…)"
                )
        if play is not None and not isinstance(controls.get(play), Slider):
            raise ValueError(f"play is {play!r}; expected a symbol with a slider")
        self.fig, self.controls, self.play = fig, dict(controls), play
        self.program = Program([])
        self.start: list[float] = []
        for symbol, control in controls.items():
            self._input(symbol, control.start)
        self.parts: list[dict] = []
        self.axes: list[Axes] = []
        self.handles: list[dict] = []
        self.spots: list[dict] = []
        self.sketches: list[dict] = []
        self.sentence: list = [""]
        self._later: list = []
        self._points: list[Line2D] = []

    # Everything is drawn at a dummy place first; `show` puts in the numbers once all are known.
    def text(self, ax: Axes, x: Any, y: Any, template: str, *values: Any, **style: Any) -> None:
        """Write a text at a place, both of which may move.

        Args:
            ax: where.
            x, y: data coordinates, numbers or expressions.
            template: the text, with {:.3f}, {:.3g} for each number and {} for `words`.
            *values: the expressions that stand there.
            **style: what `plots.text.say` takes.
        """
        here = self._axes(ax)
        artist = say(ax, (0, 0), "", **({"color": INK} | style))
        i, j = self.program.scalar(x), self.program.scalar(y)
        parts = self._sentence(template, values)

        def draw(columns: list, scalars: list) -> None:
            artist.set(text=sentence(parts, scalars), x=scalars[i], y=scalars[j])

        moves = any(expression("x", v).free_symbols for v in (x, y))
        self._part("text", artist, draw, ax=here, say=parts, **({"x": i, "y": j} if moves else {}))

    def plot(self, ax: Axes, x: Any, y: Any, upto: Any = None, **style: Any) -> None:
        """Draw a line.

        Args:
            ax: where.
            x, y: two columns of one loop, or two lists of expressions, one for each corner.
            upto: an expression: draw no further than to that point of the line.
            **style: what `Axes.plot` takes, without a marker: use `point`.

        Raises:
            ValueError: the style has a marker, or x and y differ in length.
        """
        here = self._axes(ax)
        (artist,) = ax.plot([], [], **style)
        if artist.get_marker() not in ("None", ""):
            raise ValueError(f"marker is {artist.get_marker()!r}; expected none, see Picture.point")
        if isinstance(x, Column) or isinstance(y, Column):
            columns = [self.program.column(c) for c in (x, y)]
            if x.loop.times != y.loop.times:
                raise ValueError(
                    f"x has {x.loop.times} steps and y {y.loop.times}; expected equally many"
                )
            place = {"columns": columns}
        else:
            if len(x) != len(y):
                raise ValueError(f"x has {len(x)} corners and y {len(y)}; expected equally many")
            place = {"corners": [[self.program.scalar(v) for v in vs] for vs in (x, y)]}
        if upto is not None:
            place["upto"] = self.program.scalar(upto)

        def draw(found: list, scalars: list) -> None:
            xs, ys = _line(place, found, scalars)
            (left, _), (low, _) = ax.get_xlim(), ax.get_ylim()
            artist.set_data([*xs, np.nan, left, left], [*ys, np.nan, low, low])

        self._part("line", artist, draw, ax=here, **place)

    def point(self, ax: Axes, x: Any, y: Any, **style: Any) -> None:
        """Draw a point at a place that may move; the style is that of `Axes.plot`."""
        here = self._axes(ax)
        (artist,) = ax.plot([0], [0], **({"marker": "o", "ls": ""} | style))
        self._points.append(artist)
        i, j = self.program.scalar(x), self.program.scalar(y)

        def draw(columns: list, scalars: list) -> None:
            artist.set_data([scalars[i]], [scalars[j]])

        self._part("point", artist, draw, ax=here, x=i, y=j)

    def edge(
        self, ax: Axes, ends: Sequence, width: Any, colors: tuple[str, str], **style: Any
    ) -> None:
        """Draw a fixed line whose width follows |width|, and whose colour and dash its sign.

        Args:
            ax: where.
            ends: ((x0, y0), (x1, y1)), in data coordinates.
            width: an expression; the line is 0.5 points wide at 0 and 2.7 from 3 on.
            colors: of positive and of negative numbers; the line is dashed where negative.
            **style: what `Axes.plot` takes.
        """
        here = self._axes(ax)
        (artist,) = ax.plot(*zip(*ends, strict=True), **style)
        w = self.program.scalar(width)

        def draw(columns: list, scalars: list) -> None:
            value = scalars[w]
            artist.set(linewidth=edge_width(value), color=colors[value < 0])
            artist.set_linestyle((0, (3, 2)) if value < 0 else "-")

        names = [f"var(--bp-{_color_name(c)}, {c})" for c in colors]
        self._part("edge", artist, draw, ax=here, width=w, colors=names)

    def drag(self, ax: Axes, x: sp.Symbol, y: Any, start: Any, label: str, **style: Any) -> None:
        """Draw a point that the reader drags, by mouse, touch or arrow keys.

        Args:
            ax: where; the point stays within the limits of the axes.
            x: the symbol that the point's place from left to right sets.
            y: the symbol that its height sets; or an expression in x, to drag along a curve.
            start: (x, y) to begin with; a single number along a curve.
            label: what the point is, for screen readers.
            **style: what `Axes.plot` takes.
        """
        here = self._axes(ax)
        free = isinstance(y, sp.Symbol) and y not in self.program.inputs
        symbols = [x, y] if free else [x]
        numbers = np.atleast_1d(np.asarray(start, object))
        if len(numbers) != len(symbols):
            raise ValueError(f"start is {start!r}; expected {len(symbols)} numbers")
        for symbol, number in zip(symbols, numbers, strict=True):
            if not isinstance(number, (int, float, np.number)) or not np.isfinite(number):
                raise ValueError(f"start is {start!r}; expected finite numbers")
            self._input(symbol, float(number))
        self.point(ax, x, y, **({"color": HIGHLIGHT, "mec": INK, "ms": 9, "zorder": 7} | style))
        handle = {"ax": here, "x": self.program.inputs.index(x), "label": label}
        if free:
            handle["y"] = self.program.inputs.index(y)
        self.handles.append(handle | {"at": [self.program.scalar(x), self.program.scalar(y)]})

    def sketch(self, ax: Axes, ink: Sequence[sp.Symbol], full: float, label: str) -> None:
        """Let the reader draw on a sheet of squares, by mouse, touch or arrow keys.

        Each square sets a symbol: 0 at first, `full` where the pen has been, less beside it. The
        page does not draw the ink; the picture shows what it makes of the symbols.

        Args:
            ax: where; the square in row i and column j has its centre at x = j, y = i.
            ink: the n² symbols, row by row.
            full: the most that the pen leaves in a square.
            label: what is drawn, for screen readers.

        Raises:
            ValueError: ink is no square of symbols, or one of them is set by something else.
        """
        here, first, n = self._axes(ax), len(self.program.inputs), math.isqrt(len(ink))
        if not n or n * n != len(ink):
            raise ValueError(f"ink has {len(ink)} symbols; expected 1, 4, 9, 16, …")
        for symbol in ink:
            self._input(symbol, 0.0)
        sheet = {"ax": here, "first": first, "n": n, "full": full, "label": label}
        self.sketches.append(sheet)

    def explain(self, ax: Axes, x: Any, y: Any, label: str, template: str, *values: Any) -> None:
        """Show a sentence to a reader who points at a place, by mouse, touch or arrow keys.

        Args:
            ax: where.
            x, y: data coordinates, numbers or expressions.
            label: what stands there, for screen readers.
            template: the sentence, as in `text`.
            *values: the expressions that stand there.
        """
        here, at = self._axes(ax), [self.program.scalar(x), self.program.scalar(y)]
        said = self._sentence(template, values)
        self.spots.append({"ax": here, "at": at, "label": label, "say": said})

    def say(self, template: str, *values: Any) -> None:
        """Set the sentence below the picture, which screen readers hear; see `text`."""
        self.sentence = self._sentence(template, values)

    def show(self, alt: str) -> widgets.VBox:
        """Return the picture with its sliders; alt says what it shows, whatever they say.

        Raises:
            ValueError: alt is empty, or an expression has a symbol that nobody sets.
        """
        if not alt.strip():
            raise ValueError("alt is empty; expected a sentence that says what the picture shows")
        code = self.program.javascript()
        columns, scalars = self.program.compiled()(*self.start)
        with mpl.rc_context(STYLE):
            for draw in self._later:
                draw(columns, scalars)
            self.fig.draw_without_rendering()
            self.fig.set_layout_engine("none")
            for point in self._points:
                _keep_on_sheet(point)
            body, viewbox = svg_body(self.fig, keep=MARK)
        height = float(viewbox.split()[3])
        readout = sentence(self.sentence, scalars)
        tables = [list(control.values) for control in self.controls.values()]
        program = {
            "code": code,
            "tables": tables + [None] * (len(self.start) - len(tables)),
            "parts": self.parts,
            "axes": [_scales(ax, height) for ax in self.axes],
            "handles": self.handles,
            "sketches": self.sketches,
            "spots": self.spots,
            "say": self.sentence,
            "alt": alt,
        }
        picture = LivePicture(
            svg=svg_element(body, viewbox, f"{alt} {readout}".strip()),
            readout=readout,
            program=program,
        )
        return self._with_controls(picture)

    def _with_controls(self, picture: LivePicture) -> widgets.VBox:
        rows: list[widgets.Widget] = []
        traits: dict[str, traitlets.TraitType] = {}
        for i, control in enumerate(self.controls.values()):
            traits[f"v{i}"] = traitlets.Int(control.index).tag(sync=True)
        for i in range(len(self.controls), len(self.start)):
            traits[f"v{i}"] = traitlets.Float(self.start[i]).tag(sync=True)
        picture.add_traits(**traits)  # before they are linked
        for i, (symbol, control) in enumerate(self.controls.items()):
            row = control.widget(symbol.name)
            widgets.jslink((row, "index"), (picture, f"v{i}"))
            rows.append(row)
            if symbol == self.play:
                rows.append(player(row))
        parts: list[widgets.Widget] = [picture]
        if rows:
            parts.insert(0, widgets.VBox(rows))
            parts[0].add_class("bp-controls")
        box = widgets.VBox(parts)
        box.add_class("bp-explore")
        return box

    def _input(self, symbol: sp.Symbol, start: float) -> None:
        if not isinstance(symbol, sp.Symbol):
            raise ValueError(f"a point is to set {symbol!r}; expected a symbol")
        if any(symbol.name == other.name for other in self.program.inputs):
            raise ValueError(f"{symbol.name!r} is set twice; expected one slider or point for it")
        self.program.inputs.append(symbol)
        self.start.append(start)

    def _part(self, kind: str, artist: Artist, draw: Any, **values: Any) -> None:
        artist.set_gid(f"{MARK}{len(self.parts)}")
        self.parts.append({"kind": kind, **values})
        self._later.append(draw)

    def _axes(self, ax: Axes) -> int:
        if not isinstance(ax, Axes) or ax.figure is not self.fig:
            raise ValueError(f"ax is {ax!r}; expected axes of the picture's figure")
        if ax not in self.axes:
            self.axes.append(ax)
        return self.axes.index(ax)

    def _sentence(self, template: str, values: Sequence) -> list:
        """Return text, then [format, digits or texts, place of the number], text, … in turn."""
        out: list = [""]
        fields = list(Formatter().parse(template))
        count = sum(name is not None for _, name, _, _ in fields)
        if count != len(values):
            raise ValueError(f"{template!r} has {count} places for numbers, not {len(values)}")
        remaining = iter(values)
        for literal, name, spec, _ in fields:
            out[-1] += literal
            if name is None:
                continue
            value = next(remaining)
            if isinstance(value, Words):
                out += [["w", list(value.texts), self.program.scalar(value.number)], ""]
            elif found := _FORMAT.fullmatch(spec):
                out += [[found[2], int(found[1]), self.program.scalar(value)], ""]
            else:
                raise ValueError(
                    f"{template!r} has {{:{spec}}}; expected one like {{:.3f}} or {{:.2g}}"
                )
        return out


def network(
    picture: Picture,
    ax: Axes,
    net: SymbolicNetwork,
    value: Callable[[sp.Expr], Any],
    eta: Any = None,
    parameters: bool = True,
) -> None:
    """Draw a network whose numbers move, in the layout of `plots.network`.

    Args:
        picture: the picture that moves them.
        ax: where.
        net: the network, with numbers or symbols in it.
        value: what is shown of an expression in the network's symbols, such as
            `lambda e: path[e][k]`.
        eta: the learning rate, to show each parameter as "old → new".
        parameters: show weights and biases.

    Who points at a weight or a unit sees the arithmetic that makes its numbers.
    """
    layers = range(len(net.b))
    of = {
        "W": net.W,
        "b": net.b,
        "z": net.z,
        "a": net.a,
        "dW": [net.gradient(W) for W in net.W],
        "db": [net.gradient(b) for b in net.b],
        "delta": [net.delta(l) for l in layers],
        "slope": [sp.Matrix(list(map(sp.diff, a, b))) for a, b in zip(net.a, net.b, strict=True)],
    }
    shown = {name: [m.applyfunc(value) for m in matrices] for name, matrices in of.items()}
    x, y = ([value(v) for v in vector] for vector in (net.x, net.y))
    diagram(picture, ax, Quantities(x, **shown, eta=eta, y=y), parameters)


def sentence(parts: list, scalars: Sequence[float]) -> str:
    """Return a sentence as the page writes it."""
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        kind, how, place = part
        value = scalars[place]
        text += how[int(value)] if kind == "w" else live_number(value, how, kind)
    return text


def _line(place: dict, columns: list, scalars: list) -> tuple[Sequence, Sequence]:
    if "columns" in place:
        xs, ys = (columns[loop][c] for loop, c in place["columns"])
    else:
        xs, ys = ([scalars[i] for i in corners] for corners in place["corners"])
    if "upto" in place:
        count = int(np.floor(scalars[place["upto"]] + 0.5)) + 1
        xs, ys = xs[:count], ys[:count]
    return xs, ys


def _keep_on_sheet(point: Line2D) -> None:
    """Move a point that lies off the figure to its edge: Matplotlib writes no marker there."""
    (x,), (y,) = point.get_data()
    place = point.axes.transData.transform((x, y))
    width, height = point.figure.bbox.size
    if not (0 <= place[0] <= width and 0 <= place[1] <= height):
        place = np.clip(np.nan_to_num(place), 1, (width - 1, height - 1))
        x, y = point.axes.transData.inverted().transform(place)
        point.set_data([x], [y])


def _color_name(color: str) -> str:
    for name, (light, _) in PALETTE.items():
        if light == color:
            return name
    raise ValueError(f"colors has {color!r}; expected colours of the book's palette")


def _scales(ax: Axes, height: float) -> dict:
    """Say where data lie in the SVG: [a, b, logarithmic] for a + b·v or a + b·log₁₀ v."""
    corners = np.array([ax.get_xlim(), ax.get_ylim()]).T
    pixels = ax.transData.transform(corners) * 72 / ax.figure.dpi
    pixels[:, 1] = height - pixels[:, 1]
    scales: dict[str, Any] = {}
    for k, name in enumerate("xy"):
        logarithmic = getattr(ax, f"get_{name}scale")() == "log"
        ends = np.log10(corners[:, k]) if logarithmic else corners[:, k]
        b = (pixels[1, k] - pixels[0, k]) / (ends[1] - ends[0])
        scales[name] = [float(pixels[0, k] - b * ends[0]), float(b), logarithmic]
    return scales | {"limits": corners.T.ravel().tolist()}
