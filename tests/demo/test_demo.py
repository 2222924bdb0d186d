"""The complete workflow at its smallest size, from clips to a signed swap."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partialmethod

import keras
import pytest

from deepface_models import InUseError, demo, load, verify
from deepface_models.core.locks import hold_folder
from deepface_models.demo import job
from deepface_models.media import probe


def test_one_demo_a_folder(tmp_path, elsewhere):
    """One writer at a time."""
    elsewhere(hold_folder(tmp_path))
    with pytest.raises(InUseError, match="another thread"):
        demo.run(tmp_path, quick=True, log=lambda line: None)


@pytest.mark.slow
def test_demo_leaves_what_it_promises(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPFACE_MODELS_HOME", str(tmp_path / "home"))
    quick = replace(job._Plan.of(0.001, quick=True), every_n=6, steps=2, limit=6)
    monkeypatch.setattr(job._Plan, "of", lambda minutes, quick_: quick)
    # Two steps take less time than tracing them.
    eager = partialmethod(keras.Model.compile, run_eagerly=True)
    monkeypatch.setattr(keras.Model, "compile", eager)
    said: list[str] = []
    report = demo.run(tmp_path, minutes=0.001, quick=True, log=said.append)
    assert (
        json.loads((tmp_path / "report.json").read_text(encoding="utf-8")).keys()
        == report.keys()
    )
    assert set(report["measures"]) == {"s1 as mb", "mb as s1"}
    assert len(report["seconds"]) == 7
    for name in ("nobody.mp4", "swap.mp4", "preview.png", "frames.jpg"):
        found = verify(tmp_path / name)
        assert (found.state, found.consent) == ("valid", demo.CONSENT)
    assert probe(tmp_path / "swap.mp4").has_audio
    model = load(tmp_path / "training" / "model")
    assert set(model.identities) == set(demo.PEOPLE)
    assert "evaluate(model" in "\n".join(said)
