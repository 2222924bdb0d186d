"""The video engine: reads frames, finds their faces in threads, yields them in order.

Extraction and conversion both stand on it. Frames are searched in chunks, because
neighbors help each other (see `FaceAligner.detect_frames`). How many are in memory is
bound by their bytes.
"""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers
from deepface_models.faces.embedding import Embedder, embed_chips
from deepface_models.faces.face import Face
from deepface_models.faces.scenes import color_histograms, is_cut
from deepface_models.faces.tracks import Tracker
from deepface_models.media import VideoFrame, media_kind, probe, read_image, read_video

if TYPE_CHECKING:
    from deepface_models.faces.aligner import FaceAligner

# Frames searched together.
CHUNK = 16
# Bytes of all frames in memory, waiting ones included: about sixty frames of 1080p
# video or fifteen of 4K video.
MAX_BYTES = 384 << 20
R = TypeVar("R")


@dataclass(frozen=True, eq=False)
class FrameFaces:
    """The faces of one frame of a video.

    Attributes:
        index: Number of the frame in display order, from 0.
        time: Seconds from the start of the video.
        faces: The faces, largest first.
        tracks: The number of each face's track: one face in successive frames of a
            scene keeps its number.
        is_cut: Whether the frame begins a new scene.
    """

    index: int
    time: float
    faces: list[Face]
    tracks: list[int]
    is_cut: bool


@whole_numbers(workers=1)
def iter_faces(
    source: str | Path, aligner: FaceAligner, workers: int | None = None
) -> Iterator[FrameFaces]:
    """Finds and tracks the faces of a video, frame by frame.

    The memory it takes does not grow with the length of the video.

    Args:
        source: A video or an image.
        aligner: Finds the faces.
        workers: Number of threads; by default one for each core, at most four.

    Yields:
        The faces of each frame, in display order.

    Raises:
        MediaError: The source cannot be read.

    Example:
        for frame in iter_faces("clip.mp4", FaceAligner(embeddings=False)):
            print(frame.time, len(frame.faces), frame.tracks)
    """

    def search(chunk: Chunk) -> list[tuple[int, float, list[Face], Array]]:
        return [
            (frame.index, frame.time, faces, color_histograms(frame.image))
            for frame, faces in zip(
                chunk.frames, find_faces(aligner, chunk), strict=True
            )
        ]

    tracker, before = Tracker(), None
    with closing(in_order(read_chunks(str(source)), search, workers)) as chunks:
        for index, time, faces, colors in itertools.chain.from_iterable(chunks):
            cut = before is not None and is_cut(before, colors)
            before = colors
            yield FrameFaces(index, time, faces, tracker.add(index, faces, cut), cut)


@dataclass(frozen=True, eq=False)
class Chunk:
    """Consecutive frames of a source that are searched together.

    Attributes:
        source: The image or video.
        frames: The frames.
        next_frame: Number of the frame that the next chunk begins at.
        last: Whether it is the source's last chunk.
    """

    source: str
    frames: list[VideoFrame]
    next_frame: int
    last: bool


def read_chunks(source: str, start: int = 0, every_n: int = 1) -> Iterator[Chunk]:
    """Reads a video or an image chunk by chunk.

    The chunks of a video are the same wherever the reading starts.

    Args:
        source: The file.
        start: Number of the first frame to read.
        every_n: Read only every n-th frame of a video.
    """
    if media_kind(source) == "image":
        yield Chunk(source, [VideoFrame(0, 0, 0.0, read_image(source))], 1, True)
        return
    frames = read_video(source, start=start, every_n=every_n)
    following = next(frames, None)
    if following is None:
        yield Chunk(source, [], start, True)
    while following is not None:
        span = chunk_length(following.image.nbytes) * every_n
        end = (following.index // span + 1) * span
        held = []
        while following is not None and following.index < end:
            held.append(following)
            following = next(frames, None)
        yield Chunk(source, held, end, following is None)
        del held


def find_faces(
    aligner: FaceAligner, chunk: Chunk, embedder: Embedder = embed_chips
) -> list[list[Face]]:
    """Returns the faces of each frame of a chunk, largest first."""
    images = [frame.image for frame in chunk.frames]
    if len(images) == 1 and chunk.last and chunk.frames[0].index == 0:
        return [aligner._detect(images[0], embedder)]  # an image has no neighbors
    return aligner.detect_frames(images, embedder)


def in_order(
    chunks: Iterable[Chunk], work: Callable[[Chunk], R], workers: int | None = None
) -> Generator[R, None, None]:
    """Works on chunks in threads and yields the results in the chunks' order.

    A few chunks wait while the next one is read, as many as `MAX_BYTES` allows. Close
    the iterator to drop what has not begun.

    Args:
        chunks: Read one by one, in the thread of the caller.
        work: Called in a thread with each chunk. Its result must not hold the frames.
        workers: Number of threads; by default one for each core, at most four.
    """
    workers = workers or default_workers()
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for chunk in chunks:
                waiting.append(pool.submit(work, chunk))
                most = most_waiting(sum(f.image.nbytes for f in chunk.frames), workers)
                del chunk
                while len(waiting) > most:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def default_workers() -> int:
    """Returns one thread for each core, at most four."""
    return min(4, os.cpu_count() or 1)


def chunk_length(frame_bytes: int) -> int:
    """Returns how many frames of this size to search together: at most 16.

    Fewer for large frames: one chunk is read while another is searched, and both
    together must fit into `MAX_BYTES`. Frames of one size always give the same length.
    """
    return max(1, min(CHUNK, MAX_BYTES // (2 * max(frame_bytes, 1))))


def most_waiting(chunk_bytes: int, workers: int) -> int:
    """Returns how many chunks of this size may wait while the next one is read."""
    return max(1, min(workers + 1, MAX_BYTES // max(chunk_bytes, 1) - 1))


def frame_count(source: str | Path) -> int | None:
    """Returns about how many frames a video has; None if the file does not say it."""
    info = probe(source)
    return info.frames or round(float((info.duration or 0) * info.fps)) or None
