"""The theme's few icons as small SVG masks, in place of its 1.5 MB icon script."""

from urllib.parse import quote

STROKES = {
    "angle-left": "M15 5l-7 7 7 7",
    "angle-right": "M9 5l7 7-7 7",
    "angle-down": "M5 9l7 7 7-7",
    "arrow-up": "M12 20V4m-7 7l7-7 7 7",
    "arrow-down": "M12 4v16m-7-7l7 7 7-7",
    "bars": "M3 6h18M3 12h18M3 18h18",
    "bell": "M6 17v-6a6 6 0 0112 0v6l2 1H4zm4 4h4",
    "circle-check": "M12 3a9 9 0 100 18 9 9 0 000-18zm-4 9l3 3 5-6",
    "circle-half-stroke": "M12 3a9 9 0 100 18 9 9 0 000-18zm0 0v18m3-17v16m3-13v10",
    "circle-info": "M12 3a9 9 0 100 18 9 9 0 000-18zm0 8v6m0-10v.5",
    "circle-xmark": "M12 3a9 9 0 100 18 9 9 0 000-18zm-3 6l6 6m0-6l-6 6",
    "code": "M8 6l-6 6 6 6m8-12l6 6-6 6",
    "download": "M12 3v12m-5-5l5 5 5-5M4 20h16",
    "exclamation": "M12 3a9 9 0 100 18 9 9 0 000-18zm0 4v6m0 3.5v.5",
    "expand": "M4 9V4h5m6 0h5v5m0 6v5h-5m-6 0H4v-5",
    "external": "M10 5H4v15h15v-6M14 3h7v7m0-7L11 13",
    "file": "M6 3h8l5 5v13H6zm8 0v5h5",
    "file-lines": "M6 3h8l5 5v13H6zm8 0v5h5M9 13h7m-7 4h7",
    "file-pdf": "M7 9V3h10v6M7 18H3V9h18v9h-4M7 14h10v7H7z",
    "house": "M3 11l9-8 9 8v10h-6v-6H9v6H3z",
    "lightbulb": "M9 18h6m-5 3h4M8 14a6 6 0 118 0l-1 2H9z",
    "list": "M8 6h13M8 12h13M8 18h13M3 6h1m-1 6h1m-1 6h1",
    "magnifying-glass": "M10 3a7 7 0 100 14 7 7 0 000-14zm5 12l6 6",
    "moon": "M20 14A8 8 0 119 4a7 7 0 0011 10z",
    "outdent": "M3 4h18M11 9h10M11 14h10M3 19h18M7 8l-4 4 4 4",
    "pencil": "M4 20l1-5L16 4l4 4L9 19z",
    "play": "M7 4l13 8-13 8z",
    "rocket": "M9 15l-4-1 4-5c3-5 7-6 12-6 0 5-1 9-6 12l-5 4zM4 17l-1 4 4-1",
    "share": "M14 5l7 7-7 7v-4c-5 0-9 1-11 5 0-7 5-11 11-11z",
    "sun": "M12 8a4 4 0 100 8 4 4 0 000-8zm0-6v2m0 16v2M2 12h2m16 0h2"
    "M5 5l1 1m12 12l1 1M5 19l1-1M18 6l1-1",
    "triangle": "M12 4L2 20h20zm0 6v5m0 2v.5",
    "xmark": "M5 5l14 14M19 5L5 19",
}
ALIASES = {
    "chevron-down": "angle-down",
    "chevron-right": "angle-right",
    "folder": "file",
    "home": "house",
    "pencil-alt": "pencil",
}
ADMONITIONS = {
    "note": "circle-info",
    "tip": "lightbulb",
    "hint": "lightbulb",
    "important": "exclamation",
    "attention": "exclamation",
    "caution": "triangle",
    "warning": "triangle",
    "danger": "triangle",
    "error": "circle-xmark",
    "seealso": "share",
    "admonition-todo": "pencil",
}


def _mask(path):
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='#000' "
        f"stroke-width='2' stroke-linecap='round' stroke-linejoin='round'><path d='{path}'/></svg>"
    )
    encoded = quote(svg, safe=" =:/'")
    return f'url("data:image/svg+xml,{encoded}")'


def css():
    """Return the style sheet that draws `<i class="fa-solid fa-NAME">` and the admonition signs."""
    lines = [":root{", *(f"--bp-icon-{n}:{_mask(p)};" for n, p in STROKES.items()), "}"]
    names = {name: name for name in STROKES} | ALIASES
    lines += [f".fa-{cls}{{--bp-icon:var(--bp-icon-{icon})}}" for cls, icon in names.items()]
    for kind, icon in ADMONITIONS.items():
        lines.append(
            f"div.admonition.{kind}>.admonition-title,"
            f"details.admonition.{kind}>.admonition-title{{--bp-icon:var(--bp-icon-{icon})}}"
        )
    return "\n".join(lines)
