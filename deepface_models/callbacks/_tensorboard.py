"""Images for TensorBoard, on any backend."""

from __future__ import annotations

import io
import os
import socket
import time
from pathlib import Path
from typing import Any

from PIL import Image

from deepface_models.core.arrays import Array
from deepface_models.core.errors import MissingDependencyError


class ImageEvents:
    """An event file of images for TensorBoard.

    Records are written directly, because TensorBoard's EventFileWriter imports
    TensorFlow if it is installed, even under JAX and Torch.

    Args:
        log_dir: Folder of event files, which may be that of
            `keras.callbacks.TensorBoard`.

    Raises:
        MissingDependencyError: TensorBoard is not installed.
    """

    def __init__(self, log_dir: str | Path) -> None:
        try:
            from tensorboard.compat.proto import event_pb2, summary_pb2
            from tensorboard.summary.writer.record_writer import RecordWriter
        except ImportError as error:
            raise MissingDependencyError(
                f"log_dir={str(log_dir)!r} was given, but TensorBoard is not "
                "installed. Expected it for event files. Install it with: pip "
                "install 'deepface_models[tensorboard]', or leave log_dir out."
            ) from error
        self.log_dir = Path(log_dir)
        self._event, self._summary = event_pb2.Event, summary_pb2.Summary
        self._records = RecordWriter
        self._path: Path | None = None

    def write(self, tag: str, image: Array, step: int) -> None:
        """Appends an image.

        Args:
            tag: Name of the series of images.
            image: uint8 (H, W, 3), RGB.
            step: Step of the image in the series.
        """
        packed = io.BytesIO()
        Image.fromarray(image).save(packed, "PNG")
        summary = self._summary()
        height, width = image.shape[:2]
        shown = self._summary.Image(height=height, width=width, colorspace=3)
        shown.encoded_image_string = packed.getvalue()
        summary.value.add(tag=tag, image=shown)
        if self._path is None:
            self._path = self._new_path(tag)
            self._append(file_version="brain.Event:2")
        self._append(step=step, summary=summary)

    def _new_path(self, tag: str) -> Path:
        self.log_dir.mkdir(parents=True, exist_ok=True)
        now, host = f"{time.time():.6f}", socket.gethostname()
        name = f"events.out.tfevents.{now}.{host}.{os.getpid()}.{tag}"
        return self.log_dir / name

    def _append(self, **fields: Any) -> None:
        if self._path is not None:
            event = self._event(wall_time=time.time(), **fields)
            with open(self._path, "ab") as handle:
                self._records(handle).write(event.SerializeToString())
