"""The glossary: what it says, and which words of a chapter lead to it, in a small book."""

import re
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup
from support.book import PAGES, ROOT, SITE

CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "_ext")!r})
import bpsite
from bpsite.html import chapter_box, folds, glossary
extensions = ["myst_nb", "sphinx_exercise"]
myst_enable_extensions = ["attrs_block", "colon_fence", "dollarmath"]
nb_execution_mode = "off"
html_theme = "basic"
def setup(app):
    bpsite.connect(app, glossary, folds, chapter_box)
"""
INDEX = "# Book\n\n```{toctree}\nchapters/01-one\nchapters/02-two\nchapters/glossary\nother\n```\n"
GLOSSARY = """# Glossary

```{glossary}
:sorted:

weight
  A factor, *learned*
  in training.

  Chapter 1: {ref}`on-weights`

weight decay
  A pull.

  Chapter 2: {ref}`two`

unit
neuron
  It adds up weights.

  Chapter 2: {ref}`two`

bias
  A summand.

  Chapter 2: {ref}`two`

loss
  A number.

  Chapter 2: {ref}`two`
```
"""
ASIDES = """# Weight

:::{box}
A weight.
:::

[weight](https://example.org) `weight` $weight$

| weight |
|---|
| weight |

:::{fold} Weight
A weight.
:::

```{exercise}
A weight.
```

{.deeper}
## A weight

A weight.
"""
ONE = (
    ASIDES
    + """
## Plain

Each unit of ten, non-weight. Weights and a weight
decay; another weight, neurons and units.

A *bias* is explained. Its bias is there.

(on-weights)=
## On weights

The losses of weights.
"""
)
TWO = "(two)=\n# Two\n\nA unit has a weight and a loss.\n"
PLAIN = "# Other\n\nA weight.\n"
BOOK = {
    "conf.py": CONF,
    "index.md": INDEX,
    "chapters/01-one.md": ONE,
    "chapters/02-two.md": TWO,
    "chapters/glossary.md": GLOSSARY,
    "other.md": PLAIN,
}


def build(folder, **changed):
    """Write a small book, some files of it otherwise, and return what Sphinx says to it."""
    for name, text in (BOOK | changed).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text("utf8") != text:
            path.write_text(text, "utf8")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", ".", "out"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    return done.stderr


def links(folder, page):
    """Return text, address and what a pointer is told, of each link to a term."""
    soup = BeautifulSoup((folder / f"out/{page}.html").read_text("utf8"), "html.parser")
    return [(a.get_text(), a["href"], a["title"]) for a in soup.select("a.bp-term")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    assert build(folder) == ""
    return folder


def test_the_first_mention_in_the_main_line_leads_to_the_definition(folder):
    assert links(folder, "chapters/01-one") == [
        ("Weights", "glossary.html#term-weight", "A factor, learned in training."),
        ("weight\ndecay", "glossary.html#term-weight-decay", "A pull."),
        ("neurons", "glossary.html#term-unit", "It adds up weights."),
        ("losses", "glossary.html#term-loss", "A number."),
    ]
    text = BeautifulSoup((folder / "out/chapters/01-one.html").read_text("utf8"), "html.parser")
    assert "Each unit of ten, non-weight. Weights and a weight\ndecay;" in text.get_text()


def test_no_link_where_the_term_is_taught(folder):
    assert [text for text, *_ in links(folder, "chapters/02-two")] == ["weight"]


def test_only_chapters_have_such_links(folder):
    assert links(folder, "other") == links(folder, "chapters/glossary") == []


def test_chapters_follow_a_changed_definition(tmp_path):
    build(tmp_path)
    made = tmp_path / "out/other.html"
    before = made.stat().st_mtime_ns
    build(tmp_path, **{"chapters/glossary.md": GLOSSARY.replace("A pull.", "A steady pull.")})
    assert ("weight\ndecay", "glossary.html#term-weight-decay", "A steady pull.") in links(
        tmp_path, "chapters/01-one"
    )
    assert made.stat().st_mtime_ns == before


def test_a_page_with_too_many_links_keeps_those_to_other_chapters(tmp_path):
    words = [f"thing{'abcdefghijklmnopqrstuvwxyz'[k]}" for k in range(26)]
    entry = "\n{}\n  It is.\n\n  Chapter: {{ref}}`{}`\n"
    terms = "".join(entry.format(word, "part" if k else "two") for k, word in enumerate(words))
    changed = {
        "chapters/glossary.md": "# Glossary\n\n```{glossary}\n" + terms + "```\n",
        "chapters/01-one.md": f"# One\n\n{' '.join(words)}\n\n(part)=\n## Part\n\nText.\n",
    }
    assert build(tmp_path, **changed) == ""
    assert [text for text, *_ in links(tmp_path, "chapters/01-one")] == ["thinga"]
    changed["chapters/01-one.md"] = changed["chapters/01-one.md"].replace(" thingz", "")
    assert build(tmp_path, **changed) == ""
    assert len(links(tmp_path, "chapters/01-one")) == 25


def test_a_definition_that_leads_nowhere_is_refused(tmp_path):
    changed = {"chapters/glossary.md": GLOSSARY.replace("Chapter 1: {ref}`on-weights`", "No.")}
    assert "the definition of 'weight' leads nowhere" in build(tmp_path, **changed)


TEXT = (ROOT / "chapters/glossary.md").read_text("utf8")
ENTRY = re.compile(r"^((?:\S.*\n)+)  (\S.*)\n\n  (\S.*): \{ref\}`([\w-]+)`$", re.MULTILINE)
ENTRIES = ENTRY.findall(TEXT.partition(":sorted:\n")[2])
WHERE = {"background": "Background", "notation": "Notation", "intro": "Introduction"}


def test_every_term_of_the_book_is_defined_in_one_or_two_sentences():
    assert len(ENTRIES) > 50
    assert TEXT.count("{ref}`") == len(ENTRIES) + 1
    for words, said, *_ in ENTRIES:
        assert 1 <= len(re.findall(r"[.](?: |$)", said)) <= 2, words
        assert len(said) < 200, words


@pytest.mark.parametrize(("words", "said", "where", "label"), ENTRIES)
def test_a_term_leads_to_the_chapter_that_it_names(words, said, where, label):
    target = f"({label})=\n"
    files = [p.stem for p in (ROOT / "chapters").glob("*.md") if target in p.read_text("utf8")]
    chapter = re.match(r"0*(\d+)-", files[0])
    assert where == (f"Chapter {chapter[1]}" if chapter else WHERE[files[0]])


def test_the_chapters_of_the_book_have_few_such_links():
    chapters = [name for name in PAGES if re.match(r"chapters/\d", name)]
    for name in chapters:
        found = re.findall('<a class="bp-term[^>]*>', (SITE / name).read_text("utf8"))
        assert 0 < len(found) <= 25, name
        assert len({*found}) == len(found)
    assert len(chapters) > 13
