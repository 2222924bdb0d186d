from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import weakref
from fractions import Fraction

import av
import numpy as np
import pytest
from media_helpers import frame_times, sound_packets

from deepface_models.core.errors import MediaError
from deepface_models.media import VideoWriter, probe, read_metadata, read_video
from deepface_models.media.yuv import _QUALITY, Coding, FrameConverter


def copy(source, target, **options):
    """Decodes and encodes a whole video; returns both lists of frames."""
    with VideoWriter(target, like=source, **options) as writer:
        for frame in read_video(source):
            writer.write(frame.image, frame.pts)
    return list(read_video(source)), list(read_video(target))


def rescaled(packets, clock):
    return [round(start / clock) for start, _ in packets]


def variable(count=30):
    return np.cumsum(np.random.default_rng(1).integers(11, 90, count)).tolist()


@pytest.fixture(params=["mpg", "mp4", "vfr.mkv", "late.mkv", "avi"])
def source(request, clip, make_video):
    if request.param == "mpg":
        return clip
    if request.param == "mp4":
        return make_video("s.mp4", time_base=Fraction(1, 12800))
    if request.param == "vfr.mkv":
        return make_video("vfr.mkv", pts=variable())
    if request.param == "late.mkv":
        return make_video("late.mkv", start=1.7)
    return make_video("s.avi", codec="mpeg4", time_base=Fraction(1, 25), audio="mp2")


def test_sound_and_times_are_the_same_after_as_before(source, tmp_path):
    target = tmp_path / "out.mp4"
    before, after = copy(source, target)
    info = probe(target)
    assert info.time_base == probe(source).time_base
    assert [f.pts - probe(source).origin for f in before] == [f.pts for f in after]
    mine, theirs = sound_packets(source), sound_packets(target)
    assert [data for _, data in mine] == [data for _, data in theirs]
    assert_same_starts(source, target)


def assert_same_starts(source, target):
    """mp4 counts sound in samples, so a finer clock is met to half a sample."""
    mine, theirs = sound_packets(source), sound_packets(target)
    with av.open(str(source)) as container:
        stream = container.streams.audio[0]
        clock, sample = stream.time_base, Fraction(1, stream.codec_context.sample_rate)
    origin = probe(source).origin * probe(source).time_base
    mine = [(start - origin, data) for start, data in mine]
    apart = [abs(a - b) for (a, _), (b, _) in zip(mine, theirs, strict=True)]
    assert max(apart) <= max(clock, sample) / 2
    if clock > sample:
        assert rescaled(mine, clock) == rescaled(theirs, clock)


def test_second_generation_is_identical_to_the_first(clip, tmp_path):
    copy(clip, tmp_path / "a.mp4")
    copy(tmp_path / "a.mp4", tmp_path / "b.mp4")
    assert sound_packets(tmp_path / "a.mp4") == sound_packets(tmp_path / "b.mp4")
    assert frame_times(clip) == frame_times(tmp_path / "b.mp4")


def test_pcm_sound_is_copied(make_video, tmp_path):
    source = make_video(
        "pcm.avi", codec="mpeg4", time_base=Fraction(1, 25), audio="pcm_s16le"
    )
    copy(source, tmp_path / "out.mov")
    mine, theirs = (sound_packets(p) for p in (source, tmp_path / "out.mov"))
    assert b"".join(d for _, d in mine) == b"".join(d for _, d in theirs)


def test_transport_stream_sound_loses_only_its_headers(make_video, tmp_path):
    source = make_video("s.ts", time_base=Fraction(1, 90000), start=2.5)
    copy(source, tmp_path / "out.mp4")
    mine, theirs = (sound_packets(p) for p in (source, tmp_path / "out.mp4"))
    assert [data[7:] for _, data in mine] == [data for _, data in theirs]
    assert_same_starts(source, tmp_path / "out.mp4")


