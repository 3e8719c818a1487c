"""The command line: `python -m grading --help`."""

import sys
from collections.abc import Sequence

from exercises import command_line
from grading import commands, variants


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    told = "Hand out the book's exercises, grade them in a sandbox, give feedback."
    return command_line.main("grading", told, (commands.add_parser, variants.add_parser), arguments)


if __name__ == "__main__":
    sys.exit(main())
