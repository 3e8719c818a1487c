"""Stands in for Pyodide's CDN: the core from the npm package, pure Python wheels by pip.

The CDN's wheels are packed anew by Pyodide and so have other digests than those that pip gets:
the lock that is served names the digests of what is served. Wheels of WebAssembly are not to be
had elsewhere, and asking for one gives 404.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "node_modules" / "pyodide"
CACHE = ROOT / "_build" / "lite" / "cdn"
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


def fetch(packages):
    """Have pip fetch these packages' wheels, in the lock's versions, unless they are here."""
    pins = [
        f"{name}=={package['version']}"
        for name, package in packages.items()
        if not (CACHE / package["file_name"]).exists()
    ]
    if pins:
        only = ["--no-deps", "--only-binary=:all:", "--python-version=3.14"]
        command = [sys.executable, "-m", "pip", "download", "--quiet", *only, "--dest", CACHE]
        subprocess.run([*command, *pins], check=True, timeout=60)


class Cdn:
    """The stand-in at the address that the kernel has built in; notes what it was asked for."""

    def __init__(self):
        version = json.loads((CORE / "package.json").read_text("utf8"))["version"]
        self.address = f"https://cdn.jsdelivr.net/pyodide/v{version}/full/"
        self.asked = []
        lock = json.loads((CORE / "pyodide-lock.json").read_text("utf8"))
        wheels = needed(lock["packages"])
        fetch(wheels)
        for package in wheels.values():
            data = (CACHE / package["file_name"]).read_bytes()
            package["sha256"] = hashlib.sha256(data).hexdigest()
        self.lock = json.dumps(lock)

    def answer(self, route):
        """Answer a request of the browser."""
        name = route.request.url.removeprefix(self.address)
        self.asked.append(name)
        path = next((folder / name for folder in (CORE, CACHE) if (folder / name).is_file()), None)
        if path is None:
            route.fulfill(status=404, headers=ANYWHERE)
            return
        body = self.lock if name == "pyodide-lock.json" else path.read_bytes()
        kind = TYPES.get(path.suffix, "application/octet-stream")
        route.fulfill(body=body, content_type=kind, headers=ANYWHERE)
