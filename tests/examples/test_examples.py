"""Each example runs at a tiny size, in one process, and prints a plausible number."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import mean_squared_error
from sklearn.neighbors import KNeighborsClassifier

from deepface_models.media import read_image, read_metadata
from deepface_models.provenance import verify

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("[0-9]*.py"))


@pytest.fixture(scope="module")
def run(tmp_path_factory, eager):
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
    "01_neuron": ["network"],
    "02_copy_or_compress": ["copies"],
    "03_reconstruct_and_denoise": [
        *("convolutional", "deep", "denoising", "dense", "sparse"),
    ],
    "04_latent_space": ["arithmetic", "base", "between", "classes"],
    "05_what_layers_see": ["edges", "excite", "maps"],
    "06_sampling": ["grid", "samples", "scatter"],
    "07_faces": ["aligned", "arithmetic", "found", "interpolation"],
    "08_swap": ["by_hand", "frames"],
    "09_making_it_good": ["data", "settings", "sheet"],
    "10_label_and_verify": ["altered", "frame", "nobody", "screenshot"],
    "11_compression": ["compression"],
}


def test_every_example_is_listed_here_and_in_the_table():
    assert list(IMAGES) == NAMES
    table = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert all(f"{name}.py" in table for name in NAMES)


@pytest.mark.parametrize("name", NAMES[:10])
def test_it_ends_with_exercises_and_as_many_answers(name):
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    tasks, answers = text.split("## Try")[1].split("<summary>Answers</summary>")
    counts = [len(re.findall(r"^# \d\. ", part, re.M)) for part in (tasks, answers)]
    assert counts == [3, 3]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_it_writes_its_images_where_it_was_told(name, run):
    folder = run(name)[1] / "made"
    assert sorted(path.stem for path in folder.glob("*.png")) == IMAGES[name]
    for path in folder.glob("*.png"):
        if path.stem == "altered":
            continue  # a changed byte may also break the image
        image = read_image(path)
        assert image.std() > 5 and min(image.shape[:2]) > 40


@pytest.mark.parametrize("name", NAMES)
def test_it_says_first_what_it_shows_and_what_to_expect(name):
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    first = text.split("\n# %%")[0]
    assert text.startswith("# %% [markdown]\n# # ")
    assert all(word in first for word in ("**Shows**", "**Takes**", "**Expect**"))
    assert len(text.splitlines()) < 200


@pytest.mark.slow
def test_wide_and_narrow_are_measured_on_all_three(run):
    """The printed errors are those of scikit-learn."""
    made = run("02_copy_or_compress")[0]
    assert len(made["mse"]) == 6
    for (kind, name), value in made["mse"].items():
        pieces = made["inputs"][name].reshape(64, 64) / 255
        decoded = made["models"][kind].predict(pieces, verbose=0).reshape(64, 64)
        assert value == pytest.approx(mean_squared_error(pieces, decoded), rel=1e-4)


@pytest.mark.slow
def test_reconstructions_are_measured(run):
    """The printed errors are those of scikit-learn."""
    made = run("03_reconstruct_and_denoise")[0]
    assert set(made["mse"]) == {"convolutional", "deep", "dense", "sparse"}
    images = made["x_test"].reshape(-1, 28 * 28) / 255
    for name, value in made["mse"].items():
        decoded = made["models"][name].predict(images, verbose=0)
        found = mean_squared_error(images, decoded.reshape(images.shape))
        assert value == pytest.approx(found, rel=1e-4)


@pytest.mark.slow
def test_denoising_is_measured_beside_the_noise_and_the_classical_way(run):
    psnrs = run("03_reconstruct_and_denoise")[0]["psnrs"]
    assert 5 < psnrs["noisy"] < psnrs["non-local means"] < 30
    assert 3 < psnrs["autoencoder"] < 40


@pytest.mark.slow
def test_the_map_is_measured(run):
    """Scikit-learn's nearest neighbors give the same accuracy."""
    made = run("06_sampling")[0]
    neighbors = KNeighborsClassifier(1)
    neighbors.fit(made["model"].encode(made["x_train"]), made["y_train"])
    expected = neighbors.score(made["codes"], made["y_test"])
    assert made["accuracy"] == pytest.approx(expected, abs=0.02)
    losses = made["losses"]
    terms = losses["reconstruction_loss"] + losses["kl_loss"]  # beta is 1 at the end
    assert losses["loss"] == pytest.approx(terms, rel=1e-3)


@pytest.mark.slow
def test_rendered_faces_are_labeled_as_synthetic(run):
    made, folder = run("07_faces")
    assert 0 < made["mse"] < 0.5
    for name in ("aligned", "arithmetic", "interpolation"):
        path = folder / "made" / f"{name}.png"
        assert "Synthetic" in read_metadata(path)["description"]


@pytest.mark.slow
def test_codes_are_compared_with_pixels(run):
    """Scikit-learn's nearest neighbors give the same accuracy."""
    made = run("04_latent_space")[0]
    for name, (test, train) in {
        "by_code": (made["codes"], made["known"]),
        "by_pixels": made["flat"],
    }.items():
        neighbors = KNeighborsClassifier(1).fit(train, made["y_train"])
        expected = neighbors.score(test, made["y_test"])
        assert made[name] == pytest.approx(expected, abs=0.02)


@pytest.mark.slow
def test_the_swap_is_one_encoder_and_two_decoders(run):
    made, folder = run("08_swap")
    assert made["decoders"]["s1"] is not made["decoders"]["mb"]
    assert 0 < made["mae"] < 0.5 and made["report"].swapped == 5
    assert verify(folder / "made" / "swap.mp4").state == "valid"
    rows = made["rows"]
    assert np.abs(rows["s1 by mb (synthetic)"] - rows["s1 by s1 (synthetic)"]).max() > 0


@pytest.mark.slow
def test_measures_are_compared_with_both_baselines(run):
    made = run("09_making_it_good")[0]
    columns = made["columns"]
    assert columns["unchanged"]["source_distance"] < 0.4
    assert columns["mean face"]["target_distance"] < 0.6
    assert len(columns) == 5


@pytest.mark.slow
def test_a_label_is_valid_altered_or_gone(run):
    states = run("10_label_and_verify")[0]["states"]
    assert states == {"nobody": "valid", "altered": "altered", "screenshot": "unsigned"}


@pytest.mark.slow
def test_images_climb_to_what_excites_a_map(run):
    gains = run("05_what_layers_see")[0]["gains"]
    assert len(gains) == 3 and all(1 < gain < 1000 for gain in gains)


def test_backpropagation_by_hand_is_that_of_keras(run):
    made = run("01_neuron")[0]
    assert made["difference"] < 1e-6 and made["loss_after"] < made["loss"]
    assert made["d_w1"][0, 1] == pytest.approx((made["up"] - made["down"]) / 2e-4, 1e-6)


@pytest.mark.slow
def test_bits_are_those_of_the_code_and_of_the_files(run):
    table = run("11_compression")[0]["table"]
    assert [row[0] for row in table] == [20, 40, 80, 160]
    linear = [row[2] for row in table]
    assert linear == sorted(linear) and linear[-1] > 0.9  # more components, more detail
    for _, ours, _, data, whole in table:
        assert -1 < ours < 1 and 100 < data < whole < 20_000
