"""encoder.h5, decoder_A.h5 and decoder_B.h5 of 2017 load and give the same images."""

from __future__ import annotations

import shutil
from pathlib import Path

import h5py
import historic_files as historic
import numpy as np
import pytest

import deepface_models as dfm
from deepface_models.cli import main
from deepface_models.importers import legacy_h5, load_original

LETTERS = ("A", "B")


@pytest.fixture(scope="module")
def weights():
    decoders = {
        letter: historic.drawn_weights(historic.decoder_layers(), seed)
        for seed, letter in enumerate(LETTERS)
    }
    return {"encoder": historic.drawn_weights(historic.encoder_layers(), 2), **decoders}


@pytest.fixture(scope="module")
def folder(weights, tmp_path_factory):
    """The three files, of 16 px and latents of 4; not to be changed."""
    path = tmp_path_factory.mktemp("historic")
    historic.write(path / "encoder.h5", historic.encoder_layers(), weights["encoder"])
    for letter in LETTERS:
        historic.write(
            path / f"decoder_{letter}.h5", historic.decoder_layers(), weights[letter]
        )
    return path


@pytest.fixture(scope="module")
def model(folder):
    return load_original(folder, identities=("ana", "ben"))


@pytest.fixture
def copied(folder, tmp_path):
    """The same files by links, to be replaced one by one."""
    for path in folder.iterdir():
        (tmp_path / path.name).hardlink_to(path)
    return tmp_path


def replace(path: Path, *args, **kwargs) -> None:
    path.unlink(missing_ok=True)
    historic.write(path, *args, **kwargs)


@pytest.mark.backend
@pytest.mark.parametrize(("name", "letter"), [("ana", "A"), ("ben", "B")])
@pytest.mark.slow_on_tensorflow
def test_images_are_those_of_the_historic_networks(model, weights, name, letter):
    image = np.random.default_rng(5).random((16, 16, 3), "float32")
    bgr = historic.draw(image[..., ::-1], weights["encoder"], weights[letter])
    expected = bgr[..., ::-1]
    assert expected.std(axis=(0, 1)).min() > 0.02  # it tells channels apart
    np.testing.assert_allclose(model.predict(image, identity=name), expected, atol=2e-5)


def test_model_is_an_original(model):
    assert isinstance(model, dfm.Original)
    assert (model.image_size, model.latent_size, model.low_memory) == (16, 4, False)
    assert model.identities == ("ana", "ben")
    assert model.face_type == "half"


