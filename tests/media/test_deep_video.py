"""Videos of more than 8 bits a sample, of professional codecs, and with alpha."""

from __future__ import annotations

import av
import numpy as np
import pytest

from deepface_models import MediaError
from deepface_models.media import (
    ImageSequence,
    VideoWriter,
    probe,
    read_image,
    read_video,
    write_image,
)

SIZE = (64, 96)
# SVT-AV1 of PyAV 19 is less exact at the same quality.
AV1_LEVELS = 8.0 if int(av.__version__.split(".")[0]) >= 19 else 3.5


def picture(frame: int = 0, channels: int = 3) -> np.ndarray:
    """A smooth image, in which 8 bits make bands, (H, W, channels) float32."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]] / max(SIZE)
    layers = [0.3 + 0.2 * x, 0.4 + 0.1 * y + 0.01 * frame, 0.5 - 0.2 * x, x]
    return np.stack(layers[:channels], axis=-1).astype(np.float32)


def written(path, channels=3, **options):
    with VideoWriter(path, fps=25, alpha=channels == 4, **options) as writer:
        for frame in range(3):
            writer.write(picture(frame, channels))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "bits", "form", "levels"),
    [
        ("a.mov", "prores", None, "yuv422p10le", 2.5),
        ("a.mov", "prores_4444", 10, "yuv444p12le", 2.5),
        ("a.mp4", "h264", 10, "yuv420p10le", 3.5),
        ("a.mp4", "av1", 10, "yuv420p10le", AV1_LEVELS),
        ("a.mp4", "ffv1", 10, "gbrp10le", 0.51),
        ("a.mp4", "ffv1", 16, "gbrp16le", 0.02),
        ("a.mp4", "ffv1", 8, "bgr0", 2.1),
        ("a.mov", "qtrle", None, "rgb24", 2.1),
    ],
)
def test_samples_are_kept(name, codec, bits, form, levels, tmp_path):
    """Within so many levels of 1023."""
    path = written(tmp_path / name, codec=codec, bits=bits, crf=4)
    info = probe(path)
    assert info.pix_fmt == form and info.frames in (3, None)
    for number, frame in enumerate(read_video(path, deep=True)):
        assert frame.image.dtype == np.float32
        error = np.abs(frame.image - picture(number)) * 1023
        assert error.max() <= 4 * levels and error.mean() <= levels, error.max()


@pytest.mark.parametrize(
    ("name", "codec", "bits"),
    [
        ("a.mov", "prores_4444", 10),
        ("a.mov", "qtrle", 8),
        ("a.mp4", "ffv1", 8),
        ("a.mp4", "ffv1", 16),
    ],
)
def test_alpha_is_kept(name, codec, bits, tmp_path):
    path = written(tmp_path / name, 4, codec=codec, bits=bits)
    assert probe(path).alpha
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        rgba = frame.reformat(format="rgba64le").to_ndarray() / 65535
    np.testing.assert_allclose(rgba[..., 3], picture(0, 4)[..., 3], atol=1 / 200)
    np.testing.assert_allclose(rgba[..., :3], picture(), atol=1 / 100)


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("a.mp4", {"codec": "vp9", "bits": 10}, r"one of h264.*prores.*ffv1"),
        ("a.mp4", {"codec": "h264", "alpha": True}, "one of prores_4444, ffv1, qtrle"),
        ("a.mov", {"codec": "prores", "bits": 8}, "one of h264"),
        ("a.mov", {"codec": "h264", "bits": 9}, "No codec here can"),
        ("a.mp4", {"codec": "prores"}, r"cannot hold.*Write a \.mov"),
        ("a.mov", {"codec": "ffv1"}, r"cannot hold.*Write an \.mp4"),
    ],
)
def test_what_a_codec_cannot_store_is_named(name, options, says, tmp_path):
    with pytest.raises(MediaError, match=says):
        VideoWriter(tmp_path / name, fps=25, **options)


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (picture() * 255, r"Expected uint8 in 0\.\.255 or float in \[0, 1\]"),
        (picture(0, 4), "without alpha"),
        (picture().astype(np.int32), "image of type int32"),
    ],
)
def test_images_of_a_wrong_kind_are_refused(image, says, tmp_path):
    with pytest.raises(ValueError, match=says):
        with VideoWriter(tmp_path / "a.mp4", fps=25, codec="ffv1", bits=10) as writer:
            writer.write(image)


@pytest.mark.parametrize("kind", [np.float64, np.uint16])
def test_every_kind_of_image_keeps_its_bits(kind, tmp_path):
    image = picture().astype(np.float64)
    image = np.rint(image * 65535).astype(kind) if kind is np.uint16 else image
    with VideoWriter(tmp_path / "a.mp4", fps=25, codec="ffv1", bits=16) as writer:
        writer.write(image)
    read = next(read_video(tmp_path / "a.mp4", deep=True)).image
    np.testing.assert_allclose(read, picture(), atol=1e-4)


def test_a_missing_encoder_is_named_with_those_that_are_there(tmp_path, monkeypatch):
    from deepface_models.media import codecs

    monkeypatch.setitem(codecs.ENCODERS, "prores", "prores_of_another_ffmpeg")
    with pytest.raises(MediaError, match=r"no encoder 'prores_of.*one of h264, hevc"):
        VideoWriter(tmp_path / "a.mov", fps=25, codec="prores")


def test_lossless_codecs_keep_every_pixel(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (*SIZE, 3)).astype(np.uint8)
    for name, codec in (("a.mov", "qtrle"), ("a.mp4", "ffv1")):
        with VideoWriter(tmp_path / name, fps=25, codec=codec, lossless=True) as writer:
            writer.write(image)
        read = next(read_video(tmp_path / name)).image
        np.testing.assert_array_equal(read, image)


def test_wide_images_of_a_sequence_keep_their_bits(tmp_path):
    for number in range(2):
        wide = np.rint(picture(number) * 65535).astype(np.uint16)
        write_image(tmp_path / f"a{number}.png", wide)
    sequence = ImageSequence.open(tmp_path / "a%d.png")
    assert probe(sequence).bits == 16
    (_, second) = read_video(sequence, deep=True)
    np.testing.assert_allclose(second.image, picture(1), atol=1e-5)
    plain = next(read_video(sequence)).image
    np.testing.assert_array_equal(plain, read_image(tmp_path / "a0.png"))
