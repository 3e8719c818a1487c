"""The results as Markdown, as JSON, and in the marked block of a page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Outcome, Ratio

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
BATCHES = ("<!-- batches: begin -->", "<!-- batches: end -->")

# What the short table calls whom: for each line, the names in the contests xor, digits, stacks.
SHORT = {
    "bplib": ("bplib", "bplib", "bplib, one stack"),
    "bplib, fit's defaults": ("bplib, fit's defaults", None, None),
    "bplib, a loop of one's own": ("bplib, a loop of one's own", None, None),
    "bplib, one after another": (None, None, "bplib, one after another"),
    "plain NumPy listing": (
        "plain NumPy listing",
        "plain NumPy listing",
        "plain NumPy listing, one after another",
    ),
    "hand-tuned NumPy": ("hand-tuned NumPy", "hand-tuned NumPy", None),
    "PyTorch, eager": ("PyTorch, eager", "PyTorch, eager", "PyTorch, batched (torch.bmm)"),
    "PyTorch, compiled step": ("PyTorch, compiled step", "PyTorch, compiled step", None),
    "JAX, compiled step": (
        "JAX, one jitted step at a time",
        "JAX, one jitted step at a time",
        None,
    ),
    "JAX, compiled loop": (
        "JAX, lax.scan over all steps",
        "JAX, lax.scan over all steps",
        "JAX, vmap and lax.scan",
    ),
}
CONTESTS = {
    "xor": "XOR, 10,000 steps",
    "digits": "digits, 20 epochs",
    "stacks": "1,000 XOR networks",
}

# contest, whose time, divided by whose, at most or at least, how much
GOALS = (
    ("xor", "bplib", "plain NumPy listing", "at most", 0.75),
    ("xor", "bplib, fit's defaults", "plain NumPy listing", "at most", 1.0),
    ("xor", "bplib, a loop of one's own", "plain NumPy listing", "at most", 1.2),
    ("xor", "PyTorch, eager", "bplib", "at least", 10),
    ("digits", "bplib", "hand-tuned NumPy", "at most", 1.3),
    ("digits", "PyTorch, eager", "bplib", "at least", 3.5),
    ("stacks", "bplib, one after another", "bplib, one stack", "at least", 25),
)


def duration(seconds: float) -> str:
    """Return a time in the unit that suits it: 85.0 µs, 1.20 ms, 120 ms, 12.0 s."""
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):  # noqa: B007
        if seconds * factor >= 0.9995:
            break
    return f"{digits(seconds * factor)} {unit}"


def digits(value: float) -> str:
    """Return three significant digits, and all of them before the point: 0.85, 12.3, 1,234."""
    decimals = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:,.{decimals}f}"


def spread(ratio: Ratio) -> str:
    """Return a ratio with its smallest and largest value: 13.1 (12.8–14.0)."""
    return f"{digits(ratio.median)} ({digits(ratio.low)}–{digits(ratio.high)})"


def table(outcome: Outcome) -> str:
    """Return the contest's table, and below it who is missing, and why."""
    base = outcome.contest.baseline
    lines = [
        f"| | time | divided by {base}'s (least–most) | first run, more | |",
        "|---|--:|--:|--:|---|",
    ]
    for row in outcome.rows():
        name = f"**{row.name}**" if row.name == base else row.name
        warm_up = duration(row.warm_up) if row.warm_up >= 0.01 else "–"
        lines.append(
            f"| {name} | {duration(row.seconds)} | {spread(row.ratio)} | {warm_up} | {row.note} |"
        )
    if not outcome.rows():
        lines = ["Nobody finished a round."]
    for name, why in outcome.left_out.items():
        lines.append(f"\nNot measured: {name} ({why}).")
    if np.isfinite(outcome.off).any():
        off = np.nanmax(outcome.off)
        checked = int(np.isfinite(outcome.off).sum())
        lines.append(f"\nThe final losses of {checked} agree to {off:.0e}.")
    return "\n".join(lines)


def pair_table(outcome: Outcome, pairs: Mapping[int, tuple[str, str]]) -> str:
    """Return a line for each size of batch: whom time is divided by, who is beside, their ratio."""
    lines = [
        "| batches of | `bplib` | `MLPClassifier` | divided by `bplib`'s (least–most) |",
        "|--:|--:|--:|--:|",
    ]
    for size, (base, other) in pairs.items():
        if ratio := outcome.ratio(other, base):
            times = [duration(float(np.nanmedian(outcome.times(who)))) for who in (base, other)]
            lines.append(f"| {size} | {times[0]} | {times[1]} | {spread(ratio)} |")
    return "\n".join(lines)


