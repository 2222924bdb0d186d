"""Previews: single frames with several settings side by side, signed."""

from __future__ import annotations

import numpy as np
import pytest

from deepface_models import FaceNotFoundError, ProvenanceError
from deepface_models.conversion import Converter, convert, preview
from deepface_models.media import read_image, read_video, write_image
from deepface_models.provenance import verify

TOLD = {"identity": "ben", "consent": "Both agreed", "progress": False}
STRIP, GAP = 22, 2  # caption above an image, and between images, in px


def cells(sheet, rows, columns, shape):
    """The images in a preview, without their captions."""
    height, width = shape[0] + STRIP + GAP, shape[1] + GAP
    assert sheet.shape == (rows * height - GAP, columns * width - GAP, 3)
    starts = [
        (i * height + STRIP, j * width) for i in range(rows) for j in range(columns)
    ]
    return [sheet[y : y + shape[0], x : x + shape[1]] for y, x in starts]


def test_settings_are_shown_side_by_side(clip, frame, model, aligner, tmp_path):
    options = {"aligner": aligner, "frame": 30, "blend": ["alpha", "poisson"]}
    sheet = preview(clip, tmp_path / "p.png", model, **options, **TOLD)
    shown = cells(sheet, 1, 3, frame.shape)
    np.testing.assert_array_equal(shown[0], frame)
    assert (shown[1] != frame).any() and (shown[1] != shown[2]).any()
    np.testing.assert_array_equal(read_image(tmp_path / "p.png"), sheet)
    captions = [sheet[:STRIP, x : x + 300] for x in (0, frame.shape[1] + GAP)]
    assert all((caption < 128).any() for caption in captions)
    found = verify(tmp_path / "p.png")
    assert found.state == "valid" and found.synthetic and found.consent == "Both agreed"
    assert found.record.details["preview"] == ["30"]
    compared = found.record.details["compared"]
    assert [look["blend"] for look in compared] == ["alpha", "poisson"]


def test_a_frame_looks_as_in_the_conversion(clip, model, aligner, tmp_path):
    options = {"aligner": aligner, "tracks": tmp_path / "tracks", **TOLD}
    convert(clip, tmp_path / "a.%d.png", model, frames=(18, 36), **options)
    sheet = preview(clip, tmp_path / "p.png", model, frame=[26, 27], **options)
    for number in (26, 27):
        expected = read_image(tmp_path / f"a.{number}.png")
        before, after = cells(sheet, 2, 2, expected.shape)[2 * number - 52 :][:2]
        np.testing.assert_array_equal(after, expected)
        source = next(read_video(clip, start=number)).image
        np.testing.assert_array_equal(before, source)


def test_images_and_crops(frame, model, aligner, tmp_path):
    write_image(tmp_path / "ana.png", frame)
    options = {"aligner": aligner, "mask": ["hull", "ellipse"], **TOLD}
    sheet = preview(tmp_path / "ana.png", tmp_path / "p.jpg", model, **options)
    _, first, second = cells(sheet, 1, 3, frame.shape)
    for mask, image in (("hull", first), ("ellipse", second)):
        expected, _ = Converter(model, "ben", aligner=aligner, mask=mask).image(frame)
        np.testing.assert_array_equal(image, expected)
    options |= {"crop": True, "width": 64}
    sheet = preview(tmp_path / "ana.png", tmp_path / "p.jpg", model, **options)
    assert sheet.shape[1] == 3 * 64 + 2 * GAP
    assert verify(tmp_path / "p.jpg").state == "valid"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"frame": 90}, "no frame 90"),
        ({"frame": -1}, "whole number of 0 or more"),
        ({"blend": ["alpha", "aplha"]}, "Did you mean 'alpha'"),
        ({"width": 3}, "whole number of 16"),
    ],
)
def test_mistakes_are_named(clip, model, aligner, tmp_path, change, says):
    with pytest.raises(ValueError, match=says):
        preview(clip, tmp_path / "p.png", model, aligner=aligner, **TOLD, **change)
    assert list(tmp_path.iterdir()) == []


def test_a_face_and_a_consent_are_needed(frame, model, aligner, tmp_path):
    write_image(tmp_path / "wall.png", np.full_like(frame, 90))
    place = tmp_path / "wall.png", tmp_path / "p.png"
    with pytest.raises(FaceNotFoundError, match="A face was not found"):
        preview(*place, model, aligner=aligner, **TOLD)
    with pytest.raises(ProvenanceError, match="who agreed"):
        preview(*place, model, identity="ben", consent=" ")
    with pytest.raises(ValueError, match="Leave out frame"):
        preview(*place, model, frame=3, **TOLD)
