"""Random seeds that only the holder of a course's secret can compute."""

import hashlib
import hmac
import secrets
from pathlib import Path


def seed(secret: bytes, exercise: str, student: str) -> int:
    """Return the seed of a student's own numbers and hidden cases in an exercise."""
    digest = hmac.new(secret, f"{exercise}:{student}".encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big")


def load(path: Path) -> bytes:
    """Return the secret kept in a file; a new one is made, readable by its owner alone.

    Raises:
        ValueError: the file holds fewer than 16 characters.
    """
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32) + "\n", encoding="ascii")
    secret = path.read_bytes().strip()
    if len(secret) < 16:
        raise ValueError(f"{path.name} has {len(secret)} characters; expected at least 16")
    return secret
