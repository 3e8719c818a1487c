"""Takes out of each page what would ask a foreign host or break, before the theme writes it."""

import re
from pathlib import Path

HERE = Path(__file__).parent


def use_templates(app, config):
    """Put our few templates ahead of the theme's."""
    config.templates_path.insert(0, str(HERE / "templates"))


def drop_scripts(app, pagename, templatename, context, doctree):
    """Remove thebe's scripts, which declare a constant twice, and the theme's for its menus.

    The latter takes the focus from buttons that are pressed; `menus.js` does its work.
    """
    for kind in ("script_files", "css_files"):
        context[kind] = [item for item in context.get(kind, []) if not _is_dropped(item)]


def _is_dropped(item):
    name = str(getattr(item, "filename", item) or "").lower()
    body = getattr(item, "attributes", {}).get("body") or ""
    return "thebe" in name or "sphinx-book-theme.js" in name or "THEBE_JS" in body


def drop_thebe_settings(app, doctree, docname):
    """Remove the settings that thebe leaves in the text of a page."""
    for node in list(doctree.findall(lambda n: n.tagname == "raw")):
        if "text/x-thebe-config" in node.astext() or "thebelab" in node.astext():
            node.parent.remove(node)


# A bibliography is a list, an empty cell heads nothing, a label should not hide the text it is on.
MISLEADING = {
    ' role="doc-biblioentry">': ' role="listitem">',
    '<th class="head"></th>': "<td></td>",
    '<th class="head"><p></p></th>': "<td></td>",
    '<summary aria-label="Toggle hidden content">': "<summary>",
}


def repair_roles(app, pagename, templatename, context, doctree):
    """Drop roles and labels that would mislead a screen reader."""
    for old, new in MISLEADING.items():
        if "body" in context:
            context["body"] = context["body"].replace(old, new)
    if "body" in context:  # Sphinx writes a long signature as definitions of nothing
        context["body"] = SIGNATURE.sub(_lines, context["body"])


def number_chapters(app, pagename, templatename, context, doctree):
    """Say above a chapter's title which chapter it is, by the number its file begins with."""
    if found := re.match(r"chapters/0*(\d+)-", pagename):
        said = f'<p class="bp-chapter">Chapter {found[1]}</p><h1>'
        context["body"] = context["body"].replace("<h1>", said, 1)


SIGNATURE = re.compile(r"<dl>\s*(<dd>(?:(?!<dl|</dl>).)*</dd>)\s*</dl>", re.DOTALL)


def _lines(match):
    inside = match[1].replace("<dd>", '<span class="bp-parameter">').replace("</dd>", "</span>")
    return f'<span class="bp-parameters">{inside}</span>'
