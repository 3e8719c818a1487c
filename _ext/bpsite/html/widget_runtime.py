"""Builds the script that brings widgets to life, and warns of a widget that it does not know."""

import json
import re
import subprocess
from pathlib import Path

from sphinx.errors import ExtensionError
from sphinx.util import logging

from bpsite.html.assets import node_program
from bpsite.html.first_frames import STATE

SOURCES = Path(__file__).parents[2] / "runtime"
CLASS = re.compile(r"\w+(?:Model|View)\b")

logger = logging.getLogger(__name__)


def build(folder, sources=SOURCES):
    """Write `widgets.js` and its licences to `folder`.

    Raises:
        ExtensionError: a package is not the one that the script was written for, or not there.
    """
    command = [str(node_program()), str(sources / "build.mjs"), str(folder)]
    done = subprocess.run(command, capture_output=True, encoding="utf8")
    if done.returncode:
        raise ExtensionError(f"{sources / 'build.mjs'} failed:\n{done.stderr}")


def install(app):
    """Build the script where the pages find it."""
    if app.builder.format == "html":
        build(Path(app.outdir) / "_static" / "vendor")


def known():
    """Return the names of the models and views that the script has."""
    classes = (SOURCES / "src" / "classes").glob("*.js")
    return {name for path in classes for name in CLASS.findall(path.read_text("utf8"))}


def unknown(state):
    """Return the names of the models and views in a page's state that the script has not."""
    models = state.values()
    used = {model["model_name"] for model in models}
    used |= {name for model in models if (name := model["state"].get("_view_name"))}
    return sorted(used - known())


def check(app, pagename, templatename, context, doctree):
    """Warn of widgets that would not come to life, which fails the build."""
    for script in context.get("script_files", []):
        if getattr(script, "attributes", {}).get("type") == STATE:
            lacking = unknown(json.loads(script.attributes["body"])["state"])
            if lacking:
                where = SOURCES / "src" / "classes"
                logger.warning("%s lacks %s", where, ", ".join(lacking), location=pagename)
