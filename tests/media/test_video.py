from __future__ import annotations

import gc
import logging
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from deepface_models.core.errors import MediaError
from deepface_models.media import (
    VideoWriter,
    probe,
    read_metadata,
    read_video,
    write_image,
)
from deepface_models.media.decoding import Decoder, source_times


def test_probe_describes_the_video(clip):
    info = probe(clip)
    assert (info.width, info.height, info.fps) == (360, 288, 25)
    assert info.codec == "mpeg1video" and info.has_audio and info.rotation == 0
    assert info.color_range == "limited" and info.time_base == Fraction(1, 90000)
    assert info.duration == pytest.approx(3, abs=0.1)


def test_frames_come_with_number_and_time(clip):
    seen = list(read_video(clip))
    assert [f.index for f in seen] == list(range(75))
    assert [f.time for f in seen] == pytest.approx([i / 25 for i in range(75)])
    assert all(f.image.shape == (288, 360, 3) for f in seen)
    assert all(f.image.dtype == np.uint8 for f in seen)
    assert [f.pts for f in seen] == list(source_times(clip))


def test_start_stop_every_n(clip):
    part = list(read_video(clip, start=5, stop=20, every_n=4))
    whole = list(read_video(clip, stop=20))
    assert [f.index for f in part] == [5, 9, 13, 17]
    for frame in part:
        np.testing.assert_array_equal(frame.image, whole[frame.index].image)
        assert frame.pts == whole[frame.index].pts
    assert list(read_video(clip, start=500)) == []
    assert list(read_video(clip, start=5, stop=5)) == []
    with pytest.raises(ValueError, match=r"every_n=0 was given"):
        read_video(clip, every_n=0)


def test_reading_decodes_only_as_far_as_it_is_read(clip, monkeypatch):
    """One frame is read of 75, and few more are decoded."""
    decoded = []
    frames_of = Decoder.frames

    def counting(decoder):
        for frame in frames_of(decoder):
            decoded.append(frame.pts)
            yield frame

    monkeypatch.setattr(Decoder, "frames", counting)
    frames = read_video(clip)
    assert decoded == []
    next(frames)
    assert 1 <= len(decoded) <= 3
    frames.close()
    assert len(list(read_video(clip))) == 75 <= len(decoded)


@pytest.mark.slow
def test_colors_follow_the_matrix_and_the_range(make_video, frames):
    """The same image comes back, however the file codes it."""
    for coding in [(1, 1), (1, 5), (2, 1), (2, 5)]:
        pix_fmt = "yuvj444p" if coding[0] == 2 else "yuv444p"
        path = make_video("c.mp4", coding=coding, pix_fmt=pix_fmt, audio=None)
        info = probe(path)
        assert info.color_range == {1: "limited", 2: "full"}[coding[0]]
        assert info.colorspace == {1: "bt709", 5: "bt470bg"}[coding[1]]
        read = next(read_video(path)).image
        shift = (read.astype(float) - frames[0]).mean((0, 1))
        assert np.abs(shift).max() < 1.5, (coding, shift)


def test_untagged_video_up_to_576_lines_is_bt601(clip, frames):
    import av

    with av.open(str(clip)) as container:
        frame = next(container.decode(video=0))
    planes = [
        np.frombuffer(p, np.uint8).reshape(p.height, p.line_size)[:, : p.width]
        for p in frame.planes
    ]
    y = (planes[0] - 16.0) * 255 / 219
    u, v = ((np.kron(p, np.ones((2, 2))) - 128) * 255 / 224 for p in planes[1:])
    red, blue = y + 1.402 * v, y + 1.772 * u
    green = (y - 0.299 * red - 0.114 * blue) / 0.587
    exact = np.clip(np.dstack([red, green, blue]), 0, 255)
    assert np.abs((frames[0] - exact).mean((0, 1))).max() < 0.1


