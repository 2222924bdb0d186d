"""Parts of stored frames have the colors of the whole frame."""

from __future__ import annotations

import numpy as np
import pytest

from deepface_models.media import read_video

PARTS = [(slice(0, 61), slice(0, 97)), (slice(101, 230), slice(33, 240))]
PARTS += [(slice(211, 288), slice(209, 360)), (slice(77, 78), slice(100, 101))]


def both(path):
    exact = next(read_video(path))
    return exact.image, next(read_video(path, quick=True, keep=True))


def as_whole(path):
    image, kept = both(path)
    height, width = image.shape[:2]
    for part in PARTS:
        ends = zip(part, (height, width), strict=True)
        rows, columns = (slice(one.start, min(one.stop, end)) for one, end in ends)
        np.testing.assert_array_equal(kept.exact(rows, columns), image[rows, columns])
    return kept


@pytest.mark.parametrize(
    "pix_fmt, size",
    [("yuv420p", (360, 288)), ("yuv420p", (358, 286)), ("yuv422p10le", (360, 280))],
)
def test_parts_equal_the_whole(make_video, pix_fmt, size):
    made = make_video("a.mp4", size=size, pix_fmt=pix_fmt, audio=None)
    kept = as_whole(made)
    assert kept.nbytes > kept.image.nbytes
    image, quick = both(made)
    assert (quick.image != image).any()


def test_parts_of_other_codings(clip, make_video):
    as_whole(clip)
    as_whole(make_video("full.mp4", coding=(2, 5), audio=None))


@pytest.mark.parametrize("degrees", [90, 180])
def test_turned_frames_are_not_kept(make_video, degrees):
    kept = as_whole(make_video("turned.mp4", rotation=degrees, audio=None))
    assert kept.stored is None and kept.nbytes == kept.image.nbytes
