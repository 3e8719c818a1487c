"""A progress bar for long work, which TQDM_DISABLE=1 keeps out of a built page."""

import os
from collections.abc import Iterable
from typing import Any

from tqdm.auto import tqdm


def progress(
    iterable: Iterable[Any], desc: str, total: int, show: bool = True, **options: Any
) -> Iterable[Any]:
    """Return the iterable with a bar, if wanted; the options are those of tqdm."""
    hidden = not show or os.environ.get("TQDM_DISABLE", "0") != "0"
    return tqdm(iterable, desc=desc, total=total, disable=hidden, **options)