def short_table(outcomes: Mapping[str, Outcome]) -> str:
    """Return one line for each kind of contestant and one column for each contest."""
    present = [key for key in CONTESTS if key in outcomes]
    lines = [
        "| time, bplib = 1 | " + " | ".join(CONTESTS[key] for key in present) + " |",
        "|---|" + "--:|" * len(present),
    ]
    for label, names in SHORT.items():
        cells = []
        for key, name in zip(CONTESTS, names, strict=True):
            if key in present:
                row = outcomes[key].row(name) if name else None
                cells.append(digits(row.ratio.median) if row else "")
        if any(cells):
            lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def goals(outcomes: Mapping[str, Outcome]) -> list[dict[str, Any]]:
    """Return for each goal what was measured, and whether it is met."""
    found = []
    for key, name, other, sense, limit in GOALS:
        ratio = outcomes[key].ratio(name, other) if key in outcomes else None
        if ratio:
            met = ratio.median <= limit if sense == "at most" else ratio.median >= limit
            text = f"{CONTESTS[key]}: time of {name} / {other}"
            found.append({"goal": text, "limit": f"{sense} {limit:g}", "ratio": ratio, "met": met})
    return found


def goal_table(outcomes: Mapping[str, Outcome]) -> str:
    """Return the goals as a table."""
    lines = ["| | goal | measured (least–most) | |", "|---|---|--:|---|"]
    for g in goals(outcomes):
        met = "met" if g["met"] else "**not met**"
        lines.append(f"| {g['goal']} | {g['limit']} | {spread(g['ratio'])} | {met} |")
    return "\n".join(lines)


def numbers(outcome: Outcome) -> dict[str, Any]:
    """Return all raw numbers of a contest, ready for JSON (None where there is none)."""

    def plain(values: Any) -> Any:
        return [None if not np.isfinite(v) else float(v) for v in np.atleast_1d(values)]

    contestants = []
    for i, who in enumerate(outcome.contest.contestants):
        contestants.append(
            {
                "name": who.name,
                "seconds": plain(outcome.seconds[:, i]),
                "first_run_seconds": plain(outcome.first[i])[0],
                "scale": who.scale,
                "off_expected_loss": plain(outcome.off[i])[0],
                "cpu_seconds_per_second": plain(outcome.cpu[i])[0],
                "note": who.note,
            }
        )
    return {
        "title": outcome.contest.title,
        "baseline": outcome.contest.baseline,
        "contestants": contestants,
        "left_out": outcome.left_out,
        "interrupted": outcome.interrupted,
    }


def setting(machine: Mapping[str, Any]) -> str:
    """Return a sentence on processor, versions and rounds."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{machine['cpu']} ({machine['system']}), one thread, median of {machine['rounds']} "
        f"rounds. {versions}."
    )


def page_block(
    machine: Mapping[str, Any], outcomes: Mapping[str, Outcome], pictures: Sequence[tuple[str, str]]
) -> str:
    """Return what stands between the marks of the page."""
    parts = [setting(machine), short_table(outcomes), "## Goals", goal_table(outcomes)]
    for outcome in (outcomes[key] for key in CONTESTS if key in outcomes):
        parts += [f"## {outcome.contest.title}", table(outcome)]
    parts.append("## Growth")
    parts += [f"![{alt}]({file})" for file, alt in pictures]
    return "\n\n".join(parts)


def refresh(page: Path, block: str, marks: tuple[str, str] = (BEGIN, END)) -> None:
    """Put the block between the marks of the page, in place of what is there.

    Raises:
        ValueError: the page does not have both marks, once each and in order.
    """
    text = page.read_text(encoding="utf-8")
    first, last = marks
    before, begin, rest = text.partition(first)
    _, end, after = rest.partition(last)
    if not (begin and end) or first in after or last in before + after:
        raise ValueError(f"{page} has not one {first} followed by one {last}")
    page.write_text(f"{before}{first}\n\n{block}\n\n{last}{after}", encoding="utf-8")
