"""The command line: `python -m exercises --help`."""

import sys
from collections.abc import Sequence

from exercises import build, command_line, new_exercise


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    commands = (build.add_parser, new_exercise.add_parser)
    return command_line.main("exercises", "The book's exercises.", commands, arguments)


if __name__ == "__main__":
    sys.exit(main())
