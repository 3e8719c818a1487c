"""Results as a table: a header, aligned numbers, units where there are any."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from bplib.plots.text import minus, number, short

__all__ = ["table", "Table"]


class Table:
    """Columns under a header, which prints as a table in a notebook and in the book.

    Attributes:
        header: the names of the columns.
        cells: the texts, row by row.
        numeric: for each column, whether it holds numbers, which stand on the right.
        caption: what stands above.
    """

    def __init__(
        self, header: list[str], cells: list[list[str]], numeric: list[bool], caption: str = ""
    ) -> None:
        self.header, self.cells, self.numeric, self.caption = header, cells, numeric, caption

    def __repr__(self) -> str:
        rows = [self.header, *self.cells]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [self.caption] if self.caption else []
        for row in rows:
            aligned = (
                text.rjust(width) if right else text.ljust(width)
                for text, width, right in zip(row, widths, self.numeric, strict=True)
            )
            lines.append("  ".join(aligned).rstrip())
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        def row(tag: str, texts: list[str]) -> str:
            cells = []
            for k, (text, right) in enumerate(zip(texts, self.numeric, strict=True)):
                name = "th" if tag == "th" or k == 0 else "td"
                scope = ' scope="col"' if tag == "th" else ' scope="row"' if k == 0 else ""
                side = ' style="text-align:right"' if right else ' style="text-align:left"'
                cells.append(f"<{name}{scope}{side}>{_html(text)}</{name}>")
            return f"<tr>{''.join(cells)}</tr>"

        caption = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        name = escape(": ".join(filter(None, [self.caption, ", ".join(self.header)])))
        body = "".join(row("td", texts) for texts in self.cells)
        return (
            '<div class="bp-table pst-scrollable-table-container" tabindex="0" role="region" '
            f'aria-label="{name}"><table>{caption}'
            f"<thead>{row('th', self.header)}</thead><tbody>{body}</tbody></table></div>"
        )


def table(
    columns: Mapping[str, Sequence],
    digits: Mapping[str, int] | int | None = None,
    caption: str = "",
) -> Table:
    """Return a table of results.

    Args:
        columns: header -> the entries below it, numbers or texts; the first column names the
            rows. Units belong into the header: "time (ms)". Code stands between backticks: it is
            left as it is, where other texts get real minus signs.
        digits: decimals of all columns of fractions, or of some by header; by default numbers
            have three significant digits.
        caption: a line above the table.

    Raises:
        ValueError: there is no column, or two have different lengths.
    """
    if not columns:
        raise ValueError("columns is empty; expected at least one")
    lengths = {name: len(entries) for name, entries in columns.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name!r} {length}" for name, length in lengths.items())
        raise ValueError(f"columns have different lengths: {told}; expected equally many entries")
    texts, numeric = [], []
    for name, entries in columns.items():
        places = digits.get(name) if isinstance(digits, Mapping) else digits
        texts.append([_text(entry, places) for entry in entries])
        numeric.append(all(_is_number(entry) for entry in entries))
    return Table(list(columns), [list(row) for row in zip(*texts, strict=True)], numeric, caption)


def _is_number(entry: Any) -> bool:
    number = isinstance(entry, (int, float, np.integer, np.floating))
    return number and not isinstance(entry, bool)


def _text(entry: Any, digits: int | None) -> str:
    if not _is_number(entry):
        text = str(entry)
        return text if _is_code(text) else minus(text)
    if isinstance(entry, (int, np.integer)):
        return minus(f"{entry}")
    return short(float(entry)) if digits is None else number(float(entry), digits)


def _is_code(text: str) -> bool:
    return len(text) > 2 and text[0] == text[-1] == "`"


def _html(text: str) -> str:
    return f"<code>{escape(text[1:-1])}</code>" if _is_code(text) else escape(text)
