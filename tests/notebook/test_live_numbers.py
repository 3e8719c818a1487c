"""Every live picture of the book: its JavaScript in Node beside its SymPy expressions in NumPy."""

import json

import jupytext
import matplotlib as mpl
import numpy as np
import pytest
from support.book import PROGRAMS
from support.javascript import in_javascript, node

from bplib.widgets import live

CHAPTERS = [path for path in PROGRAMS if "live.Picture(" in path.read_text("utf8")]
SETTINGS = 40
EXACT = 1e-12
NUDGE = 4e-16  # what rounding does to a number; a chaotic run makes it large in either language


@pytest.fixture(scope="module", params=CHAPTERS, ids=[path.stem for path in CHAPTERS])
def pictures(request):
    """The pictures that a chapter's cells show."""
    shown, show = [], live.Picture.show

    def keep(picture, alt):
        shown.append(picture)
        return show(picture, alt)

    mpl.use("Agg")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live.Picture, "show", keep)
        patch.setenv("TQDM_DISABLE", "1")
        space = {"__name__": "__main__", "display": lambda *args, **kwargs: None}
        for cell in jupytext.read(request.param).cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, request.param.name, "exec"), space)
    return shown


def drawn(picture, rng):
    """Settings at random: a place on each slider, and points within the axes of their handle."""
    controls = [rng.choice(control.values) for control in picture.controls.values()]
    points = {}
    for handle in picture.handles:
        left, right = picture.axes[handle["ax"]].get_xlim()
        low, high = picture.axes[handle["ax"]].get_ylim()
        points[handle["x"]] = rng.uniform(left, right)
        if "y" in handle:
            points[handle["y"]] = rng.uniform(low, high)
    for sheet in picture.sketches:
        first, squares = sheet["first"], sheet["n"] ** 2
        drawn_on = rng.random(squares) < rng.choice([0, 0.3])
        points |= enumerate(sheet["full"] * rng.random(squares) * drawn_on, start=first)
    free = range(len(controls), len(picture.start))
    return [*map(float, controls), *(float(f"{points[i]:.4g}") for i in free)]


def test_numbers_and_sentences_are_alike(pictures, tmp_path):
    assert pictures
    rng = np.random.default_rng(0)
    for picture in pictures:
        run = picture.program.compiled()
        settings = [picture.start, *(drawn(picture, rng) for _ in range(SETTINGS))]
        theirs = in_javascript(tmp_path, picture.program, settings)
        texts = [part["say"] for part in picture.parts if "say" in part] + [picture.sentence]
        code = (
            "const compute = (await import('./program.mjs')).default;"
            "console.log(JSON.stringify(data.settings.map(v => data.texts.map("
            "t => live.sentence(t, compute(...v)[1])))));"
        )
        said = node(tmp_path, code, {"settings": settings, "texts": texts})
        for setting, (loops, scalars), lines in zip(settings, theirs, said, strict=True):
            ours, numbers = run(*setting)
            near, near_numbers = run(*(value * (1 + NUDGE) for value in setting))
            for one, other, moved in zip(
                [*ours, np.array(numbers)],
                [*loops, scalars],
                [*near, np.array(near_numbers)],
                strict=True,
            ):
                with np.errstate(invalid="ignore"):
                    size = np.nanmax(np.abs(np.where(np.isfinite(one), one, 0)), initial=1e-300)
                    off = np.nan_to_num(np.abs(one - moved), posinf=0)
                    slack = EXACT * size + 1000 * np.max(off, initial=0)  # each step rounds
                    fine = (np.abs(one - other) <= slack) | (one == other)
                assert np.all(fine | np.isnan(one) & np.isnan(other)), (setting, json.dumps(lines))
            if np.allclose(numbers, near_numbers, rtol=1e-13, atol=0, equal_nan=True):
                assert lines == [live.sentence(text, numbers) for text in texts], setting
