"""Where the book is published, which the environment says; nothing else in the project does.

BOOK_REPOSITORY: the repository, such as https://github.com/OWNER/NAME: pages then offer Binder
and Colab. BOOK_ADDRESS: where the site is served, such as https://OWNER.github.io/NAME/: pages
then name their own address. BOOK_PYODIDE: where JupyterLite finds Pyodide, an address, or the
path of a Pyodide distribution to be served with the site; its CDN if it is not set. A site built
without any of them works wherever it is put.
"""

import os

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


def address(name):
    """Return the address that an environment variable holds, "" if it is not set."""
    value = os.environ.get(name, "").strip()
    if value and not value.startswith(("https://", "http://")):
        raise ExtensionError(f"{name} is {value!r}; expected an address that starts with https://")
    return value


def setup(app):
    """Register the settings and the hook that fills them."""
    for name in ("bpsite_repository", "bpsite_pyodide"):
        app.add_config_value(name, "", "html")
    app.connect("config-inited", read, priority=50)
