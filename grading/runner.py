"""Runs a student's cells inside the sandbox: tasks come in as JSON, outcomes go out.

It stands alone: the sandbox shows this file, Python, its packages and `bplib`, and nothing of
the exercises. Each attempt at a task runs in a child of its own, which may loop, crash or lie;
what it says is compared with the right results outside, where it cannot reach.
"""

import ast
import contextlib
import ctypes
import importlib
import json
import math
import os
import re
import resource
import select
import signal
import sys
import time
import traceback
import types

NOBODY = 65534
UNDEFINED, DIED, CALLED = "undefined", "died", "called"
SKIPPED = re.compile(r"%%(?!time|capture|prun|timeit)")
ERRORS = 20


def main():
    """Answer the tasks on standard input, one line of JSON each, after a line that says ready."""
    request = json.load(sys.stdin)
    sys.path.insert(0, request["library"])
    importlib.import_module("bplib.checks.packing")  # once for all children
    say({"ready": True})
    for task in request["tasks"]:
        say({"name": task["name"], **answer(task, request["limits"])})


def say(record):
    """Write a line to the parent."""
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


def answer(task, limits):
    """Try the ways to run the cells in turn until the function is there and has been called."""
    attempts, results = list(task["attempts"]), []
    while attempts:
        results.append(contained(task, attempts.pop(0), limits))
        if results[-1]["state"] == CALLED:
            return results[-1]
        if results[-1]["state"] == DIED:
            attempts = attempts[-1:]  # the cells alone, without those that died
    return next((result for result in results if result["state"] == DIED), results[-1])


def contained(task, cells, limits):
    """Run one attempt in a child and return what came of it."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            attempt(task, cells, limits, write)
        finally:
            os._exit(1)
    os.close(write)
    text, late = listen(read, time.monotonic() + 2 * limits["seconds"], limits["output"])
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(child, signal.SIGKILL)
        os.killpg(child, signal.SIGKILL)
    _, status, used = os.wait4(child, 0)
    late = late or used.ru_utime + used.ru_stime >= 0.9 * limits["seconds"]
    records = [{"state": DIED}, *parsed(text)]
    if records[-1].get("done"):
        return records[-1]
    return {**records[-1], "end": ended(status, late, len(text) > limits["output"])}


def listen(pipe, deadline, most):
    """Read until the child closes the pipe, the time is over, or it has said too much."""
    text = b""
    with open(pipe, "rb", buffering=0) as source:
        while len(text) <= most:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([source], [], [], left)[0]:
                return text, True
            part = source.read(65536)
            if not part:
                break
            text += part
    return text, False


def parsed(text):
    """Return the records of the child that can be read."""
    records = []
    for line in text.splitlines():
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict) and record.get("state") in (UNDEFINED, DIED, CALLED):
            records.append(record)
    return records


def ended(status, late, flooded):
    """Say how a child ended that has not finished."""
    if late or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU):
        return "late"
    if flooded:
        return "flooded"
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    return "exit"


def attempt(task, cells, limits, pipe):
    """Be the child: give up all rights, run the cells, call the function, say what came."""
    from bplib.checks.outcome import outcome
    from bplib.checks.packing import decoded

    cases = [{key: decoded(value) for key, value in case.items()} for case in task["inputs"]]
    os.setsid()
    lower(limits, pipe)

    def tell(record):
        data = json.dumps(record).encode() + b"\n"
        while data:
            data = data[os.write(pipe, data) :]

    space = types.ModuleType("__main__")
    space.display = lambda *things, **options: None
    sys.modules["__main__"] = space
    errors = []
    for number, code in cells:
        error = execute(number, code, space.__dict__)
        if error and len(errors) < ERRORS:
            errors.append(error)
    function = space.__dict__.get(task["function"])
    if not callable(function):
        tell({"state": UNDEFINED, "done": True, "errors": errors})
        os._exit(0)
    tell({"state": CALLED, "errors": errors})
    outcomes = []
    for inputs in cases:
        try:
            result = outcome(function, inputs, task["returns"], task["salt"])
            prints = {
                q: [list(p.shape), p.size, list(p.marks), p.lost] for q, p in result.prints.items()
            }
            outcomes.append([result.problem, prints, list(result.changed)])
        except BaseException as error:
            outcomes.append([f"the function raises {type(error).__name__}.", {}, []])
    tell({"state": CALLED, "done": True, "errors": errors, "outcomes": outcomes})
    os._exit(0)


def lower(limits, pipe):
    """Close what is open, limit what can be used, and stop being root."""
    null = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1, 2):
        os.dup2(null, handle)
    os.closerange(3, pipe)
    os.closerange(pipe + 1, 4096)
    seconds = math.ceil(limits["seconds"])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    for kind, most in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_FSIZE, limits["files"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(kind, (most, most))
    libc = ctypes.CDLL(None)
    if sys.platform == "linux":
        for capability in range(64):
            libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP: none for later programs
        libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    if limits["drop"] and os.getuid() == 0:
        with contextlib.suppress(OSError):  # in a user namespace there is nobody else to be
            os.setgroups([])
        with contextlib.suppress(OSError):
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
    if sys.platform == "linux":
        libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())


def execute(number, code, space):
    """Run a cell and return what went wrong, or nothing."""
    name = f"<cell {number}>"
    try:
        exec(compile(python(code, name), name, "exec"), space)
    except BaseException as error:
        return told(number, error, name)
    return ""


def told(number, error, name):
    """Say in one line which cell failed, where and how."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == name]
    if isinstance(error, SyntaxError) and error.filename == name:
        lines, text = [error.lineno], error.msg
    else:
        text = " ".join(str(error).split())
    where = f", line {lines[-1]}" if lines else ""
    return f"Cell {number}{where}: {type(error).__name__}: {text}"[:300]


def python(code, name):
    """Return a cell without what only IPython understands."""
    try:
        ast.parse(code, name)
        return code
    except SyntaxError:
        pass
    if SKIPPED.match(code.lstrip()):
        return ""
    lines = []
    for line in code.split("\n"):
        bare = line.lstrip()
        magic = bare.startswith(("%", "!", "?")) or re.fullmatch(r"[\w.]+\?{1,2}\s*", bare)
        lines.append(f"{line[: len(line) - len(bare)]}pass  # {bare}" if magic else line)
    return "\n".join(lines)


if __name__ == "__main__":
    main()
