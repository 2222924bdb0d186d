"""Unusual videos: time stamps, last frames, interlacing, extra streams, depth."""

from __future__ import annotations

import logging
from fractions import Fraction

import av
import numpy as np
import pytest
from media_helpers import sound_packets

from deepface_models.core.errors import MediaError
from deepface_models.media import VideoWriter, probe, read_metadata, read_video
from deepface_models.media.codecs import available


def copy(source, target, **options):
    with VideoWriter(target, like=source, **options) as writer:
        for frame in read_video(source):
            writer.write(frame.image, frame.pts, frame.duration)
    return writer.notes


def length(path):
    """Seconds of the whole file, as players show it."""
    with av.open(str(path)) as container:
        return container.duration / 1e6


@pytest.mark.parametrize("name", ["late.ts", "late.mkv", "late.mp4"])
def test_a_clock_that_begins_late_begins_at_0(tmp_path, make_video, name):
    """A broadcast at 40,001 s is not 40,002 s long."""
    clock = Fraction(1, 90000 if name.endswith("ts") else 1000)
    source = make_video(name, time_base=clock, start=40001.0)
    target = tmp_path / "out.mp4"
    assert copy(source, target) == []
    before, after = list(read_video(source)), list(read_video(target))
    assert before[0].time > 40000 and after[0].time < 0.1
    assert length(target) == pytest.approx(1.2, abs=0.1)
    gaps = [np.diff([f.time for f in frames]) for frames in (before, after)]
    np.testing.assert_allclose(*gaps, atol=1e-6)
    (mine, _), (theirs, _) = sound_packets(source)[0], sound_packets(target)[0]
    offset = float(mine) - before[0].time
    assert float(theirs) - after[0].time == pytest.approx(offset, abs=1e-3)


@pytest.mark.parametrize("form", ["mp4", "mkv", "gif"])
@pytest.mark.slow
def test_the_last_frame_lasts_as_long_as_before(tmp_path, frames, form):
    """Slides of 3.76 s become 0.94 s."""
    source, target = tmp_path / f"slides.{form}", tmp_path / "out.mp4"
    if form == "gif":
        _write_gif(source, frames)
    else:
        with VideoWriter(source, fps=25) as writer:
            for number in range(20):
                writer.write(frames[number], number, 75 if number == 19 else 1)
    last = list(read_video(source))[-1]
    clock = probe(source).time_base
    assert float(last.duration * clock) == pytest.approx(3, abs=0.02)
    copy(source, target)
    assert length(target) == pytest.approx(3.76, abs=0.02)
    *_, again = read_video(target)
    again_clock = probe(target).time_base
    assert float(again.duration * again_clock) == pytest.approx(3, abs=0.02)


def _write_gif(path, frames):
    from PIL import Image

    first, *rest = (Image.fromarray(image) for image in frames[:20])
    times = [40] * 19 + [3000]
    first.save(path, save_all=True, append_images=rest, duration=times, loop=0)


def test_lengths_of_frames_with_uneven_times(make_video):
    """Variable frame rates stay as they are."""
    times = [0, 40, 100, 120, 400, 440, 900]
    frames = list(read_video(make_video("vfr.mkv", pts=times, audio=None)))
    assert [f.pts for f in frames] == times
    assert [f.duration for f in frames[:-1]] == np.diff(times).tolist()


