"""The files of JupyterLite, read without a browser, and when they are made again."""

import hashlib
import json
import re
import zipfile
from importlib.metadata import requires, version

import pytest
import yaml
from bpsite.lite import app as lite
from bpsite.lite import notebook_list
from bpsite.notebooks import wheels
from bs4 import BeautifulSoup
from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from pyodide_cdn import CORE, ROOT
from support.book import SITE

import bplib

LITE = SITE / "lite"
NOTEBOOKS = sorted((ROOT / "_build" / "notebooks").glob("*/*.ipynb"))
LARGEST_MB = 20


def read(name):
    return json.loads((LITE / name).read_text("utf8"))


def test_every_notebook_is_there_and_listed():
    assert NOTEBOOKS
    for notebook in NOTEBOOKS:
        place = notebook_list.place(notebook)
        here = json.loads((LITE / "files" / place).read_text("utf8"))
        assert here["cells"] == json.loads(notebook.read_text("utf8"))["cells"]
        listed = read(f"api/contents/{notebook.parent.name}/all.json")["content"]
        assert place in [one["path"] for one in listed]


def test_nothing_else_is_there():
    files = [p.relative_to(LITE / "files").as_posix() for p in LITE.glob("files/**/*.*")]
    assert sorted(files) == sorted(notebook_list.place(notebook) for notebook in NOTEBOOKS)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_notebook_links_to_a_file_that_is_not_there(notebook):
    here = LITE / "files" / notebook_list.place(notebook)
    text = "".join("".join(cell["source"]) for cell in json.loads(here.read_text("utf8"))["cells"])
    links = re.findall(r"\]\(([^)#:\s]+\.ipynb)", text)
    assert [link for link in links if not (here.parent / link).is_file()] == []


def test_the_address_of_a_notebook_leads_to_it():
    class App:
        outdir = SITE

    for notebook in NOTEBOOKS:
        name = f"{notebook.parent.name}/{notebook.stem}"
        page, place = lite.path(App, name).split("?path=")
        assert (SITE / page).is_file()
        assert (LITE / "files" / place).is_file()


def test_a_changed_notebook_has_another_place(tmp_path):
    places = set()
    for text in ("one", "two"):
        notebook = tmp_path / "chapters" / "01-a.ipynb"
        notebook.parent.mkdir(exist_ok=True)
        notebook.write_text(text)
        places.add(notebook_list.place(notebook))
    assert len(places) == 2
    assert all(re.fullmatch(r"chapters/01-a-[0-9a-f]{8}\.ipynb", place) for place in places)


def provided():
    """Return the version of each package that Pyodide or an index of the site has."""
    lock = json.loads((CORE / "pyodide-lock.json").read_text("utf8"))["packages"]
    found = {name: package["version"] for name, package in lock.items()}
    kernel = f"extensions/{lite.EXTENSIONS[0]}/static/pypi/all.json"
    for index in (kernel, "pypi/all.json"):
        for name, entry in read(index).items():
            found[name] = max(entry["releases"], key=Version)
    return found


def requirements(name):
    """Return what a package requires in the browser."""
    found = [Requirement(line) for line in requires(name) or []]
    browser = {"extra": "", "sys_platform": "emscripten", "platform_system": "Emscripten"}
    return [one for one in found if not one.marker or one.marker.evaluate(browser)]


def test_all_that_bplib_requires_can_be_had():
    versions, ours, missing = provided(), read("pypi/all.json"), []
    left = ["backprop-book"]
    while left:
        for one in requirements(left.pop()):
            name = canonicalize_name(one.name)
            if name not in versions or not one.specifier.contains(versions[name]):
                missing.append(str(one))
            elif name in ours:
                left.append(name)
    assert missing == []


