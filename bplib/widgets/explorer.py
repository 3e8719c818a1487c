"""Sliders that need no kernel: every frame is drawn beforehand, and the widgets link themselves."""

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from html import escape
from itertools import product
from typing import Any

import ipywidgets as widgets
import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bplib._errors import positive
from bplib._progress import progress
from bplib.plots.figures import decades
from bplib.plots.style import STYLE
from bplib.plots.svg import new_figure, svg_body, svg_element
from bplib.plots.text import minus
from bplib.widgets.player import player

__all__ = ["explore"]

MAX_FRAMES = 400

LABELS = {
    "learning_rate": "learning rate η",
    "eta": "learning rate η",
    "init": "initial scale",
}

_NOT_ALONE = (
    f"<small>ipywidgets {widgets.__version__} has no Stack, so the sliders need the kernel: "
    "they rest while a cell runs, and once the kernel is gone.</small>"
)

Panels = Axes | dict[str, Axes]
Background = Callable[[Panels], None] | Mapping[str, Any] | None


def explore(
    draw: Callable[..., None],
    background: Background = None,
    describe: Callable[..., str] | None = None,
    *,
    alt: str = "",
    labels: Mapping[str, str] | None = None,
    start: Mapping[str, Any] | None = None,
    play: str | None = None,
    mosaic: Any = None,
    figsize: tuple[float, float] = (4.4, 2.8),
    height_ratios: Iterable[float] | None = None,
    **axes: Iterable[Any],
) -> widgets.VBox:
    """Return a picture with a slider, or a row of buttons, for each named list of values.

    All combinations are drawn once, as slim SVG. Each slider picks an entry of a Stack of
    frames by `jslink`, so the result works in a notebook and, with no kernel at all, in a
    built page. Where ipywidgets is older than 8, as in Colab, the kernel changes the picture.
    A choice of two, or of up to five texts, is a row of buttons.

    Args:
        draw: draw(ax, **values) draws what changes; values has one entry per axis.
        background: background(ax) draws what all frames share, once; it owns the limits,
            the ticks and the labels. Where there is nothing to draw, a dictionary of what
            `Axes.set` takes will do, or one such dictionary for each of the mosaic's names:
            {"xlim": (0, 5), "yscale": "log", "ylabel": "loss"}. Logarithmic axes then have
            their decades.
        describe: describe(**values) returns the sentence shown below the picture, which is
            also what a screen reader hears.
        alt: text for a screen reader that fits every frame.
        labels: the text beside a slider, by axis name.
        start: the value each slider begins at, by axis name; otherwise its first.
        play: the name of an axis that can be played, such as the updates of a training.
        mosaic: as for `Figure.subplot_mosaic`; `draw` and `background` then get a
            dictionary of axes.
        figsize: width and height in inches.
        height_ratios: relative heights of the mosaic's rows.
        **axes: the values of each slider, such as learning_rate=[0.03, 0.1, 0.3].

    Raises:
        ValueError: an argument is of the wrong kind, there is no axis, one is empty, `start`,
            `labels` or `play` names what is not there, or the grid has more than 400 frames.
        RuntimeError: `draw` or `describe` raised; the message names the values.
    """
    if not callable(draw):
        raise ValueError(f"draw is {draw!r}; expected a function draw(ax, **values)")
    if not (background is None or callable(background) or isinstance(background, Mapping)):
        raise ValueError(f"background is {background!r}; expected a function or a dictionary")
    if not (describe is None or callable(describe)):
        raise ValueError(f"describe is {describe!r}; expected a function or None")
    for name, table in (("labels", labels), ("start", start)):
        if not (table is None or isinstance(table, Mapping)):
            raise ValueError(f"{name} is {table!r}; expected a dictionary by axis name")
    if not isinstance(alt, str):
        raise ValueError(f"alt is {alt!r}; expected a text")
    try:
        width, height = figsize
    except (TypeError, ValueError):
        raise ValueError(f"figsize is {figsize!r}; expected (width, height) in inches") from None
    figsize = positive("figsize[0]", width), positive("figsize[1]", height)
    grid = {name: _values(name, values) for name, values in axes.items()}
    first = _start(grid, start or {})
    for name in labels or {}:
        _known("labels", name, grid)
    if play is not None:
        _known("play", play, grid)
    with mpl.rc_context(STYLE):
        sheet = _Sheet(background, mosaic, figsize, height_ratios)
        frames = _render(sheet, draw, describe, alt, grid)
    texts = LABELS | dict(labels or {})
    controls = {
        name: _control(values, first[name], texts.get(name, name.replace("_", " ")))
        for name, values in grid.items()
        if len(values) > 1
    }
    sliders = list(controls.values())
    if hasattr(widgets, "Stack"):
        picture = _stack(sliders, iter(frames).__next__)
    else:
        picture = _by_kernel(sliders, frames)
    rows = [
        row
        for name, control in controls.items()
        for row in ([control, player(control)] if name == play else [control])
    ]
    parts = [widgets.VBox(rows), picture]
    if sheet.symbol:
        parts.append(widgets.HTML(sheet.symbol, layout={"height": "0", "margin": "0"}))
    parts[0].add_class("bp-controls")
    box = widgets.VBox(parts)
    box.add_class("bp-explore")
    return box


