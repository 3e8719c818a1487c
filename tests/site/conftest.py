"""A built site, a server for it, and visits to its pages."""

import pytest
from support.book import EXPLORERS, PAGES, SITE
from support.browser import serve
from support.visiting import Visit


def pytest_generate_tests(metafunc):
    if "page_name" in metafunc.fixturenames:
        metafunc.parametrize("page_name", PAGES or ["index.html"], scope="module")
    if "explorer_page" in metafunc.fixturenames:
        metafunc.parametrize("explorer_page", EXPLORERS, scope="module")


@pytest.fixture(scope="session")
def address():
    if not PAGES:
        pytest.fail(f"there is no site in {SITE}; run `make book` first")
    server = serve(SITE)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def seen(browser, address):
    """A function that opens a page once, for all tests in a row that only look at it."""
    visits = {}

    def close_all():
        for one in visits.values():
            one.context.close()
        visits.clear()

    def look_at(name, width=1280):
        if any(name != other for other, _ in visits):
            close_all()
        if (name, width) not in visits:
            visits[name, width] = Visit(browser, address, name, width)
        return visits[name, width]

    yield look_at
    close_all()


@pytest.fixture
def visit(browser, address):
    visits = []

    def open_page(name, **options):
        visits.append(Visit(browser, address, name, **options))
        return visits[-1]

    yield open_page
    for one in visits:
        one.context.close()
