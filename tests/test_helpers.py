"""Helper processes import nothing from the folder they are started in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import deepface_models
from deepface_models.core import helpers as _helpers

ROOT = Path(deepface_models.__file__).parent.parent
NAMES = ("dlib", "av", "h5py", "cv2", "keras", "numpy", "c2pa")


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """A stranger's folder whose modules leave a mark where they are imported."""
    for name in NAMES:
        code = f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r})\n"
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_doctor_runs_nothing_of_the_current_folder(trap, monkeypatch):
    """An av.py in the current folder is not executed."""
    from deepface_models.cli.doctor import examine

    monkeypatch.setattr(sys, "path", [str(trap), "", *sys.path])
    assert [check["state"] for check in examine("media")][:2] == ["ok", "ok"]
    assert not (trap / "ran").exists()


@pytest.mark.slow
def test_python_m_runs_nothing_of_the_current_folder(trap, tmp_path):
    """Nor does `python -m deepface_models` itself, once it has begun."""
    words = [sys.executable, "-m", "deepface_models", "doctor", "--json", "--no-step"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        words, capture_output=True, text=True, env=environment, encoding="utf-8"
    )
    checks = json.loads(done.stdout)["checks"]
    assert checks["faces"][0]["name"] == "dlib", done.stderr
    assert not (trap / "ran").exists()


def test_a_folder_that_the_user_chose_stays_on_the_path(tmp_path, monkeypatch):
    """PYTHONPATH is the user's choice, also for the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), "/elsewhere"])
    monkeypatch.setenv("PYTHONPATH", os.pathsep)
    assert _helpers.safe_path() == ["/elsewhere"]
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert _helpers.safe_path() == [str(tmp_path), "/elsewhere"]


def test_the_package_is_taken_from_where_it_is(trap):
    """Found through a checkout, it does not bring that folder along."""
    code = "import deepface_models.core.helpers as h; print(h.__file__)"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    words = _helpers.helper_command("builtins", "print", "started")
    assert deepface_models.__file__ in words
    done = subprocess.run(
        words, capture_output=True, text=True, env=environment, encoding="utf-8"
    )
    assert done.stdout == "started\n", code
