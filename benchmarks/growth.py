"""How the time of one training step grows with the width of a network and the size of a stack."""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from xml.sax.saxutils import escape, quoteattr

import numpy as np

import bplib
from benchmarks import digits, stacks
from benchmarks.harness import Contest, Contestant, Outcome, Row, Train
from benchmarks.report import duration

WIDTHS = (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
STACKS = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)

_METADATA = re.compile(r"<!DOCTYPE.*?>\s*|<metadata>.*?</metadata>\s*", re.DOTALL)


@dataclass(frozen=True)
class Curve:
    """Contests of growing size.

    Attributes:
        title: what the picture is about.
        size: what grows, with its unit.
        sizes: how large it was, one for each outcome.
        steps: training steps in a run, one for each outcome.
        outcomes: what was measured.
    """

    title: str
    size: str
    sizes: Sequence[int]
    steps: Sequence[int]
    outcomes: Sequence[Outcome]

    @property
    def names(self) -> list[str]:
        """Return everybody who was measured at any size."""
        return list(dict.fromkeys(row.name for outcome in self.outcomes for row in outcome.rows()))

    def points(self, name: str) -> list[tuple[int, float, Row]]:
        """Return (size, seconds of a step, row) wherever there is one of that name."""
        found = []
        for size, steps, outcome in zip(self.sizes, self.steps, self.outcomes, strict=True):
            if row := outcome.row(name):
                found.append((size, row.seconds / steps, row))
        return found


def width_contest(width: int, steps: int) -> Contest:
    """Return the contest of 64-width-10 on one batch of 64 digits, Adam."""
    data = bplib.data.digits()
    x, y = data.x[:, : digits.BATCH].copy(), data.y[:, : digits.BATCH].copy()
    order = np.tile(np.arange(digits.BATCH), steps)
    what = digits.Problem(x, y, width, (order,))
    expected = cache(lambda: digits.listing(what)())
    contestants = [
        Contestant("bplib", partial(one_batch, what, steps), expected),
        Contestant("hand-tuned NumPy", partial(digits.hand_tuned, what), expected),
        Contestant("PyTorch, eager", partial(digits.torch_eager, what), expected),
    ]
    return Contest(f"64-{width}-10", contestants)


def one_batch(what: digits.Problem, steps: int) -> Train:
    """Return bplib on all examples at once, as many epochs as the others take steps."""
    net, loss = what.network(), bplib.losses.SoftmaxCrossEntropy()

    def train() -> float:
        adam = bplib.Adam(digits.ETA)
        history = bplib.fit(net, loss, what.x, what.y, adam, epochs=steps, every=steps)
        if history.interrupted:
            raise KeyboardInterrupt
        return history.loss[-1]

    return train


def width_steps(width: int) -> int:
    """Return how many steps a run has, for a run of some hundredths of a second."""
    return 200 if width <= 128 else 50


def stack_contest(networks: int, steps: int) -> Contest:
    """Return the contest of a stack of XOR networks."""
    what = stacks.Problem(networks, steps, alone=1)
    expected = cache(lambda: stacks.listing(what)())
    contestants = [
        Contestant("bplib", partial(stacks.with_bplib, what), expected),
        Contestant("PyTorch, batched", partial(stacks.torch_batched, what), expected),
    ]
    return Contest(f"{networks:,} XOR networks", contestants)


def stack_steps(networks: int) -> int:
    """Return how many steps a run has, for a run of some tenths of a second at most."""
    return 300 if networks <= 300 else 100 if networks <= 1_000 else 30


def curves(
    measure: Callable[[Contest], Outcome],
    widths: Sequence[int] = WIDTHS,
    networks: Sequence[int] = STACKS,
) -> Iterator[tuple[str, Curve]]:
    """Yield the name of each curve and the curve, which an interruption cuts short."""
    title = "One step of 64-w-10, batch of 64, Adam"
    steps = [width_steps(w) for w in widths]
    yield "width", _curve(title, "hidden units w", widths, steps, width_contest, measure)
    title = "One step of S networks 2-3-1 on XOR"
    steps = [stack_steps(n) for n in networks]
    yield (
        "stack",
        _curve(title, "networks in the stack, S", networks, steps, stack_contest, measure),
    )


def _curve(
    title: str,
    size: str,
    sizes: Sequence[int],
    steps: Sequence[int],
    contest: Callable[[int, int], Contest],
    measure: Callable[[Contest], Outcome],
) -> Curve:
    outcomes: list[Outcome] = []
    for n, k in zip(sizes, steps, strict=True):
        if outcomes and outcomes[-1].interrupted:
            break
        outcomes.append(measure(contest(n, k)))
    return Curve(title, size, sizes[: len(outcomes)], steps[: len(outcomes)], outcomes)


def describe(curve: Curve) -> str:
    """Return the picture's alt text: where each line starts and ends."""
    lines = []
    for name in curve.names:
        (first, start, _), *_, (last, end, _) = curve.points(name)
        lines.append(f"{name} from {duration(start)} at {first:,} to {duration(end)} at {last:,}")
    return f"{curve.title}: time of a step against {curve.size}. " + "; ".join(lines) + "."


def picture(curve: Curve) -> str:
    """Return the curve as an SVG file of its own, on its own paper, with alt text."""
    plots = bplib.plots
    looks = {
        "bplib": (plots.FORWARD, "o", "-"),
        "hand-tuned NumPy": (plots.PARAMETER, "s", "--"),
    }
    fig, ax = plots.figure(5.4, 3.2)
    fig.set_facecolor(plots.PAPER)
    ax.set(xscale="log", yscale="log", xlabel=curve.size, ylabel="time of a step (µs)")
    for name in curve.names:
        color, marker, line = looks.get(name, (plots.ERROR, "^", "-."))
        points = curve.points(name)
        sizes, seconds = [p[0] for p in points], [1e6 * p[1] for p in points]
        ax.plot(sizes, seconds, line, marker=marker, ms=4, color=color, label=name)
    ax.set_title(curve.title)
    ax.grid(True, which="major")
    for axis in (ax.xaxis, ax.yaxis):
        plots.decades(axis)
    ax.legend(loc="upper left")
    out = io.StringIO()
    fig.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    alt = describe(curve)
    svg = _METADATA.sub("", out.getvalue())
    svg = svg.replace("<svg ", f'<svg role="img" aria-label={quoteattr(alt)} ', 1)
    return svg.replace("<defs>", f"<title>{escape(alt)}</title>\n <defs>", 1)
