"""Images of a model in training, numbered by epoch."""

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
from deepface_models.core.version import __version__
from deepface_models.media import write_image


def synthetic(description: str) -> dict[str, str]:
    """Returns what an image says about itself to whoever finds it later."""
    return {
        "software": f"deepface_models {__version__}",
        "description": f"Synthetic: {description}",
    }


class NumberedImages(keras.callbacks.Callback):
    """Base of callbacks that write an image every few epochs.

    Args:
        folder: Where the images go: `latest.png`, and `000012.png` after 12 epochs.
        every: Epochs from one image to the next.
    """

    label: dict[str, str]

    def __init__(self, folder: str | Path, every: int) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.every = every

    def due(self, epoch: int) -> bool:
        """Whether this epoch, from 0, is one to draw."""
        return bool((epoch + 1) % self.every == 0 or self.model.stop_training)

    def write(self, epoch: int, image: Array) -> None:
        """Writes the image of an epoch, from 0."""
        path = self.folder / f"{epoch + 1:06d}.png"
        write_image(path, image, metadata=self.label)
        with atomic_path(self.folder / "latest.png") as latest:
            shutil.copyfile(path, latest)


class DrawingCallback(NumberedImages):
    """Writes what `draw` returns after an epoch, as PNG and for TensorBoard.

    The training stays as it is.

    Args:
        folder: Where the images go.
        every: Epochs from one image to the next.
        log_dir: Where TensorBoard looks for event files; None writes none.

    Raises:
        MissingDependencyError: `log_dir` is given and TensorBoard is not installed.
        ValueError: On training begin: the data do not fit the model.
    """

    label = synthetic("drawn by an autoencoder in training.")
    tag = "image"

    def __init__(
        self, folder: str | Path, every: int = 1, log_dir: str | Path | None = None
    ) -> None:
        super().__init__(folder, every)
        self._events = None if log_dir is None else ImageEvents(log_dir)

    def draw(self) -> Array:
        """Returns the image of the model as it is now, uint8 (H, W, 3)."""
        raise NotImplementedError

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Draws once, so that what does not fit is said before training."""
        self._drawn()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes the epoch's image."""
        if self.due(epoch):
            image = self._drawn()
            self.write(epoch, image)
            if self._events is not None:  # the step by which Keras logs this epoch
                self._events.write(self.tag, image, epoch)

    def _drawn(self) -> Array:
        # Layers that draw random numbers move their seeds on, also outside of training.
        trained = {id(variable) for variable in self.model.trainable_variables}
        with unchanged(v for v in self.model.variables if id(v) not in trained):
            return self.draw()


def evenly(count: int, most: int) -> Array:
    """Returns the numbers of up to `most` of `count` examples, evenly spaced."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(int)


def check_images(images: Any, most: int, name: str) -> Array:
    """Returns examples as an array.

    Raises:
        ValueError: There is none, or none is asked for.
    """
    found = np.asarray(images)
    if found.ndim < 2 or not found.size or most < 1:
        raise ValueError(
            f"{name} was given {most} of images of shape {found.shape}. Expected "
            "(N, *image_shape) with N of 1 or more. Pass a few examples, such as "
            "x_test[:10]."
        )
    return found
