"""The box at the top of a chapter: what you need, how long it takes, what you can do afterwards.

```
:::{box}
**You need** {ref}`derivatives <bg-derivative>` and {ref}`the chain rule <chain-rule>`.

**Afterwards** you can …
:::
```

The minutes are those of the main line, with all folds closed: 180 words, two equations or ten lines
of code a minute, and two minutes for each explorer.
"""

import re

from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

PLACE = "bp-minutes"
WORD = re.compile(r"\w[\w’'-]*")
TEXT = ("p", "li", "dd", "td")
NOT_TEXT = ".cell_output, .cell_input, .highlight, .bp-explore, annotation"


class Box(SphinxDirective):
    """Frames its content, and says how long the chapter takes."""

    has_content = True

    def run(self):
        """Return the box."""
        box = nodes.container(classes=["bp-box"])
        self.state.nested_parse(self.content, self.content_offset, box)
        place = f'<p class="{PLACE}"></p>'
        box.append(nodes.raw("", place, format="html"))
        return [box]


def minutes(body):
    """Return how many minutes the main line of a page takes, from its HTML."""
    page = BeautifulSoup(body, "html.parser")
    for folded in page.select("details"):
        line = folded.find("summary")
        for child in list(folded.children):
            if child is not line:
                child.extract()
    explorers = len(page.select(".bp-explore.bp-static"))
    equations = len(page.select("div.math"))
    lines = sum(
        len(code.get_text().strip().splitlines()) for code in page.select(".cell_input pre")
    )
    for other in page.select(NOT_TEXT):
        other.extract()
    outer = (node for node in page.find_all(TEXT) if not node.find_parent(TEXT))
    words = sum(len(WORD.findall(node.get_text(" "))) for node in outer)
    return round(words / 180 + equations / 2 + lines / 10 + 2 * explorers)


def say_minutes(app, pagename, templatename, context, doctree):
    """Put the minutes where the box leaves room for them."""
    place = f'<p class="{PLACE}"></p>'
    if place in context.get("body", ""):
        count = 5 * max(1, round(minutes(context["body"]) / 5))
        said = f'<p class="{PLACE}"><strong>About {count} minutes</strong>, folds closed.</p>'
        context["body"] = context["body"].replace(place, said)


def setup(app):
    """Register directive and hook, after the explorers have their pictures."""
    app.add_directive("box", Box)
