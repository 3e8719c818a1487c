"""What one has read: a tick by each chapter in the contents, and a button at the chapter's end.

Nothing but the reader's browser keeps it. A script in the head of each page copies what is kept to
the root element, as `data-read`, so that ticks are there from the first paint; `read.js` is for
what is pressed. Where nothing can be kept, or scripts are off, there is no `data-read`, and no
button is shown.
"""

import re
from pathlib import Path

CHAPTER = re.compile(r"chapters/(\d.*)")
LINK = re.compile(r'(<a class="[^"]*" href="([^"]*)">[^<]*)(</a>)')
TICK = (
    '<span class="bp-tick" data-chapter="{}">'
    '<span aria-hidden="true">✓</span><span class="bp-said"> (read)</span></span>'
)


def css(app):
    """Return the style sheet that shows the tick of each chapter that has been read."""
    names = sorted(path.stem for path in Path(app.srcdir, "chapters").glob("[0-9]*.md"))
    read = [f'[data-read~="{name}"] [data-chapter="{name}"]' for name in names]
    return f"{','.join(read)}{{--bp-read:visible}}" if read else ""


def offer(app, pagename, templatename, context, doctree):
    """Tell the templates which chapter this is, if it is one, and how to put ticks to links."""
    found = CHAPTER.fullmatch(pagename)
    context["bpsite_chapter"] = found[1] if found else ""
    chapters = {
        context["pathto"](page): CHAPTER.fullmatch(page)[1]
        for page in app.env.found_docs
        if CHAPTER.fullmatch(page)
    }

    def tick(link):
        name = chapters.get(link[2])
        return f"{link[1]}{TICK.format(name)}{link[3]}" if name else link[0]

    context["bpsite_ticked"] = lambda contents: LINK.sub(tick, contents)
