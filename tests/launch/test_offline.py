"""The zip of a release, unpacked and served by Python alone, is the whole book."""

import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest
from support.book import EXPLORERS, PAGES, ROOT, SITE
from support.visiting import Visit


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release")
    publish = [sys.executable, ROOT / "_ext/publish.py", "release", "--out", folder]
    subprocess.run(publish, check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="module")
def unpacked(released, tmp_path_factory):
    """The address at which `python -m http.server` serves the unpacked zip."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(released / "backpropagation-book.zip") as archive:
        archive.extractall(folder)
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        port = server.stdout.readline().split(" port ")[1].split()[0]
        yield f"http://127.0.0.1:{port}/backpropagation-book"
        server.terminate()


def test_a_release_is_a_site_exercises_and_a_wheel(released):
    names = sorted(path.name for path in released.iterdir())
    wheel, students, site = names
    assert wheel.startswith("backprop_book-")
    assert [students, site] == ["backpropagation-book-exercises.zip", "backpropagation-book.zip"]
    with zipfile.ZipFile(released / students) as archive:
        held = {Path(name).name for name in archive.namelist()}
    assert held == {wheel, *(path.name for path in (ROOT / "assignments").glob("*.ipynb"))}
    with zipfile.ZipFile(released / site) as archive:
        assert {f"backpropagation-book/{page}" for page in PAGES} <= set(archive.namelist())


@pytest.mark.parametrize("page", EXPLORERS)
def test_chapter_works(unpacked, browser, page):
    visited = Visit(browser, unpacked, page)
    frames = ".bp-explore .bp-frame:visible"
    before = visited.page.locator(frames).first.inner_html()
    handle = visited.page.locator(".bp-explore [role=slider]").first
    at_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
    handle.press("ArrowLeft" if at_end else "ArrowRight")
    visited.page.wait_for_function(
        "before => [...document.querySelectorAll('.bp-explore .bp-frame')]"
        ".find(frame => frame.offsetParent).innerHTML !== before",
        arg=before,
    )
    assert visited.foreign == []
    assert visited.problems == []
    visited.context.close()


def test_search_works(unpacked, browser):
    visited = Visit(browser, unpacked, "search.html?q=gradient")
    visited.page.wait_for_selector("#search-results li a")
    assert visited.foreign == []
    assert visited.problems == []
    visited.context.close()


def test_files_to_download_are_there(unpacked):
    for path in [*SITE.glob("notebooks/**/*.*"), *SITE.glob("files/*.whl")]:
        address = f"{unpacked}/{path.relative_to(SITE).as_posix()}"
        with urllib.request.urlopen(address) as answer:
            assert answer.read() == path.read_bytes()
