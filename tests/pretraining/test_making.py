"""Presets from training to packing: resumed, measured, and on two machines."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from pretraining_helpers import FACES

from deepface_models import presets
from deepface_models.cli import main
from deepface_models.core.errors import ModelFileError
from deepface_models.models.autoencoders import VariationalAutoencoder
from deepface_models.pretraining import RECIPES, command, measures, pretrain

pytestmark = pytest.mark.usefixtures("eager")

SMALL = {
    "vae_faces_64": {"latent_size": 4, "widths": (4, 4)},
    "denoiser_faces_128": {"widths": (4,), "image_shape": (64, 64, 3)},
    "autoencoder_faces_64": {"latent_size": 4, "widths": (4, 4)},
    "vae_mnist": {"widths": (4, 4)},
}


@pytest.fixture
def make(data, weights, tmp_path, monkeypatch):
    """Makes presets of small models, registered in a folder of the test's own."""
    for name, own in SMALL.items():
        recipe = RECIPES[name]
        arguments = {**recipe.arguments, **own}
        small = replace(recipe, arguments=arguments, batch_size=8)
        monkeypatch.setitem(RECIPES, name, small)
    monkeypatch.setattr(measures, "STRENGTHS", (20, 30))
    monkeypatch.setattr(measures, "MOST_PEOPLE", 0)

    def run(name, **options):
        given = {"data": data, "output": tmp_path, "weights": weights, **options}
        return pretrain(name, **given)

    return run


