"""Only the named file is opened, and no other file or address."""

from __future__ import annotations

import shutil
from fractions import Fraction

import pytest

from deepface_models.core.errors import MediaError
from deepface_models.media import VideoWriter, probe, read_metadata, read_video

NAMES = [
    "12:30.mp4",
    "http:x.mp4",
    "file:x.mp4",
    "concat:a|b.mp4",
    "%03d.mp4",
    "a?b.mp4",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_with_a_colon_is_a_file(tmp_path, monkeypatch, make_video, name):
    """File names with colons are files, never protocols."""
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(make_video("s.mp4"), tmp_path / name)
    assert probe(name).width == 360
    image = next(read_video(name)).image
    with VideoWriter(f"new {name}", like=name, metadata={"title": "t"}) as writer:
        writer.write(image)
    assert read_metadata(f"new {name}")["title"] == "t"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([name, f"new {name}"])


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{0}\n#EXT-X-ENDLIST\n",
    "ffconcat": "ffconcat version 1.0\nfile {0}\n",
    "concat": "file '{0}'\n",
    "dash": "<?xml version='1.0'?>\n<MPD xmlns='urn:mpeg:dash:schema:mpd:2011' "
    "profiles='urn:mpeg:dash:profile:isoff-on-demand:2011' type='static'>"
    "<Period><AdaptationSet><Representation id='1'><BaseURL>{0}</BaseURL>"
    "</Representation></AdaptationSet></Period></MPD>\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
}


@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".mkv"])
@pytest.mark.parametrize("kind", PLAYLISTS)
def test_playlists_are_refused(tmp_path, make_video, kind, suffix):
    """Text playlists named .mp4 are refused."""
    shutil.copyfile(
        make_video("s.ts", time_base=Fraction(1, 25)), tmp_path / "inner.ts"
    )
    path = tmp_path / f"list{suffix}"
    path.write_text(PLAYLISTS[kind].format("inner.ts"), encoding="utf-8")
    with pytest.raises(MediaError, match=r"it holds text, such as a playlist"):
        probe(path)


def test_ffmpeg_never_reads_a_sequence_of_images(tmp_path, frames):
    """No format that opens other files; patterns are read image by image."""
    from deepface_models.media import write_image
    from deepface_models.media.container import open_video

    write_image(tmp_path / "001.png", frames[0])
    shutil.copyfile(tmp_path / "001.png", tmp_path / "still.mp4")
    for name in ("still.mp4", "%03d.png"):
        with (
            pytest.raises((MediaError, FileNotFoundError)),
            open_video(tmp_path / name),
        ):
            pass
