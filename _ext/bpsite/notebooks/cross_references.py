"""What a chapter's text may refer to: equations, exercises, pages and works."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pybtex
from pybtex.database import parse_file

from bpsite.html.mathematics import numbered_by_us
from exercises.plain_markdown import Text

NEEDLESS = re.compile(r"\\([.,:()-])")  # what pybtex escapes, and Markdown reads as it stands


@dataclass
class BookText(Text):
    """The text of a page, with the whole book around it as Sphinx has read it.

    Args:
        name: the page, such as "chapters/04-backward-pass".
        env: Sphinx's environment, all pages read.
        bibliography: the file of all works cited.
        address: where the site is published, "" if that is not known.
    """

    env: object
    bibliography: Path
    address: str

    @cached_property
    def works(self):
        """All works cited, by key."""
        return parse_file(str(self.bibliography)).entries

    def display(self, tex):
        """Return TeX for a display, with its lines aligned and no numbers of its own."""
        return numbered_by_us(tex, display=True)

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
        if page == self.name:
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
        return known[name] if name in known else self.unknown(kind, name)
