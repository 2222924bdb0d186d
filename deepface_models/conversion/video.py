"""The second pass over a video: decodes, smooths, blends and writes each frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from deepface_models.conversion.converter import Converter
from deepface_models.conversion.decoded import DecodedFace
from deepface_models.conversion.plan import SwapPlan
from deepface_models.conversion.report import ConversionReport
from deepface_models.conversion.smoothing import smooth_faces
from deepface_models.core.progress import Progress
from deepface_models.media import VideoFrame, VideoWriter, read_video

_HELD = 256 << 20  # bytes of frames waiting for their batch


def write_video(
    source: Path,
    output: Path,
    plan: SwapPlan,
    converter: Converter,
    report: ConversionReport,
    bar: Progress,
    **writer: Any,
) -> None:
    """Writes the source with the planned faces swapped.

    Args:
        source: A video.
        output: The video to write. Frames keep their time stamps, and sound is copied.
        plan: Which face to swap in which frame, from `plan_video`.
        converter: Decodes and blends the faces.
        report: Gets the counts and the seconds of each stage.
        bar: Counts the frames.
        **writer: Further arguments of `media.VideoWriter`.
    """
    bar.task("swap", plan.frames)
    frames = timed(read_video(source), report, "read")
    smoothed = smooth_faces(_decoded(frames, plan, converter, report))
    with VideoWriter(output, like=source, **writer) as video:
        for frame, decoded in smoothed:
            with report.stage("blend"):
                image = converter.render(frame.image, decoded)
            with report.stage("write"):
                video.write(image, frame.pts, frame.duration)
            report.frames += 1
            report.swapped += decoded is not None
            report.without_face += decoded is None
            bar.advance()
    report.notes += video.notes
    bar.done()
    report.faces_skipped += plan.others


def timed(
    items: Iterable[VideoFrame], report: ConversionReport, stage: str
) -> Iterator[VideoFrame]:
    """Yields the items and adds the time until each arrives to a stage."""
    iterator = iter(items)
    while True:
        with report.stage(stage):
            item = next(iterator, None)
        if item is None:
            return
        yield item


def batches(
    frames: Iterable[VideoFrame], plan: SwapPlan, batch_size: int
) -> Iterator[list[VideoFrame]]:
    """Groups frames until they hold `batch_size` faces to swap, or much memory."""
    batch: list[VideoFrame] = []
    faces = 0
    for frame in frames:
        batch.append(frame)
        faces += frame.index in plan.faces
        most = max(1, _HELD // max(frame.image.nbytes, 1))
        if faces == batch_size or len(batch) >= min(most, 4 * batch_size):
            yield batch
            batch, faces = [], 0
    if batch:
        yield batch


def _decoded(
    frames: Iterable[VideoFrame],
    plan: SwapPlan,
    converter: Converter,
    report: ConversionReport,
) -> Iterator[tuple[VideoFrame, DecodedFace | None]]:
    """Yields each frame with its decoded face, or None."""
    for batch in batches(frames, plan, converter.batch_size):
        chosen = [frame for frame in batch if frame.index in plan.faces]
        planned = [plan.faces[frame.index] for frame in chosen]
        with report.stage("decode"):
            decoded = converter.decode(
                [frame.image for frame in chosen],
                [face for _, face in planned],
                [track for track, _ in planned],
            )
        by_index = {f.index: d for f, d in zip(chosen, decoded, strict=True)}
        for frame in batch:
            yield frame, by_index.get(frame.index)
