"""Writes sitemap.xml and robots.txt, if the book has an address."""

from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def write(app, exception):
    """List every page that has a source; what a search makes, or an app, is no page."""
    base, out = app.config.html_baseurl, Path(app.outdir)
    if exception or app.builder.format != "html":
        return
    if not base:
        for name in ("sitemap.xml", "robots.txt"):
            (out / name).unlink(missing_ok=True)
        return
    root = ElementTree.Element("urlset", xmlns=SPACE)
    for name in sorted(app.env.found_docs):
        page = ElementTree.SubElement(root, "url")
        ElementTree.SubElement(page, "loc").text = base + app.builder.get_target_uri(name)
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(out / "sitemap.xml", "utf-8", xml_declaration=True)
    lines = [
        "User-agent: *",
        f"Disallow: {urlsplit(base).path}lite/",
        f"Sitemap: {base}sitemap.xml",
    ]
    (out / "robots.txt").write_text("\n".join([*lines, ""]), "utf8")
