"""`evaluate` takes the networks of other engines."""

from __future__ import annotations

import pytest
from evaluate_helpers import SIZE

from deepface_models import load
from deepface_models.evaluation import evaluate


def test_a_network_that_draws_what_it_is_shown(
    dfm_file, held_out, target_faces, source_faces, aligner, tmp_path
):
    network = load(dfm_file(tmp_path / "mb.dfm", size=SIZE))
    sets = {"target_faces": target_faces, "source_faces": source_faces}
    own = {"embed_every": 4, "limit": 4, "mesh": False, "progress": False}
    found = evaluate(network, held_out, identity="mb", aligner=aligner, **sets, **own)
    swap = found.summary["swap"]
    assert swap["source_distance"] < 0.4 < 0.6 < swap["target_distance"]
    assert swap["motion"] == pytest.approx(0, abs=0.02)