def test_sound_that_does_not_fit_becomes_aac(make_video, tmp_path, caplog):
    source = make_video("s.wmv", codec="wmv2", audio="wmav2")
    with caplog.at_level(logging.WARNING, "deepface_models"):
        copy(source, tmp_path / "out.mp4")
    assert "wmav2 sound does not fit into mp4; encoding it as AAC" in caplog.text
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        heard = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    assert len(heard) / 44100 == pytest.approx(1.2, abs=0.15)
    assert np.abs(heard).max() > 0.01


def test_no_sound_on_request(clip, tmp_path):
    copy(clip, tmp_path / "out.mp4", audio=False)
    assert not probe(tmp_path / "out.mp4").has_audio


def test_sound_is_cut_with_the_video(clip, tmp_path):
    with VideoWriter(tmp_path / "part.mp4", like=clip) as writer:
        for frame in read_video(clip, start=25, stop=40):
            writer.write(frame.image, frame.pts)
    seen = list(read_video(tmp_path / "part.mp4"))
    assert seen[0].time == 1 and seen[-1].time == pytest.approx(1.56)
    starts = [float(start) for start, _ in sound_packets(tmp_path / "part.mp4")]
    assert 0.95 < starts[0] <= 1 and 1.56 < starts[-1] <= 1.6


def test_longer_sound_than_video_is_kept(make_video, tmp_path):
    source = make_video("short.mkv", pts=[0, 40, 80])
    copy(source, tmp_path / "out.mp4")
    mine, theirs = (sound_packets(p) for p in (source, tmp_path / "out.mp4"))
    assert [data for _, data in mine] == [data for _, data in theirs]


def test_sound_and_video_lie_side_by_side_in_the_file(clip, tmp_path):
    copy(clip, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        packets = [p for p in container.demux() if p.dts is not None]
        packets.sort(key=lambda p: p.pos)
        latest = {"audio": 0.0, "video": 0.0}
        apart = []
        for packet in packets:
            latest[packet.stream.type] = float(packet.dts * packet.time_base)
            apart.append(abs(latest["audio"] - latest["video"]))
    assert max(apart) < 0.5


def test_index_is_at_the_front(clip, tmp_path):
    copy(clip, tmp_path / "out.mp4")
    data = (tmp_path / "out.mp4").read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")


def test_without_time_stamps_the_sources_are_used(make_video, tmp_path):
    source = make_video("vfr.mkv", pts=variable())
    with VideoWriter(tmp_path / "out.mp4", like=source) as writer:
        for frame in read_video(source):
            writer.write(frame.image)
    assert frame_times(source) == frame_times(tmp_path / "out.mp4")


@pytest.mark.parametrize("coding", [(1, 1), (1, 5), (2, 1), (2, 5)])
def test_colors_and_their_tags_are_those_of_the_source(make_video, tmp_path, coding):
    pix_fmt = "yuvj420p" if coding[0] == 2 else "yuv420p"
    source = make_video("s.mp4", coding=coding, pix_fmt=pix_fmt)
    before, after = copy(source, tmp_path / "out.mp4", crf=4)
    mine, theirs = probe(source), probe(tmp_path / "out.mp4")
    assert (mine.color_range, mine.colorspace) == (
        theirs.color_range,
        theirs.colorspace,
    )
    change = np.stack(
        [a.image.astype(float) - b.image for a, b in zip(before, after, strict=True)]
    )
    assert np.abs(change.mean((0, 1, 2))).max() < 1
    assert np.abs(change).mean() < 1.5


def test_untagged_colors_are_tagged_as_they_were_read(clip, tmp_path):
    before, after = copy(clip, tmp_path / "out.mp4", crf=4)
    info = probe(tmp_path / "out.mp4")
    assert (info.color_range, info.colorspace) == ("limited", "smpte170m")
    change = after[9].image.astype(float) - before[9].image
    assert np.abs(change.mean((0, 1))).max() < 0.5


def test_pixel_shape_and_rotation(make_video, tmp_path):
    source = make_video("s.mp4", aspect=Fraction(16, 11), rotation=-90)
    before, after = copy(source, tmp_path / "out.mp4")
    info = probe(tmp_path / "out.mp4")
    assert (info.width, info.height, info.rotation) == (288, 360, 0)
    assert info.sample_aspect_ratio == Fraction(11, 16)
    assert before[0].image.shape == after[0].image.shape


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (17, 31), (359, 287), (360, 288)])
@pytest.mark.parametrize("lossless", [False, True])
def test_every_size_is_kept(tmp_path, frames, size, lossless):
    path = tmp_path / "out.mp4"
    images = [frame[: size[1], : size[0]] for frame in frames[:4]]
    with VideoWriter(path, lossless=lossless, fps=30) as writer:
        for image in images:
            writer.write(image)
    seen = [frame.image for frame in read_video(path)]
    assert [s.shape for s in seen] == [(size[1], size[0], 3)] * 4
    assert frame_times(path) == pytest.approx([i / 30 for i in range(4)])
    if lossless:
        np.testing.assert_array_equal(seen, images)


