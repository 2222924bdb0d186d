"""How many frames are processed together, and how many are held in memory."""

from __future__ import annotations

# Frames processed together; see `FaceAligner.detect_frames`.
CHUNK = 16
# Bytes of all frames in memory, waiting ones included: about sixty frames of 1080p
# video or fifteen of 4K video.
MAX_BYTES = 384 << 20


def chunk_length(frame_bytes: int) -> int:
    """Returns how many frames of this size to process together: at most 16.

    Fewer for large frames: one chunk is read while another is processed, and both
    together must fit into `MAX_BYTES`. Frames of one size always give the same length.
    """
    return max(1, min(CHUNK, MAX_BYTES // (2 * max(frame_bytes, 1))))


def most_waiting(chunk_bytes: int, workers: int) -> int:
    """Returns how many chunks of this size may wait while the next one is read."""
    return max(1, min(workers + 1, MAX_BYTES // max(chunk_bytes, 1) - 1))
