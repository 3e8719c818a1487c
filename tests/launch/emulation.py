"""Binder on this machine: the tree it clones, the environment it makes, the server it starts."""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = (ROOT / "binder/runtime.txt").read_text("utf8").strip().removeprefix("python-")
HIDDEN = ("JUPYTER", "JPY_", "IPYTHON", "PYTHON", "VIRTUAL_ENV", "XDG_", "MPLBACKEND", "BROWSER")
START_S = 60


def lay_out(tree):
    """Write to `tree` what the branch `notebooks` holds."""
    publish = [sys.executable, ROOT / "_ext/publish.py", "branch", "--out", tree]
    done = subprocess.run(publish, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def python():
    """Return the Python that `runtime.txt` names, or this one where it is not installed."""
    named = shutil.which(f"python{RUNTIME}")
    if named and subprocess.run([named, "-c", ""], capture_output=True).returncode == 0:
        return named
    return sys.executable


class Binder:
    """A reader's home folder, which is the tree, and an environment made from its `binder/`."""

    def __init__(self, place):
        self.home, self.prefix = place / "home", place / "env"
        lay_out(self.home)
        self.environ = {k: v for k, v in os.environ.items() if not k.startswith(HIDDEN)}
        self.environ["PATH"] = f"{self.prefix / 'bin'}{os.pathsep}{os.environ['PATH']}"
        started = time.perf_counter()
        self.call(python(), "-m", "venv", self.prefix)
        self.call("pip", "install", "--quiet", "-r", "binder/requirements.txt")
        self.environ["HOME"] = str(self.home)
        self.call("./binder/postBuild")
        self.seconds = time.perf_counter() - started

    def call(self, *command):
        """Run a command in the tree as the reader would; return what it said."""
        done = subprocess.run(
            command, cwd=self.home, env=self.environ, text=True, capture_output=True
        )
        if done.returncode:
            said = (done.stdout + done.stderr)[-3000:]
            raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{said}")
        return done.stdout

    def megabytes(self):
        """Return what the environment takes on disk."""
        files = (path for path in self.prefix.rglob("*") if not path.is_symlink())
        return sum(path.stat().st_size for path in files) / 1e6


class Server:
    """A running JupyterLab: where it is, its token, and its REST interface."""

    def __init__(self, port):
        self.origin = f"127.0.0.1:{port}"
        self.base, self.token = "/user/reader-notebooks-abc123/", secrets.token_urlsafe(16)
        self.address = f"http://{self.origin}{self.base}"

    def ask(self, method, path):
        """Send a request; return the answer, or None if it is empty."""
        request = urllib.request.Request(self.address + path, method=method)
        request.add_header("Authorization", f"token {self.token}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or "null")

    def forget(self):
        """Stop every kernel and drop the layout, so that the next chapter meets a fresh server."""
        for session in self.ask("GET", "api/sessions"):
            self.ask("DELETE", f"api/sessions/{session['id']}")
        with contextlib.suppress(urllib.error.HTTPError):
            self.ask("DELETE", "lab/api/workspaces/default")


def flags(server, port):
    """Return the flags BinderHub's spawner gives, each `NotebookApp` one twice as it does."""
    once = [
        f"--NotebookApp.base_url={server.base}",
        f"--NotebookApp.token={server.token}",
        "--NotebookApp.trust_xheaders=True",
        "--NotebookApp.default_url=/lab",
        "--NotebookApp.allow_origin=*",
        "--NotebookApp.allow_origin_pat=.*",
    ]
    twice = [flag.replace("NotebookApp", "ServerApp") for flag in once]
    return [f"--port={port}", *once, *twice]


# What Binder does not say: nobody else may reach this server, it opens no browser of its own,
# root may run it, and the page lets a test look at the notebook that it shows.
OURS = [
    "--ip=127.0.0.1",
    "--no-browser",
    "--allow-root",
    "--ServerApp.port_retries=0",
    "--LabApp.expose_app_in_browser=True",
]


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(binder):
    """Run JupyterLab as BinderHub does; yield its Server."""
    port, log = free_port(), binder.home.with_name("server.log")
    server = Server(port)
    with log.open("w") as out:
        process = subprocess.Popen(
            [binder.prefix / "bin/jupyter-lab", *flags(server, port), *OURS],
            cwd=binder.home,
            env=binder.environ,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        wait(server, process, log)
        yield server
    finally:
        stop(process)


def stop(process):
    """End the server, if need be as a container does that takes too long."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait(server, process, log):
    """Return when the server answers."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            return server.ask("GET", "api/status")
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start in {START_S} s:\n{log.read_text()[-3000:]}")
