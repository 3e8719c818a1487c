"""Prints, after the sabotage tests, who caught which planted bug."""

from collections import Counter

from support.recorded import recorded


def pytest_terminal_summary(terminalreporter):
    found = [value for _, value in recorded(terminalreporter, "planted bug")]
    if not found:
        return
    survived = sum("a wrong result" not in caught.values() for _, _, caught in found)
    terminalreporter.section(f"{len(found)} planted bugs, {survived} survived")
    for part in dict.fromkeys(part for part, _, _ in found):
        rows = [(name, summary(caught)) for of, name, caught in found if of == part]
        width = max(len(name) for name, _ in rows)
        terminalreporter.write_line(f"\n{part} ({len(rows)})", bold=True)
        for name, judges in rows:
            terminalreporter.write_line(f"  {name:{width}}  {judges or 'NOBODY'}")


def summary(caught):
    """Judges of one kind in one word: gradcheck[square] and gradcheck[relu] → gradcheck ×2."""
    kinds = Counter(judge.split("[")[0].replace("_", " ") for judge in caught)
    return "; ".join(f"{kind} ×{n}" if n > 1 else kind for kind, n in kinds.items())
