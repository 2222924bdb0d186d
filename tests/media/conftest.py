"""Small videos of every awkward kind, made from a real clip."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

import deepface_models
from deepface_models.media import read_video

CLIPS = Path(deepface_models.__file__).parent / "demo" / "clips"


@pytest.fixture(scope="session")
def clip():
    """A GRID clip: MPEG-1, 360x288, 25 frames a second, MP2 sound."""
    return sorted(CLIPS.glob("*/*.mpg"))[0]


@pytest.fixture(scope="session")
def frames(clip):
    return [frame.image for frame in read_video(clip, stop=30)]


@pytest.fixture(scope="session")
def make_video(tmp_path_factory, clip, frames):
    """Returns a function that encodes real frames and sound in a given way."""

    def make(
        name,
        *,
        pts=None,
        time_base=Fraction(1, 1000),
        size=(360, 288),
        pix_fmt="yuv420p",
        codec="libx264",
        audio="aac",
        rotation=None,
        coding=(1, 1),
        aspect=None,
        start=0.0,
        options=None,
    ):
        path = tmp_path_factory.mktemp("made") / name
        pts = pts or [round(i / 25 / time_base) for i in range(len(frames))]
        with av.open(str(path), "w") as output:
            video = output.add_stream(codec, rate=25)
            context = video.codec_context
            context.width, context.height = size
            context.pix_fmt, context.time_base = pix_fmt, time_base
            context.color_range, context.colorspace = coding
            context.options = options or ({"crf": "8"} if codec == "libx264" else {})
            if aspect:
                context.sample_aspect_ratio = aspect
            if rotation is not None:
                video.set_display_rotation(rotation)
            sound = None
            if audio:
                sound = output.add_stream(audio, rate=44100, bit_rate=128_000)
                _sound(output, sound, clip, start)
            for image, when in zip(frames, pts, strict=False):
                _video(output, video, image, when + round(start / time_base), coding)
            output.mux(video.encode(None))
        return path

    return make


def _video(output, stream, image, pts, coding):
    context = stream.codec_context
    image = np.ascontiguousarray(image[: context.height, : context.width])
    frame = av.VideoFrame.from_ndarray(image, "rgb24").reformat(
        format=context.pix_fmt,
        dst_colorspace=coding[1],
        src_color_range=2,
        dst_color_range=coding[0],
    )
    frame.pts, frame.time_base = pts, context.time_base
    output.mux(stream.encode(frame))


def _sound(output, stream, clip, start):
    form = "fltp" if stream.name in ("aac", "wmav2") else "s16"
    resampler = av.AudioResampler(form, "stereo", 44100, 1024)
    samples = round(start * 44100)
    with av.open(str(clip)) as source:
        for frame in source.decode(audio=0):
            if frame.time > 1.2:
                break
            for piece in resampler.resample(frame):
                piece.pts, piece.time_base = samples, Fraction(1, 44100)
                samples += piece.samples
                output.mux(stream.encode(piece))
    output.mux(stream.encode(None))
