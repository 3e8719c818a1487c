"""A browser; says loudly what could not run here, and refuses to go on where all of it must."""

import importlib.util
import os
import shutil

import pytest
from support.book import ROOT
from support.browser import ARGS, find_browser
from support.engines import find_firefox, find_webkit
from support.environment import another_tree
from support.recorded import recorded

REQUIRE_ALL = os.environ.get("BP_REQUIRE_ALL") == "1"


def absent():
    """Return one line for each optional thing that is not on this machine."""
    lines = []
    if find_browser() is None:
        lines.append("no Chromium found: THE PAGES WERE NOT OPENED IN A BROWSER (set CHROMIUM)")
    if find_firefox() is None:
        lines.append("no Firefox found: THE PAGES WERE NOT OPENED IN IT (apt install firefox-esr)")
    if find_webkit() is None:
        lines.append(
            "no WebKit found: THE PAGES WERE NOT OPENED IN IT (apt install webkit2gtk-driver xvfb)"
        )
    if importlib.util.find_spec("torch") is None:
        lines.append("no PyTorch found: NOTHING WAS COMPARED WITH IT (pip install torch==2.13.0)")
    if shutil.which("bwrap") is None:
        lines.append("no Bubblewrap found: NO STUDENT'S CODE WAS RUN (apt install bubblewrap)")
    if importlib.util.find_spec("nbgrader") is None:
        lines.append("no nbgrader found: NOTHING WAS GRADED (make grading)")
    return lines


def pytest_configure(config):
    if other := another_tree():
        raise pytest.UsageError(
            f"this environment runs the bplib of {other}, and the tests are those of {ROOT};"
            " expected one folder: make the environment anew (make distclean, then make book)"
        )
    if REQUIRE_ALL and (lines := absent()):
        raise pytest.UsageError("BP_REQUIRE_ALL=1, but " + "; ".join(lines))


@pytest.fixture
def tell(record_property):
    """A function that has a text printed once all tests are through, under the test's name."""
    return lambda text: record_property("told", text)


def pytest_terminal_summary(terminalreporter):
    told = recorded(terminalreporter, "told")
    if told:
        terminalreporter.section("what was measured")
    for test, text in told:
        terminalreporter.write_line(
            f"{test.removeprefix('tests/')}\n  " + text.replace("\n", "\n  ")
        )
    for line in absent():
        terminalreporter.write_line(f"SKIPPED ON THIS MACHINE: {line}", red=True, bold=True)


@pytest.fixture(scope="session")
def browser():
    if find_browser() is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=ARGS)
        yield browser
        browser.close()
