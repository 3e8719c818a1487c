"""The index of symbols has those of the notation, and each is used where it says."""

import re

import pytest
from support.book import ROOT

CHAPTERS = {path.stem: path.read_text("utf8") for path in (ROOT / "chapters").glob("*.md")}
ROW = re.compile(r"^\| (\$.+?\$) \| (.+) \| \{ref\}`(.+) <(.+)>` \|$", re.MULTILINE)
INDEX = ROW.findall(CHAPTERS["symbols"])
SIGNS = {
    r"\beta": "β",
    r"\eta": "η",
    r"\varepsilon": "ε",
    r"\kappa": "κ",
    r"\lambda": "λ",
    r"\mu": "μ",
    r"\sigma": "σ",
}
"""What the text of a chapter may have for a formula."""


def symbols(cell):
    """Return the formulas of a cell of a table."""
    return re.findall(r"\$(.+?)\$", cell)


def sections():
    """Yield label, page and text of each section that has a label, its subsections included."""
    for page, text in CHAPTERS.items():
        prose = re.sub(r"^(`{3,})\{code-cell\}.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
        for found in re.finditer(r"^\((.+)\)=\n(?:\{.*\}\n)?(#+) .*\n", prose, re.MULTILINE):
            rest = prose[found.end() :]
            end = re.search(rf"^#{{1,{len(found[2])}}} ", rest, re.MULTILINE)
            yield found[1], page, rest[: end.start() if end else None]


SECTIONS = {label: (page, text) for label, page, text in sections()}


def test_every_row_is_read():
    rows = re.findall(r"^\| \$", CHAPTERS["symbols"], re.MULTILINE)
    assert len(INDEX) == len(rows) > 50


def test_every_symbol_of_the_notation_is_in_the_index():
    table = CHAPTERS["notation"].split("| symbol | meaning | shape | in code |")[1].split("\n\n")[0]
    notation = {symbol for row in table.splitlines()[2:] for symbol in symbols(row.split(" | ")[0])}
    assert len(notation) > 14
    assert notation - {symbol for cell, *_ in INDEX for symbol in symbols(cell)} == set()


@pytest.mark.parametrize(("cell", "meaning", "where", "label"), INDEX)
def test_a_symbol_is_used_where_it_is_said_to_be_introduced(cell, meaning, where, label):
    page, text = SECTIONS[label]
    chapter = re.match(r"0*(\d+)-", page)
    assert where == (f"chapter {chapter[1]}" if chapter else page)
    formulas = re.findall(r"\$\$.*?\$\$|\$[^$]+\$|\{math\}.*?```", text, re.DOTALL)
    for symbol in symbols(cell):
        name = symbol.split(" = ")[0]
        used = re.compile(rf"(?<![A-Za-z\\]){re.escape(name)}(?![A-Za-z])")
        assert any(used.search(one) for one in formulas) or SIGNS.get(name, "none") in text
