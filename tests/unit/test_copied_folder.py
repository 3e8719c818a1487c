"""A copied folder would run the other folder's package: make and pytest say so."""

import shutil
import subprocess
from pathlib import Path

import pytest
from support import environment
from support.book import ROOT

ELSEWHERE = "/home/of/another/tree"


def make(folder, target):
    return subprocess.run(["make", "-n", target], cwd=folder, capture_output=True, text=True)


def test_make_refuses_an_environment_from_elsewhere(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    home = tmp_path / ".venv/.stamps/home"
    home.parent.mkdir(parents=True)
    home.write_text(f"{ELSEWHERE}\n", "utf8")
    refused = make(tmp_path, "lint")
    assert refused.returncode
    assert f".venv was made in {ELSEWHERE}, and this is {tmp_path}" in refused.stderr
    assert make(tmp_path, "distclean").returncode == 0
    home.write_text(f"{tmp_path}\n", "utf8")
    assert ELSEWHERE not in make(tmp_path, "lint").stderr


@pytest.mark.parametrize(
    ("url", "path", "said"),
    [
        ("file:///home/of/another/tree", "", ELSEWHERE),
        ("file:///home/of/another/tree", str(ROOT), None),
        (ROOT.as_uri(), "", None),
    ],
)
def test_tests_refuse_a_package_from_elsewhere(url, path, said, monkeypatch):
    class Installed:
        def read_text(self, name):
            return f'{{"url": "{url}"}}'

    monkeypatch.setattr(environment, "distribution", lambda name: Installed())
    monkeypatch.setenv("PYTHONPATH", path)
    assert environment.another_tree() == (said and str(Path(said)))
