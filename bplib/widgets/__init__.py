"""Pictures that move, with or without a kernel."""

from bplib.widgets.explorer import explore

__all__ = ["explore"]
