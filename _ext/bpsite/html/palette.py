"""The colours of `bplib.plots.style.PALETTE` as CSS custom properties."""

from bplib.plots.style import PALETTE


def _block(selector, index):
    body = "".join(f"--bp-{name}:{pair[index]};" for name, pair in PALETTE.items())
    return f"{selector}{{{body}}}"


def css():
    """Return `--bp-NAME` for every colour, light by default and dark under the dark theme."""
    return "\n".join(
        [
            _block(":root,html[data-theme=light]", 0),
            f"@media screen{{{_block('html[data-theme=dark]', 1)}}}",
        ]
    )
