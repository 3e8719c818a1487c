"""A browser, and a server for what it opens."""

import functools
import http.server
import os
import shutil
import threading

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_browser():
    """Return the path of a Chromium-like browser, or None."""
    names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
    return next(filter(None, [os.environ.get("CHROMIUM"), *map(shutil.which, names)]), None)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that keeps its log to itself."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        """Say nothing."""


def serve(folder, handler=Quiet):
    """Start serving `folder` on a free local port and return the server."""
    handler = functools.partial(handler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
