import xml.etree.ElementTree as ET

import pytest
from oracle import worked

import bplib
from bplib.plots.ledger import HEADINGS, Ledger, ledger

ROUNDING = 2e-15  # two float64 roundings; each number is a few operations from the inputs


@pytest.fixture(scope="module")
def book():
    net, x, y = worked.network()
    bplib.loss_and_grad(net, bplib.losses.SquaredError(), x, y)
    return ledger(net, worked.Y, worked.ETA)


def test_every_number_of_the_step_is_exact(book):
    exact = worked.numbers()
    rows = list(book)
    assert {row.key for row in rows} == set(exact)
    assert len(rows) == len(exact)
    for row in rows:
        assert row.value == pytest.approx(exact[row.key], rel=ROUNDING), row.key


def test_parts_come_in_the_order_of_the_algorithm(book):
    parts = list(dict.fromkeys(row.part for row in book))
    assert parts == ["forward", "loss", "error", "gradient", "parameter"] == list(HEADINGS)
    counts = {part: len(book.part(part).rows) for part in parts}
    assert counts == {"forward": 6, "loss": 1, "error": 6, "gradient": 9, "parameter": 9}
    keys = [row.key for row in book.part("error")]
    assert keys.index("delta2[0]") < keys.index("delta1[0]"), "errors travel backwards"
    assert len(book.part("forward", "loss").rows) == 7


def test_getitem(book):
    assert book["z1[0]"] == pytest.approx(0.1)
    with pytest.raises(KeyError, match=r"no row 'z9\[0\]'.*z1\[0\]"):
        book["z9[0]"]


def test_substitution_gives_the_value(book):
    """The numbers shown, put through a calculator, give the value shown (to their rounding)."""
    for row in book:
        if "σ" in row.substitution:
            continue
        text = row.substitution.replace("−", "-").replace("·", "*").replace("½", "0.5*")
        value = eval(text.replace("²", "**2"))
        assert value == pytest.approx(row.value, abs=2e-6), row.key


def test_html_is_a_table_with_a_row_for_each_number(book):
    root = ET.fromstring(book._repr_html_())
    assert root.get("aria-label")
    rows = root.findall(".//tr")
    assert len(rows) == 1 + 5 + 31
    values = [row[3].text for row in rows if len(row) == 4][1:]
    assert values[0] == "0.100000"
    assert values[-1] == f"{worked.numbers()['b2[0]']:.6f}".replace("-", "−")
    assert {row[3].get("class") for row in rows[1:] if len(row) == 4} == {
        "bp-forward",
        "bp-ink",
        "bp-error",
        "bp-gradient",
        "bp-parameter",
    }
    assert "-0" not in "".join(values)


def test_repr_and_digits(book):
    assert repr(book).splitlines()[0].split() == ["z1[0]", "0.1"]
    assert "0.549834" in repr(book)
    assert "0.55" in repr(Ledger(book.rows, digits=3))


def test_no_negative_zero():
    from bplib.plots.ledger import _trimmed

    assert _trimmed(-1e-12, 6) == "0"
    assert _trimmed(-0.25, 6) == "−0.25"
    assert _trimmed(2.0, 6) == "2"
    assert _trimmed(0.123456789, 6) == "0.123457"


def test_any_depth():
    net = bplib.mlp([1, 2, 3, 1], hidden="sigmoid", output="sigmoid")
    bplib.loss_and_grad(net, bplib.losses.SquaredError(), [[0.5]], [[0.0]])
    book = ledger(net, 0, 0.1)
    assert len(book.part("parameter").rows) == net.theta.size
    assert book["delta1[1]"] == net.delta[0][1, 0]
    ET.fromstring(book._repr_html_())
