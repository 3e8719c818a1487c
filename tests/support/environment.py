"""Whose bplib the environment runs."""

import contextlib
import json
import os
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from support.book import ROOT


def another_tree():
    """Return where this environment's bplib is, if that is another folder than this one."""
    with contextlib.suppress(PackageNotFoundError):
        source = json.loads(distribution("backprop-book").read_text("direct_url.json") or "{}")
        folder = url2pathname(urlsplit(source.get("url", "")).path)
        asked_for = str(ROOT) in os.environ.get("PYTHONPATH", "").split(os.pathsep)
        if folder and not asked_for and Path(folder).resolve() != ROOT:
            return folder
    return None
