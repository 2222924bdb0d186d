"""Where live frames come from: a camera, a video that plays, or any iterable."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np

from deepface_models.core.arrays import Array, as_uint8
from deepface_models.core.errors import MediaError
from deepface_models.core.stages import ahead
from deepface_models.core.whole import whole_number
from deepface_models.media import VideoFrame, media_kind, probe, read_video
from deepface_models.streaming.camera import BROWSER, BrowserCamera
from deepface_models.streaming.slot import Captured, Slot

_RATE = 25.0  # frames per second of arrays without time stamps
_HELD = 8 << 20  # bytes of frames that are decoded in advance
_Timed: TypeAlias = "tuple[float | None, Array]"
# What `live` takes as its source.
Source: TypeAlias = int | str | Path | Iterable[Any]


@dataclass(frozen=True)
class Opened:
    """A source that can be read.

    Attributes:
        name: What it is, without folders.
        path: The file, or None.
        fps: Frames per second, about.
        live: Whether frames come at a rate of their own.
        read: Yields time (None for now) and image of its frames; takes when to stop,
            and whether colors may be less exact (see `read_video`).
        camera: The camera of a browser, if it is one.
    """

    name: str
    path: Path | None
    fps: float
    live: bool
    read: Callable[[threading.Event, bool], Iterator[_Timed]]
    camera: BrowserCamera | None = None


def open_source(source: Source) -> Opened:
    """Opens a camera, that of a browser, a video or an iterable of frames.

    Raises:
        FileNotFoundError: There is no such file.
        MediaError: There is no such camera, or the file is not a video.
        ValueError: It is something else.
    """
    if isinstance(source, int | np.integer) and not isinstance(source, bool):
        return _camera(whole_number("source", source, 0))
    if source == BROWSER:
        return _browser()
    if isinstance(source, str | Path):
        return _camera(str(source)) if _is_device(source) else _file(Path(source))
    if isinstance(source, Iterable) and not isinstance(source, bytes | dict):
        return Opened("frames", None, _RATE, False, lambda *_: _given(source))
    raise ValueError(
        f"source={source!r} was given. Expected the number of a camera, the path of a "
        "video, or an iterable of RGB images. Use source=0 for the first camera."
    )


class Frames:
    """Iterates over a source, in one of two ways.

    Args:
        source: The source.
        realtime: Whether it is read in a thread of its own, at its own speed, and only
            the newest frame is kept. Otherwise no frame is left out.

    Attributes:
        dropped: Frames that were replaced by newer ones.
    """

    def __init__(self, source: Opened, realtime: bool) -> None:
        self.source, self.realtime = source, realtime
        self.dropped = 0
        self._told, self._stopped = False, threading.Event()
        self._slot = Slot()

    @property
    def waits(self) -> bool:
        """Whether there is a newer frame than the last one that was taken."""
        return self._slot.full

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._told

    def stop(self) -> None:
        """Ends the iteration after the frame that is worked on."""
        self._told = True
        self._stopped.set()

    def __iter__(self) -> Generator[Captured, None, None]:
        return self._newest() if self.realtime else self._every()

    def _every(self) -> Generator[Captured, None, None]:
        items = self.source.read(self._stopped, False)
        if self.source.path is not None:
            items = ahead(items, _HELD, lambda one: int(one[1].nbytes))
        begin = time.perf_counter()
        for index, (at, image) in enumerate(items):
            now = time.perf_counter()
            yield Captured(index, now - begin if at is None else at, image, now)
            if self._stopped.is_set():
                break
        if isinstance(items, Generator):
            items.close()

    def _newest(self) -> Generator[Captured, None, None]:
        thread = threading.Thread(target=self._fill, daemon=True)
        thread.start()
        try:
            while not self._stopped.is_set():
                frame = self._slot.take(self._stopped)
                if frame is None:
                    break
                yield frame
        finally:
            self._stopped.set()
            thread.join(timeout=2.0)  # a camera may hang

    def _fill(self) -> None:
        try:
            self._play()
        except BaseException as error:
            self._slot.end(error)
        else:
            self._slot.end()

    def _play(self) -> None:
        """Puts frames into the slot: a file's at their times, others as they come."""
        begin = None
        items: Any = self.source.read(self._stopped, True)
        with closing(items) if isinstance(items, Generator) else nullcontext():
            for index, (at, image) in enumerate(items):
                begin = time.perf_counter() if begin is None else begin
                if self.source.path is not None and at is not None:
                    self._stopped.wait(max(0.0, begin + at - time.perf_counter()))
                if self._stopped.is_set():
                    return
                now = time.perf_counter()
                seconds = now - begin if at is None else at
                self.dropped += self._slot.put(Captured(index, seconds, image, now))


def _given(frames: Iterable[Any]) -> Iterator[_Timed]:
    """Yields the images of an iterable, with times if it has `VideoFrame`s."""
    first = None
    for index, one in enumerate(frames):
        if isinstance(one, VideoFrame):
            first = one.time if first is None else first
            yield one.time - first, one.image
        else:
            yield index / _RATE, as_uint8(one)


def _file(path: Path) -> Opened:
    kind = media_kind(path)
    if kind != "video":
        raise MediaError(
            f"{path}, which is of the kind {kind!r}, was given as source. Expected a "
            "video, or the number of a camera. Use convert for images and folders."
        )
    fps = float(probe(path).fps)

    def read(stopped: threading.Event, quick: bool) -> Iterator[_Timed]:
        return _given(read_video(path, quick=quick))

    return Opened(path.name, path, fps, True, read)


def _browser() -> Opened:
    camera = BrowserCamera()
    return Opened("camera of a browser", None, _RATE, True, camera.read, camera)


def _is_device(source: str | Path) -> bool:
    with suppress(OSError, ValueError):
        return stat.S_ISCHR(os.stat(source).st_mode)
    return False


def _camera(which: int | str) -> Opened:
    """Opens a camera at once, so that a missing one is reported before the model."""
    with _quiet_opencv():
        camera = cv2.VideoCapture(which)
    found = camera.isOpened() and camera.read()[0]
    if not found:
        camera.release()
        raise MediaError(
            f"No camera {which} was found, or another program uses it. Expected one "
            "that gives images. Try source=1, close other programs, or pass the path "
            "of a video."
        )
    camera.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # older frames would wait there
    fps = camera.get(cv2.CAP_PROP_FPS)

    def read(stopped: threading.Event, quick: bool) -> Iterator[_Timed]:
        try:
            while not stopped.is_set():
                there, image = camera.read()
                if not there:
                    return
                yield None, np.ascontiguousarray(image[..., ::-1])
        finally:
            camera.release()

    name = f"camera {which}" if isinstance(which, int) else Path(which).name
    return Opened(name, None, fps if 0 < fps <= 240 else _RATE, True, read)


@contextmanager
def _quiet_opencv() -> Iterator[None]:
    """Keeps OpenCV from printing which cameras it tried."""
    logging = cv2.utils.logging
    before = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(before)
