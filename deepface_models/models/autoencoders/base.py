"""Base class of autoencoders: encoder and decoder, trained to reproduce the input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

import keras
import numpy as np

from deepface_models.core.arrays import Array, images_of
from deepface_models.core.batches import arrays_in
from deepface_models.core.inputs import (
    as_batch,
    as_numbers,
    as_unit,
    check_finite,
    check_unit,
    is_arrays,
    same_shape,
)
from deepface_models.core.predict import predict
from deepface_models.core.weights import fitting
from deepface_models.core.whole import whole_numbers
from deepface_models.models.stored import StoredModel


class Autoencoder(StoredModel):
    """Base of the autoencoders, which reconstruct their input through a bottleneck.

    It is a functional Keras model, so `fit`, callbacks and mixed precision work as in
    Keras. `fit(x)` needs no target, because the input is the target. Data may be
    arrays, `tf.data` or `PyDataset`, and images uint8 or float in [0, 1].

    A subclass builds its parts, passes them to this constructor and stores its own
    constructor arguments as attributes; `get_config` reads those named in
    `_arguments`.

    Args:
        encoder: Model of (B, *image_shape) -> latent.
        decoder: Model of latent -> (B, *image_shape).
        inputs: The model's input, if the model is more than `decoder(encoder(x))`.
        outputs: The model's output, together with `inputs`.
        **kwargs: `name`, `dtype`, `trainable` of `keras.Model`.

    Example:
        >>> from keras import layers
        >>> encoder = keras.Sequential([keras.Input((8,)), layers.Dense(2)])
        >>> decoder = keras.Sequential([keras.Input((2,)), layers.Dense(8)])
        >>> small = Autoencoder(encoder=encoder, decoder=decoder)
        >>> small.encode(np.zeros((5, 8), "float32")).shape
        (5, 2)
    """

    _arguments: tuple[str, ...] = ("image_shape",)
    _loss: Any = "binary_crossentropy"  # default of `compile()`
    _unit_range = True  # whether values lie in [0, 1]

    def __init__(
        self,
        *,
        encoder: keras.Model,
        decoder: keras.Model,
        inputs: Any = None,
        outputs: Any = None,
        **kwargs: Any,
    ) -> None:
        self._check_arguments(kwargs)
        if inputs is None:
            inputs = keras.Input(encoder.inputs[0].shape[1:])
            outputs = decoder(encoder(inputs))
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)
        self.encoder = encoder
        self.decoder = decoder

    @property
    def parts(self) -> dict[str, keras.Model]:
        """The models this one consists of, by the names of their weights files."""
        return {"encoder": self.encoder, "decoder": self.decoder}

    @property
    def data_shape(self) -> tuple[int | None, ...]:
        """Shape of one example, without the batch axis."""
        return tuple(self.input.shape[1:])

    def compile(self, optimizer: Any = "adam", loss: Any = None, **kwargs: Any) -> None:
        """Compiles; the defaults are Adam with 1e-3 and the published loss."""
        super().compile(optimizer=optimizer, loss=loss or self._loss, **kwargs)

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Reconstructs a batch; uint8 images are scaled to [0, 1]."""
        return super().call(self._as_unit(inputs), training=training, mask=mask)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Computes the loss; the target is the input if none is given."""
        target = self._as_unit(x if y is None else y)
        weight = fitting(self.loss, target, y_pred, sample_weight)
        return super().compute_loss(x, target, y_pred, weight, training)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> Any:
        """Computes the metrics with the same target as `compute_loss`."""
        target = self._as_unit(x if y is None else y)
        return super().compute_metrics(x, target, y_pred, sample_weight)

    def fit(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Trains as `keras.Model.fit` does; the target is `x` if none is given.

        Args:
            x: (N, *image_shape) uint8, or float in [0, 1], or a data set of such
                batches, or a FaceSet. (N, H, W) is reshaped to (N, H, W, 1), and
                images to (N, features) if the model takes vectors.
            y: Targets that differ from `x`, such as clean images.
            **kwargs: As in `keras.Model.fit`; `validation_data` may be an array.

        Returns:
            Keras' History.
        """
        if "validation_data" in kwargs:
            kwargs["validation_data"] = self._held_out(kwargs["validation_data"])
        x, y = self._arrays(x), self._arrays(y)
        return super().fit(x, self._weighed(x, y, kwargs), **kwargs)

    def evaluate(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Evaluates as `keras.Model.evaluate` does; data as in `fit`."""
        x, y = self._arrays(x), self._arrays(y)
        return super().evaluate(x, self._weighed(x, y, kwargs), **kwargs)

    def predict(self, x: Any, **kwargs: Any) -> Any:
        """Reconstructs examples, as `keras.Model.predict` does."""
        return super().predict(self._arrays(x), **kwargs)

    @whole_numbers(batch_size=1)
    def encode(self, images: Any, batch_size: int = 32) -> Array:
        """Encodes examples to latents.

        Args:
            images: As in `fit`, or one example without the batch axis.
            batch_size: Examples per batch.

        Returns:
            Their latents, float32, (N, ...), or one without the batch axis.
        """
        return self._apply(self.encoder, *self._batch(images), batch_size)

    @whole_numbers(batch_size=1)
    def decode(self, latent: Any, batch_size: int = 32) -> Array:
        """Decodes latents, (N, ...) or one without the batch axis, to examples."""
        latent = np.asarray(latent, "float32")
        expected = self.decoder.input.shape[1:]
        single = latent.ndim == len(expected)
        batch = latent[None] if single else latent
        if not len(batch) or not same_shape(batch.shape[1:], expected):
            raise ValueError(
                f"Latents of shape {latent.shape} were given to {self.name}. Expected "
                f"(N, {', '.join(map(str, expected))}) with N of 1 or more, or one "
                "latent without the batch axis. Use what model.encode(images) returns."
            )
        return self._apply(self.decoder, batch, single, batch_size)

    @whole_numbers(batch_size=1)
    def reconstruct(self, images: Any, batch_size: int = 32) -> Array:
        """Encodes and decodes examples; like `predict`, also for a single example.

        Returns:
            float32 with the shape of the model's output, or without the batch axis.
        """
        return self._apply(self, *self._batch(images), batch_size)

    def summary(self, *args: Any, **kwargs: Any) -> None:
        """Prints the summaries of all parts, then that of the model."""
        for part in self.parts.values():
            part.summary(*args, **kwargs)
        super().summary(*args, **kwargs)

    def _check_batch(self, x: Any, y: Any) -> None:
        for array in arrays_in((x, y)):
            if self._unit_range:
                check_unit(array)
            else:
                check_finite(array, self.name)

    def _as_unit(self, values: Any) -> Any:
        return as_unit(values)

    def _arrays(self, data: Any) -> Any:
        """Checks arrays, lists and face sets; returns other data unchanged."""
        data = images_of(data)
        data = (
            as_numbers(data, self.name) if isinstance(data, list | str | Path) else data
        )
        if not is_arrays(data):
            return data
        return as_batch(data, self.data_shape, self.name, self._unit_range)[0]

    @staticmethod
    def _weighed(x: Any, y: Any, kwargs: dict[str, Any]) -> Any:
        """Returns the target; without one Keras would ignore sample weights."""
        return x if y is None and kwargs.get("sample_weight") is not None else y

    def _held_out(self, data: Any) -> Any:
        """Completes validation arrays: x, (x, y) or (x, y, sample_weight)."""
        x, *rest = data if isinstance(data, tuple) else (data,)
        if not is_arrays(images_of(x)):
            return data
        y = x if not rest or rest[0] is None else rest[0]
        return (self._arrays(x), self._arrays(y), *rest[1:])

    def _batch(self, images: Any) -> tuple[Array, bool]:
        data = images_of(images)
        return as_batch(data, self.data_shape, self.name, self._unit_range)

    @staticmethod
    def _apply(model: Any, batch: Array, single: bool, batch_size: int) -> Array:
        outputs = np.asarray(predict(model, batch, batch_size))
        outputs = outputs.astype("float32", copy=False)
        return outputs[0] if single else outputs


def check_shape(image_shape: int | Sequence[int]) -> tuple[int, ...]:
    """Returns the shape of one example as a tuple after checking it.

    Args:
        image_shape: (height, width, channels), (height, width), (features,) or a
            number of features.
    """
    shape = (image_shape,) if isinstance(image_shape, int) else tuple(image_shape)
    good = all(isinstance(n, int) and n > 0 for n in shape)
    if not (good and 1 <= len(shape) <= 3):
        raise ValueError(
            f"image_shape={image_shape!r} was given. Expected whole numbers, such as "
            "(28, 28, 1) for images or 784 for rows of features, without the batch "
            "axis. Use images.shape[1:]."
        )
    return (*shape, 1) if len(shape) == 2 else shape


def check_images(image_shape: int | Sequence[int]) -> tuple[int, ...]:
    """Returns (height, width, channels) after checking that it is an image's shape.

    Args:
        image_shape: (height, width, channels) or (height, width).
    """
    shape = check_shape(image_shape)
    if len(shape) != 3:
        raise ValueError(
            f"image_shape={image_shape!r} was given. Expected an image's shape, "
            "(height, width, channels) or (height, width). Use images.shape[1:], or "
            "DeepAutoencoder for rows of features."
        )
    return shape


def check_widths(widths: Sequence[int]) -> tuple[int, ...]:
    """Returns the layers' widths as a tuple after checking them."""
    found = tuple(widths) if isinstance(widths, Sequence) else ()
    if not found or not all(isinstance(n, int) and n > 0 for n in found):
        raise ValueError(
            f"widths={widths!r} was given. Expected one whole number of 1 or more a "
            "layer. Use a tuple such as widths=(128, 64, 32)."
        )
    return found


def check_size(latent_size: int) -> int:
    """Returns how many numbers a code has, or says what is wrong with it."""
    whole = isinstance(latent_size, Integral) and not isinstance(latent_size, bool)
    if not whole or latent_size < 1:
        raise ValueError(
            f"latent_size={latent_size!r} was given. Expected a whole number of 1 or "
            "more: how many numbers describe an example. Use latent_size=32."
        )
    return int(latent_size)


def size_of(shape: Sequence[int]) -> int:
    """Returns how many values an example has."""
    return math.prod(shape)