def _interlaced(path, frames):
    """Writes frames whose odd lines are 40 ms later than the even ones."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 360, 288, "yuv420p"
        stream.codec_context.options = {"crf": "5", "x264-params": "tff=1"}
        for number in range(12):
            shifted = np.roll(frames[0], 8 * number, axis=1)
            shifted[1::2] = np.roll(frames[0], 8 * number + 4, axis=1)[1::2]
            frame = av.VideoFrame.from_ndarray(shifted, "rgb24")
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _combs(image):
    """How much neighboring lines differ beyond lines of the same field."""
    image = image.astype(float)
    near = np.abs(image[1:] - image[:-1]).mean()
    return near / np.abs(image[2:] - image[:-2]).mean()


def test_fields_are_joined_to_whole_frames(tmp_path, frames, caplog):
    """Interlaced sources are deinterlaced, with a note."""
    source = tmp_path / "fields.mp4"
    _interlaced(source, frames)
    assert probe(source).interlaced
    with av.open(str(source)) as container:
        stored = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    seen = list(read_video(source))
    assert len(seen) == len(stored) == 12
    assert [f.pts for f in seen] == sorted({f.pts for f in seen})
    assert _combs(stored[5]) > 1.2 > 0.9 > _combs(seen[5].image)
    with caplog.at_level(logging.WARNING, "deepface_models"):
        notes = copy(source, tmp_path / "out.mp4")
    assert not probe(tmp_path / "out.mp4").interlaced
    assert "Interlaced" in notes[0] and notes[0] in caplog.text


@pytest.mark.parametrize("audio", ["pcm_s24le", "pcm_s16le"])
def test_pcm_in_mp4_becomes_aac(tmp_path, make_video, audio):
    """24-bit PCM in mp4 is unplayable elsewhere; in mov it is not."""
    source = make_video(
        "pcm.avi", codec="mpeg4", time_base=Fraction(1, 25), audio="mp2"
    )
    raw = tmp_path / "raw.mov"
    _with_pcm(source, raw, audio)
    assert copy(raw, tmp_path / "out.mov") == []
    (note,) = copy(raw, tmp_path / "out.mp4")
    assert note == f"{audio} sound does not fit into mp4; encoding it as AAC."
    for name, codec in (("out.mov", audio), ("out.mp4", "aac")):
        with av.open(str(tmp_path / name)) as container:
            assert container.streams.audio[0].codec_context.name == codec


def _with_pcm(source, target, codec):
    with av.open(str(source)) as read, av.open(str(target), "w") as output:
        video = output.add_stream_from_template(read.streams.video[0])
        sound = output.add_stream(codec, rate=44100)
        form = {"pcm_s24le": "s32", "pcm_s16le": "s16"}[codec]
        resampler = av.AudioResampler(form, "stereo", 44100)
        sound.codec_context.layout = "stereo"
        for packet in read.demux(read.streams.video[0], read.streams.audio[0]):
            if packet.stream.type == "video":
                if packet.dts is not None:
                    packet.stream = video
                    output.mux(packet)
                continue
            for frame in packet.decode():
                for piece in resampler.resample(frame):
                    output.mux(sound.encode(piece))


def _with_extras(path, clip, subtitles):
    """Writes a title, a date, a chapter and subtitles."""
    with av.open(str(clip)) as read, av.open(str(path), "w") as output:
        video = output.add_stream_from_template(read.streams.video[0])
        text = output.add_stream(subtitles)
        text.codec_context.subtitle_header = b"[Script Info]\n\n[Events]\n"
        output.metadata["title"] = "My film"
        output.metadata["creation_time"] = "2020-02-02T02:02:02.000000Z"
        clock = {"time_base": Fraction(1, 1000)}
        one = {"id": 1, "start": 0, "end": 500, "metadata": {"title": "One"}, **clock}
        two = {"id": 2, "start": 500, "end": 990, "metadata": {"title": "Two"}, **clock}
        output.set_chapters([one, two])
        for packet in read.demux(read.streams.video[0]):
            if packet.dts is not None:
                packet.stream = video
                output.mux(packet)
        said = av.Packet(b"hello" if subtitles == "subrip" else b"\x00\x05hello")
        said.pts, said.dts, said.duration = 100, 100, 800
        said.time_base, said.stream = Fraction(1, 1000), text
        output.mux(said)


def _extras(path):
    with av.open(str(path)) as container:
        texts = (
            [bytes(p) for p in container.demux(subtitles=0) if bytes(p)]
            if (container.streams.subtitles)
            else []
        )
        chapters = [
            (float(c["start"] * c["time_base"]), c["metadata"]["title"])
            for c in container.chapters()
        ]
    return texts, chapters


def test_title_date_chapters_and_subtitles_are_kept(tmp_path, make_video):
    """Kept, where the container takes them."""
    source, target = tmp_path / "extras.mp4", tmp_path / "out.mp4"
    _with_extras(source, make_video("s.mp4", audio=None), "mov_text")
    assert copy(source, target) == []
    tags = read_metadata(target)
    assert tags["title"] == "My film"
    assert tags["creation_time"].startswith("2020-02-02T02:02:02")
    assert _extras(source) == _extras(target)
    texts, chapters = _extras(target)
    assert any(b"hello" in text for text in texts)
    assert chapters == [(0, "One"), (0.5, "Two")]


def test_a_note_names_what_is_not_kept(tmp_path, make_video, caplog):
    """A note names what is not kept."""
    source, target = tmp_path / "extras.mkv", tmp_path / "out.mp4"
    _with_extras(source, make_video("s.mp4", audio=None), "subrip")
    with caplog.at_level(logging.WARNING, "deepface_models"):
        notes = copy(source, target, metadata={"title": "Ours"})
    assert any("Subtitles (" in note and "left out" in note for note in notes)
    assert "Tags left out: title." in notes
    assert all(note in caplog.text for note in notes)
    assert read_metadata(target)["title"] == "Ours"
    assert _extras(target)[1] == [(0, "One"), (0.5, "Two")]


def test_a_note_names_ten_bits_and_hdr(tmp_path, make_video):
    """The depth is kept where possible; otherwise there is a note."""
    source = make_video("ten.mp4", pix_fmt="yuv420p10le", audio=None)
    assert probe(source).bits == 10
    assert copy(source, tmp_path / "out.mp4") == ["10 bits a sample became 8."]


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "vp9"])
def test_codecs_without_x264_keep_frames_and_times(tmp_path, make_video, codec):
    """Codecs that do not need libx264 or libx265."""
    assert codec in available()
    source, target = (
        make_video("s.mp4", time_base=Fraction(1, 12800)),
        tmp_path / "o.mp4",
    )
    assert copy(source, target, codec=codec) == []
    before, after = list(read_video(source)), list(read_video(target))
    assert [f.pts for f in before] == [f.pts for f in after]
    error = np.mean(
        [
            (a.image.astype(float) - b.image) ** 2
            for a, b in zip(before, after, strict=True)
        ]
    )
    assert 10 * np.log10(255**2 / error) > 38
    with av.open(str(target)) as container:
        name = container.streams.video[0].codec_context.codec.canonical_name
    assert name == codec
    assert sound_packets(source)[3][1] == sound_packets(target)[3][1]


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "vp9"])
def test_odd_widths_and_heights_are_kept(tmp_path, frames, codec):
    with VideoWriter(tmp_path / "odd.mp4", codec=codec) as writer:
        writer.write(frames[0][:241, :181])
    assert next(read_video(tmp_path / "odd.mp4")).image.shape == (241, 181, 3)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_short_hevc_video_is_decoded_in_time(tmp_path, frames, count):
    """x265 leaves the times to decode one or two frames undefined."""
    for trial in range(8):  # one that is written by chance proves little
        path = tmp_path / f"{trial}.mp4"
        with VideoWriter(path, codec="hevc") as writer:
            for frame in frames[:count]:
                writer.write(frame)
        with av.open(str(path)) as container:
            packets = [p for p in container.demux(video=0) if p.pts is not None]
        assert [p.dts for p in packets] == sorted({p.dts for p in packets})
        assert all(0 <= p.pts - p.dts <= 3 * packets[0].duration for p in packets)
        assert sum(1 for _ in read_video(path)) == count


@pytest.mark.parametrize(("encoder", "suffix"), [("mpeg4", "mp4"), ("libvpx", "webm")])
def test_other_encoders_are_not_starved(tmp_path, make_video, frames, encoder, suffix):
    """The other encoders of PyAV's wheel."""
    target = tmp_path / f"out.{suffix}"
    source = make_video("s.mp4", coding=(1, 5))  # as untagged video is understood
    copy(source, target, codec=encoder, audio=False)
    images = [frame.image.astype(float) for frame in read_video(target)]
    assert np.abs(np.stack(images) - frames).mean() < 4


