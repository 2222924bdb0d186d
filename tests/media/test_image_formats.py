"""Odd images: profiles, transparency, several frames, wide samples, sizes."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from deepface_models.core.errors import MediaError, MissingDependencyError
from deepface_models.media import media_kind, read_image, write_image
from deepface_models.media.opening import MAX_PIXELS_VARIABLE

DATA = Path(__file__).parent / "data"


def display_p3() -> bytes:
    """A matrix profile with P3 primaries (D50) and gamma 2.2."""

    def numbers(*values):
        return b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    def xyz(*values):
        return b"XYZ \0\0\0\0" + numbers(*values)

    curve = b"curv\0\0\0\0" + struct.pack(">IHxx", 1, 563)
    name = b"desc\0\0\0\0" + struct.pack(">I", 3) + b"P3\0" + b"\0" * 81
    tags = [
        (b"desc", name[: len(name) // 4 * 4]),
        (b"wtpt", xyz(0.9642, 1, 0.8249)),
        (b"rXYZ", xyz(0.51512, 0.2412, -0.00105)),
        (b"gXYZ", xyz(0.29198, 0.69225, 0.04189)),
        (b"bXYZ", xyz(0.1571, 0.06657, 0.78407)),
        *((kind, curve) for kind in (b"rTRC", b"gTRC", b"bTRC")),
    ]
    start = 132 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for kind, value in tags:
        table += kind + struct.pack(">II", start + len(data), len(value))
        data += value
    head = struct.pack(">IIII", start + len(data), 0, 0x02100000, 0x6D6E7472)
    head += b"RGB XYZ " + b"\0" * 12 + b"acsp" + b"\0" * 28
    return (head + numbers(0.9642, 1, 0.8249)).ljust(128, b"\0") + table + data


@pytest.fixture
def image(frames):
    return frames[0]


def in_p3(image) -> Image.Image:
    """The same colors, written down in Display P3."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(display_p3()))
    srgb = ImageCms.createProfile("sRGB")
    image = Image.fromarray(image)
    return ImageCms.profileToProfile(image, srgb, profile, outputMode="RGB")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".avif"])
def test_colors_are_converted_to_srgb(tmp_path, image, suffix):
    """A Display P3 image shows its own colors."""
    options = {} if suffix in (".png", ".tif") else {"quality": 100}
    stored = in_p3(image)
    assert np.abs(np.asarray(stored).astype(int) - image).max() > 15
    stored.save(tmp_path / f"p3{suffix}", icc_profile=display_p3(), **options)
    read = read_image(tmp_path / f"p3{suffix}").astype(int)
    assert np.abs(read - image).mean() < (0.5 if not options else 2.5)


def test_colors_under_transparency_are_converted_too(tmp_path, image):
    """Color profile and alpha at once."""
    stored = in_p3(image)
    stored.putalpha(128)
    stored.save(tmp_path / "p3.png", icc_profile=display_p3())
    read = read_image(tmp_path / "p3.png", alpha=True)
    assert np.abs(read[:, :, :3].astype(int) - image).mean() < 0.5
    assert (read[:, :, 3] == 128).all()


@pytest.mark.parametrize("profile", [b"no profile", display_p3()[:200]])
def test_a_damaged_profile_does_not_cost_the_image(tmp_path, image, profile, caplog):
    """SRGB is assumed, with a warning."""
    Image.fromarray(image).save(tmp_path / "a.png", icc_profile=profile)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), image)
    assert "profile is damaged" in caplog.text


def test_a_profile_of_another_kind_is_ignored(tmp_path, image):
    """An RGB profile in a gray image, as old programs write."""
    gray = image[:, :, 1]
    Image.fromarray(gray).save(tmp_path / "a.png", icc_profile=display_p3())
    read = read_image(tmp_path / "a.png")
    np.testing.assert_array_equal(read, np.repeat(gray[:, :, None], 3, axis=2))


def test_alpha_is_returned_when_asked_for(tmp_path, image):
    """Alpha is kept, and the colors below it are the stored ones."""
    alpha = np.full(image.shape[:2], 255, np.uint8)
    alpha[:100], alpha[100:150] = 0, 128
    rgba = np.dstack([image, alpha])
    write_image(tmp_path / "a.png", rgba)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png", alpha=True), rgba)
    write_image(tmp_path / "b.png", image)
    assert (read_image(tmp_path / "b.png", alpha=True)[:, :, 3] == 255).all()
    write_image(tmp_path / "a.webp", rgba)
    read = read_image(tmp_path / "a.webp", alpha=True)
    np.testing.assert_array_equal(read[:, :, 3], alpha)
    write_image(tmp_path / "a.jpg", rgba)
    assert (read_image(tmp_path / "a.jpg")[:90] > 250).all()


