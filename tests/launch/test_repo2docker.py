"""repo2docker accepts the branch's tree: with no Docker, no network, and nothing built."""

import os
import subprocess
import sys

import pytest
from emulation import RUNTIME, lay_out

NOWHERE = "127.0.0.1:9"
OFFLINE = {"DOCKER_HOST": f"tcp://{NOWHERE}", "HTTPS_PROXY": f"http://{NOWHERE}"}


@pytest.fixture
def recipe(tmp_path):
    """The Dockerfile that repo2docker would build, after what it says about it."""
    lay_out(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | OFFLINE,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr + done.stdout


def test_repo2docker_finds_python_requirements_and_post_build(recipe):
    assert f"Building conda environment for python={RUNTIME}\n" in recipe
    assert 'pip install --no-cache-dir -r "binder/requirements.txt"' in recipe
    assert "RUN ./binder/postBuild" in recipe
