"""The command that makes presets: data, split, measures, and a small one end to end."""

from __future__ import annotations

import csv
import importlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepface_models import presets
from deepface_models.autoencoders import DenoisingAutoencoder, VariationalAutoencoder
from deepface_models.data.augmentation import Augmentation
from deepface_models.faces import align, alignment_matrix
from deepface_models.media import read_image

ROOT = Path(__file__).resolve().parents[2]
FACES = ROOT / "tests" / "data" / "faces"
# Near to YuNet's, of 68; the tip of the nose is not among those placed by hand.
FIVE = ([36, 39], [42, 45], [39, 42, *[33] * 6], [48], [54])
FIVE_OF_DLIB = (45, 42, 36, 39, 33)
pytestmark = pytest.mark.skipif(
    not (ROOT / "benchmarks").is_dir(), reason="needs the source tree"
)


@pytest.fixture(scope="module")
def scripts():
    """The modules of benchmarks/ by name."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    parts = ("batches", "data", "gather", "measures", "recipes")
    names = ("pretrain", *(f"pretrain_{part}" for part in parts))
    yield {name: importlib.import_module(name) for name in names}
    sys.path.remove(str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def portraits(tmp_path_factory):
    """Three pictures as those of 24 people, with an index as portraits have it."""
    folder = tmp_path_factory.mktemp("portraits")
    truth = json.loads((FACES / "truth.json").read_text())
    files = [f"london_{n:03}_neutral.jpg" for n in (5, 19, 31)]
    with (folder / "index.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "person", "licence", "lm5", "note"))
        for number in range(24):
            name = files[number % 3]
            marks = truth[name]["landmarks"]
            points = [np.mean([marks[str(i)] for i in one], axis=0) for one in FIVE]
            place = folder / "london_smiling" / f"{number}.jpg"
            place.parent.mkdir(exist_ok=True)
            place.write_bytes((FACES / name).read_bytes())
            text = " ".join(f"{value:.1f}" for point in points for value in point)
            note = "female 24" if number % 2 else "male NA"
            row = (f"london_smiling/{number}.jpg", f"p{number}", "CC-BY-4.0")
            writer.writerow((*row, text, note))
    return folder


def test_faces_are_cut_out_as_the_aligner_does(scripts, portraits):
    data = scripts["pretrain_data"]
    truth = json.loads((FACES / "truth.json").read_text())
    face = data.listed(portraits)[0]
    image = read_image(face.file)
    marks = truth["london_005_neutral.jpg"]["landmarks"]
    expected = alignment_matrix(np.array([marks[str(i)] for i in FIVE_OF_DLIB]), 64)
    found = data.crop_matrix(image, face.points, 64)
    corners = np.array([(0, 0, 1), (63, 0, 1), (0, 63, 1), (63, 63, 1)]).T
    there = np.linalg.inv(np.vstack([expected, (0, 0, 1)])) @ corners
    assert np.abs(found @ there - corners[:2]).max() < 5  # px of 64

    faces = data.read([portraits], 64, portraits / "cache")
    # A larger crop averages other blocks of pixels when it shrinks.
    apart = faces.images[0].astype(int) - align(image, found, 64)
    assert np.abs(apart).mean() < 2
    again = data.read([portraits], 64, portraits / "cache")
    assert np.array_equal(again.wide, faces.wide)
    assert len(list((portraits / "cache").iterdir())) == 1


def test_nobody_is_both_trained_on_and_held_out(scripts, portraits):
    data = scripts["pretrain_data"]
    faces = data.read([portraits], 64, portraits / "cache")
    training, test = (({f.person for f in s.faces}) for s in faces.split())
    assert training and test and not training & test
    assert len(training | test) == 24
    one = faces.faces[0]
    sources = ("congress", "synthetic_people")
    drawn = [
        replace(one, person=f"q{i}", source=s) for s in sources for i in range(999)
    ]
    out = [data.held_out(face) for face in drawn]
    assert np.mean(out[:999]) == pytest.approx(0.1, abs=0.03)
    assert np.mean(out[999:]) == pytest.approx(0.5, abs=0.05)


def test_groups_are_what_the_data_say(scripts, portraits):
    listed = scripts["pretrain_data"].listed(portraits)
    assert "women" in listed[1].groups and "under 30 years" in listed[1].groups
    assert "men" in listed[0].groups
    assert not any("years" in group for group in listed[0].groups)


def test_batches_change_with_the_epoch_alone(scripts, portraits):
    data, recipes = scripts["pretrain_data"], scripts["pretrain_recipes"]
    batches = scripts["pretrain_batches"]
    faces = data.read([portraits], 64, portraits / "cache")
    few, more = (
        batches.Pictures(
            faces.wide, 8, 8, recipes.MOVED, 0.05, seed=1, blend=0.5, **more
        )
        for more in ({}, {"workers": 2, "passes": 2})
    )
    assert (len(few), len(more)) == (3, 6)
    first = few[0][0]
    assert first.shape == (8, 64, 64, 3) and first.dtype == np.uint8
    for number in range(6):  # two epochs of the one, one of the other
        assert np.array_equal(few[number % 3][0], more[number][0])
        few.epoch = (number + 1) // 3
    few.epoch = 1
    assert not np.array_equal(first, few[0][0])
    still = batches.Pictures(faces.wide, 8, 24, Augmentation.none())[0][0]
    assert any(np.array_equal(one, faces.images[0]) for one in still)


def test_measures_know_better_from_worse(scripts):
    measures = scripts["pretrain_measures"]
    rng = np.random.default_rng(0)
    basis, codes = rng.normal(0, 1, (3, 192)), rng.normal(0, 1, (40, 3))
    images = (0.5 + 0.05 * codes @ basis).clip(0, 1).reshape(40, 8, 8, 3)
    images = images.astype("float32")
    drawn = [measures.PCA(images[:30], n)(images[30:]) for n in (1, 2, 3)]
    errors = [float(np.mean(np.square(images[30:] - one))) for one in drawn]
    assert errors[0] > errors[1] > 10 * errors[2]
    few = measures.PCA(images[:30], 99)
    assert few.components == 30

    photo = read_image(FACES / "london_005_neutral.jpg")[None, 100:164, 100:164]
    small, large = (measures.jpegs(photo, size) for size in (700, 2000))
    assert small[1] <= 700 < large[1] <= 2000
    grey, size = measures.jpegs(photo[..., :1], 2000)
    assert grey.shape == (1, 64, 64, 1) and size <= 2000
    assert measures.scores(photo[..., :1], grey)["PSNR"][0] > 30
    psnr = [measures.scores(photo, one[0])["PSNR"][0] for one in (small, large)]
    assert 15 < psnr[0] < psnr[1]
    assert measures.jpegs(photo, 10)[1] > 10  # no JPEG is so small

    values = {"SSIM": np.array([0.0, 0.5, 1.0])}
    assert measures.mean_of(values, ["a", "a", "b"]) == {"SSIM": 0.625}
    groups = [("x",), ("x",), ("x", "y")]
    assert measures.by_group(values, ["a", "a", "b"], groups) == {
        "x, 2 people": {"SSIM": 0.625}
    }


def vae(dtype):
    return VariationalAutoencoder(
        (64, 64, 3), 4, "convolutional", widths=(4, 4), dtype=dtype
    )


def denoiser(dtype):
    return DenoisingAutoencoder((64, 64, 3), (4,), amount=0.2, dtype=dtype)


@pytest.fixture
def make(scripts, portraits, tmp_path, monkeypatch):
    """Runs the command for a preset of two small models."""
    pretrain, recipes = scripts["pretrain"], scripts["pretrain_recipes"]
    for name, build in (("vae_faces_64", vae), ("denoiser_faces_128", denoiser)):
        small = replace(recipes.RECIPES[name], build=build, size=64, batch_size=8)
        monkeypatch.setitem(recipes.RECIPES, name, small)
    monkeypatch.setattr(scripts["pretrain_measures"], "STRENGTHS", (20, 30))
    weights = tmp_path / "weights"
    weights.mkdir()
    for module in (presets, presets.registry):
        monkeypatch.setattr(module, "weights_folder", lambda: weights)

    def run(name, *words, pack=True):
        folders = ("--portraits", portraits, "--output", tmp_path)
        more = ("--weights", weights, "--pictures", tmp_path / "docs") if pack else ()
        more = (*more, "--descriptors", 0, *words)
        pretrain.main([name, *map(str, (*folders, *more))])
        return weights / name

    return run


def test_a_preset_is_trained_resumed_packed_and_registered(make, tmp_path, capsys):
    folder = make("vae_faces_64", "--epochs", "1", "--dtype", "mixed_bfloat16")
    record = presets.describe("vae_faces_64")
    assert record["licence"] == "CC-BY-4.0" and "pretrain.py" in record["command"]
    found = record["results"]["people never seen"]
    assert {"reconstruction", "by group"} < set(found)
    assert any(name.startswith("PCA, 4 comp") for name in found)
    assert record["config"]["dtype"] == "float32"
    model = VariationalAutoencoder.from_preset("vae_faces_64")
    assert max(presets.check_golden(model, folder).values()) < 1e-3
    assert (tmp_path / "docs" / "vae_faces_64.jpg").stat().st_size < 150_000

    run = tmp_path / "vae_faces_64"
    steps = json.loads((run / "training.json").read_text())["steps"]
    capsys.readouterr()
    again = ("--minutes", "99", "--epochs", "2", "--dtype", "mixed_bfloat16")
    make("vae_faces_64", *again, pack=False)
    assert "2/2" in capsys.readouterr().out
    assert json.loads((run / "training.json").read_text())["steps"] == 2 * steps > 0
    # The model lost, its checkpoint is packed.
    (run / "training.json").unlink()
    shutil.rmtree(run / "model")
    make("vae_faces_64", "--pack-only", "--dtype", "mixed_bfloat16", pack=False)
    assert "/step" not in capsys.readouterr().out
    assert json.loads((run / "training.json").read_text())["steps"] == 2 * steps


def test_a_denoiser_is_measured_by_what_it_removes(make):
    make("denoiser_faces_128", "--epochs", "1")
    found = presets.describe("denoiser_faces_128")["results"]["people never seen"]
    assert 13 < found["noisy"]["PSNR"] < 17  # the noise's deviation is 0.2
    assert "denoised" in found
    assert any(name.startswith("OpenCV") for name in found)


# Training on another machine

ELSEWHERE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {absent}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
import pretrain
from dataclasses import replace
from pretrain_recipes import RECIPES, ConvolutionalAutoencoder

def small(dtype):
    return ConvolutionalAutoencoder((64, 64, 3), (4, 4), "relu", 4, dtype=dtype)

RECIPES[sys.argv[1]] = replace(RECIPES[sys.argv[1]], build=small)
pretrain.main(sys.argv[1:])
assert "c2pa" not in sys.modules  # and dlib is a stand-in, as the real one is refused
"""


