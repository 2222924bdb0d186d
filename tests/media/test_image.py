from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from deepface_models.core.errors import MediaError
from deepface_models.media import (
    as_uint8,
    media_kind,
    read_image,
    read_metadata,
    write_image,
)


@pytest.fixture
def image(frames):
    return frames[0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied(tmp_path, image, orientation):
    stored = {
        1: image,
        2: image[:, ::-1],
        3: image[::-1, ::-1],
        4: image[::-1],
        5: image.swapaxes(0, 1),
        6: np.rot90(image, 1),
        7: image[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(image, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned.png"
    Image.fromarray(np.ascontiguousarray(stored)).save(path, exif=exif)
    np.testing.assert_array_equal(read_image(path), image)


def test_gray_becomes_three_equal_channels(tmp_path, image):
    gray = image[:, :, 1]
    Image.fromarray(gray).save(tmp_path / "gray.png")
    read = read_image(tmp_path / "gray.png")
    assert read.shape == image.shape
    np.testing.assert_array_equal(read, np.repeat(gray[:, :, None], 3, 2))


def test_transparent_pixels_are_laid_over_white(tmp_path, image):
    alpha = np.full(image.shape[:2], 255, np.uint8)
    alpha[:100], alpha[100:150] = 0, 128
    Image.fromarray(np.dstack([image, alpha])).save(tmp_path / "rgba.png")
    read = read_image(tmp_path / "rgba.png")
    assert (read[:100] == 255).all()
    np.testing.assert_array_equal(read[150:], image[150:])
    half = image[100:150] * (128 / 255) + 255 * (127 / 255)
    assert np.abs(read[100:150] - half).max() <= 1


def test_palette_with_transparency(tmp_path, image):
    small = Image.fromarray(image).quantize(16)
    small.info["transparency"] = small.getpixel((0, 0))
    small.save(tmp_path / "palette.png")
    assert (read_image(tmp_path / "palette.png")[0, 0] == 255).all()


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bit_is_scaled_to_8(tmp_path, suffix):
    wide = np.linspace(0, 65535, 64 * 48).astype(np.uint16).reshape(48, 64)
    Image.fromarray(wide).save(tmp_path / f"wide{suffix}")
    read = read_image(tmp_path / f"wide{suffix}")
    assert read.dtype == np.uint8
    assert np.abs(read[:, :, 0].astype(float) - wide / 257).max() <= 0.51


def test_float_tiff_is_scaled(tmp_path):
    wide = np.linspace(0, 1, 64 * 48, dtype=np.float32).reshape(48, 64)
    Image.fromarray(wide).save(tmp_path / "float.tif")
    read = read_image(tmp_path / "float.tif")[:, :, 2]
    assert np.abs(read - wide * 255).max() <= 0.51


def test_cmyk_is_converted(tmp_path, image):
    Image.fromarray(image).convert("CMYK").save(tmp_path / "c.jpg", quality=95)
    difference = read_image(tmp_path / "c.jpg").astype(float) - image
    assert np.abs(difference).mean() < 3


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9])
def test_truncated_file_raises(tmp_path, image, suffix, share):
    whole = tmp_path / f"whole{suffix}"
    write_image(whole, image)
    data = whole.read_bytes()
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(MediaError, match=r"cut.* cannot be read as an image"):
        read_image(cut)


def test_missing_file_says_where_it_looked(tmp_path):
    with pytest.raises(FileNotFoundError, match="Check the spelling"):
        read_image(tmp_path / "none.png")


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::Warning:PIL")
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_bytes_give_an_image_or_a_media_error(tmp_path_factory, data):
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP", "TIFF", "BMP"]))
    image = np.arange(40 * 30 * 3, dtype=np.uint8).reshape(30, 40, 3)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind)
    damaged = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "file.png"
    path.write_bytes(damaged)
    try:
        read = read_image(path)
    except MediaError:
        return
    assert read.dtype == np.uint8 and read.ndim == 3 and read.shape[2] == 3


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".jpg", ".jpeg", ".webp"])
def test_write_and_read_back(tmp_path, image, suffix):
    path = tmp_path / "new folder" / f"out{suffix}"
    write_image(path, image, {"comment": "Grüße, 世界", "software": "me 1.0"})
    read = read_image(path)
    if suffix.lower() == ".png":
        np.testing.assert_array_equal(read, image)
    assert np.abs(read.astype(float) - image).mean() < 3
    text = read_metadata(path)
    assert text["comment"] == "Grüße, 世界" and text["software"] == "me 1.0"
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_float_images_are_rounded(tmp_path, image):
    write_image(tmp_path / "f.png", image.astype(np.float32) / 255)
    np.testing.assert_array_equal(read_image(tmp_path / "f.png"), image)


def test_no_metadata_reads_as_empty(tmp_path, image):
    for name in ("a.png", "a.jpg"):
        write_image(tmp_path / name, image)
        assert read_metadata(tmp_path / name) == {}


def test_failed_write_leaves_the_former_file(tmp_path, image):
    path = tmp_path / "wide.jpg"
    path.write_bytes(b"former")
    with pytest.raises((MediaError, OSError)):
        write_image(path, np.zeros((1, 70000, 3), np.uint8))
    assert path.read_bytes() == b"former"
    assert [p.name for p in tmp_path.iterdir()] == ["wide.jpg"]


def test_an_unknown_extension_is_refused(tmp_path, image):
    with pytest.raises(MediaError, match=r"Expected one of the extensions \.png"):
        write_image(tmp_path / "out.xyz", image)


def test_wrong_shape_and_type():
    with pytest.raises(ValueError, match=r"shape \(4, 4\).*Expected \(height"):
        as_uint8(np.zeros((4, 4), np.uint8))
    with pytest.raises(ValueError, match="type int64"):
        as_uint8(np.zeros((4, 4, 3), np.int64))


def test_the_kind_of_media_follows_from_the_extension(tmp_path, clip):
    assert media_kind(clip) == "video"
    assert media_kind(tmp_path) == "folder"
    (tmp_path / "A.JPG").touch()
    assert media_kind(tmp_path / "A.JPG") == "image"
    (tmp_path / "notes.txt").touch()
    with pytest.raises(MediaError, match=r"notes\.txt was given, whose extension"):
        media_kind(tmp_path / "notes.txt")
    with pytest.raises(FileNotFoundError, match="Nothing is at"):
        media_kind(tmp_path / "none")
