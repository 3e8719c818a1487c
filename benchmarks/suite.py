"""The whole run: contests, curves, and what is written of them."""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import digits, growth, machine, report, stacks, xor
from benchmarks.harness import Contest, Outcome, WrongResult, measure

FOLDER = Path(__file__).parent
FULL: dict[str, Callable[[], Contest]] = {
    "xor": xor.contest,
    "digits": digits.contest,
    "stacks": stacks.contest,
    "batches": digits.beside_scikit_learn,
}
QUICK: dict[str, Callable[[], Contest]] = {
    "xor": partial(xor.contest, steps=200),
    "digits": partial(digits.contest, epochs=2),
    "stacks": partial(stacks.contest, networks=40, steps=200, alone=2),
    "batches": partial(digits.beside_scikit_learn, epochs=2),
}


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and write: page, numbers and pictures if the run is a whole one.

    The section on batches is written whenever they were measured, for it needs nothing else.
    """
    asked = _parser().parse_args(arguments)
    setting = {
        "cpu": machine.cpu(),
        "system": f"{platform.system()}, {platform.machine()}",
        "rounds": asked.rounds,
        "versions": machine.versions(),
    }
    print(report.setting(setting), flush=True)
    outcomes: dict[str, Outcome] = {}
    curves: dict[str, growth.Curve] = {}
    error = None
    try:
        complete = _measure_all(asked, outcomes, curves)
    except WrongResult as wrong:
        complete, error = False, wrong
    print("\n" + report.goal_table(outcomes))
    for curve in curves.values():
        if curve.names:
            print("\n" + growth.describe(curve))
    if error:
        sys.exit(f"wrong result: {error}")
    if not complete:
        sys.exit("interrupted: this is what there is, and nothing was written")
    if asked.quick:
        return
    if "batches" in outcomes:
        write_batches(FOLDER, setting, outcomes["batches"])
    if not asked.only:
        write(FOLDER, setting, outcomes, curves)


def write(
    folder: Path,
    setting: dict[str, Any],
    outcomes: dict[str, Outcome],
    curves: dict[str, growth.Curve],
) -> None:
    """Write results.json, one picture for each curve, and the block of README.md."""
    pictures = []
    for name, curve in curves.items():
        (folder / f"{name}.svg").write_text(growth.picture(curve), encoding="utf-8")
        pictures.append((f"{name}.svg", growth.describe(curve)))
    numbers = {
        "machine": setting,
        "goals": [goal | {"ratio": goal["ratio"]._asdict()} for goal in report.goals(outcomes)],
        "contests": {name: report.numbers(outcome) for name, outcome in outcomes.items()},
        "growth": {
            name: [
                {"size": size, "steps": steps, **report.numbers(outcome)}
                for size, steps, outcome in zip(
                    curve.sizes, curve.steps, curve.outcomes, strict=True
                )
            ]
            for name, curve in curves.items()
        },
    }
    text = json.dumps(numbers, indent=1, ensure_ascii=False) + "\n"
    (folder / "results.json").write_text(text, encoding="utf-8")
    report.refresh(folder / "README.md", report.page_block(setting, outcomes, pictures))


def write_batches(folder: Path, setting: dict[str, Any], outcome: Outcome) -> None:
    """Write the section of README.md on scikit-learn and the size of a batch."""
    pairs = {size: digits.batch_names(size) for size in digits.BATCHES}
    block = f"{report.setting(setting)}\n\n{report.pair_table(outcome, pairs)}"
    report.refresh(folder / "README.md", block, report.BATCHES)


def _measure_all(
    asked: argparse.Namespace, outcomes: dict[str, Outcome], curves: dict[str, growth.Curve]
) -> bool:
    """Fill outcomes and curves; return False if Ctrl-C ended it."""
    judge = partial(measure, rounds=asked.rounds, progress=True)
    for name, contest in (QUICK if asked.quick else FULL).items():
        if asked.only and name not in asked.only:
            continue
        clock = time.process_time if name == "batches" else time.perf_counter
        outcome = outcomes[name] = judge(contest(), clock=clock)
        print(f"\n{outcome.contest.title}\n\n{report.table(outcome)}", flush=True)
        if outcome.interrupted:
            return False
    if not asked.only or "growth" in asked.only:
        sizes = ((2, 8), (1, 10)) if asked.quick else (growth.WIDTHS, growth.STACKS)
        for name, curve in growth.curves(judge, *sizes):
            curves[name] = curve
            if any(outcome.interrupted for outcome in curve.outcomes):
                return False
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="timed runs of everybody (7)")
    parser.add_argument("--quick", action="store_true", help="little work, nothing written")
    parser.add_argument(
        "--only", nargs="+", choices=[*FULL, "growth"], help="some of it; only batches is written"
    )
    return parser