def train_elsewhere(name, *words):
    """Runs the command where there are neither dlib nor PyAV nor other backends."""
    known = [b for b in ("jax", "torch") if importlib.util.find_spec(b)]
    backend = [*known, "tensorflow"][0]
    absent = {"av", "c2pa", "dlib", "jax", "tensorflow", "torch"} - {backend}
    told = subprocess.run(
        [sys.executable, "-c", ELSEWHERE.format(absent=absent), name, *map(str, words)],
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'benchmarks'}:{ROOT}",
            "KERAS_BACKEND": backend,
        },
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    return told.stdout


def test_another_machine_trains_on_what_was_gathered(make, tmp_path):
    name, file = "autoencoder_faces_64", tmp_path / "faces.npz"
    make(name, "--gather", file, pack=False)
    assert file.stat().st_size < 400_000 and not (tmp_path / name).exists()
    words = ("--epochs", "1", "--batch-size", "4", "--workers", "2")
    there = tmp_path / "there"
    told = train_elsewhere(name, "--gathered", file, "--output", there, *words)
    assert "--pack-only" in told
    found = {path.name for path in (there / name).iterdir()}
    assert found == {"checkpoints", "history.csv", "model", "training.json"}

    shutil.copytree(there / name, tmp_path / name)
    make(name, "--pack-only")
    record = presets.describe(name)
    assert "--gathered" in record["command"] and "--portraits" not in record["command"]
    assert record["results"]["training"]["batch_size"] == 4
    assert "CPU cores" in record["results"]["training"]["machine"]
    with pytest.raises(SystemExit, match="Give the folders that were gathered"):
        make(name, "--pack-only", "--limit", "20")


