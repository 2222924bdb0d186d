"""Exported swaps say what they are; `convert` and `live` take them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import deepface_models as dfm
from deepface_models.cli import main
from deepface_models.conversion import settings as saved
from deepface_models.core.errors import ModelFileError
from deepface_models.core.synthetic import NOTICE
from deepface_models.demo import CLIPS
from deepface_models.faces import FaceAligner
from deepface_models.faces.detect import HogDetector
from deepface_models.media import read_image, read_video, write_image

CONSENT = "Speakers of the GRID corpus"


@pytest.fixture(scope="module")
def frame(tmp_path_factory: Any) -> Path:
    path = tmp_path_factory.mktemp("frame") / "ana.png"
    image = next(iter(read_video(CLIPS / "mb" / "sbia1a.mpg", start=30))).image
    write_image(path, image)
    return path


@pytest.fixture(scope="module")
def aligner() -> FaceAligner:
    return FaceAligner(image_size=64, embeddings=False, detector=HogDetector())


@pytest.mark.slow
@pytest.mark.export
def test_measured_expressions_are_an_input(
    exported: Path, model: Any, faces: dict[str, Any]
) -> None:
    network = dfm.load(exported)
    assert network.matches_expressions
    values = np.random.default_rng(3).normal(0, 0.1, (16, 7))
    own = {"identity": "ben", "expressions": values}
    expected = model.predict(faces["ana"], source_identity="ana", **own)
    np.testing.assert_allclose(
        network.predict(faces["ana"], **own), expected, atol=2e-5
    )
    other = network.predict(faces["ana"], identity="ben")
    assert np.abs(other - expected).max() > 1e-3


@pytest.mark.slow
@pytest.mark.export
def test_a_converted_image_names_the_exported_network(
    exported: Path, model: Any, frame: Path, aligner: FaceAligner, tmp_path: Path
) -> None:
    network = dfm.load(exported)
    own = {"identity": "ben", "consent": CONSENT, "aligner": aligner}
    dfm.convert(frame, tmp_path / "a.png", network, **own)
    found = dfm.verify(tmp_path / "a.png")
    assert found.record.model == "small"
    sha256 = hashlib.sha256(exported.read_bytes()).hexdigest()
    assert found.record.model_sha256 == sha256
    details = found.record.details
    assert details["started_from"] == model.started_from
    stated = {"format": "onnx", "source_identity": "ana", "consent": "Ben, 2026"}
    assert details["exported"].items() >= stated.items()
    dfm.convert(frame, tmp_path / "b.png", model, **own)
    one, two = (read_image(tmp_path / name) for name in ("a.png", "b.png"))
    np.testing.assert_allclose(one.astype(int), two.astype(int), atol=1)
    assert (one != read_image(frame)).any()
    again = dfm.verify(tmp_path / "b.png").record
    assert again.model_sha256 == details["exported"]["weights_sha256"]


def test_a_file_says_what_it_is(exported: Path, model: Any) -> None:
    onnx = pytest.importorskip("onnx")
    proto = onnx.load(exported)
    assert proto.doc_string == NOTICE
    assert [one.name for one in proto.graph.input] == ["image", "expressions"]
    assert [one.name for one in proto.graph.output] == ["face", "mask"]
    network = dfm.load(exported)
    assert network.started_from == model.started_from
    assert network.poses == model.poses
    stated = {"identity": "ben", "source_identity": "ana", "consent": "Ben, 2026"}
    stated |= {"name": "small", "face_type": "full", "license": "not stated"}
    assert network.metadata.items() >= stated.items()


def test_files_that_are_no_exports(exported: Path, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    whole = exported.read_bytes()
    for name, content in (
        ("a.onnx", whole[:999]),
        ("b.tflite", b"TFL3"),
        ("c.xml", b""),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ModelFileError, match=r"cannot be read"):
            dfm.load(tmp_path / name)
    proto = onnx.load(exported)
    for text in (None, "{}", "[" * 99):
        del proto.metadata_props[:]
        if text is not None:
            onnx.helper.set_model_props(proto, {"deepface_models": text})
        onnx.save(proto, tmp_path / "d.onnx")
        with pytest.raises(ModelFileError, match=r"does not say|says of itself"):
            dfm.load(tmp_path / "d.onnx")
    with pytest.raises(FileNotFoundError):
        dfm.load(tmp_path / "nothing.onnx")
    with pytest.raises(ValueError, match=r"exported network\. Expected neither"):
        dfm.load(exported, identities=("ben",))
    with pytest.raises(ModelFileError, match=r"exported network\. Expected weights"):
        dfm.Swift.from_preset(exported)


def test_settings_find_the_exported_network_again(
    exported: Path, frame: Path, aligner: FaceAligner, tmp_path: Path
) -> None:
    own = {"identity": "ben", "consent": CONSENT, "aligner": aligner}
    dfm.convert(frame, tmp_path / "a.png", dfm.load(exported), **own)
    path = tmp_path / "a.settings.json"
    again = saved.load_model(saved.read_settings(path), path)
    assert again.loaded_from == str(exported)


def test_live_takes_an_exported_network(
    exported: Path, frame: Path, aligner: FaceAligner
) -> None:
    frames = [read_image(frame)] * 2
    network = dfm.load(exported)
    own = {"identity": "ben", "consent": CONSENT, "aligner": aligner}
    shown = list(dfm.live(network, source=iter(frames), **own))
    assert len(shown) == 2
    assert (shown[0].image != frames[0]).any()


@pytest.mark.slow
def test_the_command(model: Any, tmp_path: Path, capsys: Any) -> None:
    pytest.importorskip("ai_edge_litert")
    folder, path = model.save_parts(tmp_path / "model"), tmp_path / "e.tflite"
    words = ["export", str(path), "--model", str(folder), "--part", "encoder"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert f"{path}: litert, float32, " in out
    assert "largest differences: latent " in out
    assert main(["export", str(tmp_path / "x.dfm"), "--model", str(folder)]) == 2
    assert "only read" in capsys.readouterr().err


@pytest.mark.parametrize("morphs", [False, True])
def test_a_dfm_file_is_read(dfm_file: Any, morphs: bool, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    network = dfm.load(dfm_file(tmp_path / "Ben.dfm", morphs))
    assert (network.identities, network.image_size) == (("Ben",), 32)
    faces = np.random.default_rng(0).random((3, 32, 32, 3)).astype("f4")
    if morphs:
        network.morph = 0.5
    found = network.predict(faces, identity="Ben")
    share = 0.5 if morphs else 1.0
    np.testing.assert_allclose(found[..., :3], faces * share, atol=1e-6)
    np.testing.assert_allclose(found[..., 3], faces.max(-1), atol=1e-6)


def test_a_dfm_file_keeps_the_contract(exported: Path, tmp_path: Path) -> None:
    other = tmp_path / "x.dfm"
    other.write_bytes(exported.read_bytes())
    with pytest.raises(ModelFileError, match=r"Expected in_face:0, out_celeb_face:0"):
        dfm.load(other)


def test_a_swap_by_a_dfm_file_is_labeled(
    dfm_file: Any, frame: Path, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    path = dfm_file(tmp_path / "Ben.dfm", size=64)
    network = dfm.load(path)
    aligner = FaceAligner(64, "whole", embeddings=False, detector=HogDetector())
    own = {"identity": "Ben", "consent": CONSENT, "aligner": aligner}
    dfm.convert(frame, tmp_path / "a.png", network, **own)
    found = dfm.verify(tmp_path / "a.png")
    assert found.consent == CONSENT
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert (found.record.model, found.record.model_sha256) == ("Ben", sha256)
    assert found.record.details["exported"]["format"] == "dfm"
    assert json.dumps(found.record.details)
