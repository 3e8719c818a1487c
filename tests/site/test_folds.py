"""Folds, the box of a chapter, numbers by chapter and links to solutions, in a small book."""

import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "_ext")!r})
import bpsite
from bpsite.html import chapter_box, folds, numbering, solution_links
extensions = ["myst_nb", "sphinx_exercise"]
myst_enable_extensions = ["attrs_block", "colon_fence", "dollarmath", "amsmath"]
nb_execution_mode = "off"
suppress_warnings = ["myst-nb.lexer"]
numfig = math_numfig = True
html_theme = "basic"
def setup(app):
    bpsite.connect(app, numbering, folds, solution_links, chapter_box)
"""
HEAD = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n  language: python\n---\n\n"
CHAPTER = """# One

:::{box}
**You need** nothing.
:::

Word word word word word word word word word.

```{code-cell} ipython3
:tags: [imports]
import math
```

```{code-cell} ipython3
:tags: [picture]
a = 1
```

```{code-cell} ipython3
:tags: [picture]
b = 2
```

Between.

```{code-cell} ipython3
:tags: [proof]
# SymPy: a is a
assert a == a
```

:::{fold} What *happened*
Much.
:::

$$ x = 1 $$ (eq-first)

{.deeper}
## For the curious

$$ x = 2 $$ (eq-second)

{eq}`eq-second` and {ref}`ex-one`.

## Plain

```{exercise} Easy
:label: ex-one

Do it.
```
"""
OTHER = """# Two

$$ y = 1 $$ (eq-other)

```{exercise}
:label: ex-two

Do that.
```
"""
SOLUTIONS = """# Solutions

```{solution} ex-one
:label: so-one

Done.
```
"""


INDEX = "# Book\n\n```{toctree}\nchapters/01-one\nchapters/02-two\nsolutions/01-one\n```\n"


def build(folder, chapter=CHAPTER):
    for name, text in {
        "index.md": INDEX,
        "chapters/01-one.md": HEAD + chapter,
        "chapters/02-two.md": OTHER,
        "solutions/01-one.md": SOLUTIONS,
        "conf.py": CONF,
    }.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf8")
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", ".", "out"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    done = build(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def page(folder):
    text = (folder / "out/chapters/01-one.html").read_text("utf8")
    return BeautifulSoup(text, "html.parser").find("div", class_="body")


def folds(page):
    return {
        fold.find("summary").get_text().strip(): fold
        for fold in page.find_all("details", "bp-fold")
    }


def test_every_fold_has_its_line(page):
    assert list(folds(page)) == [
        "What this page imports",
        "How this picture is made",
        "✓ SymPy: a is a",
        "What happened",
        "For the curious¶",
    ]
    assert not any(fold.has_attr("open") for fold in folds(page).values())


def test_the_code_of_a_picture_is_one_fold(page):
    made = folds(page)["How this picture is made"]
    assert [code.get_text().strip() for code in made.find_all("pre")] == ["a = 1", "b = 2"]


def test_a_proof_keeps_its_code(page):
    assert "assert a == a" in folds(page)["✓ SymPy: a is a"].find("pre").get_text()


def test_a_deeper_section_keeps_its_place_and_its_heading(page):
    fold = folds(page)["For the curious¶"]
    assert fold.parent.name == "section"
    assert fold.parent["id"] == "for-the-curious"
    assert fold.find("summary").find("h2")
    assert fold.find("div", class_="math")


def test_the_box_says_the_minutes_of_what_is_not_folded(page):
    assert page.find(class_="bp-minutes").get_text() == "About 5 minutes, folds closed."


def test_minutes_are_counted_with_the_folds_closed():
    sys.path.insert(0, str(ROOT / "_ext"))
    from bpsite.html.chapter_box import minutes

    words = "<p>" + "word " * 360 + "</p>"
    assert minutes(words) == 2
    assert minutes(f"<details><summary>One line</summary>{words}</details>") == 0
    assert minutes(words + '<div class="math">x</div>' * 4) == 4
    assert minutes('<div class="cell_input"><pre>' + "a = 1\n" * 30 + "</pre></div>") == 3
    assert minutes('<div class="bp-explore bp-static">' + words + "</div>") == 2


def test_numbers_begin_anew_in_each_chapter(folder, page):
    assert "(1.2)" in page.get_text()
    assert "Exercise 1.1" in page.get_text()
    other = (folder / "out/chapters/02-two.html").read_text("utf8")
    assert "(2.1)" in other
    assert "Exercise 2.1" in other


def test_exercises_lead_to_their_solutions_and_back(folder, page):
    link = page.find("p", class_="bp-solution").find("a")
    assert link["href"] == "../solutions/01-one.html#so-one"
    back = BeautifulSoup((folder / "out/solutions/01-one.html").read_text("utf8"), "html.parser")
    assert back.find("a", href="../chapters/01-one.html#ex-one")
    other = (folder / "out/chapters/02-two.html").read_text("utf8")
    assert "bp-solution" not in other


def test_what_is_folded_is_found_by_the_search(folder):
    assert "curiou" in (folder / "out/searchindex.js").read_text("utf8")


def test_nothing_is_rewritten_for_its_numbers(folder):
    made = folder / "out/chapters/02-two.html"
    before = made.stat().st_mtime_ns
    (folder / "chapters/01-one.md").write_text(HEAD + CHAPTER.replace("Much", "More"), "utf8")
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", ".", "out"]
    subprocess.run(command, cwd=folder, check=True, timeout=120)
    assert made.stat().st_mtime_ns == before


def test_a_proof_without_a_claim_is_refused(tmp_path):
    done = build(tmp_path, CHAPTER.replace("# SymPy: a is a\n", ""))
    assert "a cell tagged proof begins with 'assert a == a'; expected a comment" in done.stderr
