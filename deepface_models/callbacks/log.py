"""Scalars and previews of a training for an experiment tracker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import keras

from deepface_models.callbacks._drawing import NumberedImages
from deepface_models.callbacks._steps import batches_done
from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers

Function: TypeAlias = Callable[[dict[str, float], dict[str, Array], int], Any]


class Log(keras.callbacks.Callback):
    """Hands the scalars and previews of a training to a function.

    So any experiment tracker can have them, and none is imported here. After each
    epoch, the function gets what Keras logs, "epoch" and "learning_rate", and the
    images of the previews that are due. The callback does not change the training; an
    error of the function ends it.

    Args:
        function: Is called with the scalars by name, the images by name, uint8
            (H, W, 3), and the number of batches trained so far. That number goes on in
            a resumed training.
        previews: Callbacks that draw, such as `SwapPreview`, by the names of their
            images. They write files only if they are among the callbacks of `fit`, too.
        every_batches: Batches from one call within an epoch to the next, which hands
            over the scalars of the epoch so far, as "batch_loss" and so on; by default
            there is none.

    Raises:
        ValueError: A preview is no callback that draws.

    Example:
        >>> seen = []
        >>> log = Log(lambda scalars, images, step: seen.append((step, scalars)))
        >>> log.every_batches is None
        True
    """

    @whole_numbers(every_batches=1)
    def __init__(
        self,
        function: Function,
        previews: Mapping[str, NumberedImages] | None = None,
        every_batches: int | None = None,
    ) -> None:
        super().__init__()
        self.function = function
        self.previews = dict(previews or {})
        self.every_batches = every_batches
        for name, preview in self.previews.items():
            if not hasattr(preview, "draw"):
                raise ValueError(
                    f"A {type(preview).__name__} was given as the preview {name!r}. "
                    "Expected a callback that draws. Use SwapPreview, "
                    "ReconstructionGrid, LatentScatter or LatentWalk."
                )

    def set_model(self, model: keras.Model) -> None:
        """Gives the model to the previews as well."""
        super().set_model(model)
        for preview in self.previews.values():
            preview.set_model(model)

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Hands over the scalars of the epoch so far."""
        if self.every_batches and (batch + 1) % self.every_batches == 0:
            scalars = {f"batch_{n}": v for n, v in _numbers(logs).items()}
            self.function(scalars, {}, batches_done(self.model))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Hands over scalars and images."""
        scalars = {**_numbers(logs), "epoch": float(epoch + 1)}
        rate = getattr(self.model.optimizer, "learning_rate", None)
        if rate is not None:
            scalars.setdefault("learning_rate", float(rate))
        images = {
            name: preview.rendered()
            for name, preview in self.previews.items()
            if preview.due(epoch)
        }
        self.function(scalars, images, batches_done(self.model))


def _numbers(logs: Mapping[str, Any] | None) -> dict[str, float]:
    return {name: float(value) for name, value in (logs or {}).items()}