@pytest.mark.parametrize("suffix", [".webp", ".png", ".tif", ".avif"])
def test_of_several_images_none_is_taken_for_all(tmp_path, frames, suffix):
    """Animations and pages are refused, never their first frame only."""
    first, *others = [Image.fromarray(frame) for frame in frames[:30:10]]
    path = tmp_path / f"several{suffix}"
    first.save(path, save_all=True, append_images=others)
    with pytest.raises(MediaError, match=r"several images.*Convert.*video"):
        read_image(path)


def test_previews_within_a_file_are_no_pages(tmp_path, image):
    """A smaller copy in a TIFF, a second view in a JPEG (MPO)."""
    pil = Image.fromarray(image)
    small = pil.resize((36, 28))
    small.encoderinfo = {"tiffinfo": {254: 1}}
    pil.save(tmp_path / "a.tif", save_all=True, append_images=[small])
    with Image.open(tmp_path / "a.tif") as written:
        assert written.n_frames == 2
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), image)
    pil.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[small])
    assert read_image(tmp_path / "a.jpg").shape == image.shape


@pytest.mark.parametrize(
    ("values", "top"),
    [
        (np.float32, 1),
        (np.float32, 255),
        (np.float32, 65535),
        (np.int32, 255),
        (np.int32, 65535),
        (np.int32, 2**31 - 1),
    ],
)
def test_wide_samples_are_scaled_by_their_real_range(tmp_path, image, values, top):
    """Float and integer TIFF of 0..1, 0..255 and more."""
    gray = image[:, :, 1]
    stored = (gray.astype(np.float64) * (top / 255)).astype(values)
    Image.fromarray(stored).save(tmp_path / "gray.tif")
    read = read_image(tmp_path / "gray.tif")
    assert np.abs(read - gray[:, :, None].astype(int)).max() <= 1


@pytest.mark.parametrize("top", [1, 255])
def test_float_colors_are_scaled_too(tmp_path, image, top):
    """Float TIFF in color, which Pillow cannot decode."""
    stored = (image[:, :, ::-1] * (top / 255)).astype(np.float32)
    cv2.imwrite(str(tmp_path / "color.tif"), stored)
    np.testing.assert_array_equal(read_image(tmp_path / "color.tif"), image)


def test_values_that_are_no_numbers_are_black_or_white(tmp_path):
    """NaN and infinity in a float TIFF do not decide on its range."""
    values = np.array([[np.nan, 0.5, 1.0, np.inf, -np.inf]], np.float32)
    Image.fromarray(values).save(tmp_path / "a.tif")
    assert read_image(tmp_path / "a.tif")[0, :, 0].tolist() == [0, 128, 255, 255, 0]


@pytest.mark.parametrize("suffix", [".avif", ".jfif", ".jp2"])
def test_avif_jfif_and_jpeg_2000_are_read(tmp_path, image, suffix):
    """AVIF, JFIF and JPEG 2000 are images."""
    Image.fromarray(image).save(tmp_path / f"a{suffix}")
    assert media_kind(tmp_path / f"a{suffix}") == "image"
    read = read_image(tmp_path / f"a{suffix}").astype(int)
    assert np.abs(read - image).mean() < 4


def test_heic_is_read_with_its_profile():
    """HEIC as phones write it, with a P3 profile."""
    pytest.importorskip("pi_heif")
    assert media_kind(DATA / "halves.heic") == "image"
    read = read_image(DATA / "halves.heic").astype(int)
    assert read.shape == (48, 64, 3)
    stored = Image.fromarray(np.array([[(200, 40, 40), (40, 40, 200)]], np.uint8))
    profile = ImageCms.ImageCmsProfile(io.BytesIO(display_p3()))
    srgb = ImageCms.createProfile("sRGB")
    shown = ImageCms.profileToProfile(stored, profile, srgb)
    assert np.abs(read[40, [8, 56]] - np.asarray(shown)[0]).max() <= 4


