"""MyST Markdown becomes plain Markdown, and what cannot is refused."""

import re
from types import SimpleNamespace

import pytest
from bpsite.notebooks.cross_references import BookText
from support.book import ROOT

from exercises.plain_markdown import Text, plain_markdown

HERE, THERE = "chapters/here", "chapters/there"
ENV = SimpleNamespace(
    domaindata={
        "math": {"objects": {"eq-a": (HERE, 1), "eq-b": (THERE, 1)}},
        "std": {
            "labels": {
                "near": (HERE, "near", "Near by"),
                "far": (THERE, "far-away", "Far away"),
                "ex-one": (THERE, "ex-one", "Exercise"),
            }
        },
    },
    toc_fignumbers={
        HERE: {"displaymath": {"equation-eq-a": (3,)}},
        THERE: {"displaymath": {"equation-eq-b": (12,)}, "exercise": {"ex-one": (7,)}},
    },
)
CASES = {
    "(near)=\n## Near by": '<a id="near"></a>\n\n## Near by',
    "as {eq}`eq-a` and {eq}`eq-b` say": "as (3) and (12) say",
    "```{math}\n:label: eq-a\na = b\n```": "$$\na = b\n\\tag{3}\n$$",
    "$$\nc\n$$\n\n$$\na = b\n$$ (eq-a)\n": "$$\nc\n$$\n\n$$\na = b\n\\tag{3}\n$$\n",
    "```{math}\na \\\\ b\n```": "$$\n\\begin{split}a \\\\ b\\end{split}\n$$",
    "{ref}`near`": "[Near by](#near)",
    "{ref}`over\nthere <far>`": "[over\nthere](ADDRESS/chapters/there.html#far-away)",
    "{ref}`ex-one`": "[Exercise 7](ADDRESS/chapters/there.html#ex-one)",
    "{cite:t}`rumelhart1986`": "Rumelhart et al. [1986]",
    "{cite:p}`polyak1964,kingma2015`": "[Polyak, 1964; Kingma and Ba, 2015]",
    "````{exercise} Try\n:label: ex-one\n\nDo.\n```{hint}\n:class: dropdown\nSo.\n```\n````": (
        '<a id="ex-one"></a>\n\n**Exercise 7. Try**\n\nDo.\n'
        "<details><summary>Hint</summary>\n\nSo.\n\n</details>"
    ),
    ":::{fold} What $x$ did\nMuch.\n:::": (
        "<details><summary>What $x$ did</summary>\n\nMuch.\n\n</details>"
    ),
    ":::{box}\n**You need** {ref}`near`.\n\nThen go.\n:::": (
        "> **You need** [Near by](#near).\n> \n> Then go."
    ),
    "```{solution} ex-one\n:label: so-one\n\nSo.\n```": (
        '<a id="so-one"></a>\n\n**Solution to** '
        "[Exercise 7](ADDRESS/chapters/there.html#ex-one)\n\nSo."
    ),
    "```{solution-start} ex-one\n:label: so-one\n```\nSo.": (
        '<a id="so-one"></a>\n\n**Solution to** '
        "[Exercise 7](ADDRESS/chapters/there.html#ex-one)\nSo."
    ),
    "```{solution-end}\n```": "",
    ":::{container} bp-box\n**BP1** goes first.\n:::": "**BP1** goes first.",
    "{.deeper}\n## For the curious": "## For the curious",
    "```{important}\nTwo\nlines.\n```": "> **Important.** Two\n> lines.",
    "```{code-block} python\nx = 1\n```": "```python\nx = 1\n```",
    "so.[^why]\n\n[^why]: Because.": (
        'so.<sup>[note](#note-why)</sup>\n\n<a id="note-why"></a>**Note.** Because.'
    ),
    "a span ``{eq}`x` `` of code": "a span ``{eq}`x` `` of code",
}


def book(address="ADDRESS/"):
    return BookText(HERE, ENV, ROOT / "references.bib", address)


@pytest.mark.parametrize("text", CASES)
def test_is_written_plainly(text):
    assert plain_markdown(text, book()) == CASES[text]


def test_a_text_without_a_book_says_itself_what_it_refers_to():
    alone = Text("by-hand-statement")
    text = "See {ref}`the page <label>`.\n\n```{hint}\nTry $x$.\n```\n"
    assert plain_markdown(text, alone) == (
        "See the page.\n\n<details><summary>Hint</summary>\n\nTry $x$.\n\n</details>\n"
    )
    assert plain_markdown("```{math}\na \\\\ b\n```", alone) == "$$\na \\\\ b\n$$"
    for left, named in {
        "{ref}`label`": "label 'label'",
        "{eq}`eq-a`": "equation 'eq-a'",
        "{cite:t}`rumelhart1986`": "work 'rumelhart1986'",
        "```{exercise}\n:label: ex-one\n```": "exercise 'ex-one'",
        "```{figure} a.png\n```": "'figure'",
    }.items():
        with pytest.raises(ValueError, match=f"by-hand-statement .*{named}"):
            plain_markdown(left, alone)


def test_no_link_where_no_site_is_known():
    assert plain_markdown("{ref}`far`", book("")) == "*Far away*"
    assert plain_markdown("{ref}`near`", book("")) == "[Near by](#near)"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("```{figure} a.png\n```", "'figure'"),
        ("{doc}`there`", "'doc'"),
        ("{eq}`eq-z`", "equation 'eq-z'"),
        ("{ref}`nowhere`", "label 'nowhere'"),
        ("{cite:t}`nobody1900`", "work 'nobody1900'"),
        ("```{math}\nnever closed", "```{math}"),
    ],
)
def test_what_cannot_be_written_is_refused(text, named):
    with pytest.raises(ValueError, match=f"{HERE} .*{re.escape(named)}"):
        plain_markdown(text, book())


def test_works_are_listed_by_author():
    listed = book().references({"rumelhart1986", "nesterov1983"}).splitlines()
    assert len(listed) == 2
    assert listed[0].startswith("- Yurii Nesterov. A method")
    assert "*Nature*, 323:533–536, 1986." in listed[1]
