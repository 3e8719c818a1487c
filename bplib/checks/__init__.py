"""Judges a reader's function by fingerprints of right and wrong results; NumPy is enough."""

from bplib.checks.checker import check

__all__ = ["check"]