@pytest.mark.parametrize("degrees", [0, 90, -90, 180])
def test_rotation_flag_is_applied(make_video, degrees):
    plain = make_video("plain.mp4", audio=None)
    turned = make_video("turned.mp4", rotation=degrees, audio=None)
    image, other = (next(read_video(p)).image for p in (plain, turned))
    np.testing.assert_array_equal(np.rot90(image, degrees // 90), other)
    info = probe(turned)
    assert (info.height, info.width) == other.shape[:2]
    assert abs(info.rotation) == abs(degrees)


def test_variable_frame_rate_keeps_every_time(make_video):
    pts = np.cumsum(np.random.default_rng(0).integers(11, 90, 30)).tolist()
    path = make_video("vfr.mkv", pts=pts)
    seen = list(read_video(path))
    assert [f.pts for f in seen] == pts
    assert [f.time for f in seen] == pytest.approx([p / 1000 for p in pts])


def test_odd_widths_and_heights_are_read(make_video):
    path = make_video("odd.mkv", size=(359, 287), pix_fmt="yuv444p")
    assert next(read_video(path)).image.shape == (287, 359, 3)
    assert (probe(path).width, probe(path).height) == (359, 287)


def test_raw_stream_without_times_gets_some(make_video):
    path = make_video("raw.h264", audio=None, time_base=Fraction(1, 25))
    seen = list(read_video(path))
    assert len(seen) == 30
    steps = np.diff([f.pts for f in seen])
    assert (steps > 0).all()


def test_a_gif_is_read_as_a_video(tmp_path, frames):
    images = [Image.fromarray(f) for f in frames[:4]]
    path = tmp_path / "a.gif"
    images[0].save(path, save_all=True, append_images=images[1:], duration=80)
    assert [f.time for f in read_video(path)] == pytest.approx([0, 0.08, 0.16, 0.24])


@pytest.mark.parametrize(
    "content", [b"", b"\x00", b"not a video\n" * 500, bytes(range(256)) * 100]
)
@pytest.mark.parametrize("name", ["a.mp4", "a.txt", "a.mpg"])
def test_no_video_raises(tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes(content)
    for use in (probe, lambda p: list(read_video(p))):
        with pytest.raises(MediaError, match="Expected a complete video file"):
            use(path)


def test_still_image_and_sound_are_no_video(tmp_path, frames, make_video):
    write_image(tmp_path / "still.jpg", frames[0])
    with pytest.raises(MediaError, match="cannot be read as a video"):
        probe(tmp_path / "still.jpg")


def test_a_missing_video_is_reported(tmp_path):
    with pytest.raises(FileNotFoundError, match="Nothing is at"):
        read_video(tmp_path / "none.mp4")


def test_mp4_without_its_index_raises(tmp_path, make_video):
    data = make_video("whole.mp4").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(data[: len(data) // 2])
    with pytest.raises(MediaError, match=r"cut\.mp4 cannot be read as a video"):
        probe(cut)


@pytest.mark.parametrize("name", ["whole.mkv", "front.mp4", "clip.mpg"])
def test_truncated_video_gives_its_whole_frames(tmp_path, clip, make_video, name):
    if name == "front.mp4":
        path = tmp_path / "source.mp4"
        _with_index_in_front(path, clip)
    else:
        path = clip if name == "clip.mpg" else make_video(name)
    data = path.read_bytes()
    cut = tmp_path / name
    cut.write_bytes(data[: int(len(data) * 0.6)])
    whole, seen = list(read_video(path)), list(read_video(cut))
    assert 5 < len(seen) < len(whole)
    np.testing.assert_array_equal(seen[3].image, whole[3].image)


def _with_index_in_front(path, clip):
    from deepface_models.media import VideoWriter

    with VideoWriter(path, like=clip) as writer:
        for frame in read_video(clip):
            writer.write(frame.image, frame.pts)


def test_damaged_video_goes_on_after_the_damage(tmp_path, make_video, caplog):
    source = make_video("d.mkv", options={"crf": "8", "g": "5"})
    data = bytearray(source.read_bytes())
    middle = len(data) // 2
    random = np.random.default_rng(0)
    data[middle : middle + 4000] = random.integers(0, 256, 4000, np.uint8).tobytes()
    path = tmp_path / "damaged.mkv"
    path.write_bytes(data)
    with caplog.at_level(logging.WARNING, "deepface_models"):
        seen = list(read_video(path))
    assert 10 < len(seen) <= 30
    assert seen[-1].time > 1.0
    assert (np.diff([f.pts for f in seen]) > 0).all()


def test_metadata_of_a_video(clip, tmp_path, frames):
    """A video without tags has none, and a written tag is read back."""
    assert read_metadata(clip) == {}
    path = tmp_path / "tagged.mkv"
    with VideoWriter(path, metadata={"comment": "gr\u00fcn"}) as writer:
        writer.write(frames[0])
    found = {key.lower(): text for key, text in read_metadata(path).items()}
    assert found["comment"] == "gr\u00fcn"


def test_ten_bit_video(make_video, frames):
    path = make_video("ten.mp4", pix_fmt="yuv420p10le", audio=None)
    read = next(read_video(path)).image
    assert read.dtype == np.uint8
    assert np.abs((read.astype(float) - frames[0]).mean((0, 1))).max() < 1


@pytest.mark.parametrize("seed", range(12))
def test_damaged_bytes_give_frames_or_a_media_error(tmp_path, clip, seed):
    random = np.random.default_rng(seed)
    data = np.frombuffer(clip.read_bytes(), np.uint8).copy()
    reach = random.choice([200, 5000, len(data)])
    where = random.integers(0, reach, random.choice([1, 20, 400]))
    data[where] = random.integers(0, 256, len(where))
    path = tmp_path / "damaged.mpg"
    path.write_bytes(data.tobytes())
    try:
        seen = [(f.pts, f.image.shape) for f in read_video(path, stop=8)]
    except MediaError:
        return
    assert len({shape for _, shape in seen}) == 1
    assert (np.diff([pts for pts, _ in seen]) > 0).all()


@pytest.mark.slow
def test_frames_that_were_read_are_let_go(clip):
    """Memory does not grow with the frames, also without collections."""
    gc.collect()
    gc.disable()
    try:
        for _ in read_video(clip, stop=20):
            alive = sum(isinstance(one, av.VideoFrame) for one in gc.get_objects())
    finally:
        gc.enable()
    assert alive < 8
