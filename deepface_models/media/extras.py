"""Tags, chapters and other streams of a video: copied, or reported as lost."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

from deepface_models.core.words import many
from deepface_models.media.container import readable_tags
from deepface_models.media.video import VideoInfo

# Tags that mp4 and mov keep without FFmpeg's free-form metadata atoms.
MP4_KEYS = frozenset(
    "title artist album album_artist composer comment description synopsis copyright "
    "date genre show".split()
)
_KEPT = MP4_KEYS | {"creation_time", "author"}
# Tags about the container itself.
_OWN = frozenset(
    "major_brand minor_version compatible_brands encoder duration software".split()
)
_HDR = {16: "PQ", 18: "HLG"}  # transfer functions, ITU-T H.273


def copy_metadata(
    source: Any, output: Any, origin: Fraction | None, ours: dict[str, str]
) -> list[str]:
    """Copies title, dates and chapters from an open video to the output.

    Args:
        source: PyAV container that is read.
        output: PyAV container whose header is not written yet.
        origin: Time in seconds at which the source begins; None if only a part of it is
            converted, which leaves out chapters.
        ours: Tags of the result, which override the source's.

    Returns:
        A sentence for each kind of data that is left out.
    """
    tags = {key.lower(): text for key, text in readable_tags(source.metadata).items()}
    kept = {key: text for key, text in tags.items() if key in _KEPT}
    output.metadata.update({**kept, **ours})
    lost = sorted(set(tags) - _KEPT - _OWN)
    lost += sorted(k for k in set(kept) & set(ours) if kept[k] != ours[k])
    notes = [f"Tags left out: {', '.join(lost)}."] if lost else []
    return notes + _chapters(source, output, origin) + _streams(source)


def _chapters(source: Any, output: Any, origin: Fraction | None) -> list[str]:
    chapters = source.chapters()
    if not chapters:
        return []
    if origin is None:
        return [f"{len(chapters)} chapters left out of a part of the video."]
    if output.format.name in ("avi", "webm"):
        return [f"{len(chapters)} chapters left out: the container has none."]
    output.set_chapters([_moved(chapter, origin) for chapter in chapters])
    return []


def _moved(chapter: Any, origin: Fraction) -> Any:
    ticks = round(origin / chapter["time_base"])
    start, end = (max(0, chapter[key] - ticks) for key in ("start", "end"))
    return {**chapter, "start": start, "end": end}


def _streams(source: Any) -> list[str]:
    """Reports streams that are left out; subtitles are reported elsewhere."""
    # mp4 stores chapters as one more stream.
    inside = source.chapters() and "mp4" in source.format.name
    kinds = Counter(stream.type for stream in source.streams)
    counts = {
        "video stream": kinds["video"] - 1,
        "data stream": kinds["data"] - (1 if inside and kinds["data"] else 0),
        "attachment": kinds["attachment"],
    }
    return [
        f"{many(count, name)} (such as a cover or a second camera) left out."
        for name, count in counts.items()
        if count > 0
    ]


def image_notes(info: VideoInfo, bits: int = 8) -> list[str]:
    """Reports properties of the source's images that a result of `bits` lacks."""
    notes = []
    if info.interlaced:
        notes.append("Interlaced: its fields were joined to whole frames (bwdif).")
    if info.bits > bits:
        notes.append(f"{info.bits} bits a sample became {bits}.")
    if info.coding.transfer in _HDR and bits == 8:
        name = _HDR[info.coding.transfer]
        notes.append(
            f"HDR ({name}) is kept as it is tagged, with 8 bits: gradients may show "
            "bands."
        )
    if info.alpha:
        notes.append("Transparency was left out.")
    return notes
