"""Turns a chapter's MyST Markdown into the Markdown that any notebook shows."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pybtex
from bpsite.mathematics import numbered_by_us
from pybtex.database import parse_file
from sphinx.errors import ExtensionError

TARGET = re.compile(r"^\(([\w-]+)\)=\n", re.MULTILINE)
DIRECTIVE = re.compile(
    r"^(?P<fence>`{3,}|:{3,})\{(?P<name>[\w:-]+)\}[ \t]*(?P<argument>[^\n]*)\n"
    r"(?P<options>(?::[\w-]+:[^\n]*\n)*)(?P<body>.*?)^(?P=fence)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
ROLE = re.compile(r"(?<!`)\{(?P<name>[\w:-]+)\}`(?P<content>[^`]+)`")
EXPLICIT = re.compile(r"(?P<text>.*?)\s*<(?P<target>[^<>]+)>", re.DOTALL)
NEEDLESS = re.compile(r"\\([.,:()-])")  # what pybtex escapes, and Markdown reads as it stands
NOTE = re.compile(r"\[\^([\w-]+)\](:?)")
LEFT_OVER = re.compile(r"^(?:`{3,}|:{3,})\{.*|(?<!`)\{[\w:-]+\}`.*|^\([\w-]+\)=$", re.MULTILINE)

CALLOUTS = ("note", "tip", "important", "warning", "caution", "seealso")


@dataclass
class Book:
    """What a text may refer to: the whole book as Sphinx has read it.

    Args:
        env: Sphinx's environment, all pages read.
        bibliography: the file of all works cited.
        address: where the site is published, "" if that is not known.
        page: the page that the text is from, such as "chapters/04-backward-pass".
    """

    env: object
    bibliography: Path
    address: str
    page: str

    @cached_property
    def works(self):
        """All works cited, by key."""
        return parse_file(str(self.bibliography)).entries

    def equation(self, label):
        """Return the number of an equation, as its page shows it."""
        page, _ = self._find(self.env.domaindata["math"]["objects"], "equation", label)
        (number,) = self.env.toc_fignumbers[page]["displaymath"][f"equation-{label}"]
        return number

    @cached_property
    def exercises(self):
        """The number of each exercise at the end of a chapter, by label."""
        pages = self.env.toc_fignumbers.values()
        numbers = [numbers for page in pages for numbers in page.get("exercise", {}).items()]
        return {label: number for label, (number,) in numbers}

    def exercise(self, label):
        """Return what an exercise is called."""
        return f"Exercise {self._find(self.exercises, 'exercise', label)}"

    def link(self, label, text=None):
        """Return Markdown for a reference: a link where there is a place that it can lead to."""
        page, anchor, title = self._find(
            self.env.domaindata["std"]["labels"], "label", label.lower()
        )
        if label in self.exercises:
            title = self.exercise(label)
        if page == self.page:
            return f"[{text or title}](#{label})"
        if self.address:
            return f"[{text or title}]({self.address}{page}.html#{anchor})"
        return text or f"*{title}*"

    def citation(self, key):
        """Return the authors, as one calls them, and the year of a work."""
        work = self._find(self.works, "work", key)
        names = [" ".join(p.prelast_names + p.last_names) for p in work.persons["author"]]
        if len(names) > 2:
            names = [f"{names[0]} et al."]
        return " and ".join(names), work.fields["year"]

    def references(self, keys):
        """Return a Markdown list of works, by author."""
        text = pybtex.format_from_file(
            str(self.bibliography), "plain", citations=sorted(keys), output_backend="markdown"
        )
        text = NEEDLESS.sub(r"\1", text)
        works = re.split(r"^\[\d+\] ", text, flags=re.MULTILINE)[1:]
        return "\n".join("- " + " ".join(work.split()) for work in works)

    def _find(self, known, kind, name):
        if name not in known:
            raise ExtensionError(f"{self.page} refers to the {kind} {name!r}, which is not there")
        return known[name]


def markdown(text, book):
    """Return the text with every directive, role and target written in plain Markdown.

    Raises:
        ExtensionError: it holds a directive or role that we do not know how to write.
    """
    text = DIRECTIVE.sub(lambda match: _directive(match, book), text)
    text = TARGET.sub(r'<a id="\1"></a>\n\n', text)
    text = ROLE.sub(lambda match: _role(match, book), text)
    text = NOTE.sub(_note, text)
    if left := LEFT_OVER.search(text):
        raise ExtensionError(f"{book.page} has {left[0]!r}, which no notebook would show")
    return text


def cited(text):
    """Return the keys of all works that a text cites."""
    roles = ROLE.finditer(text)
    return {
        key.strip()
        for role in roles
        if role["name"].startswith("cite:")
        for key in role["content"].split(",")
    }


def _directive(match, book):
    name, argument, body = match["name"], match["argument"].strip(), match["body"].strip("\n")
    options = dict(re.findall(r"^:([\w-]+):[ \t]*(.*)$", match["options"], re.MULTILINE))
    if name == "math":
        return _display(body, options.get("label"), book)
    if name == "code-block":
        return f"```{argument}\n{body}\n```"
    body = DIRECTIVE.sub(lambda inner: _directive(inner, book), body)
    if name == "exercise":
        label = options["label"]
        called = f"{book.exercise(label)}. {argument}" if argument else book.exercise(label)
        return f'<a id="{label}"></a>\n\n**{called}**\n\n{body}'
    if name == "hint":
        return f"<details><summary>Hint</summary>\n\n{body}\n\n</details>"
    if name in CALLOUTS:
        said = f"**{argument or name.capitalize()}.** {body}"
        return re.sub(r"^", "> ", said, flags=re.MULTILINE)
    raise ExtensionError(f"{book.page} has the directive {name!r}, which no notebook would show")


def _display(tex, label, book):
    tex = numbered_by_us(tex, display=True)
    number = f"\n\\tag{{{book.equation(label)}}}" if label else ""
    return f"$$\n{tex}{number}\n$$"


def _note(match):
    name, defined = match.groups()
    if defined:
        return f'<a id="note-{name}"></a>**Note.**'
    return f"<sup>[note](#note-{name})</sup>"


def _role(match, book):
    name, content = match["name"], match["content"]
    if name == "eq":
        return f"({book.equation(content)})"
    if name == "ref":
        explicit = EXPLICIT.fullmatch(content)
        return book.link(explicit["target"], explicit["text"]) if explicit else book.link(content)
    if name in ("cite:t", "cite:p"):
        works = [book.citation(key.strip()) for key in content.split(",")]
        if name == "cite:t":
            return ", ".join(f"{authors} [{year}]" for authors, year in works)
        return "[" + "; ".join(f"{authors}, {year}" for authors, year in works) + "]"
    raise ExtensionError(f"{book.page} has the role {name!r}, which no notebook would show")
