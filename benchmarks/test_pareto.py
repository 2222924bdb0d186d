"""`benchmarks/pareto.py`: its rows, few images of a person, and what it keeps."""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pareto
import pytest

from deepface_models import presets
from deepface_models.models.swap import Swift

PEOPLE = ("ana", "ben")


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    model = Swift(PEOPLE, image_size=64)
    model.build_decoder_initializers(["decoder_initializer"])
    facts = {"license": "CC0-1.0", "data": "noise", "shared": True}
    return presets.save_preset(model, tmp_path_factory.mktemp("preset") / "x", **facts)


def test_a_row_names_architecture_preset_and_parts():
    assert pareto.parsed("Original, low memory") == ("Original, low memory", "", {})
    assert pareto.parsed("Swift from a/b c") == ("Swift", "a/b c", {})
    row = "Swift from x; freeze encoder=0.2 shared_decoder=1;lr_multipliers"
    own = {"freeze": {"encoder": 0.2, "shared_decoder": 1.0}, "lr_multipliers": {}}
    assert pareto.parsed(row) == ("Swift", "x", own)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("Swift; freeze encoder=0.2", "expected 'Swift from PRESET; freeze"),
        ("Swift from x; freeze encoder", "expected 'Swift from PRESET; freeze"),
        ("Swift from x; hold encoder=1", "expected 'Swift from PRESET; freeze"),
        ("Swift from x;", "expected 'Swift from PRESET; freeze"),
        ("Swwift", "unknown: 'Swwift'; there are"),
        ("Original, low memory from x", "unknown: 'Original, low memory'"),
    ],
)
def test_wrong_rows_end_before_the_training(row, message, capsys):
    with pytest.raises(SystemExit):
        pareto.check(row, argparse.ArgumentParser())
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_rows_from_a_preset_learn_as_train_does(preset):
    both = f"Swift from {preset}; freeze; lr_multipliers"
    for row in (f"Swift from {preset}", both, "Swift"):
        _, schedule = pareto.built(row, PEOPLE, "full")
        assert (schedule.freeze, schedule.lr_multipliers) == ({}, {})
    row = f"Swift from {preset}; freeze encoder=0.1; lr_multipliers shared_decoder=0.5"
    _, schedule = pareto.built(row, PEOPLE, "full")
    assert schedule.freeze == {"encoder": 0.1}
    assert schedule.lr_multipliers == {"shared_decoder": 0.5}


class Faces(list):
    """As much of a set of faces as is needed."""

    def select(self, which):
        return Faces(self[i] for i in which)


def test_few_are_spread_over_all():
    faces = Faces(range(101))
    assert pareto.spread(faces, 5) == [0, 25, 50, 75, 100]
    assert pareto.spread(faces, 1) == [0]
    assert pareto.spread(faces, None) is pareto.spread(faces, 101) is faces


def test_few_are_trained_on_and_all_describe_a_person(monkeypatch):
    sets = {name: Faces(range(100)) for name in PEOPLE}
    for name in PEOPLE:
        sets[name].split = lambda faces=sets[name]: (faces, "held out")
    calls = []

    def evaluate(model, held_out, identity, **given):
        calls.append(
            (held_out, identity, len(given["target_faces"]), len(given["source_faces"]))
        )
        return SimpleNamespace(summary={"swap": {"ssim": 0.9}}, between=0.8)

    def trained(title, minutes, faces, batch):
        assert {name: len(one) for name, one in faces.items()} == {
            "ana": 100,
            "ben": 20,
        }
        return None, {"faces": 7}

    monkeypatch.setattr(pareto, "faces_of", lambda options: sets)
    monkeypatch.setattr(pareto, "trained", trained)
    monkeypatch.setattr(pareto.dfm, "evaluate", evaluate)
    options = SimpleNamespace(people=PEOPLE, few=20, batch=8, frames=5)
    done = pareto.measured("Swift", 1.0, options)
    assert calls == [("held out", "ben", 100, 100), ("held out", "ana", 100, 100)]
    assert done["ana as ben"]["swap"]["ssim"] == 0.9
    assert done["ana as ben"]["swap"]["psnr"] is None
    assert pareto.mean_of(done, "people") == {"between": 0.8}


@pytest.mark.parametrize("few", [None, 20])
def test_settings_name_few_only_where_given(few, tmp_path, monkeypatch):
    commands = []

    def run(words, **_):
        commands.append(words)
        return SimpleNamespace(returncode=0, stdout='{"faces": 1}\n')

    monkeypatch.setattr(subprocess, "run", run)
    options = argparse.Namespace(
        **{"clips": Path("c"), "most_clips": None, "people": list(PEOPLE), "batch": 8},
        **{"frames": 75, "few": few, "output": tmp_path, "minutes": [1.0]},
        architectures=["Swift"],
    )
    assert pareto.run(options) == {"Swift": {"1": {"faces": 1}}}
    settings = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))[
        "settings"
    ]
    own = {"few": 20} if few else {}
    assert settings == {
        **{"clips": ["c", None], "people": ["ana", "ben"], "frames": 75, "batch": 8},
        **own,
    }
    assert ("--few" in commands[0]) is (few is not None)


def test_means_of_what_both_directions_have():
    one = {"swap": {"ssim": 0.9, "psnr": 30.0}}
    two = {"swap": {"ssim": 0.8, "psnr": None}}
    found = {"faces": 3, "ana as ben": one, "ben as ana": two}
    assert pareto.mean_of(found, "swap") == {
        "ssim": pytest.approx(0.85),
        "psnr": None,
    }
    assert pareto.mean_of(found, "people") == {}


def test_mouth_and_blinks_are_those_of_who_blinks():
    lively = {
        "swap": {"mouth_gain": 1.0, "blink": 0.3, "ssim": 0.9},
        "source": {"blink": 0.4},
    }
    still = {
        "swap": {"mouth_gain": 3.0, "blink": None, "ssim": 0.7},
        "source": {"blink": None},
    }
    found = {"faces": 3, "ana as ben": lively, "ben as ana": still}
    both = {"mouth_gain": 1.0, "blink": 0.3, "ssim": pytest.approx(0.8)}
    assert pareto.mean_of(found, "swap") == both
    assert pareto.mean_of({"ben as ana": still}, "swap") == still["swap"]
