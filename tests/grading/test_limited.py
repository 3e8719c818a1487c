"""Children with limits: what is called there, and what their parent may be."""

import operator
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from grading import limited

ROOT = Path(__file__).parents[2]


def test_the_result_or_the_error_comes_back():
    assert limited.call(operator.add, 1, 2) == 3
    with pytest.raises(limited.Failed, match="ZeroDivisionError: division by zero"):
        limited.call(operator.truediv, 1, 0)


def test_time_and_memory_are_limited():
    with pytest.raises(limited.Failed, match=r"it takes more than 0\.2 s"):
        limited.call(time.sleep, 60, seconds=0.2)
    with pytest.raises(limited.Failed, match="or 64 MB"):
        limited.call(bytearray, 1 << 30, memory=64 << 20)


def test_a_script_needs_no_guard(tmp_path):
    """A child must not run the program's main module again."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            import operator
            from grading import limited
            print("once", limited.call(operator.add, 1, 2))
        """),
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, script],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.returncode) == ("once 3\n", 0), done.stderr
