"""The code of docs/training.md runs, on painted faces."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from callback_helpers import NAMES, Faces

import deepface_models
from deepface_models.models import swap

PAGE = Path(__file__).resolve().parents[2] / "docs" / "training.md"


class Brief(deepface_models.SwapPairs):
    """Faces in two small batches an epoch."""

    def __init__(self, faces, batch_size=16, **kwargs):
        super().__init__(faces, 2, steps=2, workers=1, **kwargs)


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_the_pages_code_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(deepface_models, "SwapPairs", Brief)

    def narrow(people, **kwargs):
        keras.utils.set_random_seed(0)
        return swap.Swift(people, latent_size=8, basis_size=4, **kwargs)

    monkeypatch.setattr(deepface_models, "Swift", narrow)
    names = {"faces": {name: Faces(i, 4, 64) for i, name in enumerate(NAMES)}}
    logged = []
    names["wandb"] = SimpleNamespace(
        Image=np.asarray, log=lambda values, step: logged.append(step)
    )
    blocks = re.findall(
        r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert len(blocks) == 11
    for block in blocks:
        short = block.replace("steps=100", "steps=3").replace("epochs=20", "epochs=2")
        exec(compile(short, str(PAGE), "exec"), names)
    assert logged
    written = {"rates.png", "checkpoints", "previews", "averaged", "sharper"}
    assert {path.name for path in tmp_path.iterdir()} == written
    assert "activations" in capsys.readouterr().out
