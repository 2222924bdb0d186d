"""How many frames are searched together, and how many are in memory at all."""

from __future__ import annotations

# Frames searched together; see `FaceAligner.detect_frames`.
CHUNK = 16
# Bytes of all frames that are read, searched or wait for it: sixty of 1080p, fifteen
# of 4K video.
HELD = 384 << 20


def chunk_length(frame_bytes: int) -> int:
    """Returns how many frames of this size to search together: at most 16.

    Fewer where two chunks, one that is searched and one that is read meanwhile, would
    be more than `HELD` bytes; always the same for frames of one size.
    """
    return max(1, min(CHUNK, HELD // (2 * max(frame_bytes, 1))))


def most_waiting(chunk_bytes: int, workers: int) -> int:
    """Returns how many chunks of this size may wait while another one is read."""
    return max(1, min(workers + 1, HELD // max(chunk_bytes, 1) - 1))
