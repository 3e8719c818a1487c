"""Writes screenshots of built pages, light and dark, wide and narrow."""

import argparse
import functools
import http.server
import os
import shutil
import threading
from pathlib import Path

from book import all_pages
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = {"wide": 1280, "phone": 390}


def find_browser():
    """Return the path of a Chromium-like browser, or None."""
    names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
    return next(filter(None, [os.environ.get("CHROMIUM"), *map(shutil.which, names)]), None)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that keeps its log to itself."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        """Say nothing."""


def serve(folder):
    """Start serving `folder` on a free local port and return the server."""
    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main():
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("pages", nargs="*", help="such as chapters/intro.html; all if left out")
    parser.add_argument("--site", type=Path, default=ROOT / "_build/html")
    parser.add_argument("--view", action="store_true", help="only what the first screen shows")
    options = parser.parse_intermixed_args()
    options.out.mkdir(parents=True, exist_ok=True)
    pages = options.pages or all_pages(options.site)
    server = serve(options.site)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=ARGS)
        for scheme in ("light", "dark"):
            for width_name, width in WIDTHS.items():
                size = {"width": width, "height": 900}
                context = browser.new_context(viewport=size, color_scheme=scheme)
                for page_name in pages:
                    page = context.new_page()
                    page.goto(f"http://127.0.0.1:{server.server_port}/{page_name}")
                    page.wait_for_timeout(1200)
                    stem = page_name.removesuffix(".html").replace("/", "-")
                    target = options.out / f"{stem}-{scheme}-{width_name}.png"
                    page.screenshot(path=target, full_page=not options.view)
                    print(target)
                    page.close()
                context.close()
        browser.close()


if __name__ == "__main__":
    main()
