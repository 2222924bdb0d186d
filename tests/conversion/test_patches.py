"""Patches: rendered faces and masks in 16 bits, with what a compositor needs."""

from __future__ import annotations

import json
import os

import cv2
import numpy as np
import pytest

from deepface_models import InUseError
from deepface_models.conversion import convert
from deepface_models.core.locks import hold_folder
from deepface_models.media import (
    ImageSequence,
    read_image,
    read_metadata,
    read_video,
    write_image,
)
from deepface_models.provenance import verify

TOLD = {"identity": "ben", "consent": "Both agreed", "progress": False}
LOOK = {"blend": "alpha", "sharpen": 0.0, "save_settings": False}


def composited(patches, name, frame):
    """What a compositor makes of a patch: warps face and mask, and puts them over."""
    facts = json.loads((patches / f"{name}.json").read_text(encoding="utf-8"))
    face, mask = (
        cv2.imread(str(patches / facts[kind]), cv2.IMREAD_UNCHANGED)
        for kind in ("face", "mask")
    )
    assert face.dtype == mask.dtype == np.uint16 and mask.ndim == 2
    height, width = frame.shape[:2]
    matrix, size = np.array(facts["face_to_frame"]), (width, height)
    assert facts["frame_size"] == [width, height]
    cubic = cv2.INTER_CUBIC
    repeated = {"flags": cubic, "borderMode": cv2.BORDER_REPLICATE}
    color = cv2.warpAffine(face[..., ::-1] / 65535, matrix, size, **repeated)
    alpha = cv2.warpAffine(mask / 65535, matrix, size, flags=cubic)[..., None]
    color, alpha = np.clip(color, 0, 1), np.clip(alpha, 0, 1)
    return np.rint((color * alpha + frame / 255 * (1 - alpha)) * 255), facts


@pytest.fixture(scope="module")
def made(clip, aligner, tmp_path_factory):
    from convert_helpers import TintModel

    folder = tmp_path_factory.mktemp("patches")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPFACE_MODELS_HOME", str(folder / "home"))
        options = {"aligner": aligner, "patches": folder / "p", "tracks": False}
        options |= {"frames": (30, 33), **LOOK, **TOLD}
        convert(clip, folder / "a.%d.png", TintModel(), **options)
    return folder


def test_a_compositor_gets_what_the_conversion_writes(made, clip):
    names = [f"{number:06d}_0" for number in range(30, 33)]
    kinds = ("face.png", "json", "mask.png")
    expected = [f"{name}.{kind}" for name in names for kind in kinds]
    assert sorted(os.listdir(made / "p")) == expected
    for number, frame in zip(range(30, 33), read_video(clip, 30, 33), strict=True):
        result, facts = composited(made / "p", f"{number:06d}_0", frame.image)
        written = read_image(made / f"a.{number}.png").astype(int)
        changed = (written != frame.image).any(-1)
        assert changed.sum() > 5000
        assert np.abs(result - written).max() <= 3
        assert np.abs(result - written)[changed].mean() < 0.5
        assert (facts["frame"], facts["track"], facts["identity"]) == (number, 0, "ben")
        assert facts["seconds"] == pytest.approx(frame.time)
        assert len(facts["landmarks"]) == 68


def test_patches_say_that_they_are_synthetic(made):
    for kind in ("face", "mask"):
        found = verify(made / "p" / f"000031_0.{kind}.png")
        assert found.state == "valid" and found.synthetic
        assert found.consent == "Both agreed"
        assert found.record.details["patch"] == kind
    facts = json.loads((made / "p" / "000031_0.json").read_text(encoding="utf-8"))
    assert facts["synthetic"] is True and "Synthetic" in facts["notice"]
    assert facts["record"]["consent"] == "Both agreed"


def test_faces_of_images_and_sequences(frame, other_frame, model, aligner, tmp_path):
    both = np.hstack([frame, other_frame])
    for name, image in (("a", frame), ("b", other_frame), ("both", both)):
        write_image(tmp_path / f"{name}.png", image)
    people = {tmp_path / "a.png": "ben", tmp_path / "b.png": "ana"}
    told = {"aligner": aligner, "patches": tmp_path / "p", **LOOK, **TOLD}
    told.pop("identity")
    convert(tmp_path / "both.png", tmp_path / "o.png", model, people=people, **told)
    facts = [
        json.loads((tmp_path / "p" / f"000000_{n}.json").read_text(encoding="utf-8"))
        for n in (0, 1)
    ]
    assert [one["identity"] for one in facts] == ["ben", "ana"]
    lefts = [np.array(one["landmarks"])[:, 0].min() for one in facts]
    assert lefts[0] < frame.shape[1] < lefts[1]
    write_image(tmp_path / "s" / "x0007.png", frame)
    sequence = ImageSequence.open(tmp_path / "s" / "x%04d.png")
    options = {**told, "identity": "ben", "patches": tmp_path / "q", "tracks": False}
    convert(sequence, tmp_path / "out", model, **options)
    value = json.loads((tmp_path / "q" / "000007_0.json").read_text(encoding="utf-8"))
    assert (value["frame"], value["number"]) == (0, 7)
    assert value["record"]["source"]["name"] == "x0007.png"


def test_one_writer_of_patches(frame, model, aligner, tmp_path, elsewhere):
    write_image(tmp_path / "a.png", frame)
    elsewhere(hold_folder(tmp_path / "p"))
    told = {"aligner": aligner, "patches": tmp_path / "p", **TOLD}
    with pytest.raises(InUseError, match="p is being written"):
        convert(tmp_path / "a.png", tmp_path / "o.png", model, **told)


def test_folders_have_no_patches(clip, model, tmp_path):
    with pytest.raises(ValueError, match="one by one"):
        convert(clip.parent, tmp_path / "o", model, patches=tmp_path / "p", **TOLD)


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3), (6, 5, 4)])
def test_wide_images_are_written_exactly(shape, tmp_path):
    image = np.random.default_rng(1).integers(0, 65536, shape).astype(np.uint16)
    write_image(tmp_path / "a.png", image, {"comment": "größer", "b": "c"})
    found = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
    order = {2: ..., 3: np.s_[..., [2, 1, 0]], 4: np.s_[..., [2, 1, 0, 3]]}
    np.testing.assert_array_equal(
        found[order[shape[-1] if len(shape) > 2 else 2]], image
    )

    assert read_metadata(tmp_path / "a.png") == {"comment": "größer", "b": "c"}
    with pytest.raises(ValueError, match="astype"):
        write_image(tmp_path / "a.png", np.zeros((4, 4, 2), np.uint16))
