"""Every judge by itself, on bplib as it is."""

import pytest

from sabotage.planted import PARTS

JUDGES = [(part, name) for part in PARTS for name in part.judges]


@pytest.mark.parametrize(
    ("part", "name"), JUDGES, ids=[f"{part.name}: {name}" for part, name in JUDGES]
)
def test_judge_is_content(part, name):
    part.judges[name]()
