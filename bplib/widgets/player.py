"""Buttons that play a slider: play and pause, a step back and forward, the speed."""

from pathlib import Path

import anywidget
import ipywidgets as widgets
import traitlets

HERE = Path(__file__).parent
SECONDS = 6.0
"""How long it takes to play a slider from end to end, at the usual speed."""


class Player(anywidget.AnyWidget):
    """Counts from 0 to `last`, in the page itself; `value` is linked to a slider's index."""

    _esm = HERE / "player.js"
    _css = HERE / "player.css"
    value = traitlets.Int().tag(sync=True)
    last = traitlets.Int().tag(sync=True)
    interval = traitlets.Float().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)


def player(control: widgets.Widget) -> Player:
    """Return the buttons that play a slider or a row of buttons, linked to it."""
    last = len(control.options) - 1
    interval = min(1000.0, max(20.0, 1000 * SECONDS / last))
    buttons = Player(value=control.index, last=last, interval=interval, label=control.description)
    widgets.jslink((buttons, "value"), (control, "index"))
    return buttons
