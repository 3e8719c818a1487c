"""Accessibility by axe-core, in light and dark, wide and narrow."""

from pathlib import Path

import pytest

AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
OFF = {
    # rule: why it does not apply
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_serious(visit, page_name, scheme, width):
    page = visit(page_name, width=width, color_scheme=scheme).page
    page.wait_for_timeout(400)
    page.add_script_tag(path=AXE)
    found = page.evaluate(
        """off => axe.run({rules: Object.fromEntries(off.map(r => [r, {enabled: false}]))})
            .then(r => r.violations.filter(v => ["serious", "critical"].includes(v.impact))
                .map(v => [v.id, v.nodes.length, v.nodes.slice(0, 3).map(
                    n => [n.html.slice(0, 160), n.any.concat(n.all).map(c => c.message)[0]])]))""",
        list(OFF),
    )
    assert found == []
