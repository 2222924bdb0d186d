"""Files as people have them: broken, empty, misnamed, and of unusual formats."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
from PIL import Image
from web_helpers import CLIPS

FACE = Path(__file__).parents[1] / "data" / "faces" / "london_005_neutral.jpg"
UNREADABLE = (
    *("cut.mp4", "empty.mp4", "sound.mp4", "text.jpg", "zero.png", "half.jpg"),
)
WITHOUT_FACE = ("one_pixel.png", "flat.png")
WITH_FACE = (
    *("turned.jpg", "cmyk.jpg", "deep.png", "clear.webp", "moving.gif", "cut.mpg"),
    *("one_frame.mp4", "photo_of_Zoe_b1.jpg"),
)


def make(folder: Path) -> list[Path]:
    """Makes the files; returns them."""
    with Image.open(FACE) as opened:
        face = opened.convert("RGB").resize((320, 320))
    _pictures(folder, face)
    _films(folder, face)
    return sorted(folder.iterdir())


def _pictures(folder: Path, face: Image.Image) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    face.rotate(90).save(folder / "turned.jpg", exif=turned)
    face.convert("CMYK").save(folder / "cmyk.jpg")
    deep = np.asarray(face.convert("L")).astype(np.uint16) * 257
    Image.fromarray(deep).save(folder / "deep.png")
    clear = face.copy()
    clear.putalpha(200)
    clear.save(folder / "clear.webp")
    face.save(folder / "moving.gif", save_all=True, append_images=[face.rotate(5)])
    face.save(folder / "photo of Zo\u00eb <b>1.jpg")
    Image.new("RGB", (1, 1)).save(folder / "one_pixel.png")
    Image.new("RGB", (64, 64), "gray").save(folder / "flat.png")
    whole = io.BytesIO()
    face.save(whole, "JPEG")
    (folder / "half.jpg").write_bytes(whole.getvalue()[:200])
    (folder / "zero.png").write_bytes(bytes(4096))
    (folder / "text.jpg").write_text("This is no picture.", "utf-8")


def _films(folder: Path, face: Image.Image) -> None:
    with av.open(str(folder / "one_frame.mp4"), "w") as film:
        stream = film.add_stream("h264", rate=25, width=320, height=320)
        frame = av.VideoFrame.from_image(face)
        film.mux([*stream.encode(frame), *stream.encode(None)])
    whole = (folder / "one_frame.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.mp4").write_bytes(b"")
    clip = (CLIPS / "s1" / "bbaf2n.mpg").read_bytes()
    (folder / "cut.mpg").write_bytes(clip[: len(clip) // 8])
    with av.open(str(folder / "sound.mp4"), "w") as film:
        stream = film.add_stream("aac", rate=16000, layout="mono")
        sound = np.zeros((1, 16000), np.float32)
        frame = av.AudioFrame.from_ndarray(sound, "fltp", "mono")
        frame.sample_rate = 16000
        film.mux([*stream.encode(frame), *stream.encode(None)])
