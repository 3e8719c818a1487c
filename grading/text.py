"""One way for every text of a student to a terminal, a report, a table or a page."""

LONGEST = 400  # characters of a line
KEPT = "\n\t\u200c\u200d"  # the last two join letters of some scripts, or keep them apart


def printable(text: str) -> str:
    """Return a text whose only control characters are ends of lines and tabs.

    Escape sequences would act on a terminal, others turn the direction of writing, and a lone
    surrogate can be written to no file.
    """
    return "".join(c if c.isprintable() or c in KEPT else " " for c in str(text))


def line(text: str, most: int = LONGEST) -> str:
    """Return a text on one line, cut where it is long."""
    text = " ".join(printable(str(text)[: 4 * most]).split())
    return text if len(text) <= most else text[: most - 1] + "…"
