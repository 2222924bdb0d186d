"""Enlarged faces are put into a video's own samples, without a way through RGB."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from deepface_models.conversion.grain import Grain
from deepface_models.conversion.paste import halved_change, paste_face
from deepface_models.faces.align import align
from deepface_models.media import read_image
from deepface_models.media.planes import Samples
from deepface_models.media.stored import Cropper, StoredFrame
from deepface_models.media.yuv import Coding, FrameConverter

DATA = Path(__file__).resolve().parents[1] / "data"
SIZE = 128
CODINGS = {
    "bt601": Coding(1, 6, 6, 6),
    "bt709": Coding(1, 1, 1, 1),
    "full range": Coding(2, 1, 1, 1),
}


@pytest.fixture(scope="module")
def picture():
    """A portrait of 1000 px, and a face to put over its own, four times as small."""
    image = read_image(DATA / "faces" / "london_019_neutral.jpg")
    image = cv2.resize(image, (1000, 1000), interpolation=cv2.INTER_AREA)
    scale = SIZE / 640
    matrix = np.array([[scale, 0, -180.3 * scale], [0, scale, -150.6 * scale]])
    face = align(image, matrix, SIZE)
    rows, columns = np.mgrid[:SIZE, :SIZE] / (SIZE - 1) - 0.5
    mask = np.clip(8 - 20 * np.hypot(rows, columns), 0, 1).astype(np.float32)
    darker = (0.8 * face[:, ::-1]).astype(np.uint8)
    return image, darker, mask, matrix


def stored(image, coding):
    frame = FrameConverter().from_rgb(image, "yuv420p", coding)
    return StoredFrame(frame, Cropper())


def values(samples):
    return samples.frame.to_ndarray()


@pytest.mark.parametrize("name", CODINGS)
@pytest.mark.parametrize("grain", [None, Grain(0.02, 1.0, 3)])
@pytest.mark.parametrize("blend", ["laplacian", "alpha"])
def test_samples_are_those_of_the_pixels(picture, name, grain, blend):
    image, face, mask, matrix = picture
    coding = CODINGS[name]
    frame = stored(image, coding)
    pixels = frame.rgb(slice(0, 1000), slice(0, 1000))
    made = Samples.of(frame)
    told = (face, mask, pixels, matrix, blend, 0.3, grain)
    change = halved_change(*told)
    before = values(made)
    change.put(made, (0, 0))
    expected = FrameConverter().samples(paste_face(*told), coding)
    off = np.abs(values(made).astype(int) - expected)
    plain = np.abs(before.astype(int) - FrameConverter().samples(pixels, coding))
    assert np.abs(before.astype(int) - values(made)).mean() > 1  # something was pasted
    assert off.mean() < plain.mean() + 0.35
    assert np.percentile(off, 99.9) <= np.percentile(plain, 99.9) + 2


def test_away_from_the_face_no_sample_changes(picture):
    image, face, mask, matrix = picture
    frame = stored(image, CODINGS["bt709"])
    made = Samples.of(frame)
    change = halved_change(face, mask, image, matrix, "alpha", 0.0, None)
    change.put(made, (0, 0))
    outside = np.ones((1000, 1000), bool)
    outside[change.region.slices] = False
    luma, *colors = made.planes
    for plane, own in zip((luma, *colors), frame.planes(), strict=True):
        step = 1000 // len(plane)
        kept = outside[::step, ::step]
        np.testing.assert_array_equal(plane[kept], own[kept])


def test_a_part_of_a_frame_is_changed_as_the_whole(picture):
    image, face, mask, matrix = picture
    frame = stored(image, CODINGS["bt709"])
    pixels = frame.rgb(slice(0, 1000), slice(0, 1000))
    whole, part = Samples.of(frame), Samples.of(frame)
    grain = Grain(0.02, 1.0, 3)
    halved_change(face, mask, pixels, matrix, "alpha", 0.0, grain).put(whole, (0, 0))
    x, y = 104, 72
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2] @ (x, y)
    told = (
        face,
        mask,
        pixels[y:, x:],
        moved,
        "alpha",
        0.0,
        replace(grain, corner=(x, y)),
    )
    halved_change(*told).put(part, (x, y))
    np.testing.assert_allclose(values(part).astype(int), values(whole), atol=1)


def test_a_face_that_is_hardly_enlarged_has_no_such_change(picture):
    image, face, mask, matrix = picture
    less = matrix * 2
    assert halved_change(face, mask, image, less) is None
