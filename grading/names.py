"""Students' names as files and folders can have them: one function, and the one that undoes it.

Letters of all scripts stay as they are, composed (NFC), so that a name is one name on every
system; so do digits, spaces and a few signs. Whatever else stands in a name becomes ~ and its
bytes in hexadecimal: "A/B" is "A~2FB".
"""

import hashlib
import re
import unicodedata

KEPT = " -_.@+,'’()"
NOT_FIRST = " -.@+"  # a hidden file, an option of a command, a formula of a spreadsheet
NOT_LAST = " ."  # some systems drop them
MOST = 200  # bytes; file systems take 255, and ours have an ending
CUT, DIGITS = "~-", 16  # behind the begin of a longer name, before its digest


def encoded(name: str) -> str:
    """Return a name as a file or folder can have it; no two names get the same.

    A name that is longer than MOST bytes is cut, and a digest tells it from others.
    """
    name = unicodedata.normalize("NFC", name)
    parts: list[str] = []
    for place, c in enumerate(name):
        kind = unicodedata.category(c)[0]
        kept = kind in "LMN" or c in KEPT
        if kind == "M" and (not parts or parts[-1].startswith("~")):
            kept = False  # it would change the letter or digit of the ~
        first, last = place == 0, place == len(name) - 1
        if (first and c in NOT_FIRST) or (last and c in NOT_LAST):
            kept = False
        parts.append(c if kept else "".join(f"~{byte:02X}" for byte in _bytes(c)))
    text = "".join(parts) or "~"
    if len(text.encode()) <= MOST:
        return text
    while len("".join(parts).encode()) > MOST - len(CUT) - DIGITS:
        parts.pop()
    return "".join(parts) + CUT + hashlib.sha256(_bytes(name)).hexdigest()[:DIGITS]


def decoded(text: str) -> str:
    """Undo `encoded`; of a name that was cut, return the begin and "…"."""
    text, cut, _ = text.partition(CUT)
    data = re.sub(
        rb"~([0-9A-F]{2})?", lambda m: bytes.fromhex((m[1] or b"").decode()), _bytes(text)
    )
    return data.decode("utf-8", "surrogateescape") + "…" * bool(cut)


def file_name(name: str) -> str:
    """Return the name of a student's file as a file can have it, with the same ending."""
    stem, dot, last = name.rpartition(".")
    if not stem or not re.fullmatch(r"\w{1,10}", last, re.ASCII):
        stem, dot, last = name, "", ""
    return f"{encoded(stem)}{dot}{last}"


def _bytes(text: str) -> bytes:
    """Return the bytes of a name that may hold some that are no UTF-8."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
