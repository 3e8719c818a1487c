"""Makes of a student's cells what a page can show: no script, style or address of theirs in it.

The result is one line of HTML, which is Markdown that no program has to parse again: a page of
feedback, Formgrader and Jupyter show it alike.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from bleach.html5lib_shim import Filter, convert_entity
from bleach.sanitizer import Cleaner
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from grading import limited
from grading.text import printable

SECONDS = 5.0  # to show all cells of a notebook
Shown = tuple[str, str]  # the kind of a cell and its text
TAGS = {
    *("a", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "ol", "p", "pre", "s"),
    *("span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "th", "thead", "tr"),
    *("u", "ul"),
}
ATTRIBUTES = {  # and what their values must match
    ("a", "href"): re.compile(r"(?:https?://|mailto:)", re.IGNORECASE),
    ("a", "title"): re.compile(""),
    ("img", "alt"): re.compile(""),
    ("img", "src"): re.compile(""),  # it is replaced in any case
    ("ol", "start"): re.compile(r"\d{1,6}\Z"),
    ("td", "colspan"): re.compile(r"\d{1,3}\Z"),
    ("th", "colspan"): re.compile(r"\d{1,3}\Z"),
}
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*\Z", re.IGNORECASE)
COMMANDS = re.compile(  # of TeX that give a formula a link, a style or a program
    r"\\(?=(?:href|style|class|cssId|require|bbox|mmlToken|unicode)(?![A-Za-z]))"
)
FRAME = '<div style="contain: paint; overflow: auto">{}</div>'  # nothing is drawn outside it


def shown(cells: Sequence[tuple[str, str, Mapping[str, Any]]]) -> list[Shown]:
    """Return the cells as a page can show them: plainly, if that takes too long otherwise.

    Args:
        cells: kind, text and attachments of each.
    """
    cells = [(kind, printable(text), attachments) for kind, text, attachments in cells]
    try:
        return limited.call(_rendered, cells, seconds=SECONDS)
    except limited.Failed as error:
        why = f"shown as plain text, since it cannot be shown otherwise: {error}"
        return [
            ("markdown", plain(text, why)) if text.strip() else (k, text) for k, text, _ in cells
        ]


def safe(text: str, attachments: Mapping[str, Any] | None = None) -> str:
    """Return Markdown as one line of HTML that shows its text, formulas and own pictures."""
    renderer = _Renderer(escape=False, exclude_anchor_links=True)
    page = MarkdownWithMath(renderer=renderer).render(text)
    cleaner = Cleaner(
        TAGS,
        lambda tag, name, value: bool(
            (tag, name) in ATTRIBUTES and ATTRIBUTES[tag, name].match(value)
        ),
        protocols={"http", "https", "mailto", "data", "attachment"},
        filters=[lambda source: _Filter(source, attachments or {})],
    )
    return _framed(cleaner.clean(page))


def plain(text: str, remark: str = "") -> str:
    """Return any text as one line of HTML that shows it letter by letter, below a remark."""
    told = f"<p><em>({html.escape(remark)})</em></p>" if remark else ""
    return _framed(f"{told}<pre>{html.escape(text)}</pre>")


def _rendered(cells: Iterable[tuple[str, str, Mapping[str, Any]]]) -> list[Shown]:
    """Return kind and text of each cell; code stays code if a page can colour it as Python."""
    highlight, results = Highlight2HTML(), []
    for kind, text, attachments in cells:
        if kind != "code":
            results.append(("markdown", safe(text, attachments)))
        elif text.lstrip().startswith("%%"):  # it would be coloured as another language
            results.append(("markdown", plain(text, "shown as plain text, since it is no Python")))
        else:
            highlight(text)
            results.append((kind, text))
    return results


def _framed(page: str) -> str:
    return FRAME.format(page.strip().replace("\r", "").replace("\n", "&#10;"))


class _Renderer(IPythonRenderer):
    """Leaves code without colours and pictures to the filter."""

    def block_code(self, code: str, info: str | None = None) -> str:
        """Return a block of code."""
        return f"<pre><code>{html.escape(code)}</code></pre>\n"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Return a picture."""
        return f'<img src="{html.escape(url)}" alt="{html.escape(text)}">'


class _Filter(Filter):
    """Shows pictures that are attached, and takes from formulas what is more than a formula."""

    def __init__(self, source: Any, attachments: Mapping[str, Any]) -> None:
        super().__init__(source)
        self.attachments = attachments

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the tokens, with neighbouring characters together."""
        text = ""
        for token in super().__iter__():
            if token["type"] in ("Characters", "SpaceCharacters"):
                text += token["data"]
                continue
            if token["type"] == "Entity":
                text += convert_entity(token["name"]) or f"&{token['name']};"
                continue
            if token.get("name") == "img" and not self._embed(token["data"]):
                text += f"(a picture that cannot be shown: {_told(token['data'])})"
                continue
            if text:
                yield _characters(text)
                text = ""
            yield token
        if text:
            yield _characters(text)

    def _embed(self, attributes: dict[tuple[None, str], str]) -> bool:
        """Put an attached picture in place of its name; return whether there is one."""
        address = attributes.get((None, "src"), "")
        if address.startswith("attachment:"):
            name = address.removeprefix("attachment:")
            bundle = self.attachments.get(name) or self.attachments.get(unquote(name))
            bundle = bundle if isinstance(bundle, Mapping) else {}
            found = (f"data:{kind};base64,{data}" for kind, data in bundle.items())
            address = next(filter(PICTURE.match, found), "")
        attributes[None, "src"] = "".join(address.split())
        return bool(PICTURE.match(address))


def _told(attributes: Mapping[tuple[None, str], str]) -> str:
    return attributes.get((None, "alt")) or attributes.get((None, "src"), "")[:80]


def _characters(text: str) -> dict[str, Any]:
    return {"type": "Characters", "data": COMMANDS.sub(r"\\ ", text)}


_rendered(
    [("code", "a = 1", {}), ("markdown", "*a*", {})]
)  # imports are done once for all children