class _Sheet:
    """The paper all frames are drawn on: positions, limits and the shared background."""

    def __init__(
        self,
        background: Background,
        mosaic: Any,
        figsize: tuple[float, float],
        height_ratios: Iterable[float] | None,
    ) -> None:
        self.background, self.mosaic, self.figsize = background, mosaic, figsize
        self.height_ratios = list(height_ratios) if height_ratios else None
        self.positions: dict[str, Any] = {}
        self.panels: dict[str, Axes] = {}
        self.tracing: tuple[Figure, dict[str, Axes]] | None = None
        self.bare: set[Artist] = set()
        self.symbol = self.use = ""
        if isinstance(background, Mapping):
            settings = background if mosaic else {"only": background}
            panels = self.blank()[1]
            for name in settings:
                _known("background", name, panels)
            self.background = partial(_set_axes, settings)

    def measure(self, draw: Callable[[Panels], None]) -> None:
        """Find room for background and first frame together; then keep the background."""
        fig, panels = self.blank("constrained")
        if self.background:
            self.background(_unwrap(panels))
            for ax in panels.values():
                ax.autoscale(False)
        draw(_unwrap(panels))
        fig.draw_without_rendering()
        self.positions = {name: ax.get_position(original=True) for name, ax in panels.items()}
        if self.background:
            fig, self.panels = self.blank()
            self.background(_unwrap(self.panels))
            body, viewbox = svg_body(fig)
            name = "bp-" + hashlib.sha256(body.encode()).hexdigest()[:10]
            self.use = f'<use href="#{name}"/>'
            self.symbol = (
                '<svg width="0" height="0" style="position:absolute" aria-hidden="true">'
                f'<symbol id="{name}" viewBox="{viewbox}">{body}</symbol></svg>'
            )

    def blank(self, layout: str | None = None) -> tuple[Figure, dict[str, Axes]]:
        """Return an empty figure and its axes, where `measure` has put them."""
        fig = new_figure(figsize=self.figsize, layout=layout)
        rows = self.mosaic or [["only"]]
        panels = fig.subplot_mosaic(rows, height_ratios=self.height_ratios)
        for name, position in self.positions.items():
            panels[name].set_position(position)
        return fig, panels

    def frame(self, draw: Callable[[Panels], None]) -> tuple[str, str]:
        """Return the body and the viewBox of one frame."""
        fig, panels = self.cleared() if self.panels else self.blank()
        for name, model in self.panels.items():
            _follow(panels[name], model)
        draw(_unwrap(panels))
        body, viewbox = svg_body(fig)
        return self.use + body, viewbox

    def cleared(self) -> tuple[Figure, dict[str, Axes]]:
        """Return one and the same figure each time, without what the last frame drew on it.

        To make new axes takes longer than to draw most frames.
        """
        if not self.tracing:
            self.tracing = self.blank()
            self.bare = set(self.tracing[0].findobj(include_self=False))
        fig, panels = self.tracing
        for parent in (fig, *panels.values()):
            for artist in set(parent.get_children()) - self.bare:
                artist.remove()
        for ax in panels.values():
            for place in ("left", "center", "right"):
                ax.set_title("", loc=place)
            ax.set_prop_cycle(None)
        return fig, panels


def _set_axes(settings: Mapping[str, Any], panels: Panels) -> None:
    """Set limits, scales and words of each pair of axes that is named."""
    for name, wanted in settings.items():
        ax = panels if isinstance(panels, Axes) else panels[name]
        ax.set(**wanted)
        for axis in (ax.xaxis, ax.yaxis):
            if axis.get_scale() == "log":
                decades(axis)


