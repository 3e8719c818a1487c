"""What a student wrote is shown, and does nothing else, wherever it is shown."""

import html
import json
import re
import time

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import markdown2html

from exercises.assignment_notebook import notebook
from grading.repair import repair

pytest.importorskip("bleach")

from grading.safe_text import plain, safe, shown

FORBIDDEN = re.compile(
    r"<(?:script|meta|style|link|base|iframe|object|embed|form|input|button|svg|math|video|audio"
    r"|template|dialog)\b|<[^>]*\s(?:on\w+|style|class|id|name|srcset|background|formaction)\s*="
    r"|<[^>]*(?:href|src)=(?![\"'](?:https?://|mailto:|data:image/(?:png|jpeg|gif|webp);))"
    r"|<img[^>]*src=[\"']?http",
    re.IGNORECASE,
)
TEXTS = {
    "a script": "<script>fetch('/formgrader/api/grade/1', {method: 'PUT'})</script>",
    "a script in a block": "<div>\n<script>\n\nalert(1)\n</script>\n</div>",
    "an event": '<img src=x onerror="alert(1)"> <b onclick=alert(1)>x</b> <body onload=alert(1)>',
    "a new page": '<meta http-equiv="refresh" content="0; url=https://example.org">',
    "a style": "<style>body { display: none }</style> <b style='position: fixed'>all right</b>",
    "a class of the page": '<div class="modal in" id="statusmessage">full marks</div>',
    "a picture from elsewhere": "![x](https://example.org/a.png) <img src=//example.org/a.png>",
    "a background from elsewhere": "<table background=https://example.org/a.png><tr><td>x</table>",
    "a link that runs": "[x](javascript:alert(1)) <a href='java&#10;script:alert(1)'>x</a>",
    "a link into the server": "[full marks](/formgrader/gradebook) <a href='//localhost/'>x</a>",
    "a vector picture": "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "a formula of MathML": '<math href="javascript:alert(1)"><mi>x</mi></math>',
    "broken tags": "<scr<script>ipt>alert(1)</scr</script>ipt> <<b>img src=x onerror=alert(1)//",
    "the end of the frame": "</div></div></body></html><script>alert(1)</script>",
    "a form": "<form action=/formgrader><button>press</button><input autofocus></form>",
    "a frame": "<iframe srcdoc='<script>alert(1)</script>'></iframe><object data=x></object>",
    "a comment": "<!-- --!><script>alert(1)</script> --> <![CDATA[<script>alert(1)</script>]]>",
    "code of another language": "```html\n<script>alert(1)</script>\n```\n\n```mermaid\na\n```",
    "a table of scripts": "| a |\n|---|\n| <script>alert(1)</script> |",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_nothing_but_what_is_allowed_comes_through(text):
    page = safe(text)
    (frame,) = re.findall(r'<div style="contain: paint; overflow: auto">', page)
    inside = page.removeprefix(frame)
    assert not FORBIDDEN.search(re.sub(r"&lt;.*?&gt;", "", inside)), page
    assert page.count("<div") == page.count("</div")
    assert "\n" not in page
    assert markdown2html(page).strip() == page  # nothing of it is Markdown any more


@pytest.mark.parametrize(
    "formula",
    [
        r"$\delta^{(2)} = (a - y)\,\sigma'(z)$",
        r"$$\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}$$",
        "$$\n\\frac{\\partial L}{\\partial w_{12}^*}\n< \\infty\n$$",
        r"\begin{align} a_1 &= b_1 \\ a_2 &= b_2 \end{align}",
        r"$a_1 * b_1 * c < d > e$",
    ],
)
def test_formulas_arrive_as_they_were_written(formula):
    page = safe(f"Since {formula} holds, **this** does.")
    assert formula in html.unescape(page)
    assert "<strong>this</strong>" in page


@pytest.mark.parametrize(
    "trick",
    [
        r"\href{javascript:alert(1)}{x}",
        r"\style{position: fixed}{x}",
        r"\class{modal}{x} \cssId{notebook}{x}",
        r"\require{action} \bbox[position:fixed]{x} \mmlToken{mi}[style='']{x} \unicode{65}",
        r"\let\x\href \x{javascript:alert(1)}{x}",
        r"<b>\&#104;ref{javascript:alert(1)}{x} &#92;&#x73;tyle{}{x} \hr<!-- -->ef{}{x}</b>",
    ],
)
def test_a_formula_makes_no_link_and_no_style(trick):
    for text in (f"${trick}$", f"\n<p>${trick}$</p>\n"):
        page = re.sub(r"&amp;#\w+;|&lt;!--.*?--&gt;", "*", safe(text))  # seen letter by letter
        command = r"\\(href|style|class|cssId|require|bbox|mmlToken|unicode)\b"
        assert not re.search(command, html.unescape(page)), page


def test_other_commands_stay():
    assert r"\hrefs \styles \classical" in safe(r"$\hrefs \styles \classical$")


NAMES = ["a.png", "b c.png", "d'\"<e>.png", "ü%20.png", "\ud800.png", "../f.png", "", "(g).png"]


@pytest.mark.parametrize("name", NAMES, ids=map(ascii, NAMES))
def test_attachments_with_odd_names_stop_nothing(name, assignment):
    def change(nb):
        cell = nb.cells[-1]
        cell.source = f"before ![one](attachment:{name}) <img src='attachment:{name}'> after"
        cell.attachments = {name: {"image/png": "AAAA", "\udc00": "x"}, "no": {"text/html": "<b>"}}

    nb = notebook(assignment)
    change(nb)
    data = json.dumps(nb).encode()
    functions = {f"{e.name}-solution": e.source.function for e in assignment.exercises}
    found = repair(data, notebook(assignment), functions, assignment.name)
    assert not found.failure
    cell = found.notebook.cells[-1]
    nbformat.writes(found.notebook).encode()
    page = safe(cell.source, cell.attachments)
    assert "before" in page
    assert "after" in page
    assert not FORBIDDEN.search(page.partition(">")[2]), page
    if name == "a.png":
        assert page.count("data:image/png;base64,AAAA") == 2


def test_a_picture_with_a_space_in_its_name_is_shown():
    files = {"my plot.png": {"image/png": "AAAA"}}
    for text in ("![](<attachment:my plot.png>)", "![](attachment:my%20plot.png)"):
        assert "data:image/png;base64,AAAA" in safe(text, files)
    for kind in ("image/svg+xml", "text/html"):
        assert "cannot be shown: mine" in safe("![mine](attachment:x)", {"x": {kind: "AAAA"}})
    assert "cannot be shown: mine" in safe("![mine](attachment:gone)")


SLOW = {
    "a cubic lexer": "```systemd\n" + " " * 20_000 + "\n```",
    "formulas opened": r"\begin{a}" * 20_000,
    "brackets opened": r"\\(" * 30_000,
    "tags opened": "<b>" * 20_000,
    "quotes": ">" * 20_000,
}


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW)
def test_what_takes_too_long_is_shown_as_it_is_written(text):
    begin = time.monotonic()
    (kind, page), (_, other) = shown([("markdown", text, {}), ("markdown", "*mine*", {})])
    assert kind == "markdown"
    assert time.monotonic() - begin < 60
    assert "mine" in other
    begin = time.monotonic()
    assert HTMLExporter().from_notebook_node(_notebook(page))
    assert time.monotonic() - begin < 10


