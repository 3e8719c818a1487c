"""The workflows: valid, and true to the scripts, targets, files and places that they name."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from bpsite import places

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github/workflows"
NAMES = ["publish.yml", "release.yml", "test.yml", "weekly.yml"]
ACTION = re.compile(
    r"actions/(checkout|setup-python|[a-z-]*artifact|(configure|deploy)-pages)@v\d+"
)
PATH = re.compile(r"(?<![\w/$:.@-])\.?\w[\w.-]*/[\w./*-]+")
BUILT = ("html", "branch", "release", "index")
MAY_WRITE = {
    ("publish.yml", "build"): {"contents"},
    ("publish.yml", "deploy"): {"pages", "id-token"},
    ("release.yml", ""): {"contents"},
}

PLANTED = {
    "a script that is not there": ("run: .ci/run", "run: .ci/runs"),
    "a target that is not there": ("make pins", "make pin"),
    "a program that is not there": ("_ext/publish.py", "_ext/published.py"),
    "a word that it does not know": ("publish.py branch", "publish.py branches"),
    "a folder that is not built": ("path: _build/html", "path: _build/site"),
    "files that are not there": ("requirements*.txt", "requirements*.text"),
    "an action by its branch": ("actions/checkout@v6", "actions/checkout@main"),
    "somebody else's action": ("actions/checkout@v6", "somebody/checkout@v6"),
    "a quotation without an end": ("run: .ci/run", "run: echo 'one"),
    "a loop without an end": ("run: .ci/run", "run: for x in 1 2; do .ci/run"),
    "a workflow that is not there": (
        "./.github/workflows/test.yml",
        "./.github/workflows/tests.yml",
    ),
    "an output of no step": ("steps.pages.outputs", "steps.page.outputs"),
    "a matrix without the entry": ("matrix.python }}", "matrix.pythons }}"),
    "all permissions": ("permissions:\n  contents: read", "permissions: write-all"),
    "a permission too many": ("permissions:\n  contents: read", "permissions:\n  contents: write"),
    "an address of a repository": ("${{ github.server_url }}/", "https://github.com/"),
}


def source(name):
    return (FOLDER / name).read_text("utf8")


def complaints(name, text):
    """Return all that is wrong with a workflow, a sentence for each."""
    workflow = yaml.safe_load(text)
    found = list(unknown_contexts(workflow))
    for step in steps(workflow):
        if "uses" in step and not ACTION.fullmatch(step["uses"]):
            found.append(f"uses {step['uses']}; expected an action of GitHub's and its version")
        found += wrong_script(step.get("run", ""))
        for key, value in step.get("with", {}).items():
            if "path" in key:
                found += [f"{key}: {path} is not there" for path in value.split() if absent(path)]
    called = [job["uses"] for job in workflow["jobs"].values() if "uses" in job]
    found += [f"{path} is not there" for path in called if not (ROOT / path).is_file()]
    for place, part in ({"": workflow} | workflow["jobs"]).items():
        found += too_much(name, place, part.get("permissions", {}))
    return found + re.findall(r"https?://\S+|github\.com\S*", text)


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job.get("steps", [])]


def wrong_script(script):
    parsed = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True)
    if parsed.returncode:
        yield parsed.stderr
    yield from (f"{path} is not there" for path in PATH.findall(script) if absent(path))
    makefile = (ROOT / "Makefile").read_text("utf8")
    for target in re.findall(r"\bmake ([\w/.-]+)", script):
        if not re.search(rf"(?m)^{re.escape(target)}:", makefile):
            yield f"the Makefile has no target {target}"
    for what in re.findall(r"_ext/publish\.py (\S+)", script):
        if f'"{what}"' not in (ROOT / "_ext/publish.py").read_text("utf8"):
            yield f"_ext/publish.py does not know {what}"


def absent(path):
    """Say whether nothing in the tree is, or makes, that path."""
    first, _, rest = path.partition("/")
    if first == "_build":
        return rest.split("/")[0] not in BUILT
    if first == ".venv":
        return rest != "bin/python"
    return not path.startswith("refs/") and not list(ROOT.glob(path))


def unknown_contexts(workflow):
    for name, job in workflow["jobs"].items():
        ids = {step.get("id") for step in job.get("steps", [])}
        entries = job.get("strategy", {}).get("matrix", {})
        for step in re.findall(r"steps\.([\w-]+)\.outputs", str(job)):
            if step not in ids:
                yield f"job {name} has no step {step}"
        for entry in re.findall(r"matrix\.(\w+)", str(job)):
            if entry not in entries:
                yield f"job {name} has no {entry} in its matrix"


def too_much(name, place, granted):
    if not isinstance(granted, dict):
        return [f"permissions are {granted}; expected each by its name"]
    written = {what for what, how in granted.items() if how == "write"}
    return [f"{name} may write {what}" for what in written - MAY_WRITE.get((name, place), set())]


def step_that(name, words):
    """Return the job and the number of the one step whose script or action contains the words."""
    found = [
        (job, number)
        for job in yaml.safe_load(source(name))["jobs"].values()
        for number, step in enumerate(job.get("steps", []))
        if words in step.get("run", "") + step.get("uses", "")
    ]
    assert len(found) == 1, f"{name} says {words!r} {len(found)} times"
    return found[0]


def valid(path):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema"]
    done = subprocess.run([*command, "vendor.github-workflows", path], capture_output=True)
    return done.returncode == 0


@pytest.mark.parametrize("name", NAMES)
def test_workflow_fits_the_schema_and_is_true_to_the_tree(name):
    assert valid(FOLDER / name)
    assert complaints(name, source(name)) == []
    assert "permissions" in yaml.safe_load(source(name)), "the default may be all of them"
    assert "concurrency" in yaml.safe_load(source(name))


def test_there_are_no_others():
    assert sorted(path.name for path in FOLDER.iterdir()) == NAMES


@pytest.mark.parametrize("mistake", PLANTED)
def test_planted_mistake_is_found(mistake):
    right, wrong = PLANTED[mistake]
    planted = [name for name in NAMES if right in source(name)]
    assert planted
    for name in planted:
        assert complaints(name, source(name).replace(right, wrong)), name


def test_the_schema_finds_a_planted_mistake(tmp_path):
    wrong = tmp_path / "test.yml"
    wrong.write_text(source("test.yml").replace("runs-on", "run-on"), "utf8")
    assert not valid(wrong)


def test_pythons_are_those_that_the_package_and_the_readme_name():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    tested = yaml.safe_load(source("test.yml"))["jobs"]["test"]["strategy"]["matrix"]["python"]
    named = [line.rsplit(" ", 1)[1] for line in project["classifiers"] if "Python ::" in line]
    assert tested == named
    assert project["requires-python"] == f">={tested[0]}"
    assert f"Python {tested[0]} or newer" in (ROOT / "README.md").read_text("utf8")
    for name in set(NAMES) - {"test.yml"}:
        job, number = step_that(name, "actions/setup-python")
        assert job["steps"][number]["with"]["python-version"] in tested


@pytest.mark.parametrize("name", ["release.yml", "test.yml", "weekly.yml"])
def test_everything_is_tested_before_anything_leaves(name):
    job, tested = step_that(name, ".ci/run")
    leaves = [n for n, step in enumerate(job["steps"]) if re.search("push|upload|gh ", str(step))]
    assert all(n > tested for n in leaves)
    assert job["steps"][tested]["env"]["PYTHON"] == "python"


def test_nothing_is_published_that_a_test_refuses():
    jobs = yaml.safe_load(source("publish.yml"))["jobs"]
    assert jobs["test"] == {"uses": "./.github/workflows/test.yml"}
    assert jobs["build"]["needs"] == "test"
    assert jobs["deploy"]["needs"] == "build"
    assert "workflow_call:" in source("test.yml")


def test_only_what_is_published_knows_where():
    """The tests are for a book without addresses, which is what everybody else builds."""
    job, told = step_that("publish.yml", "make book")
    assert told < step_that("publish.yml", "publish.py")[1]
    for name in NAMES:
        for step in steps(yaml.safe_load(source(name))):
            known = {key for key in step.get("env", {}) if key.startswith("BOOK_")}
            assert known == (
                {"BOOK_REPOSITORY", "BOOK_ADDRESS"} if step == job["steps"][told] else set()
            )
    job, pushed = step_that("publish.yml", "git push")
    assert pushed < step_that("publish.yml", "upload-pages-artifact")[1]


def git(folder, *words):
    command = ["git", "-C", folder, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def clone(tmp_path):
    """A repository with an origin, an author, and a stand-in for the program that publishes."""
    git(tmp_path, "init", "-q", "--bare", "origin")
    git(tmp_path, "clone", "-q", "origin", "clone")
    clone = tmp_path / "clone"
    (clone / ".gitignore").write_text("_build\n.venv\n*.ipynb\n", "utf8")
    python = clone / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    make = 'mkdir -p _build/branch/chapters && echo "$GITHUB_SHA" > _build/branch/chapters/a.ipynb'
    python.write_text(f"#!/bin/sh\n{make}\n", "utf8")
    python.chmod(0o755)
    git(clone, "add", ".gitignore")
    git(clone, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "Main")
    return clone


def test_push_makes_one_commit_on_the_branch_that_the_buttons_open(clone):
    job, number = step_that("publish.yml", "git push")
    for sha in ("first", "second"):
        subprocess.run(
            ["bash", "-e", "-c", job["steps"][number]["run"]],
            cwd=clone,
            env=os.environ | {"GITHUB_SHA": sha},
            check=True,
            capture_output=True,
        )
        origin = clone.parent / "origin"
        branch = git(origin, "for-each-ref", "--format=%(refname:short)")
        assert branch == places.BRANCH in source("test.yml")
        assert git(origin, "ls-tree", "-r", "--name-only", branch) == "chapters/a.ipynb"
        assert git(origin, "show", f"{branch}:chapters/a.ipynb") == sha
        assert git(origin, "rev-list", "--count", branch) == "1"
    assert git(clone, "status", "--porcelain") == ""
