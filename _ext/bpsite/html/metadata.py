"""Tells search engines and those with whom a page is shared what the page is."""

from pathlib import Path

from docutils import nodes
from markupsafe import Markup, escape
from sphinx.errors import ExtensionError

from bplib.plots.style import PALETTE
from bpsite.html import social_card
from bpsite.html.assets import OWN, node_modules

PICTURE = "_static/share.png"
ICON = "_static/apple-touch-icon.png"
SEARCH = (
    "Search the whole book, in your own browser: the chapters with their code, the exercises "
    "and the reference of bplib."
)
DOOR = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
{head}
</head>
<body><p><a href="{target}">{title}</a></p></body>
</html>
"""
LIGHT, DARK = PALETTE["paper"]


def draw(app):
    """Draw the touch icon and, if the book has an address, the picture for sharing."""
    if app.builder.format != "html":
        return
    out = Path(app.outdir)
    social_card.touch_icon(out / ICON, OWN / "favicon.svg")
    if app.config.html_baseurl:
        fonts = node_modules(app) / "katex" / "dist" / "fonts"
        social_card.share(out / PICTURE, app.config.html_title, fonts, OWN / "logo.svg")


def describe(app, pagename, templatename, context, doctree):
    """Put the tags into the head of a page; the search has no source that could say them."""
    title = context.get("title", pagename.capitalize())
    description = SEARCH if pagename == "search" else _description(doctree, pagename)
    lines = [
        f'<meta name="theme-color" media="(prefers-color-scheme: light)" content="{LIGHT}" />',
        f'<meta name="theme-color" media="(prefers-color-scheme: dark)" content="{DARK}" />',
        f'<link rel="apple-touch-icon" href="{context["pathto"](ICON, 1)}" />',
    ]
    if pagename == "search":
        lines += [_tag("description", SEARCH, "name"), _tag("robots", "noindex", "name")]
    kind = "website" if pagename == app.config.root_doc else "article"
    tags = _graph(app.config, kind, title, description, context.get("pageurl"))
    lines += [_tag(name, content) for name, content in tags]
    context["metatags"] = "\n    ".join([context.get("metatags", ""), *lines])


def front_door(app, exception):
    """Write the page of the bare address, which leads on to the first chapter."""
    config, root = app.config, app.config.root_doc
    if exception or app.builder.format != "html" or root == "index":
        return
    target = app.builder.get_target_uri(root)
    description = _description(app.env.get_doctree(root), root)
    tags = _graph(config, "website", config.html_title, description, config.html_baseurl)
    lines = [
        f'<meta http-equiv="Refresh" content="0; url={target}" />',
        f"<title>{escape(config.html_title)}</title>",
        _tag("description", description, "name"),
        *(_tag(name, content) for name, content in tags),
    ]
    if config.html_baseurl:
        lines.append(f'<link rel="canonical" href="{config.html_baseurl}{target}" />')
    page = DOOR.format(head="\n".join(lines), target=target, title=escape(config.html_title))
    (Path(app.outdir) / "index.html").write_text(page, "utf8")


def _graph(config, kind, title, description, address):
    """Yield the tags of the Open Graph; addresses only if the book has one."""
    yield "og:type", kind
    yield "og:site_name", config.html_title
    yield "og:title", Markup(title).striptags()
    yield "og:description", description
    if config.html_baseurl:
        yield "og:url", address
        yield "og:image", config.html_baseurl + PICTURE
        for name, pixels in zip(("width", "height"), social_card.SIZE, strict=True):
            yield f"og:image:{name}", pixels
        yield "og:image:alt", social_card.ALT
        yield "twitter:card", "summary_large_image"


def _description(doctree, pagename):
    for node in doctree.findall(nodes.meta) if doctree else ():
        if node.get("name") == "description":
            return node["content"]
    expected = "expected myst: html_meta: description: in the header of its source"
    raise ExtensionError(f"page {pagename} has no description; {expected}")


def _tag(name, content, kind="property"):
    return f'<meta {kind}="{name}" content="{escape(content)}" />'