def _notebook(page):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(page)])


def test_only_python_is_coloured():
    cells = [("code", "a = 1", {}), ("code", " %%javascript\nalert(1)", {}), ("code", "", {})]
    assert shown(cells)[0] == ("code", "a = 1")
    assert shown(cells)[1] == (
        "markdown",
        plain(" %%javascript\nalert(1)", "shown as plain text, since it is no Python"),
    )
    assert "<span" not in safe("```python\na = 1\n```")


def test_plain_text_is_shown_letter_by_letter():
    assert "&lt;b&gt;&amp;lt;&#10;&#10;  x" in plain("<b>&lt;\n\n  x")


@pytest.mark.needs("nbgrader")
def test_a_locked_text_that_was_not_handed_out_is_made_safe_too(tmp_path, monkeypatch, assignment):
    """Whatever the metadata of a cell say: only what we wrote is shown as it is."""
    from grading.nbgrader_adapter import SafeText

    nb = notebook(assignment)
    ours = tmp_path / "release" / "." / assignment.name / f"{assignment.name}.ipynb"
    ours.parent.mkdir(parents=True)
    nbformat.write(nb, ours)
    monkeypatch.chdir(tmp_path)
    nb.cells[0].source += "\n<script>alert(1)</script>"
    assert nb.cells[0].metadata.nbgrader.locked
    before = [cell.source for cell in nb.cells]
    found, _ = SafeText().preprocess(
        nb, {"nbgrader": {"assignment": assignment.name, "student": "ann"}}
    )
    assert "<script" not in found.cells[0].source
    changed = [
        c.metadata.nbgrader for c, old in zip(nb.cells, before, strict=True) if c.source != old
    ]
    assert [about.grade_id for about in changed if about.locked] == ["introduction"]


def test_control_characters_are_shown_in_no_kind_of_cell():
    text = "one \x1b[31mtwo\x07 \u202ethree"
    cells = [("code", f"# {text}", {}), ("markdown", text, {}), ("code", f"%%sh\n{text}", {})]
    for _, page in shown(cells):
        assert not set(page) & set("\x1b\x07\u202e")
        assert "three" in page
