"""`make audit`: what each page of the built site weighs and how soon it moves, beside the limits.

Every page is opened in Chromium, from a server of this machine that compresses what a published
site compresses. A weight is what the network carried, headers included: cold, with nothing in the
cache, and warm, after the front page. For the times the processor is slowed down four times and
the network to 1.6 Mbit/s with 150 ms from question to answer.
"""

import argparse
import functools
import gzip
import statistics
import sys
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, BrowserContext, CDPSession, sync_playwright
from tqdm.auto import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.book import SITE, all_pages
from support.browser import ARGS, Quiet, find_browser, serve
from support.visiting import MOVING

FRONT = "chapters/intro.html"
COMPRESSED = (".html", ".css", ".js", ".mjs", ".json", ".svg", ".txt", ".xml")
SLOWED = 4
LINK = {
    "offline": False,
    "latency": 150,  # ms
    "downloadThroughput": 1.6e6 / 8,  # bytes a second
    "uploadThroughput": 750e3 / 8,
}
OBSERVE = """
window.audit = {shift: 0, largest: null};
new PerformanceObserver(list => list.getEntries().forEach(e => {
  if (!e.hadRecentInput) audit.shift += e.value;
})).observe({type: "layout-shift", buffered: true});
new PerformanceObserver(list => list.getEntries().forEach(e => { audit.largest = e.startTime; }))
  .observe({type: "largest-contentful-paint", buffered: true});
"""
TIMES = """() => ({
  first: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  largest: audit.largest, shift: audit.shift})"""


class Limit(NamedTuple):
    """What a figure may be at most, in its unit."""

    name: str
    most: float
    unit: str


TEXT = Limit("page of text, cold", 120, "kB")
SLIDERS = Limit("page with sliders, cold", 300, "kB")
WARM = Limit("next page, warm", 60, "kB")
SHIFT = Limit("layout shift", 0.02, "")


class Server(Quiet):
    """Serves files as a host of static sites does: compressed, and kept for ten minutes."""

    def end_headers(self) -> None:
        """Allow the browser to keep the file."""
        self.send_header("Cache-Control", "max-age=600")
        super().end_headers()

    def do_GET(self) -> None:
        """Send a text compressed, anything else as it is."""
        path = Path(self.translate_path(self.path))
        if path.suffix not in COMPRESSED or not path.is_file():
            return super().do_GET()
        body = _compressed(path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None


@functools.cache
def _compressed(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), 6)


def publish(site: Path) -> str:
    """Serve a folder on a free port of this machine; return its address."""
    return f"http://127.0.0.1:{serve(site, Server).server_port}"


def pages(site: Path) -> dict[str, bool]:
    """Return the book's pages, and for each whether it has sliders."""
    return {name: "bp-static" in (site / name).read_text("utf8") for name in all_pages(site)}


def carried(session: CDPSession) -> list[float]:
    """Return a list to which the browser adds the size of each answer, in bytes."""
    sizes: list[float] = []
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    return sizes


def visit(context: BrowserContext, address: str, moves: bool) -> float:
    """Open a page, wait until all of it is there, and return the kilobytes that it took."""
    page = context.new_page()
    sizes = carried(context.new_cdp_session(page))
    page.goto(address, wait_until="networkidle")
    if moves:
        page.wait_for_function(MOVING)
    page.close()
    return sum(sizes) / 1000


def weigh(browser: Browser, address: str, name: str, moves: bool) -> tuple[float, float]:
    """Return what a page weighs with an empty cache and after the front page, in kilobytes."""
    context = browser.new_context()
    cold = visit(context, f"{address}/{name}", moves)
    context.close()
    context = browser.new_context()
    visit(context, f"{address}/{FRONT}", moves=False)
    warm = visit(context, f"{address}/{name}", moves)
    context.close()
    return cold, warm


def time(browser: Browser, address: str, name: str, moves: bool) -> dict[str, float]:
    """Return when a page is first and last painted and moves, in ms, and how far it shifts."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.add_init_script(OBSERVE)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", LINK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    page.goto(f"{address}/{name}", wait_until="commit")
    if moves:
        page.wait_for_function(MOVING, timeout=60_000)
    else:
        page.wait_for_load_state("load")
    moving = page.evaluate("performance.now()")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    found = page.evaluate(TIMES) | {"moving": moving}
    context.close()
    return found


def row(limit: Limit, values: dict[str, float]) -> str:
    """Return a line of the table: the limit, the median, and the page that comes nearest to it."""
    worst = max(values, key=values.__getitem__)
    digits = 0 if limit.unit else 3
    met = "met" if values[worst] <= limit.most else "**not met**"
    number = f"{{:.{digits}f}}".format
    unit = f" {limit.unit}" if limit.unit else ""
    usual = statistics.median(values.values())
    return (
        f"| {limit.name} | at most {limit.most:g}{unit} | {number(usual)}"
        f" | {number(values[worst])} (`{worst.removesuffix('.html')}`) | {met} |"
    )


def main(arguments: list[str] | None = None) -> None:
    """Measure all pages, print a table of the figures beside their limits, and one of the times."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--site", type=Path, default=SITE, help="the built site")
    parser.add_argument("--rounds", type=int, default=3, help="visits for each time (3)")
    parser.add_argument("--only", default="", help="only pages whose names have this in them")
    asked = parser.parse_args(arguments)
    if not (asked.site / "index.html").is_file():
        sys.exit(f"there is no built site in {asked.site}; run `make book` first")
    program = find_browser()
    if program is None:
        sys.exit("no Chromium found; install it, or say with CHROMIUM where it is")
    found = {name: moves for name, moves in pages(asked.site).items() if asked.only in name}
    if not found:
        sys.exit(f"no page has {asked.only!r} in its name")
    address = publish(asked.site)
    cold: dict[str, float] = {}
    warm: dict[str, float] = {}
    times: dict[str, dict[str, float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGS)
        for name, moves in tqdm(found.items(), "weights", unit="page"):
            cold[name], warm[name] = weigh(browser, address, name, moves)
        for name, moves in tqdm(found.items(), "times", unit="page"):
            if name.startswith("chapters/"):
                rounds = [time(browser, address, name, moves) for _ in range(asked.rounds)]
                times[name] = {
                    key: statistics.median(each[key] for each in rounds) for key in rounds[0]
                }
        version = browser.version
        browser.close()
    print(report(found, cold, warm, times, version))


def report(
    found: dict[str, bool],
    cold: dict[str, float],
    warm: dict[str, float],
    times: dict[str, dict[str, float]],
    version: str,
) -> str:
    """Return both tables as Markdown."""
    figures = {
        TEXT: {name: cold[name] for name, moves in found.items() if not moves},
        SLIDERS: {name: cold[name] for name, moves in found.items() if moves},
        WARM: {name: warm[name] for name in found if name != FRONT},
        SHIFT: {name: each["shift"] for name, each in times.items()},
    }
    lines = [
        f"Chromium {version}, {len(found)} pages.",
        "",
        "| | limit | median | most | |",
        "|---|---|--:|--:|---|",
        *(row(limit, values) for limit, values in figures.items() if values),
        "",
        "| page | cold, kB | warm, kB | first paint, s | largest paint, s | moves, s | shift |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, each in times.items():
        moves = f"{each['moving'] / 1000:.1f}" if found[name] else ""
        lines.append(
            f"| `{name.removesuffix('.html')}` | {cold[name]:.0f} | {warm[name]:.0f}"
            f" | {each['first'] / 1000:.1f} | {each['largest'] / 1000:.1f} | {moves}"
            f" | {each['shift']:.3f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
