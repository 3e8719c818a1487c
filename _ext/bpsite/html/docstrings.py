"""The reference page: docstrings of bplib as they stand in the source, made safe for Sphinx."""

import re

import numpy as np


def plain(app, what, name, obj, options, lines):
    """Keep |w| and **axes from being read as markup; what stands in backticks stays."""
    for i, line in enumerate(lines):
        parts = re.split(r"(``?[^`]+``?|:[a-z]+:`[^`]*`)", line)
        parts[::2] = [re.sub(r"(\||\*\*)", r"\\\1", part) for part in parts[::2]]
        lines[i] = "".join(parts)


def skip_arrays(app, what, name, thing, skip, options):
    """Leave out what is an array at first: the docstring of its class says what it is."""
    return True if isinstance(thing, np.ndarray) else None


def setup(app):
    """Read docstrings in Google's style, where shapes stand; annotations would only repeat them."""
    for extension in ("sphinx.ext.autodoc", "sphinx.ext.napoleon"):
        app.setup_extension(extension)
    app.config.default_role = "code"
    app.config.autodoc_typehints = "none"
    app.config.autodoc_preserve_defaults = True
    app.config.python_maximum_signature_line_length = 60
    app.config.napoleon_use_rtype = False
    app.config.napoleon_preprocess_types = False
    app.config.napoleon_attr_annotations = False
