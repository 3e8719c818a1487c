"""Executes the notebooks that are not in the cache, as many at once as there are processors."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.read import create_nb_reader
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from sphinx.util import logging

logger = logging.getLogger(__name__)

CACHED = "cache"
FAILED = (CellExecutionError, CellTimeoutError, DeadKernelError)


def ahead(app, env, names):
    """Fill the cache with the pages that are about to be read.

    What fails stays out of it: it is executed again when the page is read, and reported there.
    """
    if env.mystnb_config.execution_mode != CACHED:
        return
    cache = get_cache(str(env.mystnb_config.execution_cache_path))
    waiting = {path: book for name in names for path, book in _unknown(env, cache, name)}
    if len(waiting) > 1:
        asyncio.run(_execute_all(waiting, cache, env.mystnb_config.execution_timeout))


def _unknown(env, cache, name):
    """Yield a page's path and notebook if its code is not in the cache."""
    path = Path(env.doc2path(name))
    text = path.read_text(encoding="utf-8")
    reader = create_nb_reader(str(path), env.myst_config, env.mystnb_config, text)
    notebook = reader and reader.read(text)
    if not notebook or all(cell.cell_type != "code" for cell in notebook.cells):
        return
    try:
        cache.match_cache_notebook(notebook)
    except KeyError:
        yield path, notebook


async def _execute_all(notebooks, cache, timeout):
    """Execute notebooks, given by path, and keep each as soon as it is done."""
    free = asyncio.Semaphore(os.cpu_count() or 1)

    async def execute(path, notebook):
        place = {"metadata": {"path": str(path.parent)}}
        # A time noted in a cell would make it another cell to the cache.
        settings = {"timeout": timeout, "resources": place, "record_timing": False}
        client = NotebookClient(notebook, **settings)
        async with free:
            started = asyncio.get_running_loop().time()
            with suppress(*FAILED):
                await client.async_execute()
                seconds = asyncio.get_running_loop().time() - started
                logger.info("executed %s in %.1f s", path.name, seconds)
                bundle = CacheBundleIn(notebook, str(path), data={"execution_seconds": seconds})
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)

    async with asyncio.TaskGroup() as group:
        for path, notebook in notebooks.items():
            group.create_task(execute(path, notebook))
