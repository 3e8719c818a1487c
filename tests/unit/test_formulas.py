"""The MathML of formulas, as an HTML parser will read it."""

from xml.etree import ElementTree

import pytest
from bpsite.html.mathematics import tokens_without_elements

MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">{}</math>'
UNDER = "<munder>{}<mrow><mn>2</mn></mrow></munder>"


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (f"<mi>{UNDER.format('<mo>x</mo>')}</mi>", f"<mrow>{UNDER.format('<mo>x</mo>')}</mrow>"),
        ("<mo><mo>=</mo><mi>x</mi></mo>", "<mrow><mo>=</mo><mi>x</mi></mrow>"),
        (
            "<mn><msup><mn>2</mn><mn>3</mn></msup></mn>",
            "<mrow><msup><mn>2</mn><mn>3</mn></msup></mrow>",
        ),
        ("<mtext><mtext>a</mtext></mtext>", "<mrow><mtext>a</mtext></mrow>"),
        ('<mo lspace="0em" rspace="0em"><mi>x</mi></mo>', "<mrow><mi>x</mi></mrow>"),
        (
            f"<mi>{UNDER.format('<mo><msup><mi>W</mi><mo>′</mo></msup></mo>')}</mi>",
            f"<mrow>{UNDER.format('<mrow><msup><mi>W</mi><mo>′</mo></msup></mrow>')}</mrow>",
        ),
    ],
)
def test_a_token_that_holds_elements_becomes_a_row(written, wanted):
    assert tokens_without_elements(MATH.format(written)) == MATH.format(wanted)


def test_tokens_of_text_and_all_around_the_formula_stay():
    formula = MATH.format('<mi mathvariant="bold">W</mi><mo>&lt;</mo><mtext>a &amp; b</mtext>')
    html = f'<span class="katex">{formula}<span class="katex-html" aria-hidden="true">&lt;</span>'
    assert tokens_without_elements(html + html) == html + html


def test_a_broken_formula_is_not_passed_over():
    with pytest.raises(ElementTree.ParseError):
        tokens_without_elements(MATH.format("<mi>"))
