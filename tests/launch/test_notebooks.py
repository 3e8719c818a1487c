"""The notebooks that the site offers: plain Markdown, the page's words and numbers, no outputs."""

import html
import re
from functools import cache
from typing import NamedTuple

import jupytext
import nbformat
import pytest
from bpsite.notebooks import wheels
from bs4 import BeautifulSoup
from support.book import PROGRAMS, ROOT, SITE

OFFERED = SITE / "notebooks"
CHAPTERS = [
    path.relative_to(OFFERED).as_posix().removesuffix(".ipynb")
    for path in sorted([*OFFERED.glob("chapters/*.ipynb"), *OFFERED.glob("solutions/*.ipynb")])
    if not path.stem.endswith("-executed")
]
EXERCISES = [
    path.relative_to(OFFERED).as_posix().removesuffix(".ipynb")
    for path in sorted(OFFERED.glob("exercises/*.ipynb"))
]
FOREIGN = {
    "a directive": r"^ *(`{3,}|:{3,}) *\{",
    "a role": r"\{[a-z]+(:[a-z]+)?\}`",
    "a target": r"^\([\w-]+\)=",
    "attributes": r"[`\])]\{[.#]",
    "a footnote": r"\[\^",
    "an option": r"^:[a-z-]+:",
    "front matter": r"\A---\n",
}


@cache
def read(name):
    return nbformat.read(OFFERED / f"{name}.ipynb", as_version=4)


def sources(notebook, kind):
    return [cell.source for cell in notebook.cells if cell.cell_type == kind]


class Page(NamedTuple):
    numbers: list[str]
    text: str


@cache
def page(name):
    """The numbers of the equations on a page, and the text of its article."""
    soup = BeautifulSoup((SITE / f"{name}.html").read_text("utf8"), "html.parser")
    numbers = [node.get_text().strip("()#¶ \n") for node in soup.select("span.eqno")]
    return Page(numbers, soup.find("article").get_text())


def words(text):
    """The text without quotes' forms and line breaks, in which page and notebook differ."""
    text = re.sub("[’‘]", "'", re.sub("[“”]", '"', text)).replace("\u00a0", " ")
    return " ".join(text.replace("…", "...").split())


def test_every_chapter_with_code_and_every_assignment_has_one():
    assert set(CHAPTERS) == {f"{path.parent.name}/{path.stem}" for path in PROGRAMS}
    assert len(EXERCISES) == len(list((ROOT / "assignments").glob("[0-9]*.md"))) > 0


@pytest.mark.parametrize("name", [*CHAPTERS, *EXERCISES])
def test_is_valid_and_plain(name):
    notebook = read(name)
    nbformat.validate(notebook)
    assert set(notebook.metadata) - {"bplib"} == {"kernelspec", "language_info"}
    for text in sources(notebook, "markdown"):
        for what, pattern in FOREIGN.items():
            found = re.search(pattern, text, re.MULTILINE)
            assert not found, f"{what}: {text[found.start() : found.start() + 60]!r}"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.parametrize("name", [*CHAPTERS, *EXERCISES])
def test_first_cell_gets_the_package_from_nobody_but_us(name):
    first = read(name).cells[0].source
    package = next((SITE / "files").glob("*.whl")).name
    assert f'WHEEL = "{package}"' in first
    installs = re.findall(r"%pip install -q (.+)", first)
    assert installs == [wheels.NAME, '{" ".join(names)}', "./{WHEEL}"]
    assert re.search(rf'"emscripten":.*\n +%pip install -q {wheels.NAME}\n', first), "only there"
    assert re.search(r'"bplib" not in names:\n +%pip install -q \{', first), "not a stranger's"
    assert first.endswith("\nimport bplib"), "what went wrong must show here"


@pytest.mark.parametrize("name", CHAPTERS)
def test_code_is_the_chapters(name):
    chapter = jupytext.read(ROOT / f"{name}.md")
    assert sources(read(name), "code")[1:] == sources(chapter, "code")


@pytest.mark.parametrize("name", CHAPTERS)
def test_formulas_carry_the_numbers_of_the_page(name):
    tags = re.findall(r"\\tag\{([\w.]+)\}", "\n".join(sources(read(name), "markdown")))
    assert tags == [re.match(r"[\w.]+", number)[0] for number in page(name).numbers]
    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize("name", CHAPTERS)
def test_says_what_the_page_says(name):
    said = words(page(name).text.replace("*", ""))
    compared = 0
    for text in sources(read(name), "markdown")[:-2]:
        for paragraph in re.split(r"\n\s*\n", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)):
            if re.search(r"\$|^[#<>|`*-]|^\d+\. |^ +", paragraph):
                continue
            plain = re.sub(r"\[([^\]]+)\]\([^()\s]*\)", r"\1", paragraph)
            plain = html.unescape(re.sub(r"[`*]", "", plain))
            assert words(plain) in said
            compared += 1
    assert compared >= (5 if name.startswith("chapters") else 3)


@pytest.mark.parametrize("name", CHAPTERS)
def test_links_inside_lead_somewhere(name):
    text = "\n".join(sources(read(name), "markdown"))
    places = set(re.findall(r'<a id="([\w-]+)"></a>', text))
    links = re.findall(r"\]\(([^)\s]*)\)", text)
    assert [link for link in links if link.startswith("#") and link[1:] not in places] == []
    assert [link for link in links if not link.startswith(("#", "https://"))] == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_executed_copy_has_the_outputs_of_the_page(name):
    clean, done = read(name), read(f"{name}-executed")
    nbformat.validate(done)
    assert [cell.source for cell in done.cells] == [cell.source for cell in clean.cells]
    cells = [cell for cell in done.cells if cell.cell_type == "code"][1:]
    assert all(cell.execution_count for cell in cells)
    printed = [
        output.text for cell in cells for output in cell.outputs if output.output_type == "stream"
    ]
    shown = words(page(name).text)
    assert all(words(text) in shown for text in printed)
    html = (SITE / f"{name}.html").read_text("utf8")
    assert any(cell.outputs for cell in cells) == ("cell_output" in html)
    widgets = done.metadata.widgets.get("application/vnd.jupyter.widget-state+json", {})
    has_sliders = "widget-view+json" in html
    assert bool(widgets.get("state")) == has_sliders
