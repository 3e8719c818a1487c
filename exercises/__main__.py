"""The command line: `python -m exercises --help`."""

import argparse
import importlib
import sys
from collections.abc import Sequence

COMMANDS = [
    "exercises.build",
    "exercises.variants",
    "exercises.grade.command",
]  # each has add_parser(subparsers)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; what is wrong with the call is said in a line."""
    parser = argparse.ArgumentParser(
        prog="python -m exercises",
        description="The book's exercises: hand them out, grade them, give feedback.",
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        importlib.import_module(name).add_parser(subparsers)
    options = parser.parse_args(arguments)
    try:
        return options.run(options) or 0
    except KeyboardInterrupt:
        print("\nInterrupted. What is finished stays; the same command goes on.", file=sys.stderr)
        return 130
    except (ValueError, OSError, RuntimeError) as error:
        print(f"exercises: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
