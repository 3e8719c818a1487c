"""A built site, a server for it, and a browser that reaches nothing but that server."""

import pytest
from book import EXPLORERS, PAGES, SITE
from shoot import ARGS, find_browser, serve


def pytest_generate_tests(metafunc):
    if "page_name" in metafunc.fixturenames:
        metafunc.parametrize("page_name", PAGES or ["index.html"])
    if "explorer_page" in metafunc.fixturenames:
        metafunc.parametrize("explorer_page", EXPLORERS)


@pytest.fixture(scope="session")
def address():
    if not PAGES:
        pytest.fail(f"there is no site in {SITE}; run `make book` first")
    server = serve(SITE)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def browser():
    if find_browser() is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=ARGS)
        yield browser
        browser.close()


class Visit:
    """One page opened in a browser of its own, with all that went wrong on the way."""

    def __init__(self, browser, address, name, width=1280, **options):
        self.foreign, self.problems = [], []
        size = {"width": width, "height": 900}
        self.context = browser.new_context(viewport=size, reduced_motion="reduce", **options)
        self.context.route("**/*", lambda route: self._let(route, address))
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("console", self._console)
        self.page.on("response", self._response)
        self.page.goto(f"{address}/{name}", wait_until="load")
        if name.split("?")[0] in EXPLORERS and options.get("java_script_enabled", True):
            self.page.wait_for_function(
                "document.querySelector('.bp-explore') && !document.querySelector('.bp-static')"
            )
        self.page.wait_for_timeout(150)

    def _let(self, route, address):
        url = route.request.url
        if url.startswith((address, "data:", "blob:")):
            route.continue_()
        else:
            self.foreign.append(url)
            route.abort()

    def _console(self, message):
        if message.type == "error":
            self.problems.append(message.text)

    def _response(self, response):
        if response.status >= 400:
            self.problems.append(f"{response.status}: {response.url}")


@pytest.fixture(scope="session")
def seen(browser, address):
    """A function that opens a page once, for all tests that only look at it."""
    visits = {}

    def look_at(name, width=1280):
        if (name, width) not in visits:
            visits[name, width] = Visit(browser, address, name, width)
        return visits[name, width]

    yield look_at
    for one in visits.values():
        one.context.close()


@pytest.fixture
def visit(browser, address):
    visits = []

    def open_page(name, **options):
        visits.append(Visit(browser, address, name, **options))
        return visits[-1]

    yield open_page
    for one in visits:
        one.context.close()
