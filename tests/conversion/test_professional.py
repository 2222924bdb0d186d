"""Results with more than 8 bits a sample, professional codecs, and alpha."""

from __future__ import annotations

import av
import cv2
import numpy as np
import pytest
from convert_helpers import TintModel

from deepface_models import MediaError
from deepface_models.conversion import convert
from deepface_models.media import (
    ImageSequence,
    VideoWriter,
    probe,
    read_image,
    read_video,
    write_image,
)
from deepface_models.provenance import verify

TOLD = {
    "identity": "ben",
    "consent": "Both agreed",
    "progress": False,
    "tracks": False,
    "save_settings": False,
    "frames": (30, 33),
}


class FloatModel(TintModel):
    """Takes floats in [0, 1], too."""

    def predict(self, images, identity):
        scale = 1 if images.dtype == np.uint8 else 255
        return super().predict(images * np.float32(scale), identity)


@pytest.fixture(scope="module")
def wide(clip, tmp_path_factory):
    """Frames 30 to 32 of the clip with 10 bits a sample, which 8 cannot hold."""
    path = tmp_path_factory.mktemp("wide") / "wide.mp4"
    with VideoWriter(path, fps=25, codec="ffv1", bits=10) as writer:
        for frame in read_video(clip, 30, 33):
            image = frame.image.astype(np.float32) / 255
            writer.write(cv2.GaussianBlur(image, (0, 0), 1.5))
    return path


def rgba_of(path):
    with av.open(str(path)) as container:
        return [
            frame.reformat(format="rgba64le").to_ndarray() / 65535
            for frame in container.decode(video=0)
        ]


def over(faces, image):
    """What a compositor makes of an image with alpha over another one."""
    return faces[..., :3] * faces[..., 3:] + image * (1 - faces[..., 3:])


def test_10_bits_are_kept(wide, aligner, tmp_path):
    told = {**TOLD, "aligner": aligner, "frames": None, "codec": "ffv1", "bits": 10}
    report = convert(wide, tmp_path / "out.mp4", FloatModel(), **told)
    assert report.swapped == 3 and report.notes == []
    assert probe(tmp_path / "out.mp4").bits == 10
    assert verify(tmp_path / "out.mp4").state == "valid"
    results = read_video(tmp_path / "out.mp4", deep=True)
    for before, after in zip(read_video(wide, deep=True), results, strict=True):
        changed = np.abs(before.image - after.image).max(axis=-1) > 0
        rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
        assert 5000 < changed.sum() < 0.4 * changed.size
        assert rows[0] > 40 and columns[0] > 60  # only around the face
        levels = after.image[changed] * 255
        between = np.abs(levels - np.rint(levels))
        assert (between > 0.2).mean() > 0.3  # values that 8 bits do not have


def test_a_10_bit_source_becomes_8_bits_unless_told(wide, aligner, tmp_path):
    told = {**TOLD, "aligner": aligner, "frames": None}
    report = convert(wide, tmp_path / "out.mp4", FloatModel(), **told)
    assert report.notes == ["10 bits a sample became 8."]
    assert probe(tmp_path / "out.mp4").bits == 8


def test_wide_sequences_keep_their_bits(wide, aligner, tmp_path):
    for frame in read_video(wide, deep=True):
        image = np.rint(frame.image * 65535).astype(np.uint16)
        write_image(tmp_path / f"in{frame.index}.png", image)
    told = {**TOLD, "aligner": aligner, "frames": (0, 2), "bits": 16}
    source = ImageSequence.open(tmp_path / "in%d.png")
    convert(source, tmp_path / "out%d.png", FloatModel(), **told)
    for number in (0, 1):
        before, after = (
            cv2.imread(str(tmp_path / f"{name}{number}.png"), cv2.IMREAD_UNCHANGED)
            for name in ("in", "out")
        )
        assert after.dtype == np.uint16
        np.testing.assert_array_equal(before[:40], after[:40])
        assert (before != after).any()
        assert verify(tmp_path / f"out{number}.png").state == "valid"


def test_prores_is_written(clip, model, aligner, tmp_path):
    told = {**TOLD, "aligner": aligner, "codec": "prores"}
    convert(clip, tmp_path / "out.mov", model, **told)
    info = probe(tmp_path / "out.mov")
    assert (info.codec, info.bits, info.has_audio) == ("prores", 10, True)
    assert verify(tmp_path / "out.mov").state == "valid"
    before = next(read_video(clip, start=30)).image[:40].astype(int)
    after = next(read_video(tmp_path / "out.mov")).image[:40]
    assert np.abs(before - after).mean() < 1.5