def test_lossless_with_a_source_keeps_every_pixel(clip, tmp_path):
    before, after = copy(clip, tmp_path / "out.mp4", lossless=True)
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a.image, b.image)
    assert frame_times(clip) == frame_times(tmp_path / "out.mp4")


def test_ntsc_rate_and_float_images(tmp_path, frames):
    path = tmp_path / "out.mp4"
    with VideoWriter(path, fps=29.97) as writer:
        for frame in frames[:5]:
            writer.write(frame.astype(np.float32) / 255)
    assert probe(path).fps == Fraction(2997, 100)
    with VideoWriter(path, fps=Fraction(30000, 1001)) as writer:
        writer.write(frames[0])
        writer.write(frames[1])
    assert frame_times(path) == pytest.approx([0, 1001 / 30000])


@pytest.mark.parametrize("name", ["out.mkv", "out.mov"])
def test_other_containers_keep_the_frames_and_their_times(clip, tmp_path, name):
    before, after = copy(clip, tmp_path / name)
    assert len(before) == len(after)
    np.testing.assert_allclose(
        [f.time for f in before], [f.time for f in after], atol=6e-4
    )


def test_metadata_are_read_back_as_written(tmp_path, frames):
    path = tmp_path / "out.mp4"
    with VideoWriter(path, metadata={"comment": "Grüße", "consent": "both"}) as writer:
        writer.write(frames[0])
    found = read_metadata(path)
    assert found["comment"] == "Grüße" and found["consent"] == "both"
    with VideoWriter(path, metadata={"comment": "Grüße"}) as writer:
        writer.write(frames[0])
    assert read_metadata(path)["comment"] == "Grüße"


def test_nothing_is_there_until_the_end(tmp_path, frames):
    path = tmp_path / "out.mp4"
    with VideoWriter(path) as writer:
        for frame in frames:
            writer.write(frame)
        assert not path.exists()
    assert path.exists()
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_leaves_the_former_file(tmp_path, clip, error):
    path = tmp_path / "out.mp4"
    path.write_bytes(b"former")
    with pytest.raises(error), VideoWriter(path, like=clip) as writer:
        for frame in read_video(clip, stop=60):
            writer.write(frame.image, frame.pts)
        raise error
    assert path.read_bytes() == b"former"
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


def test_a_video_can_replace_its_own_source(clip, tmp_path):
    path = tmp_path / "same.mpg.mp4"
    copy(clip, path)
    times = frame_times(path)
    with VideoWriter(path, like=path) as writer:
        for frame in read_video(path):
            writer.write(frame.image, frame.pts)
    assert frame_times(path) == times


def test_no_frame_is_an_error(tmp_path):
    with pytest.raises(MediaError, match="No frame was written"):
        with VideoWriter(tmp_path / "out.mp4"):
            pass
    assert list(tmp_path.iterdir()) == []


