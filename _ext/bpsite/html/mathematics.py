"""Renders mathematics with KaTeX while the book is built, so that pages carry no math script."""

import re
from xml.etree import ElementTree

from docutils import nodes
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from bpsite.html.assets import node_modules
from bpsite.html.katex import KaTeX, KaTeXError

# Sphinx numbers equations; KaTeX must not number them again.
OWN_NUMBERS = re.compile(r"\\(begin|end)\{(align|alignat|equation|gather)\}")

MATHML = "http://www.w3.org/1998/Math/MathML"
ElementTree.register_namespace("", MATHML)
TOKENS = {f"{{{MATHML}}}{name}" for name in ("mi", "mn", "mo", "ms", "mtext")}

logger = logging.getLogger(__name__)


def start(app):
    """Have the locked npm package render this build's formulas."""
    options = {"throwOnError": True, "strict": "error", "macros": app.config.bpsite_macros}
    app.bpsite_katex = KaTeX(node_modules(app) / "katex/dist/katex.min.js", options)


def stop(app, exception):
    """End the process that renders."""
    app.bpsite_katex.stop()


def numbered_by_us(tex, display):
    """Return TeX that numbers nothing by itself, with its lines aligned."""
    tex = OWN_NUMBERS.sub(r"\\\1{\2*}", tex)
    if display and r"\\" in tex and r"\begin" not in tex:
        tex = rf"\begin{{split}}{tex}\end{{split}}"
    return tex


def tokens_without_elements(html):
    """Return KaTeX's HTML with a row in place of each MathML token that holds elements.

    An HTML parser takes elements in a token for HTML, which is no part of a formula.
    """
    return re.sub(r"<math .*?</math>", _rows_for_tokens, html, flags=re.DOTALL)


def _rows_for_tokens(found):
    formula = ElementTree.fromstring(found[0])
    for node in formula.iter():
        if node.tag in TOKENS and len(node):
            node.tag = f"{{{MATHML}}}mrow"
            node.attrib.clear()  # a row has none of a token's
    return ElementTree.tostring(formula, "unicode")


def render(katex, node, display):
    """Return the HTML of one formula; an error in its TeX is a warning, which fails the build."""
    tex = numbered_by_us(node.astext(), display)
    try:
        return tokens_without_elements(katex.render(tex, display))
    except KaTeXError as error:
        logger.warning("%s in: %s", error, tex, location=node)
        return "<code>TeX error</code>"


def visit_math(self, node):
    """Write an inline formula."""
    self.body.append(self.starttag(node, "span", "", CLASS="math"))
    katex = self.builder.app.bpsite_katex
    self.body.append(render(katex, node, display=False) + "</span>")
    raise nodes.SkipNode


def visit_displaymath(self, node):
    """Write a formula on its own line, with its number if it has a label."""
    self.body.append(self.starttag(node, "div", CLASS="math"))
    # The theme makes this class reachable by keyboard where it has to scroll.
    self.body.append('<div class="bp-equation pst-scrollable-table-container">')
    katex = self.builder.app.bpsite_katex
    self.body.append(render(katex, node, display=True) + "</div>")
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, _("Link to this equation"))
        self.body.append("</span>")
    self.body.append("</div>")
    raise nodes.SkipNode


def setup(app):
    """Register the renderer under the name `bpsite`."""
    app.add_config_value("bpsite_macros", {}, "html")
    app.add_html_math_renderer("bpsite", (visit_math, None), (visit_displaymath, None))
