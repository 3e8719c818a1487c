"""Where a student's code runs: in Bubblewrap, and unprotected only if asked for."""

import functools
import json
import os
import select
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import bplib
from grading import inside, runner, system_calls
from grading.limits import Limits
from grading.protocol import Answer, Task, parsed

INSTALL = (
    "Install Bubblewrap: `apt install bubblewrap` on Debian and Ubuntu, `dnf install bubblewrap` "
    "on Fedora, `pacman -S bubblewrap` on Arch."
)
SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/nix/store")
INSIDE = "/bp"  # where the runner is, and of `bplib` what it needs
HIDDEN = ("__init__.py", "checker.py")  # they call what is not there
DISK = 64 << 20
ENVIRONMENT = {
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "MPLBACKEND": "agg",
    "MPLCONFIGDIR": "/tmp",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PATH": "/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
}
MACHINE = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # what some processors need


class SandboxError(RuntimeError):
    """A sandbox is missing or does not start; no fault of the student."""


class Sandbox:
    """A way to run tasks. Each run is a sandbox of its own."""

    name = ""
    drop = True

    def command(self) -> list[str]:
        """Return the command that starts the runner inside."""
        raise NotImplementedError

    def run(self, tasks: Sequence[Task], limits: Limits = Limits()) -> dict[str, Answer]:  # noqa: B008
        """Run the tasks of one submission and return an answer to each, by the task's name.

        Raises:
            SandboxError: the sandbox did not start.
        """
        wanted = {task.name: task for task in tasks}
        within = 30 + len(tasks) * (8 * limits.seconds + 1)  # four attempts
        lines, trouble = self._talk(self._request(tasks, limits), within, limits, len(tasks))
        if not lines or json.loads(lines[0]) != {"ready": True}:
            raise SandboxError(f"{self.name} did not start: {trouble or 'no word from it'}")
        lost = Answer((), "ended the sandbox", "ended the sandbox")
        found = (parsed(line, wanted, limits) for line in lines[1:])
        return dict.fromkeys(wanted, lost) | dict(filter(None, found))

    def _request(self, tasks: Sequence[Task], limits: Limits) -> bytes:
        request = {
            "library": INSIDE,
            "tasks": [task.packed() for task in tasks],
            "limits": {**vars(limits), "drop": self.drop},
        }
        return json.dumps(request).encode()

    def _talk(
        self, request: bytes, within: float, limits: Limits, answers: int
    ) -> tuple[list[bytes], str]:
        """Send the request; return the lines that came, and what was said beside them."""
        most, text = 65536 + answers * (limits.output + 65536), b""
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
            given.write(request)
            given.seek(0)
            process = subprocess.Popen(
                self.command(),
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=said,
                env=self._environment(),
                start_new_session=True,
            )
            try:
                deadline = time.monotonic() + within
                while len(text) <= most:
                    left = deadline - time.monotonic()
                    if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
                        break
                    part = os.read(process.stdout.fileno(), 65536)
                    if not part:
                        break
                    text += part
            except BaseException:
                process.kill()
                raise
            finally:
                self._end(process)
            said.seek(0)
            trouble = said.read(2000).decode(errors="replace").strip()
        return text.splitlines(), trouble

    def _end(self, process: subprocess.Popen) -> None:
        process.stdout.close()
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            process.kill()  # what is inside dies with it
            process.wait()

    def _environment(self) -> dict[str, str]:
        machine = {name: os.environ[name] for name in MACHINE if name in os.environ}
        return ENVIRONMENT | machine


class Bubblewrap(Sandbox):
    """Bubblewrap, with only Python and its packages to be seen and nothing to be reached."""

    name = "bubblewrap"

    def command(self) -> list[str]:
        """Return the command that starts the runner inside."""
        call = ["bwrap", "--die-with-parent", "--new-session", "--clearenv"]
        for name, value in self._environment().items():
            call += ["--setenv", name, value]
        if os.getuid():
            call += ["--unshare-all", *_no_namespaces_within()]
        else:  # a real root can become nobody, whom the limit on processes holds for
            call += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
            call += ["--unshare-cgroup-try", "--cap-drop", "ALL"]
            for capability in ("SETUID", "SETGID", "SETPCAP", "KILL"):
                call += ["--cap-add", f"CAP_{capability}"]
        call += ["--hostname", "sandbox", "--proc", "/proc", "--dev", "/dev"]
        for path, mode in (("/dev/shm", "1777"), ("/tmp", "1777")):
            call += ["--perms", mode, "--size", str(DISK), "--tmpfs", path]
        for folder in _parents(place for _, place in shown()):
            call += ["--perms", "0755", "--dir", folder]
        for source, place in shown():
            if os.path.islink(source) and source == place:
                call += ["--symlink", os.readlink(source), place]
            else:
                call += ["--ro-bind", source, place]
        call += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
        return [*call, "--", *python()]


