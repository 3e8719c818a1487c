"""JupyterLite opened as a reader opens it, in a browser that reaches its server and Pyodide."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import expect

expect.set_options(timeout=15_000)
HARMLESS = ("Disabling terminals plugin",)


class Laboratory:
    """One reader's browser, with all that it asked other hosts for and all that went wrong."""

    def __init__(self, browser, address, cdn):
        self.address, self.cdn = address, cdn
        parts = urlsplit(address)
        self.home = (f"{parts.scheme}://{parts.netloc}/", "data:", "blob:")
        self.foreign, self.problems, self.fetched = [], [], {}
        self.context = browser.new_context(viewport={"width": 1280, "height": 900})
        self.context.route("**/*", self._let)
        self.context.on("request", self._note)
        self.context.on("response", self._response)
        self.context.on("weberror", lambda error: self.problems.append(f"error: {error.error}"))
        self.context.on("console", self._console)
        self.page = self.context.new_page()

    def open(self, path=""):
        """Go to an address in the site."""
        self.page.goto(f"{self.address}/{path}", wait_until="load")

    def shown(self):
        """Wait for a notebook, filled in, and return its code cells."""
        cells = self.page.locator(".jp-Notebook .jp-CodeCell")
        expect(cells.first.locator(".cm-content")).to_have_text(re.compile(r"\S"), timeout=30_000)
        return cells

    def write(self, code):
        """Replace what the first code cell says."""
        self.shown().first.locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(code)

    def start(self, code):
        """Run code in the first code cell and return the place of its output.

        JupyterLab forgets a cell that was run before there is a kernel.
        """
        status = self.page.locator("#jp-main-statusbar")
        expect(status).to_contain_text("| Idle", timeout=180_000)
        self.write(code)
        self.page.keyboard.press("Control+Enter")
        return self.shown().first.locator(".jp-OutputArea")

    def run(self, code, seconds=30):
        """Run code in the first code cell and return what it printed, its last word being DONE."""
        output = self.start(f"{code}\nprint('DO' + 'NE')")
        expect(output).to_contain_text("DONE", timeout=1000 * seconds)
        return output.inner_text()

    def save(self):
        """Save the notebook, which must have changed, and wait until it is saved."""
        changed = self.page.locator(".lm-TabBar-tab.jp-mod-current.jp-mod-dirty")
        expect(changed).to_have_count(1)
        self.page.keyboard.press("Control+s")
        expect(changed).to_have_count(0)

    def elsewhere(self):
        """Return what was asked of hosts that are neither the site's nor Pyodide's."""
        return [url for url in self.foreign if not url.startswith(self.cdn.address)]

    def _let(self, route):
        url = route.request.url
        if url.startswith(self.cdn.address):
            self.cdn.answer(route)
        elif url.startswith(self.home):
            route.continue_()
        else:
            route.abort()

    def _note(self, request):
        if not request.url.startswith(self.home):
            self.foreign.append(request.url)

    def _response(self, response):
        if response.url.startswith(self.address):
            self.fetched[response.url.removeprefix(self.address + "/").split("?")[0]] = response
            if response.status >= 400:
                self.problems.append(f"{response.status}: {response.url}")

    def _console(self, message):
        if message.type in ("error", "warning") and not message.text.startswith(HARMLESS):
            self.problems.append(message.text)
