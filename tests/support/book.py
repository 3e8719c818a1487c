"""Where the built site is, which pages it has, and which chapters are programs."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build/html"
PROGRAMS = [
    path
    for path in [
        *sorted((ROOT / "chapters").glob("*.md")),
        *sorted((ROOT / "solutions").glob("*.md")),
    ]
    if "{code-cell}" in path.read_text("utf8")
]


def is_redirect(path):
    return 'http-equiv="Refresh"' in path.read_text("utf8")[:600]


def all_pages(site=SITE):
    """Return the pages of the book: not what the theme ships, and not JupyterLite."""
    paths = [p.relative_to(site) for p in sorted(site.rglob("*.html"))]
    paths = [p for p in paths if p.parts[0] not in ("_static", "lite")]
    return [p.as_posix() for p in paths if not is_redirect(site / p)]


PAGES = all_pages()
EXPLORERS = [name for name in PAGES if "bp-static" in (SITE / name).read_text("utf8")]