class Unsafe(Sandbox):
    """No protection: a child process with limits, which can read and write what you can."""

    name = "UNSAFE, no sandbox"
    drop = False

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="unsafe-")

    def command(self) -> list[str]:
        """Return the command that starts the runner."""
        return [sys.executable, "-I", runner.__file__]

    def _request(self, tasks: Sequence[Task], limits: Limits) -> bytes:
        request = json.loads(super()._request(tasks, limits))
        return json.dumps({**request, "library": str(library())}).encode()

    def _environment(self) -> dict[str, str]:
        home = self.folder.name
        return super()._environment() | {"HOME": home, "MPLCONFIGDIR": home}


def choose(unsafe: bool = False, hidden: Iterable[Path] = ()) -> Sandbox:
    """Return Bubblewrap if it works here, or no sandbox if that is what is asked for.

    Args:
        unsafe: do without a sandbox.
        hidden: folders that must not be seen inside.

    Raises:
        SandboxError: Bubblewrap does not work; the message says what to install.
        ValueError: a hidden folder is within one that the sandbox shows.
    """
    if unsafe:
        return Unsafe()
    for folder in hidden:
        _refuse_shown(Path(folder).resolve())
    try:
        return _working()
    except SandboxError as error:
        raise SandboxError(
            f"there is no sandbox for the students' code ({error}). {INSTALL} Without one, their "
            "code can read and change every file that you can; if you want that, say --unsafe."
        ) from error


def _working() -> Sandbox:
    """Return Bubblewrap if it starts and computes."""
    if sys.platform != "linux":
        raise SandboxError(f"Bubblewrap needs Linux, this is {sys.platform}")
    if not shutil.which("bwrap"):
        raise SandboxError("bwrap was not found")
    sandbox = Bubblewrap()
    task = Task("probe", "probe", ["y"], [{"x": 1.0}], [[(1, "def probe(x):\n    return x")]])
    answer = sandbox.run([task])["probe"]
    if not answer.outcomes or answer.outcomes[0].problem:
        raise SandboxError(f"Bubblewrap starts, but {answer.failure or answer.outcomes[0].problem}")
    return sandbox


def shown() -> list[tuple[str, str]]:
    """Return what can be read inside: pairs of a path here and the path there."""
    paths = [path for path in SYSTEM if os.path.lexists(path)]
    for prefix in dict.fromkeys((sys.base_prefix, sys.prefix, os.path.realpath(sys.prefix))):
        if not any(Path(prefix).is_relative_to(path) for path in paths):
            paths.append(prefix)
    checks = library() / "bplib/checks"
    own = [
        (str(path), f"{INSIDE}/bplib/checks/{path.name}") for path in sorted(checks.glob("*.py"))
    ]
    own = [(path, place) for path, place in own if Path(path).name not in HIDDEN]
    own += [
        (inside.__file__, f"{INSIDE}/bplib/__init__.py"),
        (runner.__file__, f"{INSIDE}/runner.py"),
        (system_calls.__file__, f"{INSIDE}/grading/system_calls.py"),
    ]
    return [(path, path) for path in paths] + own


def library() -> Path:
    """Return the folder that holds `bplib`."""
    return Path(bplib.__file__).parents[1]


def python() -> list[str]:
    """Return the command that starts the runner, inside."""
    return [sys.executable, "-I", f"{INSIDE}/runner.py"]


@functools.cache
def _no_namespaces_within() -> list[str]:
    """Return the options that refuse namespaces within the sandbox's, if this bwrap has them."""
    path = shutil.which("bwrap") or "bwrap"
    told = subprocess.run([path, "--help"], capture_output=True, text=True, check=False).stdout
    if "--disable-userns" not in told or os.stat(path).st_mode & stat.S_ISUID:
        return []
    return ["--unshare-user", "--disable-userns"]


def _parents(paths: Iterable[str]) -> list[str]:
    """Return the folders above the paths, outermost first; `/tmp` and `/` are there."""
    above = {str(parent) for path in paths for parent in Path(path).parents}
    return sorted(above - {"/", "/tmp"})


def _refuse_shown(folder: Path) -> None:
    for path, _ in shown():
        if folder.is_relative_to(Path(path).resolve()):
            raise ValueError(f"{folder} is within {path}, which students' code can read; move it")
