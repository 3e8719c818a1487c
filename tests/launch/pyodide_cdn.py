"""Stands in for Pyodide's CDN: the core from the npm package, pure Python wheels by pip.

The CDN's wheels are packed anew by Pyodide and so have other digests than those that pip gets:
the lock that is served names the digests of what is served. Wheels of WebAssembly are not to be
had elsewhere, and asking for one gives 404.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "node_modules" / "pyodide"
FILES = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
LOCK = "pyodide-lock.json"
KERNEL = ("micropip", "ipython", "jedi")
TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm", ".json": "application/json"}
ANYWHERE = {"Access-Control-Allow-Origin": "*"}


def needed(packages):
    """Return what the kernel is made of, with all that it depends on, as the lock has it."""
    found, left = {}, list(KERNEL)
    while left:
        name = left.pop().lower().replace("_", "-")
        if name not in found:
            found[name] = packages[name]
            left += packages[name]["depends"]
    return found


def fetch(packages, folder):
    """Have pip fetch these packages' wheels, in the lock's versions, unless they are here."""
    pins = [
        f"{name}=={package['version']}"
        for name, package in packages.items()
        if not (folder / package["file_name"]).exists()
    ]
    if pins:
        only = ["--no-deps", "--only-binary=:all:", "--python-version=3.14"]
        command = [sys.executable, "-m", "pip", "download", "--quiet", *only, "--dest", folder]
        subprocess.run([*command, *pins], check=True, timeout=60)


def distribution(folder):
    """Make a Pyodide distribution with what a kernel needs, and no more, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(CORE / name, folder / name)
    lock = json.loads((CORE / LOCK).read_text("utf8"))
    wheels = needed(lock["packages"])
    fetch(wheels, folder)
    for package in wheels.values():
        data = (folder / package["file_name"]).read_bytes()
        package["sha256"] = hashlib.sha256(data).hexdigest()
    (folder / LOCK).write_text(json.dumps(lock), "utf8")


class Cdn:
    """The stand-in at the address that the kernel has built in; notes what it was asked for."""

    def __init__(self):
        version = json.loads((CORE / "package.json").read_text("utf8"))["version"]
        self.address = f"https://cdn.jsdelivr.net/pyodide/v{version}/full/"
        self.folder = ROOT / "_build" / "lite" / f"pyodide-{version}"
        self.asked = []
        distribution(self.folder)

    def answer(self, route):
        """Answer a request of the browser."""
        name = route.request.url.removeprefix(self.address)
        self.asked.append(name)
        path = self.folder / name
        if path.is_file():
            kind = TYPES.get(path.suffix, "application/octet-stream")
            route.fulfill(path=path, content_type=kind, headers=ANYWHERE)
        else:
            route.fulfill(status=404, headers=ANYWHERE)
