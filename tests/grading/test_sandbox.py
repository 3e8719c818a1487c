"""What the sandbox hides and ends, how one is chosen, and that none is left out silently."""

import os
import platform
import shutil
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

import exercises
from grading import sandbox as module
from grading import system_calls
from grading.limits import Limits
from grading.protocol import Task, parsed
from grading.sandbox import Bubblewrap, SandboxError, Unsafe, choose

KEYS = Path(exercises.__file__).parent
COLUMN = system_calls.MACHINES.get(platform.machine(), (0, 0))[1]


def task(code, name="f", x=2.0):
    return Task(name, "f", ["y"], [{"x": x}], [[(1, code)]])


def run(sandbox, code, **limits):
    return sandbox.run([task(code)], Limits(**limits))["f"]


@pytest.fixture(scope="module")
def box():
    if not shutil.which("bwrap"):
        pytest.skip("bwrap is not on this machine")
    return choose()


def seen(sandbox, paths):
    """Return the paths that exist inside."""
    code = "import os\ndef f(x):\n    return float(os.path.exists(%r))"
    answers = sandbox.run([task(code % str(path), str(path)) for path in paths])
    return {path for path in paths if answers[str(path)].outcomes[0].prints["y"].size}


def test_exercises_home_and_course_are_hidden(box, tmp_path):
    (tmp_path / "gradebook.db").write_text("grades")
    secret = {KEYS, tmp_path, tmp_path / "gradebook.db", Path("/etc/passwd"), Path("/var")}
    shown = {Path("/usr"), Path("/tmp")}
    assert seen(Unsafe(), secret | shown) == secret | shown
    assert seen(box, secret | shown) == shown


def test_nothing_but_a_small_scratch_folder_can_be_written(box):
    code = (
        "def f(x):\n"
        "    for path in ('/x', '/usr/x', '/dev/x', '/bp/bplib/x', '/proc/x'):\n"
        "        try:\n"
        "            open(path, 'w')\n"
        "        except OSError:\n"
        "            continue\n"
        "        return 0\n"
        "    open('/tmp/x', 'w').write('fine')\n"
        "    return 1\n"
    )
    assert run(box, code).outcomes[0].prints["y"].size == 1


def test_no_rights_are_left_and_no_process_is_started(box):
    code = (
        "import os\n"
        "def f(x):\n"
        "    status = open('/proc/self/status').read()\n"
        "    for line in ('CapEff:\\t' + 16 * '0', 'CapBnd:\\t' + 16 * '0', 'NoNewPrivs:\\t1'):\n"
        "        assert line in status, line\n"
        "    os.fork()\n"
        "    return x\n"
    )
    answer = run(box, code)
    assert "BlockingIOError" in answer.outcomes[0].problem
    assert answer.reason == "tried to start another process or thread"


CALLS = """
import ctypes, os
from grading.system_calls import MACHINES, REFUSED, STARTING
column = MACHINES[os.uname().machine][1]
def f(x):
    libc = ctypes.CDLL(None, use_errno=True)
    wrong = []
    for calls, right in ((STARTING, 11), (REFUSED, 1)):
        for name, numbers in calls.items():
            if numbers[column] >= 0:
                ctypes.set_errno(0)
                done = libc.syscall(numbers[column], 0, 0, 0, 0, 0, 0)
                if done != -1 or ctypes.get_errno() != right:
                    wrong.append(f"{name} {done} {ctypes.get_errno()}")
    if wrong:
        raise ValueError("; ".join(wrong))
    return x
"""


def test_the_kernel_refuses_what_goes_round_the_limits(box):
    """Memory that is shared, namespaces, keys, processes: none can be asked for."""
    assert not run(box, CALLS).outcomes[0].problem


@pytest.mark.parametrize("machine", system_calls.MACHINES)
def test_a_filter_ends_with_leave_and_jumps_nowhere_else(machine):
    steps = list(struct.iter_unpack("HBBI", system_calls.filter_of(machine)))
    assert steps[-1] == (system_calls.RETURN, 0, 0, system_calls.ALLOW)
    assert [step for step in steps if step[3] == system_calls.ALLOW] == steps[-1:]
    for place, (kind, yes, no, _) in enumerate(steps):
        assert kind == system_calls.RETURN or place + 1 + max(yes, no) < len(steps)


def test_a_machine_whose_calls_are_not_known_is_refused(monkeypatch):
    assert system_calls.known()
    monkeypatch.setattr(system_calls.platform, "machine", lambda: "pdp11")
    assert not system_calls.known()