def test_heic_without_the_extra_names_it(monkeypatch):
    """The message names what to install."""
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    with pytest.raises(MissingDependencyError, match=r"pip install.*\[heif\]"):
        read_image(DATA / "halves.heic")


@pytest.mark.parametrize("kind", ["EPS", "GIF", "PPM", "TGA", "PDF"])
def test_only_promised_formats_are_opened(tmp_path, kind, monkeypatch):
    """An EPS named .png must not start Ghostscript."""

    def never(*arguments, **options):
        raise AssertionError("another program was started")

    monkeypatch.setattr(subprocess, "Popen", never)
    monkeypatch.setattr(subprocess, "check_call", never)
    path = tmp_path / "image.png"
    Image.new("RGB", (8, 8)).save(path, kind)
    with pytest.raises(MediaError, match="cannot be read as an image"):
        read_image(path)


def stated_png(path: Path, width: int, height: int) -> Path:
    """A 16-bit gray PNG that states a size and holds next to nothing."""

    def chunk(name, data):
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    head = struct.pack(">IIBBBBB", width, height, 16, 0, 0, 0, 0)
    parts = (
        chunk(b"IHDR", head),
        chunk(b"IDAT", zlib.compress(b"")),
        chunk(b"IEND", b""),
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return path


def test_stated_sizes_are_bounded(tmp_path):
    """The message states the limit, and nothing is allocated."""
    path = stated_png(tmp_path / "a.png", 20_000, 10_000)
    with pytest.raises(MediaError, match=r"20000 x 10000.*110,000,000.*MAX_PIXELS="):
        read_image(path)


def test_the_limit_can_be_raised_and_lowered(tmp_path, image, monkeypatch):
    """By the argument and by the environment variable."""
    path = tmp_path / "a.png"
    write_image(path, image)
    height, width = image.shape[:2]
    with pytest.raises(MediaError, match="states"):
        read_image(path, max_pixels=height * width - 1)
    read_image(path, max_pixels=height * width)
    monkeypatch.setenv(MAX_PIXELS_VARIABLE, "1000")
    with pytest.raises(MediaError, match="at most 1,000"):
        read_image(path)
    big = stated_png(tmp_path / "big.png", 20_000, 10_000)
    monkeypatch.setenv(MAX_PIXELS_VARIABLE, "200000000")
    with pytest.raises(MediaError, match="truncated"):  # past the limit, then empty
        read_image(big)
    monkeypatch.setenv(MAX_PIXELS_VARIABLE, "many")
    with pytest.raises(ValueError, match=r"MAX_PIXELS is 'many'.*whole number"):
        read_image(path)


def test_wide_samples_count_for_the_memory_they_take(tmp_path, image):
    """A float color pixel is as large as three of 8 bits."""
    path = tmp_path / "a.tif"
    cv2.imwrite(str(path), image.astype(np.float32))
    count = image.shape[0] * image.shape[1]
    with pytest.raises(MediaError, match="each of which counts as 3"):
        read_image(path, max_pixels=count)
    assert read_image(path, max_pixels=3 * count).shape == image.shape


@pytest.mark.parametrize("suffix", [".webp", ".jp2"])
def test_decoders_that_need_more_memory_get_fewer_pixels(tmp_path, image, suffix):
    """WebP takes 15 bytes a pixel, JPEG 2000 up to 24."""
    path = tmp_path / f"a{suffix}"
    Image.fromarray(image).save(path)
    count = image.shape[0] * image.shape[1]
    with pytest.raises(MediaError, match="each of which counts as 2"):
        read_image(path, max_pixels=count)
    assert read_image(path, max_pixels=2 * count).shape == image.shape


_PEAK = """
import resource, sys
from deepface_models.media import read_image
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
read_image(sys.argv[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux")
@pytest.mark.parametrize("mode", ["F", "I", "I;16", "RGBA", "CMYK"])
def test_memory_stays_near_what_is_returned(tmp_path, mode):
    """Images are converted in one pass (were 26 bytes a pixel)."""
    path = tmp_path / "a.tif"
    Image.new(mode, (4000, 3000)).save(path, compression="tiff_adobe_deflate")
    run = [sys.executable, "-c", _PEAK, str(path)]
    done = subprocess.run(run, capture_output=True, check=True, env={**os.environ})
    assert int(done.stdout) * 1024 / (4000 * 3000) < 13
