"""The second pass over a video: reads, decodes, blends and writes at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np

from deepface_models.conversion.batches import decode_frames
from deepface_models.conversion.converter import Converter
from deepface_models.conversion.decoded import DecodedFace
from deepface_models.conversion.parts import PartFrame, cut_parts
from deepface_models.conversion.plan import SwapPlan
from deepface_models.conversion.report import ConversionReport
from deepface_models.conversion.smoothing import smooth_faces
from deepface_models.core.allocation import return_freed_memory
from deepface_models.core.arrays import Array
from deepface_models.core.progress import Progress
from deepface_models.core.spans import WHOLE
from deepface_models.core.stages import ahead
from deepface_models.core.threads import one_opencv_thread
from deepface_models.faces.face import Face
from deepface_models.media import VideoFrame, VideoWriter, read_video
from deepface_models.media.planes import Samples
from deepface_models.media.sequence import Source
from deepface_models.media.video import read_stored

# A frame with the decoded face of each person so far, or None.
_Decoded: TypeAlias = tuple[VideoFrame, tuple[DecodedFace | None, ...]]
# A frame, its output image or samples, and whether a face was swapped in it.
_Rendered: TypeAlias = tuple[VideoFrame, "Array | Samples", bool]
# The converter of each person and their decoded face, or None.
Faces: TypeAlias = Sequence[tuple[Converter, DecodedFace | None]]
Render: TypeAlias = Callable[[VideoFrame, Faces], Array]
T = TypeVar("T")

_HELD = 20 << 20  # bytes of frames that wait between two stages
_TRIMMED = 48 << 20  # bytes of frames after which freed memory is returned


def write_video(
    source: Source,
    output: Path,
    swaps: Sequence[tuple[Converter, SwapPlan]],
    report: ConversionReport,
    bar: Progress,
    make: Callable[..., Any] = VideoWriter,
    render: Render | None = None,
    deep: bool = False,
    parts: bool = False,
    **writer: Any,
) -> None:
    """Writes the source with the planned faces swapped.

    Args:
        source: A video or an image sequence.
        output: The video to write. Frames keep their time stamps, and sound is copied.
            A part of the source begins at 0.
        swaps: For each person to replace, what decodes and blends the faces, and which
            face to swap in which frame.
        report: Gets the counts and the seconds of each stage.
        bar: Counts the frames.
        make: Makes the context manager that writes the images.
        render: Returns the output image of a frame and its faces; `render_all` by
            default.
        deep: Whether frames are float32, with all bits of the source's samples.
        parts: Whether `render` needs no more of a frame than the part around the faces
            to swap. If the writer can keep the other samples, they do not change.
        **writer: Further arguments of it, such as those of `media.VideoWriter`.
    """
    bar.task("swap", swaps[0][1].frames)
    return_freed_memory()
    with (
        one_opencv_thread(),
        make(output, source, cut=swaps[0][1].span != WHOLE, **writer) as video,
        _rendered(
            _read(source, swaps, video if parts and not deep else None, deep),
            swaps,
            report,
            render or _all,
        ) as stream,
    ):
        written = 0
        for rendered in stream:
            frame, image, swapped = rendered
            with report.stage("write"):
                _write(video, frame, image)
            report.frames += 1
            written += _bytes_of_rendered(rendered)
            if written >= _TRIMMED:
                written = 0
                return_freed_memory()
            report.swapped += swapped
            report.without_face += not swapped
            bar.advance()
    report.notes += video.notes
    bar.done()
    report.faces_skipped += swaps[0][1].others
    report.turned_frames = sorted(
        {
            number
            for converter, plan in swaps
            for number, (_, face) in plan.faces.items()
            if converter.is_turned(face)
        }
    )
    report.turned += len(report.turned_frames)


def _read(
    source: Source,
    swaps: Sequence[tuple[Converter, SwapPlan]],
    video: VideoWriter | None,
    deep: bool,
) -> Iterator[VideoFrame]:
    """Returns the frames; parts of them if there is a writer that keeps the others."""
    span = swaps[0][1].span
    if video is None:
        return read_video(source, *span, deep=deep)
    return cut_parts(read_stored(source, *span, video.keeps), swaps)


def _write(video: Any, frame: VideoFrame, image: Array | Samples) -> None:
    if isinstance(image, Samples):
        video.write_samples(image, frame.pts, frame.duration)
        return
    if not isinstance(frame, PartFrame) or frame.stored is None:
        video.write(image, frame.pts, frame.duration)
        return
    part = None if image is frame.image else image
    place = frame.rows, frame.columns
    video.write_part(frame.stored, part, *place, frame.pts, frame.duration)


@contextmanager
def _rendered(
    read: Iterator[VideoFrame],
    swaps: Sequence[tuple[Converter, SwapPlan]],
    report: ConversionReport,
    render: Render,
) -> Iterator[Iterator[_Rendered]]:
    """Yields the output frames; reading, decoding and blending each have a thread."""
    with ExitStack() as stack:

        def stage(items: Iterator[T], weigh: Callable[[T], int]) -> Iterator[T]:
            return stack.enter_context(closing(ahead(items, _HELD, weigh)))

        frames = stage(timed(read, report, "read"), _bytes_of)
        stream: Iterator[_Decoded] = ((frame, ()) for frame in frames)
        for converter, plan in swaps:
            stream = decode_faces(stream, converter, plan, report)
        decoded = stage(stream, lambda item: _bytes_of(item[0]))
        converters = [converter for converter, _ in swaps]
        yield stage(
            _blended(decoded, converters, report, render),
            _bytes_of_rendered,
        )


def _blended(
    stream: Iterator[_Decoded],
    converters: Sequence[Converter],
    report: ConversionReport,
    render: Render,
) -> Iterator[_Rendered]:
    for frame, faces in stream:
        with report.stage("blend"):
            pairs = list(zip(converters, faces, strict=True))
            made = _samples(frame, pairs) or render(frame, pairs)
        yield frame, made, any(face is not None for face in faces)


def _samples(frame: VideoFrame, faces: Faces) -> Samples | None:
    """Returns the samples of a frame with one enlarged face; None for other frames."""
    shown = [(converter, face) for converter, face in faces if face is not None]
    if not isinstance(frame, PartFrame) or frame.stored is None or len(shown) != 1:
        return None
    converter, face = shown[0]
    change = None if converter.debug else converter.change(frame.image, face)
    if change is None:
        return None
    made = Samples.of(frame.stored)
    change.put(made, frame.corner)
    return made


def _bytes_of(frame: VideoFrame) -> int:
    return frame.nbytes


def _bytes_of_rendered(rendered: _Rendered) -> int:
    frame, image, _ = rendered
    return _bytes_of(frame) + int(image.nbytes)


def decode_faces(
    stream: Iterator[_Decoded],
    converter: Converter,
    plan: SwapPlan,
    report: ConversionReport,
) -> Iterator[_Decoded]:
    """Adds one person's decoded faces to those of a stream of frames."""
    items = (
        ((frame, faces), frame.image, _face_in(frame, plan)) for frame, faces in stream
    )
    decoded = decode_frames(
        items, converter, report, lambda item: _bytes_of(item[0][0])
    )
    for (frame, faces), face in smooth_faces(decoded):
        if face is not None and isinstance(frame, PartFrame):
            face = replace(face, corner=frame.corner)
        yield frame, (*faces, face)


def _face_in(frame: VideoFrame, plan: SwapPlan) -> tuple[int, Face] | None:
    found = plan.faces.get(frame.index)
    return frame.inside(found) if isinstance(frame, PartFrame) else found


def _all(frame: VideoFrame, faces: Faces) -> Array:
    return render_all(frame.image, faces)


def render_all(
    frame: Array, faces: Sequence[tuple[Converter, DecodedFace | None]]
) -> Array:
    """Returns the output frame with the face of every person put into it.

    Args:
        frame: (H, W, 3); not changed.
        faces: For each person its converter and the decoded face, or None.
    """
    result = frame
    for converter, face in faces:
        result = converter.swapped(result, face)
    return np.hstack([frame, result]) if faces[0][0].side_by_side else result


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
