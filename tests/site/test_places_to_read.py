"""What bplib.check sends a student to read is there, under the name that its links use."""

import pytest
from support.book import SITE

from bplib.checks.checker import load, names
from bplib.checks.places import PLACE, path


@pytest.mark.parametrize("name", names())
def test_each_place_is_on_its_page(name):
    for mistake in load(name)["mistakes"]:
        for number, title in PLACE.findall(mistake.read):
            page, _, anchor = path(int(number), title).partition("#")
            text = (SITE / page).read_text(encoding="utf-8")
            assert not title or f'id="{anchor}"' in text, mistake.read