@pytest.fixture(scope="module")
def faces(clip, aligner, tmp_path_factory):
    """Images with only the face, and what the same conversion blends by alpha."""
    folder = tmp_path_factory.mktemp("faces")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEEPFACE_MODELS_HOME", str(folder / "home"))
        told = {**TOLD, "aligner": aligner, "blend": "alpha"}
        convert(clip, folder / "whole%d.png", TintModel(), **told)
        told |= {"alpha": True, "bits": 16}
        convert(clip, folder / "face%d.png", TintModel(), **told)
    return folder


def test_faces_over_the_frames_are_the_conversion(clip, faces):
    for frame in read_video(clip, 30, 33):
        path = faces / f"face{frame.index}.png"
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert image.dtype == np.uint16 and image.shape[2] == 4
        assert 0 < (image[..., 3] > 0).mean() < 0.4
        assert not image[image[..., 3] == 0].any()  # nothing of the frame
        result = over(image[..., [2, 1, 0, 3]] / 65535, frame.image / 255)
        whole = read_image(faces / f"whole{frame.index}.png")
        assert np.abs(result * 255 - whole).max() <= 0.51
        found = verify(path)
        assert found.state == "valid" and found.synthetic


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mov", "prores_4444"), ("a.mov", "qtrle"), ("a.mp4", "ffv1")]
)
def test_videos_with_alpha(clip, faces, model, aligner, name, codec, tmp_path):
    told = {**TOLD, "aligner": aligner, "codec": codec, "alpha": True, "blend": "alpha"}
    convert(clip, tmp_path / name, model, **told)
    assert probe(tmp_path / name).alpha
    assert verify(tmp_path / name).state == "valid"
    for frame, image in zip(
        read_video(clip, 30, 33), rgba_of(tmp_path / name), strict=True
    ):
        whole = read_image(faces / f"whole{frame.index}.png")
        error = np.abs(over(image, frame.image / 255) * 255 - whole)
        assert error.mean() < 0.3 and error.max() < 16


def test_images_with_alpha(frame, model, aligner, tmp_path):
    write_image(tmp_path / "a.png", frame)
    told = {**TOLD, "aligner": aligner, "frames": None, "alpha": True}
    convert(tmp_path / "a.png", tmp_path / "b.webp", model, **told)
    image = read_image(tmp_path / "b.webp", alpha=True)
    assert 0 < (image[..., 3] > 0).mean() < 0.4


def test_a_frame_without_the_face_is_transparent(clip, model, aligner, tmp_path):
    images = [next(read_video(clip, start=30)).image]
    images.append(np.full_like(images[0], 90))
    for number, image in enumerate(images):
        write_image(tmp_path / f"in{number}.png", image)
    told = {**TOLD, "aligner": aligner, "frames": None, "alpha": True}
    convert(tmp_path / "in%d.png", tmp_path / "out%d.png", model, **told)
    assert read_image(tmp_path / "out0.png", alpha=True)[..., 3].any()
    assert not read_image(tmp_path / "out1.png", alpha=True).any()


@pytest.mark.parametrize(
    ("output", "options", "says"),
    [
        ("a.mp4", {"alpha": True}, "one of prores_4444, ffv1, qtrle"),
        ("a.mp4", {"bits": 12, "codec": "h264"}, "one of"),
        ("a%d.jpg", {"alpha": True}, r"a%d\.png"),
        ("a%d.png", {"bits": 10}, "8, or 16 for PNG"),
        ("a.mov", {"alpha": True, "side_by_side": True}, "Leave out the others"),
    ],
)
def test_what_cannot_be_stored_is_refused(
    clip, model, aligner, output, options, says, tmp_path
):
    told = {**TOLD, "aligner": aligner, **options}
    with pytest.raises((MediaError, ValueError), match=says):
        convert(clip, tmp_path / output, model, **told)
    assert list(tmp_path.iterdir()) == []


def test_folders_have_neither(clip, model, tmp_path):
    for option in ({"alpha": True}, {"bits": 10}):
        told = {**TOLD, "frames": None, **option}
        with pytest.raises(ValueError, match="one by one"):
            convert(clip.parent, tmp_path / "o", model, **told)
