"""Exported networks compute what the model computes, in every engine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import deepface_models as dfm
from deepface_models.core.errors import IntegrityError, ModelFileError
from deepface_models.exporting import job

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="made from TensorFlow's graphs"
)
ENGINES = {
    ".onnx": ("onnx", "tf2onnx", "onnxruntime"),
    ".tflite": ("ai_edge_litert",),
    ".xml": ("openvino", "onnx", "tf2onnx"),
    "": (),
}


def need(suffix: str) -> None:
    for module in ENGINES[suffix]:
        pytest.importorskip(module)


@pytest.mark.parametrize(
    "suffix",
    [
        ".onnx",
        pytest.param(".tflite", marks=pytest.mark.export),
        pytest.param(".xml", marks=pytest.mark.export),
        pytest.param("", id="saved_model"),
    ],
)
@pytest.mark.slow
def test_a_swap_is_the_same_in_every_engine(
    suffix: str, model: Any, faces: dict[str, Any], tmp_path: Path
) -> None:
    need(suffix)
    path = tmp_path / f"ben{suffix}"
    made = dfm.export(model, path, identity="ben", license="none")
    network = dfm.load(path)
    assert network.identities == ("ben",)
    assert network.metadata == {**made.metadata, "poses": model.poses}
    assert made.batch_size == (1 if suffix == ".tflite" else None)
    own = {"identity": "ben", "source_identity": "ana"}
    expected = model.predict(faces["ana"][:5], **own)
    found = network.predict(faces["ana"][:5], identity="ben")
    np.testing.assert_allclose(found, expected, atol=2e-5)
    assert np.ptp(expected) > 0.3
    single = network.predict(faces["ana"][0] / np.float32(255))
    np.testing.assert_allclose(single, expected[0], atol=2e-5)
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(
        [path.name, "ben.bin"] if suffix == ".xml" else [path.name]
    )


@pytest.mark.slow
def test_a_mean_latent_is_fixed_in_it(
    model: Any, faces: dict[str, Any], tmp_path: Path
) -> None:
    need(".onnx")
    mean = model.encode(faces["ana"]).mean(0) + np.float32(0.5)
    path = tmp_path / "x.onnx"
    made = dfm.export(model, path, identity="ben", source_identity=mean)
    assert made.metadata["source_identity"].startswith("latent ")
    own = {"identity": "ben", "source_identity": mean}
    expected = model.predict(faces["ana"], **own)
    np.testing.assert_allclose(
        dfm.load(path).predict(faces["ana"]), expected, atol=2e-5
    )


@pytest.mark.slow
def test_encoder_and_decoder_make_a_swap(
    model: Any, faces: dict[str, Any], tmp_path: Path
) -> None:
    need(".tflite")
    files = [tmp_path / f"{part}.tflite" for part in ("encoder", "decoder")]
    dfm.export(model, files[0], part="encoder", batch_size=2)
    who = {"identity": "ben", "source_identity": "anybody"}
    dfm.export(model, files[1], part="decoder", **who)
    encoder, decoder = map(dfm.load, files)
    assert encoder.inputs == {"image": (2, 64, 64, 3)}
    latents = encoder.predict(faces["ana"][:3])
    np.testing.assert_allclose(latents, model.encode(faces["ana"][:3]), atol=1e-4)
    decoded = decoder.predict(latents)
    expected = model.decode(latents, "ben")
    np.testing.assert_allclose(decoded["face"], expected[..., :3], atol=2e-5)
    np.testing.assert_allclose(decoded["mask"], expected[..., 3:], atol=2e-5)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".onnx", ".tflite"])
def test_a_convolutional_autoencoder(suffix: str, tmp_path: Path) -> None:
    """With a batch of any size, its transposed convolutions do not run in LiteRT."""
    need(suffix)
    keras.utils.set_random_seed(0)
    model = dfm.autoencoders.ConvolutionalAutoencoder(image_shape=(16, 16, 1))
    path = tmp_path / f"digits{suffix}"
    dfm.export(model, path)
    images = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 1), "uint8")
    found = dfm.load(path).predict(images)
    np.testing.assert_allclose(found, model.reconstruct(images), atol=2e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "dtype", "worst"),
    [
        (".onnx", "float16", 0.01),
        (".onnx", "int8", 0.15),
        (".tflite", "float16", 0.01),
        (".tflite", "int8", 0.15),
        (".xml", "float16", 0.01),
        (".xml", "int8", 0.15),
    ],
)
def test_smaller_weights(
    suffix: str,
    dtype: str,
    worst: float,
    model: Any,
    faces: dict[str, Any],
    tmp_path: Path,
) -> None:
    need(suffix)
    path = tmp_path / f"small{suffix}"
    own: dict[str, Any] = {"part": "encoder", "samples": faces["ana"]}
    small = dfm.export(model, path, dtype=dtype, **own)
    whole = 4 * model.encoder.count_params()
    assert small.bytes < whole * (0.65 if dtype == "float16" else 0.5)
    expected = model.encode(faces["ana"])
    far = np.abs(dfm.load(path).predict(faces["ana"]) - expected)
    assert far.mean() < worst * np.abs(expected).mean()


@pytest.mark.slow
def test_the_mesh_is_exported(tmp_path: Path) -> None:
    need(".tflite")
    made = dfm.export("mesh_iris", tmp_path / "iris.tflite")
    assert made.metadata["license"] == "Apache-2.0 (The MediaPipe Authors)"
    found = dfm.load(made.path).predict(np.zeros((2, 64, 64, 3), "uint8"))
    assert {n: one.shape for n, one in found.items()} == {
        "outline": (2, 71, 3),
        "iris": (2, 5, 3),
    }


def test_a_network_that_computes_something_else_is_not_kept(
    model: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    class Wrong:
        def run(self, arrays: Any) -> Any:
            return {"latent": model.encode(arrays["image"]) + 1}

    monkeypatch.setattr(job, "load_exported", lambda path: Wrong())
    with pytest.raises(IntegrityError, match=r"another 'latent' than the model"):
        dfm.export(model, tmp_path / "x", part="encoder")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_exported(model: Any, tmp_path: Path) -> None:
    def refused(
        match: str, path: str = "x.onnx", given: Any = model, **own: Any
    ) -> None:
        with pytest.raises(ValueError, match=match):
            dfm.export(given, tmp_path / path, **{"identity": "ben", **own})
        assert [one.name for one in tmp_path.iterdir()] == ["notes"]

    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("mine", encoding="utf-8")
    refused("such files are only read", "x.dfm")
    refused(r"Expected a name that ends in \.onnx", "x.pb")
    refused("it holds something else", "notes")
    refused(r"Did you mean 'float32'\? x can hold these", "x", dtype="float16")
    refused("was given without samples", dtype="int8")
    refused("Expected one of 'ana', 'ben'", identity=None)
    refused("Expected one of 'swap', 'encoder', 'decoder'", part="head")
    refused("A Functional was given to export", given=model.encoder)
    silent = dfm.Swift(identities=("ana", "ben"), image_size=64, latent_size=8)
    refused("which knows nobody's expressions", given=silent, expressions=True)
    refused("Expected one of 'mesh_face', 'mesh_iris'", given="mesh")


def read(name: Any) -> Any:
    import tensorflow

    return tensorflow.io.read_file(name)


def show(name: Any) -> Any:
    import tensorflow

    tensorflow.print("a", output_stream=f"file://{os.devnull}")
    return name


def save(name: Any) -> Any:
    import tensorflow

    tensorflow.raw_ops.SaveV2(
        prefix=name, tensor_names=["a"], shape_and_slices=[""], tensors=[name]
    )
    return name


@pytest.mark.parametrize(
    ("does", "named"), [(read, "ReadFile"), (show, "PrintV2"), (save, "__inference")]
)
def test_a_saved_model_that_does_more_is_refused(
    tmp_path: Path, does: Any, named: str
) -> None:
    tensorflow = pytest.importorskip("tensorflow")

    class Thief(tensorflow.Module):
        @tensorflow.function(input_signature=[tensorflow.TensorSpec((), "string")])
        def serve(self, name: Any) -> Any:
            return {"content": does(name)}

    thief = Thief()
    tensorflow.saved_model.save(thief, str(tmp_path / "x"), thief.serve)
    with pytest.raises(ModelFileError, match=f"the operation {named}"):
        dfm.load(tmp_path / "x")


def test_a_saved_model_with_a_table_is_refused(tmp_path: Path) -> None:
    tensorflow = pytest.importorskip("tensorflow")

    class Table(tensorflow.Module):
        def __init__(self) -> None:
            pairs = tensorflow.lookup.KeyValueTensorInitializer(["a"], [1])
            self.table = tensorflow.lookup.StaticHashTable(pairs, 0)

        @tensorflow.function(input_signature=[tensorflow.TensorSpec((), "float32")])
        def serve(self, value: Any) -> Any:
            return {"value": value}

    table = Table()
    tensorflow.saved_model.save(table, str(tmp_path / "x"), table.serve)
    with pytest.raises(ModelFileError, match="something else"):
        dfm.load(tmp_path / "x")


@pytest.mark.slow
def test_openvino_keeps_its_files_together(
    model: Any, faces: dict[str, Any], tmp_path: Path
) -> None:
    need(".xml")
    dfm.export(model, tmp_path / "a.xml", part="encoder")
    shutil.copy(tmp_path / "a.xml", tmp_path / "b.xml")
    content = bytearray((tmp_path / "a.bin").read_bytes())
    content[0] ^= 1
    (tmp_path / "b.bin").write_bytes(content)
    dfm.load(tmp_path / "a.xml")
    with pytest.raises(IntegrityError, match="has other weights than"):
        dfm.load(tmp_path / "b.xml")


@pytest.mark.slow
def test_exact_gelu_in_onnx(tmp_path: Path) -> None:
    """tf2onnx does not know its operation Erfc."""
    need(".onnx")
    sizes = {"image_shape": (8, 8, 1), "patch_size": 2, "width": 12, "depth": 1}
    sizes |= {"heads": 2, "decoder_width": 8, "decoder_depth": 1}
    model = dfm.autoencoders.MaskedAutoencoder(**sizes)
    made = dfm.export(model, tmp_path / "x.onnx", part="encoder")
    assert made.differences["latent"] < 1e-5
