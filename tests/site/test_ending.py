"""However a build ends, nothing that it started outlives it or holds its output open."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid

import psutil
import pytest
from bpsite.html import katex
from support.book import ROOT

MARK = "BPSITE_TEST_BUILD"
SOON_S = 20

CHILD = "import pathlib, time; pathlib.Path('reached').touch(); time.sleep(600)"
CONF = f"""\
import pathlib, socket, subprocess, sys, time
sys.path.insert(0, {str(ROOT / "_ext")!r})
import bpsite
from bpsite import termination
from bpsite.html import mathematics
extensions = EXTENSIONS
html_math_renderer = "bpsite"
nb_execution_mode = "force"

connect, refused = socket.socket.connect, []
def refuse_once(self, address):  # as a server does that is slow to listen
    if isinstance(address, str) and not refused:
        refused.append(address)
        raise ConnectionRefusedError(address)
    return connect(self, address)
socket.socket.connect = refuse_once

def rendered(app, *page):
    if HOW == "run":  # as `jupyter lite build` and pip are run
        subprocess.run([sys.executable, "-c", {CHILD!r}], capture_output=True)
    pathlib.Path("reached").touch()
    if HOW == "raise":
        raise RuntimeError("an extension's mistake")
    if HOW == "wait":
        time.sleep(600)

def setup(app):
    bpsite.connect(app, termination, mathematics)
    app.connect("html-page-context", rendered)
"""
FORMULA = "Formula\n=======\n\n:math:`a^2`\n"
KERNEL = """\
---
kernelspec: {name: python3, display_name: Python 3}
file_format: mystnb
---
# Kernel

```{code-cell}
import pathlib, time
pathlib.Path("reached").touch()
time.sleep(600)
```
"""


def hear_ctrl_c():
    """Undo what a shell does to programs that it starts in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Build:
    """A build of a small project, by a process whose output somebody reads."""

    def __init__(self, folder, how, index=("index.rst", FORMULA), extensions=()):
        self.folder, self.mark = folder, uuid.uuid4().hex
        conf = CONF.replace("HOW", repr(how)).replace("EXTENSIONS", repr(list(extensions)))
        (folder / "conf.py").write_text(conf)
        (folder / index[0]).write_text(index[1])
        (folder / "node_modules").symlink_to(ROOT / "node_modules")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sphinx", "-W", "-b", "html", ".", "out"],
            cwd=folder,
            env=os.environ | {MARK: self.mark},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=hear_ctrl_c,
        )

    def reach(self):
        """Wait until the build is where it waits."""
        deadline = time.monotonic() + 3 * SOON_S
        while not (self.folder / "reached").exists():
            assert time.monotonic() < deadline
            assert self.process.poll() is None, self.process.stdout.read()
            time.sleep(0.05)

    def alive(self):
        """Return the command lines of all processes of this build."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(MARK) == self.mark and process.status() != "zombie":
                    found.append(process.cmdline())
        return found

    def output(self):
        """Return what the build said, once nobody is left who could say more."""
        said, _ = self.process.communicate(timeout=SOON_S)
        return said

    def leaves_nothing(self):
        """Wait for a moment until no process of this build is left, and fail if one stays."""
        deadline = time.monotonic() + 5
        while left := self.alive():
            assert time.monotonic() < deadline, left
            time.sleep(0.05)


@pytest.fixture
def build(tmp_path):
    builds = []

    def start(*arguments, **options):
        builds.append(Build(tmp_path, *arguments, **options))
        return builds[-1]

    yield start
    for one in builds:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(MARK) == one.mark:
                    process.kill()


def test_success(build):
    one = build("go on")
    one.output()
    assert one.process.returncode == 0
    assert 'class="katex"' in (one.folder / "out/index.html").read_text("utf8")
    one.leaves_nothing()


@pytest.mark.parametrize(
    ("how", "formula", "said"),
    [("raise", "a^2", "an extension's mistake"), ("go on", r"\nonsense", r"\nonsense")],
    ids=["an extension raises", "a bad formula"],
)
def test_error(build, how, formula, said):
    one = build(how, ("index.rst", FORMULA.replace("a^2", formula)))
    assert said in one.output()
    assert one.process.returncode != 0
    one.leaves_nothing()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_signal(build, number):
    one = build("wait")
    one.reach()
    assert any("katex" in part for line in one.alive() for part in line), "nothing was rendered"
    one.process.send_signal(number)
    one.output()
    assert one.process.returncode != 0
    one.leaves_nothing()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_while_another_program_runs(build, number):
    one = build("run")
    one.reach()
    assert any(CHILD in line for line in one.alive())
    one.process.send_signal(number)
    one.output()
    one.leaves_nothing()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_signal_while_a_kernel_runs(build, number):
    one = build("go on", ("index.md", KERNEL), extensions=["myst_nb"])
    one.reach()
    assert any("ipykernel_launcher" in line for line in one.alive())
    one.process.send_signal(number)
    one.output()
    one.leaves_nothing()


def script(folder, code):
    """Return the path of a script in KaTeX's place."""
    path = folder / "katex.js"
    path.write_text(code)
    return path


def test_a_formula_that_takes_for_ever_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(katex, "TIMEOUT_MS", 200)
    code = "exports.renderToString = tex => { while (tex === 'loop') {} return tex; }"
    one = katex.KaTeX(script(tmp_path, code), {})
    with pytest.raises(katex.KaTeXError, match="200ms"):
        one.render("loop", False)
    assert one.render("a\nb\u2028", False) == "a\nb\u2028"
    one.stop()


def test_katex_that_does_not_run_says_why(tmp_path):
    one = katex.KaTeX(script(tmp_path, "throw Error('not today')"), {})
    with pytest.raises(katex.ExtensionError, match="not today"):
        one.render("a", False)
    one.stop()
