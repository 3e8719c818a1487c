"""Runs a student's cells inside the sandbox: tasks come in as JSON, outcomes go out.

It stands alone: the sandbox shows this file and system_calls.py, Python and its packages, and of
`bplib` what takes fingerprints. Each attempt at a task runs in a child of its own, which may loop,
crash or lie; what it says is compared with the right results outside, where it cannot reach.
"""

import ast
import contextlib
import ctypes
import importlib
import json
import math
import os
import platform
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
IPYTHON = re.compile(  # %magic, !command, name?, and any of the first two behind "name ="
    r"(?P<indent>\s*)(?P<left>[\w\s,.\[\]\"'*]+=\s*)?"
    r"(?:%time\s+(?P<code>[^-\s].*)|[%!].*|\?.*|%?[\w.]+\?{1,2}\s*)"
)
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
QUICK = {"np", "numpy", "math", "partial", "functools", "dict", "list", "tuple", "float", "int"}
BEGINS = re.compile(r"(?!(?:elif|else|except|finally)\b)[\w@(\[*\"']")  # a statement, perhaps
ERRORS = 20
TOGETHER = 40  # lines at the margin that one statement may have


def main():
    """Answer the tasks on standard input, one line of JSON each, after a line that says ready."""
    request = json.load(sys.stdin)
    sys.path.insert(0, request["library"])
    importlib.import_module("bplib.checks.packing")  # once for all children
    calls = importlib.import_module("grading.system_calls")
    if calls.known():
        calls.join_new_keyring()
    elif request["limits"]["drop"]:
        sys.exit(f"which system calls are dangerous is not known for {platform.machine()}")
    say({"ready": True})
    for task in request["tasks"]:
        say({"name": task["name"], **answer(task, request["limits"])})


def say(record):
    """Write a line to the parent."""
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


def answer(task, limits):
    """Try the ways to run the cells in turn until the function has all that it needs.

    After all others, nothing is run but the imports and definitions of the cells.
    """
    ways = [(cells, False) for cells in task["attempts"]]
    ways += [(task["definitions"], True)] if task["definitions"] else []
    results = []
    while ways:
        cells, brief = ways.pop(0)
        results.append({**contained(task, cells, limits, brief), "way": len(results)})
        if results[-1]["state"] == CALLED and not lacks_name(results[-1]):
            break
        if results[-1]["state"] == DIED:
            ways = ways[-2:]  # the cells alone, without those that died
    best = chosen(results)
    stopped = [r for r in results if r["state"] == DIED and r is not best]
    if stopped:
        best["stopped"] = {"at": stopped[0].get("at"), "end": stopped[0].get("end")}
    if best["brief"]:  # its own errors are those of single statements
        best["errors"] = max((r.get("errors", []) for r in results), key=len)
    return best


def chosen(results):
    """Return the result that counts."""
    if results[-1]["state"] == CALLED and not lacks_name(results[-1]):
        return results[-1]
    for state in (CALLED, DIED):
        for result in results:
            if result["state"] == state:
                return result
    return max(results, key=lambda result: len(result.get("errors", [])))


def lacks_name(result):
    """Say whether the function asked for a name that no cell had defined."""
    outcomes = result.get("outcomes")
    return isinstance(outcomes, list) and "raises NameError" in json.dumps(outcomes)


def contained(task, cells, limits, brief=False):
    """Run one attempt in a child and return what came of it."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            attempt(task, cells, limits, write, brief)
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
    last = {**records[-1], "brief": brief}
    if last.get("done"):
        return last
    return {**last, "end": ended(status, late, len(text) > limits["output"])}


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


def attempt(task, cells, limits, pipe, brief):
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
    space.get_ipython = Silent
    errors = []
    for number, code in cells:
        tell({"state": DIED, "at": number})
        errors += (define if brief else execute)(number, code, space.__dict__)
    errors = errors[:ERRORS]
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
        (resource.RLIMIT_MSGQUEUE, 0),
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
        calls = sys.modules["grading.system_calls"]
        if calls.known():
            calls.refuse()


class Silent:
    """Takes the place of IPython's shell: it can be asked anything and does nothing."""

    def __getattr__(self, name):
        return lambda *args, **options: None


def execute(number, code, space):
    """Run a cell and return what went wrong, as a list of one or none."""
    name = f"<cell {number}>"
    try:
        exec(compile(python(code, name), name, "exec"), space)
    except BaseException as error:
        return [told(number, error, name)]
    return []


def define(number, code, space):
    """Run the imports and definitions of a cell, each by itself; return what went wrong."""
    name, errors = f"<cell {number}>", []
    try:
        for statement in statements(python(code, name)):
            if is_definition(statement):
                try:
                    exec(compile(ast.Module([statement], []), name, "exec"), space)
                except BaseException as error:
                    errors.append(told(number, error, name))
    except BaseException as error:
        errors.append(told(number, error, name))
    return errors


def statements(code):
    """Yield the statements of a cell, also those before and after lines that are no Python."""
    lines = code.split("\n")
    starts = [i for i, line in enumerate(lines) if BEGINS.match(line)]
    at = 0
    while at < len(starts):
        for end in range(at + 1, min(at + TOGETHER, len(starts)) + 1):
            last = starts[end] if end < len(starts) else len(lines)
            try:
                body = ast.parse("\n".join(lines[starts[at] : last])).body
            except SyntaxError:
                continue
            for statement in body:
                yield ast.increment_lineno(statement, starts[at])
            at = end - 1
            break
        at += 1


def is_definition(node):
    """Say whether a statement imports or defines something and can hardly take long."""
    if isinstance(node, (ast.Try, ast.If)):
        inner = [*node.body, *node.orelse, *getattr(node, "finalbody", [])]
        inner += [line for handler in getattr(node, "handlers", []) for line in handler.body]
        return all(is_definition(line) for line in inner)
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return node.value is not None and is_quick(node.value)
    return isinstance(node, (*DEFINITIONS, ast.Pass))


def is_quick(node):
    """Say whether an expression calls nothing but functions of NumPy and the like."""
    if isinstance(node, ast.Lambda):
        return True
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        return False
    if isinstance(node, ast.Call):
        root = node.func
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name) or root.id not in QUICK:
            return False
    return all(map(is_quick, ast.iter_child_nodes(node)))


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
    lines = code.split("\n")
    for _ in range(len(lines) + 1):
        try:
            ast.parse("\n".join(lines), name)
            return "\n".join(lines)
        except SyntaxError as error:
            if SKIPPED.match(code.lstrip()):
                return ""
            at = (error.lineno or 0) - 1
        if not 0 <= at < len(lines) or plain(lines[at]) == lines[at]:
            break
        lines[at] = plain(lines[at])
    return "\n".join(map(plain, lines))  # what is left has another error


def plain(line):
    """Return a line of IPython's as Python; one of Python's as it is."""
    found = IPYTHON.fullmatch(line)
    if not found:
        return line
    left = found["left"] or ""
    if found["code"]:
        return found["indent"] + left + found["code"]
    return f"{found['indent']}{left + 'None' if left else 'pass'}  # {line.strip()}"


if __name__ == "__main__":
    main()
