"""Base classes of callbacks that write an image of the model after an epoch."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np

from deepface_models.callbacks._state import unchanged
from deepface_models.callbacks._tensorboard import ImageEvents
from deepface_models.core.arrays import Array
from deepface_models.core.files import atomic_path
from deepface_models.core.synthetic import synthetic_tags
from deepface_models.media import write_image


class NumberedImages(keras.callbacks.Callback):
    """Base of callbacks that write an image every few epochs.

    Args:
        folder: Folder of the images: `latest.png`, and `000012.png` after 12 epochs.
        every: Epochs between images.
    """

    label: dict[str, str]

    def __init__(self, folder: str | Path, every: int) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.every = every

    def draw(self) -> Array:
        """Returns an image of the model's current state, uint8 (H, W, 3)."""
        raise NotImplementedError

    def rendered(self) -> Array:
        """Returns `draw()`, and leaves the model as it is.

        Random layers advance their seed generators, also at inference.
        """
        trained = {id(variable) for variable in self.model.trainable_variables}
        with unchanged(v for v in self.model.variables if id(v) not in trained):
            return self.draw()

    def due(self, epoch: int) -> bool:
        """Whether an image is written after this epoch, counted from 0."""
        return bool((epoch + 1) % self.every == 0 or self.model.stop_training)

    def write(self, epoch: int, image: Array) -> None:
        """Writes the image of an epoch, counted from 0."""
        path = self.folder / f"{epoch + 1:06d}.png"
        write_image(path, image, metadata=self.label)
        with atomic_path(self.folder / "latest.png") as latest:
            shutil.copyfile(path, latest)


class DrawingCallback(NumberedImages):
    """Base of callbacks that write the image that `draw` returns.

    The image is written as PNG and, with `log_dir`, for TensorBoard. The callback does
    not change the training.

    Args:
        folder: Folder of the images.
        every: Epochs between images.
        log_dir: TensorBoard's folder of event files; None writes none.

    Raises:
        MissingDependencyError: `log_dir` is given and TensorBoard is not installed.
        ValueError: When training begins: the data do not fit the model.
    """

    label = synthetic_tags("decoded by an autoencoder in training.")
    tag = "image"

    def __init__(
        self, folder: str | Path, every: int = 1, log_dir: str | Path | None = None
    ) -> None:
        super().__init__(folder, every)
        self._events = None if log_dir is None else ImageEvents(log_dir)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Renders the image once, to raise errors before training."""
        self.rendered()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes the epoch's image."""
        if self.due(epoch):
            image = self.rendered()
            self.write(epoch, image)
            if self._events is not None:  # the step by which Keras logs this epoch
                self._events.write(self.tag, image, epoch)


def evenly(count: int, most: int) -> Array:
    """Returns evenly spaced indices of up to `most` of `count` examples."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(int)


def check_images(images: Any, most: int, name: str) -> Array:
    """Returns images as an array.

    Raises:
        ValueError: There are no images, or `most` is below 1.
    """
    array = np.asarray(images)
    if array.ndim < 2 or not array.size or most < 1:
        raise ValueError(
            f"{name}: images of shape {array.shape}, and at most {most} of them, were "
            "given. Expected (N, *image_shape) with N of 1 or more. Use a few "
            "examples, such as x_test[:10]."
        )
    return array
