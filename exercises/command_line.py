"""A program of some commands, whose errors are said in a line."""

import argparse
import sys
from collections.abc import Callable, Sequence

AddParser = Callable[[argparse._SubParsersAction], None]


def main(
    program: str,
    description: str,
    commands: Sequence[AddParser],
    arguments: Sequence[str] | None = None,
) -> int:
    """Run a command and return its exit code; what is wrong with the call is said in a line.

    Args:
        program: the name of the package, run by `python -m`.
        commands: functions that each add the parsers of some commands, with `run` set to a
            function of the parsed options that returns an exit code or None.
        arguments: those of the process if left out.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=description)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add_parser in commands:
        add_parser(subparsers)
    options = parser.parse_args(arguments)
    try:
        return options.run(options) or 0
    except KeyboardInterrupt:
        print("\nInterrupted. What is finished stays; the same command goes on.", file=sys.stderr)
        return 130
    except (ValueError, OSError, RuntimeError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2
