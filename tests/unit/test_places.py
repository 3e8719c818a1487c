"""What to read is a link where it is known where the book is, and plain text elsewhere."""

from pathlib import Path

import pytest

from bplib.checks.places import CHAPTERS, linked, path
from bplib.checks.verdict import Verdict

BOOK = "https://book.example/deep/"
TOLD = "a < b & c. Read chapter 5, “Loss”, and chapter 4."


@pytest.fixture
def published(monkeypatch):
    monkeypatch.setenv("BOOK_ADDRESS", BOOK)


def link(place, text):
    return f'<a href="{BOOK}chapters/{place}" target="_blank" rel="noopener">{text}</a>'


def test_the_chapters_are_those_of_the_book():
    folder = Path(__file__).resolve().parents[2] / "chapters"
    assert list(CHAPTERS) == sorted(file.stem for file in folder.glob("[0-9]*.md"))


@pytest.mark.parametrize("address", [BOOK, BOOK[:-1], f" {BOOK} "])
def test_places_are_links_and_all_else_is_plain_text(monkeypatch, address):
    monkeypatch.setenv("BOOK_ADDRESS", address)
    section = link("05-worked-example.html#loss", "chapter 5, “Loss”")
    chapter = link("04-backward-pass.html", "chapter 4")
    told = f"✗ a &lt; b &amp; c. Read {section}, and {chapter}."
    assert Verdict(False, TOLD)._repr_html_() == told
    assert repr(Verdict(False, TOLD)) == f"✗ {TOLD}"


@pytest.mark.parametrize("address", [None, "", "javascript:alert(1)//", "book.example"])
def test_without_an_address_there_is_only_text(monkeypatch, address):
    monkeypatch.delenv("BOOK_ADDRESS", raising=False)
    if address is not None:
        monkeypatch.setenv("BOOK_ADDRESS", address)
    assert Verdict(False, TOLD)._repr_html_() is None


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("text", ["Right in 2 cases.", "chapter 0", "chapter 17, “Loss”", "<b>"])
def test_where_nothing_is_to_be_read_there_is_only_text(text):
    assert linked(text) is None


@pytest.mark.usefixtures("published")
def test_no_text_of_a_student_becomes_markup():
    made = linked('chapter 1, “"><script>x</script>” <img>')
    assert "<script" not in made
    assert "<img" not in made
    assert 'href="https://book.example/deep/chapters/01-chain-rule.html#script-x-script"' in made


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Which way is down?", "which-way-is-down"),
        ("½, mean, sum", "mean-sum"),
        ("σ′ of a", "of-a"),
    ],
)
def test_a_section_has_the_name_that_sphinx_gives_it(title, name):
    assert path(3, title) == f"chapters/03-gradient-descent.html#{name}"
