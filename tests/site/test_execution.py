"""Pages that are executed ahead, several at once: once each, and stopped with the build."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from support.book import ROOT

CONF = f"""\
import sys
sys.path.insert(0, {str(ROOT / "_ext")!r})
import bpsite
from bpsite import termination
from bpsite.notebooks import execution
extensions = ["myst_nb"]
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_show_tb = True

def setup(app):
    bpsite.connect(app, termination, execution)
"""
PAGE = """\
---
kernelspec: {{name: python3, display_name: Python 3}}
file_format: mystnb
---
# Page

```{{code-cell}}
import os, pathlib, time
with open("ran", "a") as file:
    print("{name}", os.getpid(), file=file)
{code}
```
"""


@pytest.fixture
def project(tmp_path):
    """A function that writes three pages which run this code, and returns how to build them."""

    def write(code):
        (tmp_path / "conf.py").write_text(CONF)
        for name in ("index", "one", "two"):
            (tmp_path / f"{name}.md").write_text(PAGE.format(name=name, code=code))
        return [sys.executable, "-m", "sphinx", "-E", "-b", "html", ".", "out"]

    return write


def ran(folder):
    return [line.split() for line in (folder / "ran").read_text().splitlines()]


def test_each_page_runs_once_and_not_again(project, tmp_path):
    build = project("'a result of ' + str(6 * 7)")
    for _ in range(2):
        subprocess.run(build, cwd=tmp_path, check=True, capture_output=True)
        assert sorted(name for name, _ in ran(tmp_path)) == ["index", "one", "two"]
        assert "a result of 42" in (tmp_path / "out/one.html").read_text("utf8")


def test_what_fails_is_reported_by_the_page(project, tmp_path):
    build = project("1 / 0")
    done = subprocess.run(build, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode != 0
    assert "ZeroDivisionError" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_build_that_is_stopped_leaves_no_kernel(project, tmp_path, number):
    def hear_ctrl_c():
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    process = subprocess.Popen(project("time.sleep(600)"), cwd=tmp_path, preexec_fn=hear_ctrl_c)
    deadline = time.monotonic() + 60
    while not (tmp_path / "ran").exists() or len(ran(tmp_path)) < min(2, os.cpu_count()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(number)
    assert process.wait(timeout=30) != 0
    gone = time.monotonic() + 10
    while left := [pid for _, pid in ran(tmp_path) if psutil.pid_exists(int(pid))]:
        assert time.monotonic() < gone, left
        time.sleep(0.05)
