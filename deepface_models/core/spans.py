"""Ranges of a video's frames."""

from __future__ import annotations

from typing import Any, TypeAlias

from deepface_models.core.whole import whole_number

# The first frame, and the one to stop before; None for the end of the video.
Span: TypeAlias = tuple[int, int | None]
WHOLE: Span = (0, None)


def span_of(frames: Any) -> Span:
    """Returns the range that a caller gave as `frames`.

    Args:
        frames: (start, stop), either of which may be None, or None for all frames.

    Raises:
        ValueError: It is no such pair, or empty.
    """
    if frames is None:
        return WHOLE
    try:
        start, stop = frames
        first = 0 if start is None else whole_number("start", start, 0)
        last = None if stop is None else whole_number("stop", stop, first + 1)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"frames={frames!r} was given. Expected (start, stop): the number of the "
            "first frame, from 0, and of the frame to stop before, or None. Pass "
            "frames=(100, 250) for 150 frames."
        ) from error
    return first, last


def contains(outer: Span, inner: Span) -> bool:
    """Whether all frames of one range are in another."""
    ends = outer[1] is None or (inner[1] is not None and inner[1] <= outer[1])
    return outer[0] <= inner[0] and ends


def has(span: Span, frame: int) -> bool:
    """Whether a frame is in a range."""
    return span[0] <= frame and (span[1] is None or frame < span[1])


def span_name(span: Span) -> str:
    """Returns a range as part of a file name, such as "100-250"."""
    return f"{span[0]}-{'end' if span[1] is None else span[1]}"