def test_index_of_wheels_has_what_is_installed_here():
    for name, entry in read("pypi/all.json").items():
        [(release, [file])] = entry["releases"].items()
        assert release == version(name)
        data = (LITE / "pypi" / file["url"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file["digests"]["sha256"]


def test_wheel_of_bplib_is_made_from_what_is_here():
    with zipfile.ZipFile(
        LITE / "pypi" / f"backprop_book-{bplib.__version__}-py3-none-any.whl"
    ) as wheel:
        inside = {name: wheel.read(name) for name in wheel.namelist() if "dist-info" not in name}
    paths = [path for path in (ROOT / "bplib").rglob("*.*") if path.suffix != ".pyc"]
    assert inside == {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths}


def test_only_the_extensions_that_are_needed():
    extensions = read("jupyter-lite.json")["jupyter-config-data"]["federated_extensions"]
    assert {one["name"] for one in extensions} == set(lite.EXTENSIONS)
    shipped = {
        p.parent.relative_to(LITE / "extensions").as_posix()
        for p in LITE.glob("extensions/**/package.json")
    }
    assert shipped == set(lite.EXTENSIONS)


def test_kernel_never_asks_a_package_index():
    settings = read("jupyter-lite.json")["jupyter-config-data"]["litePluginSettings"][lite.KERNEL]
    assert settings["disablePyPIFallback"] is True
    assert all(url.startswith("./") for url in settings["pipliteUrls"])


def test_pages_load_nothing_from_elsewhere():
    pages = sorted(LITE.rglob("*.html"))
    assert LITE / "lab" / "index.html" in pages
    for page in pages:
        soup = BeautifulSoup(page.read_text("utf8"), "html.parser")
        links = [node.get("src") or node.get("href") for node in soup(["script", "link", "img"])]
        assert [link for link in links if link and "//" in link] == []
        scripts = "".join(node.string or "" for node in soup("script"))
        assert [link for link in re.findall(r"import\(\s*'([^']*)", scripts) if "//" in link] == []


def test_is_named_after_the_book():
    title = yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))["title"]
    page = BeautifulSoup((LITE / "lab" / "index.html").read_text("utf8"), "html.parser")
    assert page.title.string == title
    assert page.find("meta", attrs={"name": "robots"})["content"] == "noindex"
    assert read("jupyter-lite.json")["jupyter-config-data"]["appName"] == title
    assert read("manifest.webmanifest")["name"] == title


def test_is_small(tell):
    files = [path for path in LITE.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    tell(f"JupyterLite: {len(files)} files, {size:.1f} MB")
    assert size < LARGEST_MB
    assert [path for path in files if path.suffix == ".map"] == []


@pytest.fixture
def recipe(tmp_path):
    return lite.Recipe(ROOT, tmp_path / "noted", "A title")


@pytest.fixture
def builds(monkeypatch):
    """Have a mere file made in place of JupyterLite; return the list of what was made."""
    made = []

    def build(recipe, scratch):
        made.append(recipe)
        (scratch / "made").mkdir()
        (scratch / "made" / "index.html").write_text(recipe.title)
        return scratch / "made"

    monkeypatch.setattr(lite, "build", build)
    return made


def test_is_made_once(recipe, builds, tmp_path):
    lite.make(recipe, tmp_path / "lite")
    (tmp_path / "lite" / "files").mkdir()
    (tmp_path / "lite" / "files" / "notebook").write_text("not the app's")
    lite.make(recipe, tmp_path / "lite")
    assert len(builds) == 1


@pytest.mark.parametrize("harm", ["cut short", "file gone", "all gone", "not noted"])
def test_what_is_half_made_is_made_again(recipe, builds, tmp_path, harm):
    lite.make(recipe, tmp_path / "lite")
    page = tmp_path / "lite" / "index.html"
    if harm == "cut short":
        page.write_text("A")
    elif harm == "not noted":
        (recipe.noted / "made.json").unlink()
    else:
        page.unlink()
        if harm == "all gone":
            page.parent.rmdir()
    lite.make(recipe, tmp_path / "lite")
    assert len(builds) == 2
    assert page.read_text() == "A title"


def test_is_made_again_when_something_that_goes_in_has_changed(recipe, builds, monkeypatch):
    before = recipe.digest()
    other = lite.Recipe(recipe.root, recipe.noted, recipe.title, "https://example.org/pyodide/")
    assert other.digest() != before
    assert lite.Recipe(recipe.root, recipe.noted, "Another title").digest() != before
    monkeypatch.setattr(wheels, "sources", lambda root: [ROOT / "pyproject.toml"])
    assert recipe.digest() != before


@pytest.mark.parametrize(
    ("given", "module"),
    [
        ("", f"{PYODIDE_CDN_URL}/pyodide.mjs"),
        ("https://example.org/pyodide/", "https://example.org/pyodide/pyodide.mjs"),
        ("https://example.org/pyodide/pyodide.mjs", "https://example.org/pyodide/pyodide.mjs"),
    ],
)
def test_an_address_of_pyodide_is_handed_on(tmp_path, given, module):
    lite.place_pyodide(tmp_path, given)
    assert f'new URL("{module}", import.meta.url)' in (tmp_path / lite.LOADER).read_text("utf8")


def test_kernel_loads_pyodide_through_our_module():
    settings = read("jupyter-lite.json")["jupyter-config-data"]["litePluginSettings"][lite.KERNEL]
    assert (LITE / settings["pyodideUrl"]).is_file()


def test_a_folder_without_pyodide_is_refused(tmp_path):
    (tmp_path / "pyodide.mjs").touch()
    with pytest.raises(lite.ExtensionError, match=r"there is no pyodide-lock\.json; expected"):
        lite.place_pyodide(tmp_path / "static", str(tmp_path))


def test_a_failing_command_is_shown(tmp_path):
    (tmp_path / "jupyter_lite_config.json").write_text('{"LiteBuildConfig": {"apps": 7}}')
    with pytest.raises(lite.ExtensionError, match=r"(?s)jupyter lite build` failed:.*apps"):
        lite.run(tmp_path, tmp_path / "made")
