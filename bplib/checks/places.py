"""Makes links of the places to read, where the environment says where the book is published."""

import os
import re
import unicodedata
from html import escape

CHAPTERS = (
    "01-chain-rule",
    "02-computational-graphs",
    "03-gradient-descent",
    "04-backward-pass",
    "05-worked-example",
    "06-losses",
    "07-xor",
    "08-checking-gradients",
    "09-optimizers",
    "10-schedules",
    "11-vanishing-exploding",
    "12-initialization",
    "13-normalization-residual",
    "14-regularization",
    "15-landscape",
    "16-digits",
)
PLACE = re.compile(r"\bchapter (\d{1,2})(?:, “([^”]+)”)?")


def linked(text: str) -> str | None:
    """Return the text as HTML whose places, such as chapter 5, “Loss”, are links to the book.

    It is None if there is nothing to link, or BOOK_ADDRESS does not say where the book is.
    """
    address = os.environ.get("BOOK_ADDRESS", "").strip()
    if not address.startswith(("https://", "http://")):
        return None
    parts, end = [], 0
    for found in PLACE.finditer(text):
        if page := path(int(found[1]), found[2] or ""):
            href = escape(f"{address.rstrip('/')}/{page}")
            link = f'<a href="{href}" target="_blank" rel="noopener">{escape(found[0])}</a>'
            parts += [escape(text[end : found.start()]), link]
            end = found.end()
    return "".join([*parts, escape(text[end:])]) if parts else None


def path(chapter: int, title: str = "") -> str:
    """Return where in the site a chapter's section is; "" if there is no such chapter."""
    if not 1 <= chapter <= len(CHAPTERS):
        return ""
    page = f"chapters/{CHAPTERS[chapter - 1]}.html"
    return f"{page}#{anchor(title)}" if title else page


def anchor(title: str) -> str:
    """Return the name that the site gives to a section: the title's plain letters and digits."""
    plain = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"^[-0-9]+|-+$", "", re.sub(r"[^a-z0-9]+", "-", plain))
