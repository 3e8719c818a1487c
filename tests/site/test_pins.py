"""What the book is built from is pinned, and the pins name versions, never addresses."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOOK = "requirements.txt"
PINNED = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("requirements*.txt", "binder/requirements*.txt")
    for path in ROOT.glob(pattern)
)


def pins(name):
    """Return the set of a requirements file's lines such as `numpy==2.4.6`, without markers."""
    lines = (ROOT / name).read_text("utf8").splitlines()
    return {line.split("#")[0].split(";")[0].strip() for line in lines} - {""}


def test_lock_file_has_no_addresses():
    packages = json.loads((ROOT / "package-lock.json").read_text("utf8"))["packages"]
    assert not any("resolved" in package for package in packages.values())
    assert all(package.get("integrity") for name, package in packages.items() if name)


@pytest.mark.parametrize("name", PINNED)
def test_requirements_are_exact_and_have_no_addresses(name):
    assert all("==" in pin and "://" not in pin and "--hash" not in pin for pin in pins(name))


@pytest.mark.parametrize("name", [name for name in PINNED if name != BOOK])
def test_requirements_agree_with_the_books(name):
    packages = {pin.split("==")[0] for pin in pins(BOOK)}
    assert {pin for pin in pins(name) if pin.split("==")[0] in packages} <= pins(BOOK)
