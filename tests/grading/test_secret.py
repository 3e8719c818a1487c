"""Seeds that nobody guesses, and a secret that only its owner reads."""

import pytest

from grading.secret import read, seed

SEED = 5072979289785602067


def test_a_seed_depends_on_all_it_is_made_of_and_on_nothing_else():
    one = seed(b"secret", "exercise", "ann")
    assert one == seed(b"secret", "exercise", "ann")
    others = [("other", "exercise", "ann"), ("secret", "exercis", "e:ann")]
    others += [("secret", "exercise", "ben")]
    assert one not in [seed(s.encode(), e, name) for s, e, name in others]
    assert 0 <= one < 2**64


def test_a_seed_stays_what_it_is():
    """A course in progress keeps its cases when the book is updated."""
    assert seed(b"0123456789abcdef", "backward-2-2-1", "ann_1") == SEED


def test_a_secret_is_made_once_and_for_its_owner(tmp_path):
    path = tmp_path / "course" / "secret.txt"
    first = read(path)
    assert len(first) == 64
    assert read(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert read(tmp_path / "other.txt") != first


def test_a_short_secret_is_refused(tmp_path):
    (tmp_path / "secret.txt").write_text("hunter2\n")
    with pytest.raises(ValueError, match="7 characters"):
        read(tmp_path / "secret.txt")
