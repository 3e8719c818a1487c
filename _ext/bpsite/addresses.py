"""Where the book is published, which the environment says; nothing else in the project does.

BOOK_REPOSITORY: the repository, such as https://github.com/OWNER/NAME: pages then offer Binder and
Colab. BOOK_ADDRESS: where the site is served, such as https://OWNER.github.io/NAME/: pages then
name their own address, and notebooks pass it on to bplib.check. BOOK_PYODIDE: where JupyterLite
finds Pyodide, an address, or the path of a Pyodide distribution to be served with the site; its
CDN if it is not set. A site built without any of them works wherever it is put.
"""

import os
from urllib.parse import urlsplit

from sphinx.errors import ExtensionError

BRANCH = "notebooks"
"""The branch of the repository that holds what Binder and Colab open."""


def read(app, config):
    """Take the addresses from the environment."""
    config.bpsite_repository = address("BOOK_REPOSITORY").removesuffix("/").removesuffix(".git")
    config.html_baseurl = address("BOOK_ADDRESS")
    if config.html_baseurl and not config.html_baseurl.endswith("/"):
        config.html_baseurl += "/"
    config.bpsite_pyodide = os.environ.get("BOOK_PYODIDE", "").strip()


def address(variable):
    """Return the address that an environment variable holds, "" if it is not set."""
    value = os.environ.get(variable, "").strip()
    if value and not value.startswith(("https://", "http://")):
        raise ExtensionError(
            f"{variable} is {value!r}; expected an address that starts with https://"
        )
    return value


def name(repository):
    """Return a repository's owner and name, such as OWNER/NAME."""
    return urlsplit(repository).path.strip("/")


def binder(repository):
    """Return the address at which Binder runs the notebooks, up to the path that it opens."""
    return f"https://mybinder.org/v2/gh/{name(repository)}/{BRANCH}?urlpath="


def setup(app):
    """Register the settings and the hook that fills them."""
    for setting in ("bpsite_repository", "bpsite_pyodide"):
        app.add_config_value(setting, "", "html")
