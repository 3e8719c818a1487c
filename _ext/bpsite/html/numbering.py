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


def renumber(app, env):
    """Number sections, equations, figures and exercises; return the pages that have changed."""
    before = env.toc_fignumbers
    changed = set()
    for collector in app.bpsite_collectors:
        changed.update(collector.assign_section_numbers(env))
        collector.assign_figure_numbers(env)
    env.toc_fignumbers = {
        docname: by_chapter(numbers, docname) for docname, numbers in env.toc_fignumbers.items()
    }
    changed.update(name for name, new in env.toc_fignumbers.items() if new != before.get(name))
    return sorted(changed)


def setup(app):
    """Have the collector that numbers asked by us alone, whoever has put it there."""
    app.bpsite_collectors = []
    for listener in list(app.events.listeners["env-get-updated"]):
        collector = getattr(listener.handler, "__self__", None)
        if isinstance(collector, TocTreeCollector):
            app.disconnect(listener.id)
            app.bpsite_collectors.append(collector)