def test_wrong_use_is_refused(tmp_path, frames):
    path = tmp_path / "out.mp4"
    with pytest.raises(RuntimeError, match="context manager"):
        VideoWriter(path).write(frames[0])
    with pytest.raises(ValueError, match="fps=0 was given"):
        VideoWriter(path, fps=0)
    with pytest.raises(ValueError, match="1x1 px was given to a video of 360x288"):
        with VideoWriter(path) as writer:
            writer.write(frames[0])
            writer.write(frames[0][:1, :1])
    with pytest.raises(ValueError, match="time stamp 3 was given after 3"):
        with VideoWriter(path) as writer:
            writer.write(frames[0], 3)
            writer.write(frames[1], 3)
    with pytest.raises(MediaError, match="has no encoder 'nope'"):
        with VideoWriter(path, codec="nope") as writer:
            writer.write(frames[0])
    with pytest.raises(MediaError, match=r"has the extension '.xyz'"):
        with VideoWriter(tmp_path / "out.xyz") as writer:
            writer.write(frames[0])
    assert list(tmp_path.iterdir()) == []


def test_memory_is_bounded(clip, tmp_path):
    """However long the video, no more than a few images are alive."""
    alive: list[weakref.ref] = []
    with VideoWriter(tmp_path / "out.mp4", like=clip) as writer:
        most = 0
        for frame in read_video(clip):
            writer.write(frame.image, frame.pts)
            alive.append(weakref.ref(frame.image))
            gc.collect(0)
            most = max(most, sum(ref() is not None for ref in alive))
    assert most <= 3


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi"])
def test_tags_that_are_not_utf8_do_not_hinder(tmp_path, make_video, suffix):
    """Alike with each version of PyAV, which differ in this."""
    path, target = tmp_path / f"tags.{suffix}", tmp_path / "copy.mp4"
    with VideoWriter(path, metadata={"title": "XXXXXXXX"}) as writer:
        for frame in read_video(make_video(f"s.{suffix}"), stop=3):
            writer.write(frame.image)
    path.write_bytes(path.read_bytes().replace(b"XXXXXXXX", b"caf\xe9 \xff!!"))
    assert read_metadata(path)["title"] == "caf\ufffd \ufffd!!"
    before, after = copy(path, target)
    assert len(before) == len(after) == 3


ENCODE = """
import sys
from deepface_models.media import VideoWriter, read_video
with VideoWriter(sys.argv[2], fps=25) as writer:
    for frame in list(read_video(sys.argv[1]))[:24]:
        writer.write(frame.image)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc fills memory on request")
def test_equal_frames_give_equal_bytes_whatever_lies_in_memory(clip, tmp_path):
    """A conversion that was killed and run again gives the same file."""
    written = []
    for filler in (0, 85, 170):
        target = tmp_path / f"{filler}.mp4"
        subprocess.run(
            [sys.executable, "-c", ENCODE, str(clip), str(target)],
            check=True,
            env={**os.environ, "MALLOC_PERTURB_": str(filler)},
        )
        written.append(target.read_bytes())
    assert written[0] == written[1] == written[2]


def test_few_large_frames_wait_in_the_encoder():
    """Memory is bounded at 4K too."""
    from deepface_models.media.codecs import settings

    assert settings("libx264", 18, (3840, 2160))["rc-lookahead"] == "5"
    assert settings("libx264", 18, (7680, 4320))["rc-lookahead"] == "4"
    assert settings("libx264", 18, (1920, 1080))["rc-lookahead"] == "20"
    assert "rc-lookahead" not in settings("libx265", 18, (3840, 2160))


@pytest.mark.parametrize("coding", [Coding(), Coding(range=2), Coding(1, 5, 5, 5)])
@pytest.mark.parametrize("size", [(288, 360), (286, 358), (2, 2)])
def test_halving_the_colors_alone_gives_what_swscale_gives(frames, coding, size):
    image = np.ascontiguousarray(frames[0][: size[0], : size[1]])
    converter = FrameConverter()
    made = converter.from_rgb(image, "yuv420p", coding)
    span = coding.swscale_range()
    whole = converter._swscale.reformat(
        converter.from_rgb(image, "yuv444p", coding),
        format="yuv420p",
        src_color_range=span,
        dst_color_range=span,
        interpolation=_QUALITY,
    )
    np.testing.assert_array_equal(made.to_ndarray(), whole.to_ndarray())
    assert Coding.of(made).range == Coding.of(whole).range
    assert Coding.of(made).space == coding.space
