"""Turns MyST Markdown into the Markdown that any notebook shows."""

import re
from dataclasses import dataclass
from typing import NoReturn

ATTRIBUTES = re.compile(r"^\{\.[\w-]+\}\n", re.MULTILINE)
TARGET = re.compile(r"^\(([\w-]+)\)=\n", re.MULTILINE)
DIRECTIVE = re.compile(
    r"^(?P<fence>`{3,}|:{3,})\{(?P<name>[\w:-]+)\}[ \t]*(?P<argument>[^\n]*)\n"
    r"(?P<options>(?::[\w-]+:[^\n]*\n)*)(?P<body>.*?)^(?P=fence)[ \t]*$",
    re.MULTILINE | re.DOTALL,
)
NUMBERED = re.compile(
    r"^\$\$\n(?P<tex>(?:(?!\$\$).)*)\n\$\$ \((?P<label>[\w-]+)\)$", re.MULTILINE | re.DOTALL
)
ROLE = re.compile(r"(?<!`)\{(?P<name>[\w:-]+)\}`(?P<content>[^`]+)`")
EXPLICIT = re.compile(r"(?P<text>.*?)\s*<(?P<target>[^<>]+)>", re.DOTALL)
NOTE = re.compile(r"\[\^([\w-]+)\](:?)")
LEFT_OVER = re.compile(r"^(?:`{3,}|:{3,})\{.*|(?<!`)\{[\w:-]+\}`.*|^\([\w-]+\)=$", re.MULTILINE)

CALLOUTS = ("note", "tip", "important", "warning", "caution", "seealso")


@dataclass
class Text:
    """A text that stands alone, and what it may refer to: nothing but what it says itself.

    A text that has a book around it is of a class that looks its references up.

    Args:
        name: what errors call the text.
    """

    name: str

    def display(self, tex: str) -> str:
        """Return TeX for a display."""
        return tex

    def link(self, label: str, text: str | None = None) -> str:
        """Return Markdown for a reference, here its own text."""
        return text or self.unknown("label", label)

    def equation(self, label: str) -> str:
        """Return the number of an equation."""
        self.unknown("equation", label)

    def exercise(self, label: str) -> str:
        """Return what an exercise is called."""
        self.unknown("exercise", label)

    def citation(self, key: str) -> tuple[str, str]:
        """Return the authors and the year of a work."""
        self.unknown("work", key)

    def unknown(self, kind: str, name: str) -> NoReturn:
        """Refuse a reference that leads nowhere."""
        raise ValueError(f"{self.name} refers to the {kind} {name!r}, which is not there")


def plain_markdown(myst: str, text: Text) -> str:
    """Return MyST Markdown with every directive, role and target written in plain Markdown.

    Args:
        myst: the whole text, or a part such as the cell of a notebook.
        text: resolves its references.

    Raises:
        ValueError: it holds a directive or role that cannot be written so, or a reference that
            leads nowhere.
    """
    plain = DIRECTIVE.sub(lambda match: _directive(match, text), ATTRIBUTES.sub("", myst))
    plain = NUMBERED.sub(lambda match: _display(match["tex"], match["label"], text), plain)
    plain = TARGET.sub(r'<a id="\1"></a>\n\n', plain)
    plain = ROLE.sub(lambda match: _role(match, text), plain)
    plain = NOTE.sub(_note, plain)
    if left := LEFT_OVER.search(plain):
        raise ValueError(f"{text.name} has {left[0]!r}, which no notebook would show")
    return plain


def cited(myst: str) -> set[str]:
    """Return the keys of all works that MyST Markdown cites."""
    roles = ROLE.finditer(myst)
    return {
        key.strip()
        for role in roles
        if role["name"].startswith("cite:")
        for key in role["content"].split(",")
    }


def _directive(match: re.Match, text: Text) -> str:
    name, argument, body = match["name"], match["argument"].strip(), match["body"].strip("\n")
    options = dict(re.findall(r"^:([\w-]+):[ \t]*(.*)$", match["options"], re.MULTILINE))
    if name == "math":
        return _display(body, options.get("label"), text)
    if name == "code-block":
        return f"```{argument}\n{body}\n```"
    body = DIRECTIVE.sub(lambda inner: _directive(inner, text), body)
    if name == "exercise":
        label = options["label"]
        called = f"{text.exercise(label)}. {argument}" if argument else text.exercise(label)
        return f'<a id="{label}"></a>\n\n**{called}**\n\n{body}'
    if name in ("hint", "fold"):
        line = argument if name == "fold" else "Hint"
        return f"<details><summary>{line}</summary>\n\n{body}\n\n</details>"
    if name == "solution-end":
        return ""
    if name in ("solution", "solution-start"):
        label = options.get("label", f"solution-{argument}")
        said = f'<a id="{label}"></a>\n\n**Solution to** {text.link(argument)}'
        return f"{said}\n\n{body}" if body else said
    if name == "container":
        return body
    if name == "box":
        return re.sub(r"^", "> ", body, flags=re.MULTILINE)
    if name in CALLOUTS:
        said = f"**{argument or name.capitalize()}.** {body}"
        return re.sub(r"^", "> ", said, flags=re.MULTILINE)
    raise ValueError(f"{text.name} has the directive {name!r}, which no notebook would show")


def _display(tex: str, label: str | None, text: Text) -> str:
    number = f"\n\\tag{{{text.equation(label)}}}" if label else ""
    return f"$$\n{text.display(tex)}{number}\n$$"


def _note(match: re.Match) -> str:
    name, defined = match.groups()
    if defined:
        return f'<a id="note-{name}"></a>**Note.**'
    return f"<sup>[note](#note-{name})</sup>"


def _role(match: re.Match, text: Text) -> str:
    name, content = match["name"], match["content"]
    if name == "eq":
        return f"({text.equation(content)})"
    if name == "ref":
        explicit = EXPLICIT.fullmatch(content)
        return text.link(explicit["target"], explicit["text"]) if explicit else text.link(content)
    if name in ("cite:t", "cite:p"):
        works = [text.citation(key.strip()) for key in content.split(",")]
        if name == "cite:t":
            return ", ".join(f"{authors} [{year}]" for authors, year in works)
        return "[" + "; ".join(f"{authors}, {year}" for authors, year in works) + "]"
    raise ValueError(f"{text.name} has the role {name!r}, which no notebook would show")
