"""Pictures of an autoencoder in training, which leave the training as it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from deepface_models._files import atomic_path
from deepface_models._version import __version__
from deepface_models.callbacks._state import read_random, write_random
from deepface_models.callbacks._tensorboard import PictureEvents
from deepface_models.media import write_image

Array = NDArray[Any]

_LABEL = {
    "software": f"deepface_models {__version__}",
    "description": "Synthetic: drawn by an autoencoder in training.",
}


class DrawingCallback(keras.callbacks.Callback):
    """Writes what `draw` returns after an epoch, as PNG and for TensorBoard.

    Args:
        folder: Where the pictures go: `latest.png`, and `000012.png` after 12 epochs.
        every: Epochs from one picture to the next.
        log_dir: Where TensorBoard looks for event files; None writes none.

    Raises:
        MissingDependencyError: `log_dir` is given and TensorBoard is not installed.
        ValueError: On training begin: the data do not fit the model.
    """

    tag = "picture"

    def __init__(
        self, folder: str | Path, every: int = 1, log_dir: str | Path | None = None
    ) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.every = max(1, every)
        self._events = None if log_dir is None else PictureEvents(log_dir)

    def draw(self) -> Array:
        """Returns the picture of the model as it is now, uint8 (H, W, 3)."""
        raise NotImplementedError

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Draws once, so that what does not fit is said before training."""
        with unchanged(self.model):
            self.draw()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes the epoch's picture."""
        if (epoch + 1) % self.every and not self.model.stop_training:
            return
        with unchanged(self.model):
            image = self.draw()
        path = self.folder / f"{epoch + 1:06d}.png"
        write_image(path, image, metadata=_LABEL)
        with atomic_path(self.folder / "latest.png") as latest:
            shutil.copyfile(path, latest)
        if self._events is not None:  # the step by which Keras logs this epoch
            self._events.write(self.tag, image, epoch)


@contextmanager
def unchanged(model: keras.Model) -> Iterator[None]:
    """Undoes what drawing changes of a model and of random generators.

    Layers that draw random numbers move their seeds on, also outside of training.
    """
    trained = {id(variable) for variable in model.trainable_variables}
    others = [v for v in model.variables if id(v) not in trained]
    kept = [np.array(keras.ops.convert_to_numpy(v), copy=True) for v in others]
    randoms = read_random()
    try:
        yield
    finally:
        for variable, value in zip(others, kept, strict=True):
            variable.assign(value)
        write_random(randoms)


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