def test_codecs_that_do_not_suit_are_refused(tmp_path):
    """A clear error where the wheel lacks one."""
    if "openh264" not in available():
        with pytest.raises(MediaError, match=r"no encoder 'libopenh264'. Expected one"):
            VideoWriter(tmp_path / "out.mp4", codec="openh264")
    with pytest.raises(MediaError, match=r"cannot hold video from the encoder libx264"):
        VideoWriter(tmp_path / "out.webm", codec="h264")
    for codec in ("av1", "vp9"):
        with pytest.raises(MediaError, match=r"out.mov cannot hold video"):
            VideoWriter(tmp_path / "out.mov", codec=codec)
    with pytest.raises(MediaError, match=r"has the extension '.m3u8'"):
        VideoWriter(tmp_path / "out.m3u8")
    with pytest.raises(ValueError, match=r"lossless=True was given with codec='av1'"):
        VideoWriter(tmp_path / "out.mp4", codec="av1", lossless=True)


def test_webm_gets_opus(tmp_path, make_video):
    """Audio codecs that suit the container."""
    (note,) = copy(make_video("s.mp4"), tmp_path / "out.webm", codec="vp9")
    assert note == "aac sound does not fit into webm; encoding it as Opus."
    assert probe(tmp_path / "out.webm").has_audio
