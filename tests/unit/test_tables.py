"""Tables of results: aligned, escaped, with a header that a screen reader knows."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from bplib import plots

COLUMNS = {"rule": ["SGD", "Adam & <co>"], "loss": [0.1234, -2.5], "updates": [3, 12]}


def test_a_table_reads_as_text():
    shown = plots.table(COLUMNS, digits={"loss": 2}, caption="After training")
    assert repr(shown).splitlines() == [
        "After training",
        "rule          loss  updates",
        "SGD           0.12        3",
        "Adam & <co>  −2.50       12",
    ]


def test_a_table_is_a_table_in_html():
    html = plots.table(COLUMNS, caption="After training")._repr_html_()
    root = ET.fromstring(html)
    assert root.attrib["role"] == "region"
    assert root.attrib["tabindex"] == "0"
    assert root.find("table/caption").text == "After training"
    header = root.findall("table/thead/tr/th")
    assert [(cell.text, cell.attrib["scope"]) for cell in header] == [
        (name, "col") for name in COLUMNS
    ]
    rows = root.findall("table/tbody/tr")
    assert [[cell.text for cell in row] for row in rows] == [
        ["SGD", "0.123", "3"],
        ["Adam & <co>", "−2.5", "12"],
    ]
    assert rows[0][0].attrib["scope"] == "row"
    assert "right" in rows[0][1].attrib["style"]
    assert "left" in rows[0][0].attrib["style"]


def test_code_stays_as_it_is_typed():
    table = plots.table({"bug": ["last"], "it says": ["`x[:, -1:] < 2`"], "loss": [-1.0]})
    assert "<code>x[:, -1:] &lt; 2</code>" in table._repr_html_()
    assert "`x[:, -1:] < 2`" in repr(table)
    assert "−1" in repr(table)


def test_numbers_of_numpy_are_numbers_and_booleans_words():
    shown = plots.table({"n": np.arange(2), "x": np.float32([1e-9, np.inf]), "y": [True, False]})
    assert shown.numeric == [True, True, False]
    assert shown.cells == [["0", "1·10⁻⁹", "True"], ["1", "∞", "False"]]


@pytest.mark.parametrize(
    ("columns", "told"),
    [({}, "columns is empty"), ({"a": [1], "b": [1, 2]}, "'a' 1, 'b' 2; expected equally many")],
)
def test_wrong_tables_are_named(columns, told):
    with pytest.raises(ValueError, match=told):
        plots.table(columns)
