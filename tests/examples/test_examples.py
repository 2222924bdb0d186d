"""Each example runs at a tiny size, in one process, and says a sane number."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from deepface_models.media import read_image, read_metadata

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("[0-9]*.py"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs an example once and returns its variables and the folder it wrote to."""
    done = {}

    def execute(name):
        if name not in done:
            folder = tmp_path_factory.mktemp(name)
            with pytest.MonkeyPatch.context() as patch:
                patch.syspath_prepend(str(EXAMPLES))
                patch.setattr(
                    sys, "argv", [name, "--tiny", "--output", str(folder / "made")]
                )
                done[name] = runpy.run_path(str(EXAMPLES / f"{name}.py")), folder
        return done[name]

    yield execute
    sys.modules.pop("_common", None)


IMAGES = {
    "01_copy_or_compress": ["copies"],
    "02_reconstructions": ["convolutional", "deep", "dense", "sparse"],
    "03_denoising": ["denoising"],
    "04_latent_space": ["grid", "samples", "scatter"],
    "05_face_arithmetic": ["arithmetic", "interpolation"],
    "06_what_layers_see": ["excite", "maps"],
    "07_backpropagation": ["network"],
    "08_compression": ["compression"],
}


def test_every_example_is_listed_here_and_in_the_table():
    assert list(IMAGES) == NAMES
    table = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert all(f"{name}.py" in table for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_it_writes_its_images_where_it_was_told(name, run):
    folder = run(name)[1] / "made"
    assert sorted(path.stem for path in folder.glob("*.png")) == IMAGES[name]
    for path in folder.glob("*.png"):
        image = read_image(path)
        assert image.std() > 5 and min(image.shape[:2]) > 40


@pytest.mark.parametrize("name", NAMES)
def test_it_says_first_what_it_shows_and_what_to_expect(name):
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    first = text.split("\n# %%")[0]
    assert text.startswith("# %% [markdown]\n# # ")
    assert all(word in first for word in ("**Shows**", "**Takes**", "**Expect**"))
    assert len(text.splitlines()) < 200


def test_wide_and_narrow_are_measured_on_all_three(run):
    mse = run("01_copy_or_compress")[0]["mse"]
    assert len(mse) == 6 and all(0 < value < 1 for value in mse.values())


def test_reconstructions_are_measured(run):
    mse = run("02_reconstructions")[0]["mse"]
    assert len(mse) == 4 and all(0.001 < value < 0.3 for value in mse.values())


def test_denoising_is_measured_beside_the_noise_and_the_classical_way(run):
    psnrs = run("03_denoising")[0]["psnrs"]
    assert 5 < psnrs["noisy"] < psnrs["non-local means"] < 30
    assert 3 < psnrs["autoencoder"] < 40


def test_the_map_is_measured(run):
    made = run("04_latent_space")[0]
    assert 0 <= made["accuracy"] <= 1 and np.isfinite(made["losses"]["loss"])


def test_faces_that_were_drawn_say_so(run):
    made, folder = run("05_face_arithmetic")
    assert 0 < made["mse"] < 0.5
    for path in (folder / "made").glob("*.png"):
        assert "Synthetic" in read_metadata(path)["description"]


def test_images_climb_to_what_excites_a_map(run):
    gains = run("06_what_layers_see")[0]["gains"]
    assert len(gains) == 3 and all(1 < gain < 1000 for gain in gains)


def test_backpropagation_by_hand_is_that_of_keras(run):
    made = run("07_backpropagation")[0]
    assert made["difference"] < 1e-6 and made["loss_after"] < made["loss"]
    assert made["d_w1"][0, 1] == pytest.approx((made["up"] - made["down"]) / 2e-4, 1e-6)


def test_bits_are_those_of_the_code_and_of_the_files(run):
    table = run("08_compression")[0]["table"]
    assert [row[0] for row in table] == [20, 40, 80, 160]
    for _, ours, linear, data, whole in table:
        assert -1 < ours < 1 and 0 < linear < 1 and 100 < data < whole < 20_000
