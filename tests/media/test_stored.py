"""Parts of stored frames have the colors of the whole frame."""

from __future__ import annotations

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from deepface_models.media import read_video
from deepface_models.media.yuv import _QUALITY, Coding, FrameConverter

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


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuvj420p", "yuv444p12le", "nv12"])
@pytest.mark.parametrize("deep", [False, True])
def test_images_of_planes_are_those_of_swscales_pixels(pix_fmt, deep):
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.integers(0, 256, (50, 66, 3), np.uint8), (0, 0), 1)
    frame = VideoReformatter().reformat(
        av.VideoFrame.from_ndarray(noise, format="rgb24"), format=pix_fmt
    )
    pixels = VideoReformatter().reformat(
        frame,
        format="rgb48le" if deep else "rgb24",
        src_colorspace=Colorspace.ITU601,
        src_color_range=Coding.of(frame).swscale_range(),
        dst_color_range=ColorRange.JPEG,
        interpolation=_QUALITY,
    )
    made = FrameConverter().to_rgb(frame, 66, 50, Colorspace.ITU601, deep)
    scale = 65535 if deep else 1
    np.testing.assert_array_equal(np.rint(made * scale), pixels.to_ndarray())
