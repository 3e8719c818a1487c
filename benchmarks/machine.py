"""One thread for everybody, and what the numbers were measured on."""

import os
import platform
import shutil
import subprocess
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from types import ModuleType

ENVIRONMENT = {
    name: "1"
    for name in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "TORCHINDUCTOR_COMPILE_THREADS",
        "PJRT_NPROC",
    )
} | {
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "JAX_PLATFORMS": "cpu",
    "JAX_ENABLE_X64": "1",
    "TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1",  # compiling costs what it costs the first time
}

PACKAGES = ("numpy", "scipy", "torch", "jax", "jaxlib", "scikit-learn", "autograd")


class Unavailable(Exception):
    """Says why a contestant cannot take part on this machine."""


def one_thread() -> None:
    """Set what the libraries read at import; nothing of theirs may be imported before."""
    os.environ.update(ENVIRONMENT)


def library(name: str) -> ModuleType:
    """Return a module, or raise Unavailable if it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        raise Unavailable(f"{name.split('.')[0]} is not installed") from error


@cache
def pytorch() -> ModuleType:
    """Return PyTorch, on one thread."""
    torch = library("torch")
    torch.set_num_threads(1)
    return torch


def compiling_pytorch() -> ModuleType:
    """Return PyTorch where torch.compile finds what it needs, or raise Unavailable."""
    torch = pytorch()
    if not any(shutil.which(name) for name in (os.environ.get("CXX", "g++"), "g++", "clang++")):
        raise Unavailable("torch.compile needs a C++ compiler, and there is none")
    return torch


@cache
def jax() -> ModuleType:
    """Return JAX with float64 switched on, on the CPU."""
    module = library("jax")
    module.config.update("jax_enable_x64", True)
    module.config.update("jax_platforms", "cpu")
    return module


def versions() -> dict[str, str]:
    """Return the version of Python and of each contestant that is installed."""
    found = {"Python": platform.python_version(), "bplib": library("bplib").__version__}
    for name in (*PACKAGES, "micrograd"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def cpu() -> str:
    """Return what the processor calls itself."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    if platform.system() == "Darwin":
        ask = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    return platform.processor() or platform.machine()
