"""The second pass over a video: decodes, smooths, blends and writes each frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from deepface_models.conversion.batches import decode_frames
from deepface_models.conversion.converter import Converter
from deepface_models.conversion.plan import SwapPlan
from deepface_models.conversion.report import ConversionReport
from deepface_models.conversion.smoothing import smooth_faces
from deepface_models.core.progress import Progress
from deepface_models.media import VideoFrame, VideoWriter, read_video


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
    items = ((frame, frame.image, plan.faces.get(frame.index)) for frame in frames)
    smoothed = smooth_faces(decode_frames(items, converter, report))
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