SESSION = """
import ctypes, sys
from grading.protocol import Task
from grading.sandbox import choose
from grading import system_calls

system_calls.join_new_keyring()
given = ctypes.CDLL(None).syscall(ADD_KEY, b"user", b"bp-key", b"x", 1, ctypes.c_int(-3))
if given < 0 or "bp-key" not in open("/proc/keys").read():
    sys.exit("no keys here")
code = "def f(x):\\n    return float('bp-key' in open('/proc/keys').read())"
task = Task("f", "f", ["y"], [{"x": 1.0}], [[(1, code)]])
print(choose().run([task])["f"].outcomes[0].prints["y"].size)
"""


def test_the_keys_of_a_session_are_left_outside(box):
    code = SESSION.replace("ADD_KEY", str(system_calls.REFUSED["add_key"][COLUMN]))
    call = [sys.executable, "-c", code]
    done = subprocess.run(call, cwd=KEYS.parent, capture_output=True, text=True, check=False)
    if "no keys here" in done.stderr:
        pytest.skip("no keys can be made here")
    assert done.stdout == "0.0\n", done.stderr


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_somebody_who_is_not_root_makes_no_namespaces_within(box):
    """Bubblewrap itself refuses them, where it can."""
    user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "bwrap"]
    call = [*user, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc"]
    inner = ["unshare", "--user", "true"]

    def code(*command):
        return subprocess.run([*call, *command], check=False, capture_output=True).returncode

    if code(*inner):
        pytest.skip("another user makes no namespaces here at all")
    options = module._no_namespaces_within()
    if not options:
        pytest.skip("this bwrap cannot refuse namespaces")
    assert (
        subprocess.run([*call, *options, "true"], check=False, capture_output=True).returncode == 0
    )
    assert subprocess.run([*call, *options, *inner], check=False, capture_output=True).returncode


def test_who_is_not_root_gets_these_options(monkeypatch):
    monkeypatch.setattr(module.os, "getuid", lambda: 1000)
    command = Bubblewrap().command()
    assert all(option in command for option in module._no_namespaces_within())


def test_the_network_is_not_there(box):
    code = (
        "def f(x):\n"
        "    cards = [line for line in open('/proc/net/dev') if ':' in line]\n"
        "    return len([card for card in cards if 'lo:' not in card])\n"
    )
    assert run(box, code).outcomes[0].prints["y"].size == 0


def test_a_loop_costs_its_own_exercise_alone(box):
    loop = Task("loop", "f", ["y"], [{"x": 1.0}], [[(1, "def f(x):\n    while True: pass")]])
    answers = box.run([loop, task("def f(x):\n    return x", "after")], Limits(seconds=1))
    assert answers["loop"].failure == "did not finish within 1 s"
    assert answers["after"].outcomes[0].prints["y"].size == 2


def test_a_cell_that_loops_is_left_out_when_the_function_is_tried_again(box):
    code = "def f(x):\n    return x"
    attempts = [[(1, "while True: pass"), (2, code)], [(1, "while True: pass")], [(2, code)]]
    answers = box.run([Task("f", "f", ["y"], [{"x": 2.0}], attempts)], Limits(seconds=1))
    assert answers["f"].outcomes[0].prints["y"].size == 2


def test_magics_and_broken_cells_do_no_harm(box):
    cells = [(1, "%matplotlib inline\n!ls\nnp?\na = 3"), (2, "%%bash\nrm -rf /"), (3, "def g(:"),
             (4, "1 / 0"), (5, "def f(x):\n    return x * a")]  # fmt: skip
    answer = box.run([Task("f", "f", ["y"], [{"x": 2.0}], [cells])])["f"]
    assert answer.outcomes[0].prints["y"].size == 6
    assert [line.split(":")[0] for line in answer.errors] == ["Cell 3, line 1", "Cell 4, line 1"]


def test_memory_files_and_the_answer_are_limited(box):
    assert "memory" in run(box, "import numpy as np\ndef f(x):\n    return np.ones(4 << 30)").reason
    big = "def f(x):\n    open('/tmp/x', 'wb').write(bytes(1 << 25))\n    return x"
    assert "OSError" in run(box, big).outcomes[0].problem
    flood = (
        "import os\n"
        "def f(x):\n"
        "    pipes = [n for n in os.listdir('/proc/self/fd') if int(n) > 2]\n"
        "    while True:\n"
        "        for pipe in pipes:\n"
        "            try:\n"
        "                os.write(int(pipe), b'x' * 9999)\n"
        "            except OSError:\n"
        "                pass\n"
    )
    assert run(box, flood).failure == "sent more than 1 MB"


def test_unsafe_is_a_choice_never_a_fallback(monkeypatch):
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    with pytest.raises(SandboxError) as error:
        choose()
    for part in ("apt install bubblewrap", "dnf install bubblewrap", "--unsafe"):
        assert part in str(error.value)
    assert isinstance(choose(unsafe=True), Unsafe)


def test_an_environment_behind_a_link_is_seen(box, tmp_path):
    (tmp_path / "venv").symlink_to(sys.prefix)
    code = "from grading.sandbox import choose; print(choose().name)"
    call = [tmp_path / "venv/bin/python", "-c", code]
    done = subprocess.run(call, cwd=KEYS.parent, capture_output=True, text=True, check=False)
    assert done.stdout == "bubblewrap\n", done.stderr


def test_other_systems_are_refused(monkeypatch):
    monkeypatch.setattr(module.sys, "platform", "darwin")
    with pytest.raises(SandboxError, match="needs Linux"):
        choose()


def test_a_course_folder_that_would_be_seen_is_refused():
    with pytest.raises(ValueError, match="move it"):
        choose(hidden=[Path("/usr/share/course")])


def test_a_sandbox_that_does_not_start_is_no_fault_of_the_student(monkeypatch):
    class Broken(Bubblewrap):
        def command(self):
            return ["false"]

    with pytest.raises(SandboxError, match="did not start"):
        Broken().run([task("def f(x):\n    return x")])


def test_what_comes_out_is_read_with_suspicion():
    tasks = {"f": task("")}
    good = (
        b'{"name": "f", "state": "called", "done": true, "errors": [], "outcomes": [["", %s, []]]}'
    )
    read = lambda prints: parsed(good % prints, tasks, Limits())[1].outcomes[0]  # noqa: E731
    assert read(b'{"y": [[], 2, [1, 2, 3, 4], 0]}').prints["y"].marks == (1, 2, 3, 4)
    for prints in (b"{}", b"7", b'{"y": 3}', b'{"y": [[-1], 2, [1, 2, 3, 4], 0]}',
                   b'{"y": [[], 2, [1], 0]}', b'{"y": [[], "two", [1, 2, 3, 4], 0]}'):  # fmt: skip
        assert "no result that can be read" in read(prints).problem
    for line in (b"", b"{", b"[]", b'{"name": "g"}', b'{"name": 3}', b"[" * 99999):
        assert parsed(line, tasks, Limits()) is None
    for outcomes in (b"[]", b"3", b'"x"'):
        line = b'{"name": "f", "state": "called", "outcomes": %s}' % outcomes
        assert parsed(line, tasks, Limits())[1].failure


def test_nothing_stays_running(box):
    code = "import time\ndef f(x):\n    time.sleep(99)"
    before = set(psutil.Process().children(recursive=True))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, box, code, seconds=1)
        started = set()
        while not running.done():
            started |= set(psutil.Process().children(recursive=True))
            time.sleep(0.05)
    started -= before
    assert len(started) > 1
    _, alive = psutil.wait_procs(started, timeout=5)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize(
    "code",
    [
        "import bplib\ndef f(x):\n    return bplib.mlp([2, 3, 1], seed=0).theta.size",
        "from bplib import mlp\ndef f(x):\n    return mlp([2, 3, 1], seed=0).theta.size",
        "def f(x):\n    import bplib.network as n\n    return n.mlp([2, 3, 1]).theta.size",
        "def f(x):\n    from bplib.autodiff import Value\n    return 1",
        "def f(x):\n    import bplib\n    return bplib.losses.CrossEntropy and 1",
        "def f(x):\n    import importlib\n    return importlib.import_module('bplib.layers') and 1",
        "def f(x):\n    from bplib.checks.checker import load\n    return load('by-hand') and 1",
        "def f(x):\n    return len(open('/bp/bplib/network.py').read())",
    ],
)
def test_the_library_solves_no_exercise_inside(box, code):
    answer = run(box, code)
    told = answer.failure or answer.outcomes[0].problem
    assert told
    assert "bplib" in code
    if "bplib.mlp" in code:
        assert "bplib.mlp is not there when an exercise is graded" in told


def test_a_check_in_a_cell_of_ones_own_does_no_harm(box):
    code = "import bplib\nassert bplib.check('x', f := lambda x: x, 'version')\ny = 3"
    answer = run(box, code + "\ndef f(x):\n    return x * y")
    assert answer.outcomes[0].prints["y"].size == 6
    assert answer.errors == ()
