"""Where the built site is and which pages it has."""

from pathlib import Path

SITE = Path(__file__).resolve().parents[2] / "_build/html"


def is_redirect(path):
    return 'http-equiv="Refresh"' in path.read_text("utf8")[:600]


def all_pages():
    paths = [p for p in sorted(SITE.rglob("*.html")) if "_static" not in p.parts]
    return [p.relative_to(SITE).as_posix() for p in paths if not is_redirect(p)]


PAGES = all_pages()
EXPLORERS = [name for name in PAGES if "bp-static" in (SITE / name).read_text("utf8")]
