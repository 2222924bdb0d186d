"""The video engine: reads frames, finds their faces in threads, yields them in order.

Extraction and conversion both stand on it. Frames are searched in chunks, because
neighbors help each other (see `FaceAligner.detect_frames`). How many are in memory is
bound by their bytes.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from deepface_models.core.allocation import return_freed_memory
from deepface_models.core.whole import whole_numbers
from deepface_models.faces._frames import Found, faces_of
from deepface_models.faces._sequence import Border
from deepface_models.faces.embedding import Embedder, embed_chips
from deepface_models.faces.face import Face
from deepface_models.faces.tracks import Tracker
from deepface_models.media import (
    ImageSequence,
    VideoFrame,
    media_kind,
    probe,
    read_image,
    read_video,
)
from deepface_models.media.sequence import Source

if TYPE_CHECKING:
    from deepface_models.faces.aligner import FaceAligner

# Frames searched together.
CHUNK = 32
_SHORT = 8  # frames below which two chunks at a time are better than three
# Bytes of all frames in memory, waiting ones included: about eighty frames of 1080p
# video or twenty of 4K video; two thirds of that where they are kept as stored too.
MAX_BYTES = 512 << 20
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
    source: Source, aligner: FaceAligner, workers: int | None = None
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
        >>> from deepface_models.faces import FaceAligner
        >>> for frame in iter_faces("ana.mp4", FaceAligner(embeddings=False)):
        ...     print(frame.time, len(frame.faces), frame.tracks)
        0.0 1 [0]
        0.04 1 [0]
        0.08 1 [0]
    """

    def search(chunk: Chunk) -> tuple[list[tuple[int, float]], Found]:
        frames = [(frame.index, frame.time) for frame in chunk.frames]
        return frames, find_faces(aligner, chunk)

    tracker, begins_scene = Tracker(), False
    with closing(in_order(read_chunks(source), search, workers)) as chunks:
        for frames, found in chunks:
            cuts = set(found.cuts) | ({0} if begins_scene else set())
            for place, (index, time) in enumerate(frames):
                faces, cut = found.faces[place], place in cuts
                tracks = tracker.add(index, faces, cut)
                yield FrameFaces(index, time, faces, tracks, cut)
            begins_scene = len(frames) in cuts


@dataclass(frozen=True, eq=False)
class Chunk:
    """Consecutive frames of a source that are searched together.

    Attributes:
        source: The image, video or image sequence.
        frames: The frames.
        next_frame: Number of the frame that the next chunk begins at.
        following: The first frame of the next chunk; None in the source's last chunk.
        begin: What is found in the chunk's first frame.
        end: What is found in `following`.
    """

    source: Source
    frames: list[VideoFrame]
    next_frame: int
    following: VideoFrame | None = None
    begin: Border = field(default_factory=Border)
    end: Border = field(default_factory=Border)

    @property
    def last(self) -> bool:
        """Whether it is the source's last chunk."""
        return self.following is None

    @property
    def nbytes(self) -> int:
        """Bytes of the frames."""
        return sum(frame.nbytes for frame in self.frames)


def read_chunks(
    source: Source,
    start: int = 0,
    every_n: int = 1,
    stop: int | None = None,
    keep: bool = False,
) -> Iterator[Chunk]:
    """Reads a video or an image chunk by chunk.

    The chunks of a video are the same wherever the reading starts. Each knows the first
    frame of the next one, so that a face that appears in between is found in both.

    Args:
        source: The file.
        start: Number of the first frame to read.
        every_n: Read only every n-th frame of a video.
        stop: Number of the frame of a video to stop before.
        keep: Whether to keep the frames as they are stored, see `read_video`.
    """
    still = not isinstance(source, ImageSequence) and media_kind(source) == "image"
    if still:
        image = read_image(str(source))
        yield Chunk(source, [VideoFrame(0, 0, 0.0, image)], 1)
        return
    frames = read_video(source, start, stop, every_n, quick=True, keep=keep)
    following = next(frames, None)
    if following is None:
        yield Chunk(source, [], start)
        return
    length = chunk_length(following.nbytes)
    span = length * every_n

    def border(frame: int) -> Border:
        return Border(frame % span != 0 or frame % (2 * span) == 0)

    begin = border(following.index)
    while following is not None:
        end = (following.index // span + 1) * span
        held = []
        while following is not None and following.index < end:
            held.append(following)
            following = next(frames, None)
        after = border(end)
        yield Chunk(source, held, end, following, begin, after)
        begin = after
        del held


def find_faces(
    aligner: FaceAligner,
    chunk: Chunk,
    embedder: Embedder = embed_chips,
    fill: bool = True,
) -> Found:
    """Returns the faces of a chunk's frames, and cuts up to the frame after them."""
    images = [frame.image for frame in chunk.frames]
    if len(images) == 1 and chunk.last and chunk.frames[0].index == 0:
        # an image has no neighbors
        return Found([aligner._detect(images[0], embedder)], [])
    borders = {0: chunk.begin}
    if chunk.following is not None:
        borders[len(images)] = chunk.end
        images.append(chunk.following.image)
    return faces_of(aligner, images, embedder, borders, len(chunk.frames), fill)


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
                most = most_waiting(chunk.nbytes, workers)
                del chunk
                while len(waiting) > most:
                    yield waiting.popleft().result()
                    return_freed_memory()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def default_workers() -> int:
    """Returns one thread for each core, at most four."""
    return min(4, os.cpu_count() or 1)


def chunk_length(frame_bytes: int) -> int:
    """Returns how many frames of this size to search together: at most 32.

    Fewer for large frames: one chunk is read while one or two others are searched, and
    all together must fit into `MAX_BYTES`. Frames of one size always give the same
    length.
    """
    fitting = MAX_BYTES // max(frame_bytes, 1)
    return max(1, min(CHUNK, max(fitting // 3, min(_SHORT, fitting // 2))))


def most_waiting(chunk_bytes: int, workers: int) -> int:
    """Returns how many chunks of this size may wait while the next one is read."""
    return max(1, min(workers + 1, MAX_BYTES // max(chunk_bytes, 1) - 1))


def frame_count(source: Source) -> int | None:
    """Returns about how many frames a video has; None if the file does not say it."""
    info = probe(source)
    return info.frames or round(float((info.duration or 0) * info.fps)) or None
