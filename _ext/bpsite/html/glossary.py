"""Leads from the first mention of a term in a chapter to its definition in the glossary.

The glossary is Sphinx's own, on a page of its own. The first paragraph of a definition says what a
term means, and a link shows it when it is pointed at; the last one leads to where it is taught.
"""

import re
from itertools import groupby

from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging
from sphinx.util.nodes import make_refnode
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_node

from bpsite.html.folds import fold

PAGE = "chapters/glossary"
CHAPTER = re.compile(r"chapters/\d")
MOST = 25
"""With more links, a page keeps those to terms that are taught elsewhere."""

OTHERWISE = {"unit": r"\s+(?:by|of)\b", "error": r"(?:\s+on|, called)\b"}
"""What follows a word where it is not the term: a unit of something, an error on examples."""

ASIDES = (fold, nodes.table, nodes.figure, nodes.footnote, exercise_node, exercise_enumerable_node)
ASIDE_CLASSES = {"deeper", "bp-box", "cell"}

logger = logging.getLogger(__name__)


def read(env):
    """Return {word: (anchor, definition, page, section)}, the last two of where it is taught."""
    terms = {}
    if PAGE not in env.found_docs:
        return terms
    labels = env.domains["std"].labels
    for item in env.get_doctree(PAGE).findall(nodes.definition_list_item):
        *words, definition = item.children
        links = [n for n in definition.findall(addnodes.pending_xref) if n["reftype"] == "ref"]
        if len(definition) < 2 or not links:
            logger.warning("the definition of %r leads nowhere", words[0].astext(), location=item)
            continue
        said = " ".join(definition[0].astext().split())
        page, section, _ = labels.get(links[-1]["reftarget"], ("", "", ""))
        terms |= {word.astext(): (words[0]["ids"][0], said, page, section) for word in words}
    return terms


def changed(app, env):
    """Return the chapters, to be written again, if the glossary is another than it was."""
    before, env.bpsite_terms = getattr(env, "bpsite_terms", {}), read(env)
    if before == env.bpsite_terms:
        return []
    return [page for page in env.found_docs if CHAPTER.match(page)]


def link(app, doctree, docname):
    """Link the first mention of each term in a chapter, unless it stands where that is taught."""
    terms = app.env.bpsite_terms
    if not terms or not CHAPTER.match(docname):
        return
    found = list(mentions(doctree, docname, terms))
    if len(found) > MOST:
        found = [one for one in found if terms[one[2]][2] != docname]
    for text, group in groupby(found, key=lambda one: one[0]):
        parts, end = [], 0
        for _, match, word in group:
            anchor, said, *_ = terms[word]
            mention = nodes.Text(match[0])
            term = make_refnode(app.builder, docname, PAGE, anchor, mention, said)
            term["classes"].append("bp-term")
            parts += [nodes.Text(text[end : match.start()]), term]
            end = match.end()
        text.parent.replace(text, [*parts, nodes.Text(text[end:])])


def mentions(doctree, docname, terms):
    """Yield text, match and word of each term's first mention in the main line of a page.

    A term that is emphasised there is explained there, and one that first occurs in the section
    that teaches it needs no link either.
    """
    words, met = sorted(terms, key=len, reverse=True), set()
    any_word = pattern(words)
    for paragraph in doctree.findall(nodes.paragraph):
        above = list(_above(paragraph))
        if any(_is_aside(node) for node in above):
            continue
        _join_lines(paragraph)
        here = {(docname, name) for node in above for name in node["ids"]}
        for text in paragraph.findall(nodes.Text):
            plain = text.parent is paragraph
            if not plain and not isinstance(text.parent, nodes.emphasis | nodes.strong):
                continue
            for match in any_word.finditer(text):
                word = words[match.lastindex - 1]
                anchor, _, *taught = terms[word]
                if anchor not in met:
                    met.add(anchor)
                    if plain and tuple(taught) not in here:
                        yield text, match, word


def pattern(words):
    """Return a pattern with a group for each word: in the plural too, and where a sentence begins.

    Of two words that begin alike, the first one is found.
    """
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(_form, words))})(?![\w-])")


def _form(word):
    start = f"[{word[0].lower()}{word[0].upper()}]" if word[0].islower() else word[0]
    form = start + re.escape(word[1:]).replace(r"\ ", r"\s+")
    return f"({form}(?:e?s)?)" + (f"(?!{OTHERWISE[word]})" if word in OTHERWISE else "")


def _join_lines(paragraph):
    children = []
    for is_text, group in groupby(paragraph.children, lambda node: isinstance(node, nodes.Text)):
        run = list(group)
        children += [nodes.Text("".join(run))] if is_text else run
    paragraph.children = []
    paragraph.extend(children)


def _above(node):
    while node := node.parent:
        yield node


def _is_aside(node):
    return isinstance(node, ASIDES) or bool(ASIDE_CLASSES.intersection(node["classes"]))
