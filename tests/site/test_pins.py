"""What the book is built from is pinned, and the pins name versions, never addresses."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_lock_file_has_no_addresses():
    packages = json.loads((ROOT / "package-lock.json").read_text("utf8"))["packages"]
    assert not any("resolved" in package for package in packages.values())
    assert all(package.get("integrity") for name, package in packages.items() if name)


@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.glob("requirements*.txt")))
def test_requirements_are_exact_and_have_no_addresses(name):
    lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text("utf8").splitlines()]
    assert all("==" in line and "://" not in line for line in lines if line)
