"""A chapter can be read in an evening: what its main line holds, with all folds closed."""

from pathlib import Path

import pytest
from support.book import PAGES
from support.visiting import Visit

MEASURE = Path(__file__).with_name("reading.js").read_text("utf8")
CHAPTERS = [page for page in PAGES if page.startswith("chapters/") and page[9].isdigit()]
AT_MOST = {
    "minutes": 45,
    "words": 3000,
    "lines": 110,
    "cells": 14,
    "share of code": 0.15,
    "screens": 20,
    "screens without a picture": 4,
    "tall explorers": 0,
    "explorers far from their questions": 0,
    "folds that touch": 0,
}
AT_LEAST = {"explorers": 2, "pictures": 3, "words before code": 60}


@pytest.fixture(scope="module", params=CHAPTERS)
def reading(request, browser, address):
    visit = Visit(browser, address, request.param)
    said = visit.page.locator(".bp-box .bp-minutes").inner_text()
    yield visit.page.evaluate(MEASURE) | {"said": said}
    visit.context.close()


def test_a_chapter_keeps_its_reader(reading):
    beyond = {name: reading[name] for name, most in AT_MOST.items() if reading[name] > most}
    short = {name: reading[name] for name, least in AT_LEAST.items() if reading[name] < least}
    assert beyond | short == {}


def test_every_exercise_has_a_hint_and_a_solution(reading):
    assert reading["exercises"] > 0
    assert reading["hints"] == reading["solutions"] == reading["exercises"]


def test_the_box_says_the_minutes(reading):
    """The build counts in the HTML, the browser in what is seen: they agree to three minutes."""
    said = int("".join(filter(str.isdigit, reading["said"])))
    assert abs(said - reading["minutes"]) <= 3
