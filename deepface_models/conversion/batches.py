"""Decodes the faces of many frames, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from typing import Any, TypeAlias

from deepface_models.conversion.converter import Converter
from deepface_models.conversion.decoded import DecodedFace
from deepface_models.conversion.report import ConversionReport
from deepface_models.core.arrays import Array
from deepface_models.faces.face import Face

_HELD = 48 << 20  # bytes of frames waiting for their batch
# Frames from one measure of the detail of a track's face to the next: it hardly
# changes, and is averaged over more frames than these.
DETAIL_EVERY = 4

# Any object, the image of a frame, and the face to swap with its track's number.
Item: TypeAlias = tuple[Any, Array, tuple[int, Face] | None]


def _image_bytes(item: Item) -> int:
    return int(item[1].nbytes)


def decode_frames(
    items: Iterable[Item],
    converter: Converter,
    report: ConversionReport | None = None,
    weigh: Callable[[Item], int] = _image_bytes,
) -> Iterator[tuple[Any, DecodedFace | None]]:
    """Decodes the faces of frames; a video is converted and a swap evaluated by it.

    Args:
        items: For each frame any object, which is passed through, its image, and the
            face to swap with the number of its track, or None.
        converter: Decodes the faces, `batch_size` at once.
        report: Gets the seconds of the stage "decode".
        weigh: Returns the bytes that a frame takes in memory.

    Yields:
        The object and the decoded face, or None, in the same order.
    """
    first, measured = 0, dict[int, int]()
    for batch in batches(items, converter.batch_size, weigh):
        chosen = [(image, *face) for _, image, face in batch if face is not None]
        images, tracks, faces = zip(*chosen, strict=True) if chosen else ((), (), ())
        detail = _due([one[2] for one in batch], first, measured)
        first += len(batch)
        with report.stage("decode") if report else nullcontext():
            decoded = iter(converter.decode(images, faces, tracks, detail))
        for item, _, face in batch:
            yield item, None if face is None else next(decoded)


def _due(
    faces: Iterable[tuple[int, Face] | None], first: int, measured: dict[int, int]
) -> list[bool]:
    """Returns for each face whether to measure its detail.

    Args:
        faces: The face of each frame with its track, or None.
        first: Number of the first frame.
        measured: The last frame of each track that was measured; is kept up to date.
    """
    due = []
    for frame, face in enumerate(faces, first):
        if face is not None:
            last = measured.get(face[0])
            due.append(last is None or frame - last >= DETAIL_EVERY)
            if due[-1]:
                measured[face[0]] = frame
    return due


def batches(
    items: Iterable[Item],
    batch_size: int,
    weigh: Callable[[Item], int] = _image_bytes,
) -> Iterator[list[Item]]:
    """Groups frames until they hold `batch_size` faces to swap, or much memory."""
    batch: list[Item] = []
    faces = held = 0
    for item in items:
        batch.append(item)
        faces += item[2] is not None
        weight = weigh(item)
        held += weight
        full = faces == batch_size or len(batch) == 4 * batch_size
        if full or held + weight > _HELD:
            yield batch
            batch, faces, held = [], 0, 0
    if batch:
        yield batch
