"""How axe-core is asked what a page keeps from some of its readers."""

from pathlib import Path

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
OFF = {
    "empty-table-header": "it takes no formula for text; the test of empty headings stands below",
}
LOOK = ["color-contrast", "link-in-text-block"]  # all in which light and dark differ
STILL = "*, ::before, ::after { transition: none !important; }"
RUN = """options => axe.run(options)
    .then(r => r.violations.map(v => [v.id, v.nodes.length, v.nodes.slice(0, 3).map(
        n => [n.html.slice(0, 160), [...n.any, ...n.all, ...n.none][0].message])]))"""
