"""The workflows: sound as zizmor has it, and true to the scripts, targets and paths they name."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from bpsite import addresses

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github/workflows"
NAMES = ["publish.yml", "release.yml", "test.yml", "weekly.yml"]
ZIZMOR = [Path(sys.executable).with_name("zizmor"), "--offline", "--quiet", "--strict-collection"]
PATH = re.compile(r"(?<![\w/$:.@-])\.?\w[\w.-]*/[\w./*-]+")
BUILT = ("html", "branch", "release", "index")
AUDITED = {
    "a key that is none": ("runs-on", "run-on"),
    "somebody else's action by its tag": ("actions/setup-python@v6", "somebody/setup-python@v6"),
    "a token left in the clone": ("persist-credentials: false", "fetch-depth: 1"),
    "all permissions": ("permissions:\n  contents: read", "permissions: write-all"),
    "a permission too many": ("permissions:\n  contents: read", "permissions:\n  contents: write"),
    "no word about permissions": ("permissions:\n  contents: read\n", ""),
    "a script made of what others write": ("run: .ci/run", "run: echo ${{ github.head_ref }}"),
}
UNTRUE = {
    "a script that is not there": ("run: .ci/run", "run: .ci/runs"),
    "a target that is not there": ("make pins", "make pin"),
    "a program that is not there": ("_ext/publish.py", "_ext/published.py"),
    "a word that it does not know": ("publish.py branch", "publish.py branches"),
    "a folder that is not built": ("path: _build/html", "path: _build/site"),
    "files that are not there": ("requirements*.txt", "requirements*.text"),
    "a workflow that is not there": ("workflows/test.yml", "workflows/tests.yml"),
    "an action by its branch": ("actions/checkout@v6", "actions/checkout@main"),
    "a loop without an end": ("run: .ci/run", "run: for x in 1 2; do .ci/run"),
    "an address of a repository": ("${{ github.server_url }}/", "https://github.com/"),
}


def source(name):
    return (FOLDER / name).read_text("utf8")


def steps(workflow):
    return [step for job in workflow["jobs"].values() for step in job.get("steps", [])]


def planted(right, wrong):
    """Yield each workflow in which there is something to be replaced, as it is then."""
    found = [name for name in NAMES if right in source(name)]
    assert found
    for name in found:
        yield name, source(name).replace(right, wrong)


def audit(folder):
    """Return what zizmor says of the workflows in a folder, "" if it finds nothing."""
    command = [*ZIZMOR, "--persona=pedantic", folder / ".github"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr) if done.returncode else ""


def untrue(text):
    """Return all that a workflow names and the tree does not have."""
    workflow, makefile = yaml.safe_load(text), (ROOT / "Makefile").read_text("utf8")
    scripts = [step.get("run", "") for step in steps(workflow)]
    script = "\n".join(scripts)
    given = [step.get("with", {}) for step in steps(workflow)]
    paths = PATH.findall(script)
    paths += [p for w in given for key in w if "path" in key for p in w[key].split()]
    paths += [job["uses"] for job in workflow["jobs"].values() if "uses" in job]
    known = re.findall(r'"(\w+)"', (ROOT / "_ext/publish.py").read_text("utf8"))
    targets = re.findall(r"\bmake ([\w/.-]+)", script)
    used = [step["uses"] for step in steps(workflow) if "uses" in step]
    return [
        *(path for path in paths if absent(path)),
        *(t for t in targets if not re.search(rf"(?m)^{re.escape(t)}:", makefile)),
        *(w for w in re.findall(r"_ext/publish\.py (\S+)", script) if w not in known),
        *(action for action in used if not re.fullmatch(r"[\w/-]+@v\d+", action)),
        *(s for s in scripts if subprocess.run(["bash", "-n"], input=s.encode()).returncode),
        *re.findall(r"https?://\S+|github\.com\S*", text),
    ]


def absent(path):
    """Say whether nothing in the tree is, or makes, that path."""
    first, _, rest = path.partition("/")
    if first == "_build":
        return rest.split("/")[0] not in BUILT
    if first == ".venv":
        return rest != "bin/python"
    return not path.startswith("refs/") and not list(ROOT.glob(path))


def test_zizmor_finds_nothing():
    assert sorted(path.name for path in FOLDER.iterdir()) == NAMES
    assert audit(ROOT) == ""


@pytest.mark.parametrize("mistake", AUDITED)
def test_zizmor_finds_a_planted_mistake(mistake, tmp_path):
    for name, text in planted(*AUDITED[mistake]):
        shutil.rmtree(tmp_path / ".github", ignore_errors=True)
        shutil.copytree(FOLDER.parent, tmp_path / ".github")
        (tmp_path / ".github/workflows" / name).write_text(text, "utf8")
        assert name in audit(tmp_path), name


@pytest.mark.parametrize("name", NAMES)
def test_workflow_is_true_to_the_tree(name):
    assert untrue(source(name)) == []


@pytest.mark.parametrize("mistake", UNTRUE)
def test_planted_untruth_is_found(mistake):
    for name, text in planted(*UNTRUE[mistake]):
        assert untrue(text), name


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
    assert jobs["test"]["uses"] == "./.github/workflows/test.yml"
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
    """A repository with an origin, an author, and stand-ins for the programs that publish."""
    git(tmp_path, "init", "-q", "--bare", "origin")
    git(tmp_path, "clone", "-q", "origin", "clone")
    clone = tmp_path / "clone"
    (clone / ".gitignore").write_text("_build\n.venv\n*.ipynb\n", "utf8")
    python = clone / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    make = 'mkdir -p _build/branch/chapters && echo "$GITHUB_SHA" > _build/branch/chapters/a.ipynb'
    python.write_text(f"#!/bin/sh\n{make}\n", "utf8")
    (python.parent / "gh").write_text("#!/bin/sh\n", "utf8")
    for program in ("python", "gh"):
        (python.parent / program).chmod(0o755)
    git(clone, "add", ".gitignore")
    git(clone, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "Main")
    return clone


def test_push_makes_one_commit_on_the_branch_that_the_buttons_open(clone):
    job, number = step_that("publish.yml", "git push")
    for sha in ("first", "second"):
        subprocess.run(
            ["bash", "-e", "-c", job["steps"][number]["run"]],
            cwd=clone,
            env=os.environ | {"GITHUB_SHA": sha, "PATH": f"{clone}/.venv/bin:{os.environ['PATH']}"},
            check=True,
            capture_output=True,
        )
        origin = clone.parent / "origin"
        branch = git(origin, "for-each-ref", "--format=%(refname:short)")
        assert branch == addresses.BRANCH in source("test.yml")
        assert git(origin, "ls-tree", "-r", "--name-only", branch) == "chapters/a.ipynb"
        assert git(origin, "show", f"{branch}:chapters/a.ipynb") == sha
        assert git(origin, "rev-list", "--count", branch) == "1"
    assert git(clone, "status", "--porcelain") == ""