def _control(values: list[Any], index: int, label: str) -> widgets.Widget:
    """Return buttons for a choice of few, or a slider."""
    style = {"description_width": "initial"}
    options = [(_text(value), i) for i, value in enumerate(values)]
    if len(values) == 2 or (len(values) <= 5 and all(isinstance(v, str) for v in values)):
        style["button_width"] = "auto"
        return widgets.ToggleButtons(options=options, index=index, description=label, style=style)
    return widgets.SelectionSlider(
        options=options,
        index=index,
        description=label,
        continuous_update=True,
        style=style,
        layout={"width": "auto"},
    )


def _follow(ax: Axes, model: Axes) -> None:
    ax.set(xscale=model.get_xscale(), yscale=model.get_yscale())
    ax.set(xlim=model.get_xlim(), ylim=model.get_ylim(), aspect=model.get_aspect())
    ax.autoscale(False)
    ax.set_axis_off()


def _unwrap(panels: dict[str, Axes]) -> Panels:
    return panels["only"] if list(panels) == ["only"] else panels


def _render(
    sheet: _Sheet,
    draw: Callable[..., None],
    describe: Callable[..., str] | None,
    alt: str,
    grid: dict[str, list[Any]],
) -> list[widgets.HTML]:
    count = math.prod(map(len, grid.values()))
    if count > MAX_FRAMES:
        sizes = " × ".join(f"{len(values)} {name}" for name, values in grid.items())
        raise ValueError(f"the grid has {count} frames ({sizes}); expected at most {MAX_FRAMES}")
    frames = []
    combinations = product(*grid.values())
    for combination in progress(combinations, "frames", count, leave=False, delay=1):
        values = dict(zip(grid, combination, strict=True))
        try:
            paint = partial(_call, draw, values)
            if not sheet.positions:
                sheet.measure(paint)
            body, viewbox = sheet.frame(paint)
            readout = minus(describe(**values)) if describe else ""
        except Exception as error:
            here = ", ".join(f"{name}={value!r}" for name, value in values.items())
            raise RuntimeError(
                f"drawing the frame at {here} raised {type(error).__name__}: {error}"
            ) from error
        frames.append(widgets.HTML(_frame_html(body, viewbox, alt, readout)))
    return frames


def _call(draw: Callable[..., None], values: dict[str, Any], ax: Panels) -> None:
    draw(ax, **values)


def _frame_html(body: str, viewbox: str, alt: str, readout: str) -> str:
    told = " ".join(part for part in (alt, readout) if part) or "interactive picture"
    text = f'<p class="bp-readout">{escape(readout)}</p>' if readout else ""
    return f'<div class="bp-frame">{svg_element(body, viewbox, told)}{text}</div>'


def _stack(sliders: list[widgets.Widget], next_frame: Callable[[], widgets.HTML]) -> widgets.Widget:
    if not sliders:
        return next_frame()
    slider, *rest = sliders
    children = [_stack(rest, next_frame) for _ in slider.options]
    stack = widgets.Stack(children, selected_index=slider.index)
    widgets.jslink((slider, "index"), (stack, "selected_index"))
    return stack


def _by_kernel(sliders: list[widgets.Widget], frames: list[widgets.HTML]) -> widgets.VBox:
    """Do what `_stack` does where ipywidgets is older than 8: each move is Python's work."""
    places = product(*(range(len(slider.options)) for slider in sliders))
    frame_at = dict(zip(places, frames, strict=True))
    picture = widgets.HTML()

    def show(_: Any = None) -> None:
        picture.value = frame_at[tuple(slider.index for slider in sliders)].value

    show()
    for slider in sliders:
        slider.observe(show, "index")
    return widgets.VBox([picture, widgets.HTML(_NOT_ALONE)])


def _values(name: str, values: Iterable[Any]) -> list[Any]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ValueError(f"{name} is {values!r}; expected a list of values for its slider")
    values = [v.item() if getattr(v, "shape", None) == () else v for v in values]
    if not values:
        raise ValueError(f"{name} is empty; expected at least one value for its slider")
    return values


def _start(grid: dict[str, list[Any]], start: Mapping[str, Any]) -> dict[str, int]:
    if not grid:
        raise ValueError("explore got no axis; expected a list of values, such as eta=[0.1, 1.0]")
    for name, value in start.items():
        _known("start", name, grid)
        if value not in grid[name]:
            raise ValueError(f"start[{name!r}] is {value!r}; expected one of {grid[name]}")
    return {
        name: values.index(start[name]) if name in start else 0 for name, values in grid.items()
    }


def _known(argument: str, name: str, grid: Mapping[str, Any]) -> None:
    if name not in grid:
        raise ValueError(f"{argument} names {name!r}; expected one of {', '.join(grid)}")


def _text(value: Any) -> str:
    return minus(f"{value:g}" if isinstance(value, (int, float)) else str(value))
