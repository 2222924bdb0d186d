from __future__ import annotations

import numpy as np
import pytest

from deepface_models.media import grid


def test_images_keep_their_pixels(frames):
    first, second = frames[0][:40, :50], frames[1][:40, :50]
    sheet = grid([[first, second], [second]], gap=3)
    assert sheet.shape == (83, 103, 3) and sheet.dtype == np.uint8
    np.testing.assert_array_equal(sheet[:40, :50], first)
    np.testing.assert_array_equal(sheet[:40, 53:], second)
    np.testing.assert_array_equal(sheet[43:, :50], second)
    assert (sheet[40:43] == 255).all() and (sheet[43:, 53:] == 255).all()


def test_smaller_images_are_fitted_in(frames):
    sheet = grid(
        [[frames[0][:40, :40], frames[0][:10, :20].astype(float) / 255]], gap=0
    )
    assert sheet.shape == (40, 80, 3)
    assert (sheet[:9, 40:] == 255).all() and (sheet[31:, 40:] == 255).all()
    assert (sheet[12:28, 42:78] < 255).any()


def test_labels_are_written_to_the_left(frames):
    rows = [[frames[0][:64, :64]], [frames[1][:64, :64]]]
    plain, named = grid(rows), grid(rows, labels=["source", "a longer one"])
    margin = named.shape[1] - plain.shape[1]
    assert named.shape[0] == plain.shape[0] and margin > 50
    np.testing.assert_array_equal(named[:, margin:], plain)
    assert (named[:64, :margin] < 128).any() and (named[66:, :margin] < 128).any()


def test_wrong_rows_and_labels_are_refused(frames):
    with pytest.raises(ValueError, match="rows without images"):
        grid([[], []])
    with pytest.raises(ValueError, match="1 labels were given for 2 rows"):
        grid([[frames[0]], [frames[0]]], labels=["one"])
    with pytest.raises(ValueError, match="Pass one image at a time"):
        grid([[frames[0][:, :, 0]]])
