"""Time-lapse images and videos of swaps during training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.callbacks._images import (
    LABEL,
    FaceImages,
    draw_rows,
)
from deepface_models.core.arrays import Array
from deepface_models.core.sheet import grid
from deepface_models.core.whole import whole_numbers
from deepface_models.media import read_image, write_image


class TimeLapse(FaceImages):
    """Writes images of the same faces during training, and videos of them at the end.

    `<folder>/ana/000012.png` has Ana's faces after 12 epochs, their reconstructions
    and their swaps to each other person; `<folder>/ana.mp4` is the video of these
    images. A resumed training continues with the same files and removes images of
    later epochs.

    Args:
        folder: Folder of the images and videos.
        faces: Faces (N, S, S, 3) of each person, uint8 or float in [0, 1].
        every: Epochs between images.
        max_faces: Most faces of each person, evenly spaced among those given.
        fps: Frames per second of the videos.

    Raises:
        ValueError: There are no faces; or, when training begins, they do not fit the
            model.

    Example:
        >>> faces = {name: own.images for name, own in people.items()}
        >>> lapse = TimeLapse("timelapse", faces, every=10)
        >>> model.fit(pairs, epochs=100, callbacks=[lapse])  # doctest: +SKIP
    """

    @whole_numbers(every=1, max_faces=1)
    def __init__(
        self,
        folder: str | Path,
        faces: Mapping[str, Array],
        every: int = 1,
        max_faces: int = 4,
        fps: float = 10,
    ) -> None:
        super().__init__(folder, faces, every, max_faces)
        self.fps = fps
        self._begun = False

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Checks that the faces fit the model."""
        super().on_train_begin(logs)
        self._begun = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Removes images of later epochs, at the first epoch."""
        if not self._begun:
            self._begun = True
            for name in self.faces:
                for path in self.images(name):
                    if int(path.stem) > epoch:
                        path.unlink()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes the epoch's images."""
        if self.due(epoch):
            for name, images in self.faces.items():
                _, rows = draw_rows(self.model, name, images)
                path = self.folder / name / f"{epoch + 1:06d}.png"
                write_image(path, grid(rows), metadata=LABEL)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Writes the videos."""
        self.write_videos()

    def images(self, name: str) -> list[Path]:
        """Returns one person's images in the order of epochs."""
        return sorted((self.folder / name).glob("[0-9]" * 6 + ".png"))

    def write_videos(self) -> list[Path]:
        """Writes `<folder>/<name>.mp4` of each person's images.

        Returns:
            The videos written.
        """
        from deepface_models.media import VideoWriter  # imports PyAV

        written = []
        for name in self.faces:
            images = self.images(name)
            if not images:
                continue
            written.append(self.folder / f"{name}.mp4")
            with VideoWriter(written[-1], fps=self.fps, metadata=LABEL) as writer:
                for path in images:
                    writer.write(_even(read_image(path)))
        return written


def _even(image: Array) -> Array:
    """Pads an image to even sizes, which video players need."""
    height, width = image.shape[:2]
    return np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
