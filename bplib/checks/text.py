"""Small helpers for messages: plurals, lists, full stops; the sentences are in `verdict`."""

from collections.abc import Iterable
from typing import Any


def sentence(text: str) -> str:
    """Return the text with a full stop, unless it ends in a mark already."""
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."


def signed(c: float) -> str:
    """Return the number with four significant digits and a real minus sign."""
    return f"{'−' if c < 0 else ''}{abs(c):.4g}"


def short(value: Any) -> str:
    """Return the value as one line of at most 120 characters."""
    text = " ".join(str(value).split())
    return text if len(text) <= 120 else text[:119] + "…"


def listed(names: Iterable[str]) -> str:
    """Return the names with commas between them."""
    return ", ".join(names)


def count(number: int, thing: str) -> str:
    """Return the number with the thing in singular or plural: "1 case", "2 entries"."""
    plural = {"entry": "entries"}.get(thing, thing + "s")
    return f"{number} {thing if number == 1 else plural}"
