"""How an object that a call has made shows itself: by that call."""

from inspect import signature
from typing import Any


def as_call(thing: Any, *more: str) -> str:
    """Return the call that makes thing: its first argument, and others that are no default.

    An argument counts where an attribute has its name. `more` is put at the end.
    """
    parts = []
    for name, parameter in signature(type(thing)).parameters.items():
        value = getattr(thing, name, parameter.default)
        said = getattr(value, "__name__", None) or repr(value)
        if not parts:
            parts.append(said)
        elif said != repr(parameter.default):
            parts.append(f"{name}={said}")
    return f"{type(thing).__name__}({', '.join([*parts, *more])})"