def told(tmp_path, name):
    return json.loads((tmp_path / name / "training.json").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_a_preset_is_trained_resumed_packed_and_registered(make, tmp_path, capsys):
    name = "vae_faces_64"
    folder = make(name, epochs=1, dtype="mixed_bfloat16")
    record = presets.describe(name)
    assert record["license"] == "CC-BY-4.0"
    assert record["command"] == command(name, {"epochs": 1, "dtype": "mixed_bfloat16"})
    found = record["results"]["people never seen"]
    assert {"reconstruction", "by group"} < set(found)
    assert any(name.startswith("PCA, 4 comp") for name in found)
    assert record["config"]["dtype"] == "float32"
    model = VariationalAutoencoder.from_preset(name)
    assert max(presets.check_golden(model, folder).values()) < 1e-3

    steps = told(tmp_path, name)["steps"]
    capsys.readouterr()
    more = {"minutes": 99.0, "epochs": 2, "dtype": "mixed_bfloat16", "weights": None}
    assert make(name, **more) == tmp_path / name / "preset"
    assert "2/2" in capsys.readouterr().out
    assert told(tmp_path, name)["steps"] == 2 * steps > 0
    # The model lost, its checkpoint is packed.
    (tmp_path / name / "training.json").unlink()
    shutil.rmtree(tmp_path / name / "model")
    make(name, pack_only=True, dtype="mixed_bfloat16")
    assert "/step" not in capsys.readouterr().out
    assert told(tmp_path, name)["steps"] == 2 * steps


@pytest.mark.slow
def test_a_denoiser_is_measured_by_what_it_removes(make):
    make("denoiser_faces_128", epochs=1, steps=2)
    found = presets.describe("denoiser_faces_128")["results"]["people never seen"]
    assert 13 < found["noisy"]["PSNR"] < 17  # the noise's deviation is 0.2
    assert "denoised" in found
    assert any(name.startswith("OpenCV") for name in found)


@pytest.mark.slow
def test_the_command_line_makes_a_preset_of_digits(make, tmp_path, capsys):
    """`deepface-models pretrain NAME --data DATA`."""
    digits = tmp_path / "data" / "mnist"
    digits.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for kind, shape in (("images", (50, 28, 28)), ("labels", (50,))):
        values = rng.integers(0, 10, shape, "uint8")
        head = bytes([0, 0, 8, len(shape)])
        sizes = b"".join(size.to_bytes(4, "big") for size in shape)
        path = digits / f"t10k-{kind}-idx{len(shape)}-ubyte"
        path.write_bytes(head + sizes + values.tobytes())
    words = ["pretrain", "vae_mnist", "--data", str(tmp_path / "data")]
    words += ["--output", str(tmp_path / "out"), "--epochs", "1", "--steps", "2"]
    extra = tmp_path / "more.json"
    extra.write_text(json.dumps({"elsewhere": {"SSIM": 0.5}}), encoding="utf-8")
    assert main([*words, "--results", str(extra)]) == 0
    folder = tmp_path / "out" / "vae_mnist" / "preset"
    assert str(folder) in capsys.readouterr().out
    record = presets.describe(folder)
    assert record["name"] == "vae_mnist" and record["license"] == "CC-BY-SA-3.0"
    assert record["command"] == command("vae_mnist", {"epochs": 1, "steps": 2})
    assert str(tmp_path) not in (folder / "preset.json").read_text(encoding="utf-8")
    assert "40 images; 10 others held out" in record["data"]
    assert record["results"]["elsewhere"] == {"SSIM": 0.5}
    assert record["results"]["training"]["steps"] == 2


# Training on another machine

ELSEWHERE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {absent}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
from dataclasses import replace
from deepface_models.cli import main
from deepface_models.pretraining import RECIPES

name = sys.argv[2]
own = {{**RECIPES[name].arguments, "latent_size": 4, "widths": (4, 4)}}
RECIPES[name] = replace(RECIPES[name], arguments=own)
assert main(sys.argv[1:]) == 0
"""


def train_elsewhere(*words):
    """Runs the command where there are no dlib, PyAV and c2pa, nor other backends."""
    known = [b for b in ("jax", "torch") if importlib.util.find_spec(b)]
    backend = [*known, "tensorflow"][0]
    absent = {"av", "c2pa", "dlib", "jax", "tensorflow", "torch"} - {backend}
    code = ELSEWHERE.format(absent=absent)
    done = subprocess.run(
        [sys.executable, "-c", code, "pretrain", *map(str, words)],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.by_hand
@pytest.mark.slow
def test_another_machine_trains_on_what_was_gathered(make, data, tmp_path):
    """No stand-ins for dlib and PyAV are needed."""
    name, file = "autoencoder_faces_64", tmp_path / "faces.npz"
    assert make(name, gather=file) == file
    assert file.stat().st_size < 400_000 and not (tmp_path / name).exists()
    there = tmp_path / "there"
    options = ("--epochs", "1", "--batch-size", "4", "--workers", "2")
    said = train_elsewhere(name, "--data", file, "--output", there, *options)
    assert "--pack-only" in said
    found = {path.name for path in (there / name).glob("[!.]*")}
    assert found == {"checkpoints", "history.csv", "model", "training.json"}

    shutil.copytree(there / name, tmp_path / name)
    make(name, pack_only=True)
    record = presets.describe(name)
    assert record["command"] == command(name, {"epochs": 1, "batch_size": 4})
    assert record["results"]["training"]["batch_size"] == 4
    assert "CPU cores" in record["results"]["training"]["machine"]
    with pytest.raises(ModelFileError, match="Use the folder of the training"):
        make(name, pack_only=True, limit=20)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("vae_mnist", {"gather": "x.npz"}, "Expected a preset of many people's faces"),
        ("vae_mnist", {"data": "nowhere"}, "Nothing is at nowhere"),
        ("vae_faces_64", {"data": None}, "Use --data FOLDER"),
        ("vae_faces_64", {"data": FACES / "none"}, "Nothing is at"),
        ("vae_faces_64", {"pack_only": True}, "contains no training"),
        ("vae_faces_64", {"epochs": 0}, "epochs=0 was given. Expected a whole number"),
        ("vae_faces_64", {"minutes": -1.0}, "minutes=-1.0 was given"),
        (
            "vae_faces_64",
            {"leave_out": ["ana"]},
            "Expected swift_64, swift_128 or swift_256",
        ),
        ("vae_faces_64", {"limit": 1}, "too few to split into training"),
        ("vae_face_64", {}, "Did you mean 'vae_faces_64'"),
    ],
)
def test_what_does_not_go_together(make, name, options, message):
    with pytest.raises((ValueError, OSError), match=message):
        make(name, **options)
