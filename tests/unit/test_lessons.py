"""The plans of lessons: their minutes add up, and what they lead to is there and is as they say."""

import re
from pathlib import Path

import pytest

from exercises.exercise import assignments

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"
PAGE = (CHAPTERS / "lessons.md").read_text("utf8")
LESSONS = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", PAGE, re.M))
AFTERNOON = next(name for name in LESSONS if "afternoon" in name)
SINGLE = [name for name in LESSONS if name != AFTERNOON]
GRADED = {f"exercise-{e.name}": e.source for a in assignments() for e in a.exercises}


def rows(lesson):
    """What stands in a plan under its header: minutes, what, with what."""
    cells = [line[1:-1].split("|") for line in lesson.splitlines() if line[:2] == "| "]
    return [(int(minutes), what.strip(), means.strip()) for minutes, what, means in cells[1:]]


def roles(kind, text):
    return re.findall(rf"\{{{kind}\}}`(?:[^`<]*<)?([\w-]+)>?`", text)


def sources(name):
    """The chapters of a lesson."""
    numbers = re.findall(r"\d+", name)
    return [next(CHAPTERS.glob(f"{int(number):02}-*.md")) for number in numbers]


def labels(text):
    """What {ref} finds, and what {eq} finds."""
    places = re.findall(r"^\(([\w-]+)\)=$|^:label: ([\w-]+-ex-[\w-]+)$", text, re.M)
    equations = re.findall(r"^:label: ([\w-]+)$|^\$\$ \(([\w-]+)\)$", text, re.M)
    return {a or b for a, b in places}, {a or b for a, b in equations}


def test_six_lessons_and_an_afternoon():
    assert [sources(name)[0].name[:2] for name in SINGLE] == ["01", "03", "04", "05", "09", "11"]
    assert [path.name[:2] for path in sources(AFTERNOON)] == ["01", "04", "05"]


@pytest.mark.parametrize("name", LESSONS)
def test_minutes_add_up(name):
    minutes = [minutes for minutes, *_ in rows(LESSONS[name])]
    assert min(minutes) > 0
    assert sum(minutes) == (180 if name == AFTERNOON else 50)


@pytest.mark.parametrize("name", LESSONS)
def test_links_of_a_lesson_lead_into_its_chapters(name):
    text = LESSONS[name]
    found = [labels(path.read_text("utf8")) for path in sources(name)]
    places = set().union(*(there for there, _ in found))
    equations = set().union(*(there for _, there in found))
    mine = {path.stem[3:] for path in sources(name)}
    refs, eqs = roles("ref", text), roles("eq", text)
    graded = [ref for ref in refs if ref.startswith("exercise-")]

    assert set(eqs) <= equations
    assert set(refs) - {*graded, "teaching"} <= places
    assert len(graded) == 1
    assert GRADED[graded[0]].chapter in mine
    assert any("-ex-" in ref for ref in refs)
    assert text.count("{ref}") == len(refs)
    assert text.count("{eq}") == len(eqs)


@pytest.mark.parametrize("name", SINGLE)
def test_a_lesson_has_all_its_parts(name):
    text, (path,) = LESSONS[name], sources(name)
    first, *_, last = table = rows(text)
    whole = "\n".join(means for *_, means in table)
    assert first[2] == f"{{ref}}`top of {name.split(':')[0].lower()} <{path.stem[3:]}>`"
    assert last[0] <= 3
    assert sum("Collect: " in what for _, what, _ in table) == 2
    assert 2 <= len(roles("eq", whole)) <= 4
    assert len(re.findall(r"-ex-", whole)) == 1
    assert "-ex-" in text.split("*At home.*")[1]
    assert "*To be found.*" in text


@pytest.mark.parametrize("name", LESSONS)
def test_mistakes_are_headings_of_the_chapter(name):
    told = "\n".join(path.read_text("utf8") for path in sources(name)).replace('"', "“")
    named = re.findall(r"\| Mistake \| \{ref\}`(.+?) <", LESSONS[name])
    assert named
    for mistake in named:
        title = mistake.strip("“”")
        assert re.search(rf"^### “?{re.escape(title)}[“”]?$", told, re.M), mistake


@pytest.mark.parametrize("name", LESSONS)
def test_numbers_of_a_lesson_are_those_of_its_chapters(name):
    told = "\n".join(path.read_text("utf8") for path in sources(name))
    for number in re.findall(r"\d+\.\d+", LESSONS[name]):
        assert re.search(rf"(?<![\d.]){re.escape(number)}(?!\d)", told), number


def test_the_page_and_the_plan_for_ten_weeks_lead_to_each_other():
    assert "teaching" in roles("ref", PAGE)
    assert "lessons" in roles("ref", (CHAPTERS / "teaching.md").read_text("utf8"))
