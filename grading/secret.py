"""The course's secret, from which the seeds of hidden cases are made."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path


def seed(secret: bytes, exercise: str, student: str) -> int:
    """Return the seed of a student's cases: 64 bits that nobody guesses without the secret."""
    text = f"{exercise}:{student}".encode()
    return int.from_bytes(hmac.digest(secret, text, hashlib.sha256)[:8], "big")


def read(path: Path) -> bytes:
    """Return the secret in a file; where there is none, make one that only its owner reads.

    Raises:
        ValueError: the file holds fewer than 16 characters.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
    secret = path.read_bytes().strip()
    if len(secret) < 16:
        raise ValueError(f"{path} holds {len(secret)} characters; expected a secret of 16 or more")
    return secret
