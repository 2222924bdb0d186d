"""Parts of images in the samples of a frame whose other samples do not change."""

from __future__ import annotations

import av
import numpy as np
import pytest

from deepface_models.media import VideoWriter
from deepface_models.media.planes import Samples, put
from deepface_models.media.stored import Cropper, StoredFrame
from deepface_models.media.video import read_stored


def test_outermost_pixels_of_a_part_are_left_out_but_at_the_edge():
    black = av.VideoFrame.from_ndarray(np.zeros((96, 128), np.uint8), "yuv420p")
    made, part = Samples.of(StoredFrame(black, Cropper())), np.full((48, 64), 9, "u1")
    put(made, part, slice(0, 32), slice(64, 128))
    samples = made.frame.to_ndarray()
    assert (samples[:24, 72:] == 9).all()
    assert samples[:64].sum() == 9 * 24 * 56
    assert samples[64:].sum() == 9 * 2 * 12 * 28


@pytest.mark.parametrize("coding", [None, (2, 5), (1, 9)])
def test_a_part_changes_nothing_else(make_video, tmp_path, coding):
    told = {} if coding is None else {"coding": coding}
    source = make_video("source.mp4", audio=None, **told)
    rows, columns = slice(100, 180), slice(120, 200)
    with VideoWriter(tmp_path / "out.mp4", like=source, crf=0) as writer:
        for frame in read_stored(source, None, 3, writer.keeps):
            assert frame.stored is not None and not frame.image.size
            tall, wide, part = frame.stored.around(rows, columns)
            part = np.ascontiguousarray(255 - part)
            told = frame.stored, part, tall, wide
            writer.write_part(*told, frame.pts, frame.duration)
    with av.open(str(source)) as a, av.open(str(tmp_path / "out.mp4")) as b:
        for before, after in zip(a.decode(video=0), b.decode(video=0), strict=False):
            changed = before.to_ndarray() != after.to_ndarray()
            assert changed[rows, columns].mean() > 0.9
            inner = slice(tall.start + 8, tall.stop - 8)
            assert not changed[: inner.start].any()
            assert not changed[inner.stop : before.height].any()


@pytest.mark.parametrize(
    "source, writer",
    [
        ({"size": (359, 287), "pix_fmt": "yuv444p"}, {}),
        ({"pix_fmt": "yuv422p"}, {}),
        ({}, {"lossless": True}),
        ({}, {"codec": "ffv1"}),
    ],
)
def test_other_formats_come_as_rgb(make_video, tmp_path, source, writer):
    made = make_video("other.mp4", audio=None, **source)
    with VideoWriter(tmp_path / "out.mp4", like=made, **writer) as video:
        frame = next(read_stored(made, None, 1, video.keeps))
        assert frame.stored is None and frame.image.size
        video.write(frame.image, frame.pts)


def test_a_turned_video_comes_upright_as_rgb(make_video):
    made = make_video("turned.mp4", rotation=90, audio=None)
    frame = next(read_stored(made, 0, 1, lambda stored: True))
    assert frame.stored is None and frame.image.shape[0] > frame.image.shape[1]
