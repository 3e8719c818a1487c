"""Numbers equations, figures and exercises by chapter: (1.1), (1.2), … on the page of chapter 1."""

import re

from sphinx.environment.collectors.toctree import TocTreeCollector

CHAPTER = re.compile(r"(?:chapters|solutions)/0*(\d+)-")
OTHERS = {"chapters/notation": "N", "chapters/background": "B", "chapters/intro": "I"}


def prefix(docname):
    """Return what stands before the numbers of a page, "" for pages that have none."""
    found = CHAPTER.match(docname)
    return found[1] if found else OTHERS.get(docname, "")


def by_chapter(numbers, docname):
    """Return the numbers of one page, {kind: {id: number}}, counted from 1 behind its prefix."""
    before = prefix(docname)
    if not before:
        return numbers
    return {
        kind: {
            place: (f"{before}.{k}",)
            for k, place in enumerate(sorted(places, key=places.get), start=1)
        }
        for kind, places in numbers.items()
    }


class ByChapter(TocTreeCollector):
    """Sphinx's own numbering, with numbers that start anew on each page."""

    def assign_figure_numbers(self, env):
        """Number all pages and return those whose numbers have changed."""
        before = env.toc_fignumbers
        super().assign_figure_numbers(env)
        env.toc_fignumbers = {
            docname: by_chapter(numbers, docname) for docname, numbers in env.toc_fignumbers.items()
        }
        return [name for name, new in env.toc_fignumbers.items() if new != before.get(name)]


def renumber(app, env):
    """Number sections, equations, figures and exercises; return the pages that have changed."""
    return ByChapter().get_updated_docs(app, env)


def setup(app):
    """Take Sphinx's own collector out of the build."""
    for listener in list(app.events.listeners["env-get-updated"]):
        if type(getattr(listener.handler, "__self__", None)) is TocTreeCollector:
            app.disconnect(listener.id)
