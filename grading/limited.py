"""Calls a function in a child process with limits of time and memory.

Whatever reads a student's text is called so: a parser or a regular expression that it overstrains
takes down the child alone.
"""

import contextlib
import multiprocessing
import pickle
import resource
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

Result = TypeVar("Result")

SECONDS = 20.0  # of processor time
MEMORY = 1 << 30  # bytes beside what Python and its packages take
LOADED = ("grading.repair", "grading.scores", "grading.nbgrader_adapter")  # once for all children
_STARTING = threading.Lock()  # threads must not wait for each other's children


class Failed(RuntimeError):
    """The function needed too much or raised an error; the message says which."""


def call(
    function: Callable[..., Result],
    *given: Any,
    seconds: float = SECONDS,
    memory: int = MEMORY,
) -> Result:
    """Return function(*given), computed in a child.

    Args:
        function: one at the top level of a module; it and all that it takes and returns can
            be pickled.
        seconds: the processor time that it may take; six times that on the clock.
        memory: the bytes that it may take.

    Raises:
        Failed: it needs more than that, or raises an error itself.
    """
    alone = multiprocessing.parent_process() is not None  # such a child has a single thread
    context = multiprocessing.get_context("fork" if alone else "forkserver")
    context.set_forkserver_preload(list(LOADED))
    with _STARTING, _no_main():
        ours, its = context.Pipe(duplex=False)
        child = context.Process(target=_answer, args=(its, function, given, seconds, memory))
        child.start()
        its.close()
    try:
        data = ours.recv_bytes() if ours.poll(6 * seconds) else b""
    except EOFError:
        data = b""
    finally:
        child.kill()
        with _STARTING:
            child.join()
            child.close()
            ours.close()
    if not data:
        raise Failed(f"it takes more than {seconds:g} s or {memory >> 20} MB")
    problem, result = pickle.loads(data)
    if problem:
        raise Failed(problem)
    return result


@contextlib.contextmanager
def _no_main() -> Iterator[None]:
    """Hide the main module: a child would execute it, which a script without a guard repeats."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _answer(
    parent: Connection, function: Callable[..., Any], given: tuple, seconds: float, memory: int
) -> None:
    """Be the child: set the limits, call the function, send what it returns."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    own = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    _limit(resource.RLIMIT_CPU, int(seconds) + 1)
    _limit(resource.RLIMIT_AS, own + memory)
    _limit(resource.RLIMIT_CORE, 0)
    try:
        answer = "", function(*given)
    except MemoryError:
        return
    except Exception as error:
        answer = f"{type(error).__name__}: {error}", None
    parent.send_bytes(pickle.dumps(answer))


def _limit(kind: int, most: int) -> None:
    above = resource.getrlimit(kind)[1]
    most = most if above == resource.RLIM_INFINITY else min(most, above)
    resource.setrlimit(kind, (most, most))
