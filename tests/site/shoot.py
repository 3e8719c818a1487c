"""Writes screenshots of built pages, light and dark, wide and narrow."""

import argparse
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.book import ROOT, all_pages
from support.browser import ARGS, find_browser, serve

WIDTHS = {"wide": 1280, "phone": 390}


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