def test_what_was_gathered_is_what_was_aligned(scripts, portraits, tmp_path):
    gather, path = scripts["pretrain_gather"], tmp_path / "faces.npz"
    faces = scripts["pretrain_data"].read([portraits], 64, portraits / "cache")
    gather.gather(path, gather.Data(faces.wide, faces.border, "three"), "1a2b3c4")
    found = gather.gathered(path, 64)
    assert (found.border, found.text, found.commit) == (8, "three", "1a2b3c4")
    assert found.test is None and found.wide.shape == faces.wide.shape
    assert np.abs(found.wide.astype(int) - faces.wide).mean() < 1.5
    with pytest.raises(ValueError, match=r"64 px\. Expected 128 px"):
        gather.gathered(path, 128)
    with np.load(path) as arrays:
        np.savez(path, **{**arrays, "jpegs": arrays["jpegs"] * 0})
    with pytest.raises(ValueError, match="no JPEG"):
        gather.gathered(path, 64)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("vae_mnist", "--gather", "x.npz"), "trained on digits"),
        (("vae_faces_64", "--gathered", "x.npz", "--pack-only"), "trains only"),
        (("vae_faces_64",), "Give --portraits"),
    ],
)
def test_what_does_not_go_together(scripts, capsys, words, told):
    with pytest.raises(SystemExit):
        scripts["pretrain"].main(list(words))
    assert told in capsys.readouterr().err
