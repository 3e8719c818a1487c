"""The site as the workflow builds it, with addresses, and the branch that goes with it."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.book import ROOT, SITE
from support.browser import serve

REPOSITORY = "https://github.com/someone/some-book"


@dataclass
class Published:
    """Where everything is.

    Attributes:
        site, branch: folders.
        address: where the site is served, and believes to be served.
    """

    site: Path
    branch: Path
    address: str


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    place = tmp_path_factory.mktemp("published")
    site = place / "_build/html"
    site.mkdir(parents=True)
    server = serve(site)
    address = f"http://127.0.0.1:{server.server_port}/"
    shutil.copytree(SITE.parent / ".jupyter_cache", site.parent / ".jupyter_cache")
    known = {"BOOK_REPOSITORY": REPOSITORY, "BOOK_ADDRESS": address}
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    done = subprocess.run(
        [jupyter_book, "build", "--quiet", "-W", "--path-output", place, ROOT],
        env=os.environ | known,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    publish = [sys.executable, ROOT / "_ext/publish.py", "branch", "--build", site.parent]
    subprocess.run(publish, check=True, stdout=subprocess.DEVNULL)
    yield Published(site, site.parent / "branch", address)
    server.shutdown()
