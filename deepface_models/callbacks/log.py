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
    """Passes the losses and preview images of a training to a function.

    Use it to send them to an experiment tracker. The function is called after each
    epoch. Training itself does not change, but an error that the function raises ends
    it.

    Args:
        function: Called as function(scalars, images, step). `scalars` is a dictionary
            of what Keras logs, and of "epoch" and "learning_rate"; `images` is one of
            the previews that are due, uint8 (H, W, 3); `step` is the number of batches
            trained so far, also counting those before a training was resumed.
        previews: Callbacks that draw images, such as `SwapPreview`, in a dictionary by
            the names that the images get. To also write their files, pass them to
            `fit`, too.
        every_batches: The function is also called after every so many batches within
            an epoch, with the means of the epoch so far, named "batch_loss" and so on.
            By default, it is called after epochs only.

    Raises:
        ValueError: One of `previews` is not a callback that draws images.

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