def test_keras_itself_reads_the_files_the_same(folder, weights):
    """The files that these tests write have the layout that Keras itself reads."""
    decoder = dfm.Original(image_size=16, latent_size=4, low_memory=True).decoders["a"]
    decoder.load_weights(folder / "decoder_A.h5")
    for mine, theirs in zip(decoder.get_weights(), weights["A"], strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_low_memory_form_and_whole_models(copied, weights):
    layers = historic.encoder_layers(low_memory=True)
    small = historic.drawn_weights(layers, 3)
    (copied / "encoder.h5").unlink()
    historic.write(copied / "lowmem_encoder.h5", layers, small, whole_model=True)
    for letter in LETTERS:
        name = f"decoder_{letter}.h5"
        (copied / name).rename(copied / f"lowmem_{name}")
    model = load_original(copied)
    assert model.low_memory
    assert model.identities == ("a", "b")
    image = np.random.default_rng(6).random((16, 16, 3), "float32")
    expected = historic.draw(image[..., ::-1], small, weights["B"])[..., ::-1]
    np.testing.assert_allclose(model.predict(image, identity="b"), expected, atol=2e-5)


def test_names_cut_into_pieces_are_put_together(folder, tmp_path):
    shutil.copy(folder / "decoder_A.h5", tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5", "r+") as file:
        names = file.attrs["layer_names"]
        del file.attrs["layer_names"]
        file.attrs["layer_names0"], file.attrs["layer_names1"] = names[:3], names[3:]
    found = legacy_h5.read_layers(tmp_path / "x.h5")
    assert [layer.name for layer in found] == [f"conv2d_{i}" for i in (1, 2, 3, 4)]


@pytest.mark.slow
def test_command_writes_a_model(model, folder, tmp_path, capsys):
    words = ["import", str(folder), str(tmp_path / "made"), "--identities", "ana"]
    assert main([*words, "ben"]) == 0
    assert "--identity ben" in capsys.readouterr().out
    made = dfm.load(tmp_path / "made")
    image = np.full((16, 16, 3), (10, 90, 200), "uint8")
    for name in ("ana", "ben"):
        np.testing.assert_array_equal(
            made.predict(image, identity=name), model.predict(image, identity=name)
        )


def test_command_says_what_is_missing(tmp_path, capsys):
    assert main(["import", str(tmp_path), str(tmp_path / "made")]) == 2
    assert "contains none of them. Expected encoder.h5" in capsys.readouterr().err


# Files that are not what they should be


def test_missing_file_is_named(copied):
    (copied / "decoder_B.h5").unlink()
    found = "contains encoder.h5, decoder_A.h5. Expected .*decoder_B.h5. Copy all three"
    with pytest.raises(FileNotFoundError, match=found):
        load_original(copied)


def test_other_kinds_of_file(copied):
    path = copied / "decoder_A.h5"
    path.unlink()
    path.write_bytes(b"PK\x03\x04 no such thing" * 100)
    with pytest.raises(dfm.ModelFileError, match=r"A.h5 cannot be read as weights"):
        load_original(copied)


def test_a_truncated_file_is_refused(folder, copied):
    path = copied / "decoder_A.h5"
    whole = path.read_bytes()
    path.unlink()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(dfm.ModelFileError, match=r"truncated file.*Copy it again"):
        load_original(copied)


def test_wrong_shape_names_the_layer(copied, weights):
    layers = historic.decoder_layers()
    layers[-1] = ("conv2d", (5, 5, 64, 4))
    wrong = [*weights["A"][:-2], np.zeros((5, 5, 64, 4), "f4"), np.zeros(4, "f4")]
    replace(copied / "decoder_A.h5", layers, wrong)
    with pytest.raises(
        dfm.ModelFileError,
        match=r"layer conv2d_4 in .*decoder_A.h5 .*\(5, 5, 64, 4\).*\(5, 5, 64, 3\)",
    ):
        load_original(copied)


def test_missing_layer_is_noticed(copied, weights):
    replace(copied / "decoder_A.h5", historic.decoder_layers()[:-1], weights["A"][:-2])
    found = "contains 3 layers with weights. Expected 4 for decoder_a"
    with pytest.raises(dfm.ModelFileError, match=found):
        load_original(copied)


def test_other_architecture_is_named(copied, weights):
    shutil.copy(copied / "decoder_A.h5", copied / "other.h5")
    (copied / "other.h5").replace(copied / "encoder.h5")
    with pytest.raises(
        dfm.ModelFileError, match=r"encoder.h5 contains conv2d_1 .*four"
    ):
        load_original(copied)


def test_values_that_are_not_finite(copied, weights):
    wrong = [array.copy() for array in weights["B"]]
    wrong[1][0] = np.nan
    replace(copied / "decoder_B.h5", historic.decoder_layers(), wrong)
    with pytest.raises(dfm.ModelFileError, match="conv2d_1/bias:0 has values that are"):
        load_original(copied)


def kernel_elsewhere(path: Path, secret: Path) -> None:
    with h5py.File(path, "r+") as file:
        del file["conv2d_1/conv2d_1/kernel:0"]
        file["conv2d_1/conv2d_1/kernel:0"] = h5py.ExternalLink(str(secret), "x")


def kernel_outside(path: Path, secret: Path) -> None:
    with h5py.File(path, "r+") as file:
        group = file["conv2d_1/conv2d_1"]
        del group["kernel:0"]
        where = [(str(secret), 0, h5py.h5f.UNLIMITED)]
        group.create_dataset("kernel:0", (3, 3, 512, 1024), "f4", external=where)


def kernel_of_nothing(path: Path, secret: Path) -> None:
    with h5py.File(path, "r+") as file:
        group = file["conv2d_1/conv2d_1"]
        del group["kernel:0"]
        group.create_dataset("kernel:0", (10**6, 10**6), "f4", chunks=(1, 1))


def kernel_of_text(path: Path, secret: Path) -> None:
    with h5py.File(path, "r+") as file:
        group = file["conv2d_1/conv2d_1"]
        del group["kernel:0"]
        group["kernel:0"] = [b"text"]


def no_names(path: Path, secret: Path) -> None:
    with h5py.File(path, "r+") as file:
        del file.attrs["layer_names"]


def names_of_numbers(path: Path, secret: Path) -> None:
    with h5py.File(path, "r+") as file:
        file.attrs["layer_names"] = [1, 2]


def theano(path: Path, secret: Path) -> None:
    with h5py.File(path, "r+") as file:
        file.attrs["backend"] = b"theano"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (kernel_elsewhere, "conv2d_1/kernel:0 is missing, or a link"),
        (kernel_outside, "the values of conv2d_1/conv2d_1/kernel:0 are not in it"),
        (kernel_of_nothing, "the values of conv2d_1/conv2d_1/kernel:0 are not in it"),
        (kernel_of_text, "conv2d_1/conv2d_1/kernel:0 is not an array of floats"),
        (no_names, "it has no layer_names"),
        (names_of_numbers, "1 is missing, or a link"),
        (theano, "saved on Theano"),
    ],
)
def test_files_that_are_not_honest(folder, tmp_path, change, reason):
    path, secret = tmp_path / "x.h5", tmp_path / "secret"
    shutil.copy(folder / "decoder_A.h5", path)
    secret.write_bytes(bytes(4 * 3 * 3 * 512 * 1024))
    change(path, secret)
    with pytest.raises(dfm.ModelFileError, match=reason):
        legacy_h5.read_layers(path)


def test_a_missing_file_is_reported(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no file .*x.h5"):
        legacy_h5.read_layers(tmp_path / "x.h5")


@pytest.mark.parametrize("names", [("ana",), ("ana", "ana"), ("ana", "ben", "eva")])
def test_names_are_two(folder, names):
    with pytest.raises(ValueError, match="identities="):
        load_original(folder, identities=names)


def test_unknown_face_type(folder):
    with pytest.raises(ValueError, match="face_type='square' was given"):
        load_original(folder, face_type="square")
