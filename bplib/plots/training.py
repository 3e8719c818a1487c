"""Training at a glance: gradients by layer, and a dashboard of a history."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from bplib._errors import floats
from bplib.activations import Array
from bplib.plots.figures import Picture, check_axes, decades, figure, picture
from bplib.plots.style import ERROR, FORWARD, GRADIENT, INK, MUTED, PARAMETER
from bplib.plots.text import short
from bplib.train import History

__all__ = ["dashboard", "gradient_by_layer"]

LINES = [("-", "o"), ((0, (4, 2)), "s"), ((0, (1, 1.3)), "^"), ((0, (5, 2, 1, 2)), "D")]
RULE_OF_THUMB = 1e-3


def gradient_by_layer(ax: Axes, norms: Mapping[str, ArrayLike]) -> None:
    """Draw the norm of the gradient of each layer on a logarithmic axis, a line for each name.

    A norm that is zero or not finite cannot be drawn on such an axis: a cross at the bottom or
    at the top stands in its place.

    Args:
        ax: where to draw.
        norms: name -> norms, layer 1 first, shape (L,); one name to four.

    Raises:
        ValueError: ax is no axes, there are no names or more than four, or one has no list
            of norms.
    """
    check_axes(ax)
    if not isinstance(norms, Mapping):
        raise ValueError(f"norms is {norms!r}; expected a dictionary, name -> norms by layer")
    if not 1 <= len(norms) <= len(LINES):
        raise ValueError(f"norms has {len(norms)} names; expected 1 to {len(LINES)}")
    ax.set(xlabel="layer", ylabel="‖∂L/∂W‖", yscale="log")
    for (name, values), (dash, marker) in zip(norms.items(), LINES, strict=False):
        heights = floats(f"norms[{name!r}]", values)
        if heights.ndim != 1 or not heights.size or np.any(heights < 0):
            raise ValueError(f"norms[{name!r}] is {values!r}; expected a list, none negative")
        layers = np.arange(1, len(heights) + 1)
        drawn = np.isfinite(heights) & (heights > 0)
        ax.plot(
            layers, np.where(drawn, heights, np.nan), color=GRADIENT, ls=dash, marker=marker,
            ms=4, label=name,
        )  # fmt: skip
        for layer, height in zip(layers[~drawn], heights[~drawn], strict=True):
            edge = 0.03 if height == 0 else 0.97
            ax.plot(layer, edge, "x", color=INK, transform=ax.get_xaxis_transform())
    decades(ax.yaxis)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(norms) > 1:
        ax.legend(frameon=False)


def dashboard(history: History, title: str = "") -> Picture:
    """Return a picture of loss, accuracy, gradients and update-to-weight ratios of a training.

    Of a stack the median over its members is drawn. The line at 10⁻³ in the last panel is a
    rule of thumb for the ratio: much larger steps are coarse, much smaller ones are slow.

    Args:
        history: what `fit` returned.
        title: text above the picture.

    Raises:
        ValueError: history is none, or has fewer than two entries; or title is no text.
    """
    if not isinstance(history, History):
        raise ValueError(f"history is {history!r}; expected what fit returns")
    if not isinstance(title, str):
        raise ValueError(f"title is {title!r}; expected a text")
    if len(history.epoch) < 2:
        raise ValueError(f"history has {len(history.epoch)} entries; expected at least 2")
    panels = ["loss", "gradient_norm", "update_ratio"]
    if history.accuracy is not None:
        panels.insert(1, "accuracy")
    fig, axes = figure(4.4, 1.35 * len(panels) + 0.3, nrows=len(panels), sharex=True)
    for ax, panel in zip(axes, panels, strict=True):
        _panel(ax, history, panel)
    axes[-1].set_xlabel("epoch")
    if title:
        axes[0].set_title(title)
    return picture(fig, _words(history, title))


def _panel(ax: Axes, history: History, panel: str) -> None:
    epoch = history.epoch
    if panel in ("loss", "accuracy"):
        ax.plot(epoch, _typical(getattr(history, panel)), color=FORWARD, label="training")
        held_out = getattr(history, "validation_" + panel)
        if held_out is not None:
            ax.plot(epoch, _typical(held_out), color=FORWARD, ls=(0, (4, 2)), label="validation")
            ax.legend(frameon=False)
        ax.set_ylabel(panel)
    else:
        series = getattr(history, panel)
        middle = series.reshape(len(epoch), -1, series.shape[-1])
        middle = np.nanmedian(middle[1:], axis=1)
        color = GRADIENT if panel == "gradient_norm" else PARAMETER
        for l, line in enumerate(middle.T):
            dash, marker = LINES[l % len(LINES)]
            style = {"color": color, "ls": dash, "marker": marker, "ms": 3, "markevery": 0.25}
            ax.plot(epoch[1:], line, label=f"layer {l + 1}", **style)
        ax.set_ylabel("‖∂L/∂W‖" if panel == "gradient_norm" else "‖ΔW‖ / ‖W‖")
        ax.legend(frameon=False, ncols=2)
        if panel == "update_ratio":
            ax.axhline(RULE_OF_THUMB, color=MUTED, lw=1)
    values = np.concatenate([line.get_ydata() for line in ax.get_lines()]).astype(float)
    if panel != "accuracy" and np.all(values[np.isfinite(values)] > 0):
        ax.set_yscale("log")
        decades(ax.yaxis)
    if np.any(history.diverged_at >= 0):
        diverged = history.diverged_at
        ax.axvline(np.min(diverged[diverged >= 0]), color=ERROR, lw=1, ls=(0, (2, 2)))
    if history.stopped_early:
        ax.axvline(np.median(history.best_epoch), color=MUTED, lw=1, ls=(0, (2, 2)))


def _typical(series: Array) -> Array:
    return np.median(series.reshape(len(series), -1), axis=1)


def _words(history: History, title: str) -> str:
    loss = _typical(history.loss)
    words = f"{title or 'Training'}: loss from {short(loss[0])} to {short(loss[-1])}"
    words += f" in {history.epoch[-1]} epochs"
    if history.accuracy is not None:
        words += f", accuracy {short(_typical(history.accuracy)[-1])} at the end"
    if history.validation_loss is not None:
        words += f", validation loss {short(_typical(history.validation_loss)[-1])}"
    if np.any(history.diverged_at >= 0):
        words += ", diverged where the dashed line stands"
    if history.stopped_early:
        words += ", stopped early; the dashed line is the best epoch"
    return words + "."
