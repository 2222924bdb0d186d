"""An autoencoder of sequences: one LSTM reads, another writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from deepface_models.core.arrays import Array
from deepface_models.core.inputs import precision
from deepface_models.core.version import PACKAGE
from deepface_models.models.autoencoders.base import Autoencoder, check_size
from deepface_models.models.registry import register_architecture


@keras.saving.register_keras_serializable(PACKAGE)
class MaskedLike(layers.Layer):
    """Gives values the mask of padded sequences: losses and metrics then skip them.

    Inputs are values (B, T, ...) and sequences (B, T, features).

    Args:
        mask_value: What every feature of a padded step holds.
    """

    def __init__(self, mask_value: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """Returns the values."""
        # A tensor of its own: Keras keeps the mask on the tensor.
        return ops.copy(inputs[0])

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Returns (B, T), true where a step is real."""
        return ops.any(ops.not_equal(inputs[1], self.mask_value), axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the shape of the values."""
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {**super().get_config(), "mask_value": self.mask_value}


@register_architecture(
    "sequence_autoencoder",
    smallest={
        "sequence_shape": (6, 3),
        "latent_size": 5,
        "units": 7,
        "mask_value": -9.0,
        "activation": "sigmoid",
    },
)
class SequenceAutoencoder(Autoencoder):
    """Compresses a sequence of any length up to `timesteps` to `latent_size` numbers.

    LSTM -> Dense (the latent) -> repeated for each step -> LSTM -> Dense at each
    step. An image is a sequence of its rows, 28 steps of 28 features; other data are
    time series. 170,556 parameters for 28 x 28. `compile()` gives Adam 1e-3 and the
    mean squared error.

    Values need not lie in [0, 1], but learn best scaled to about [-1, 1]; uint8 is
    divided by 255. Sequences may differ in length: `fit`, `encode`, `predict` and the
    others take a list of (length, features) arrays, or an array whose padded steps
    hold `mask_value` in every feature, as `pad` makes it. Padding changes neither the
    latent nor the loss nor metrics. A data set has to come padded:
    `keras.utils.pad_sequences(x, timesteps, "float32", "post", value=mask_value)`.
    What is drawn past a sequence's end is the decoder's guess at how it goes on.

    Reference: Srivastava et al., "Unsupervised Learning of Video Representations
    using LSTMs", 2015; F. Chollet, "Building Autoencoders in Keras", 2016.

    Args:
        sequence_shape: (timesteps, features); timesteps is the longest length.
        latent_size: Numbers that a sequence is compressed to.
        units: Width of both LSTMs.
        mask_value: What marks a padded step; a value that data never have. Zero
            would not do for images: their black rows are data.
        activation: Of the output; "sigmoid" for values in [0, 1].
        **kwargs: `name`, `dtype`, `trainable` of `keras.Model`.

    Raises:
        ValueError: `sequence_shape` is not two whole numbers of 1 or more.

    Example:
        >>> model = SequenceAutoencoder(sequence_shape=(32, 1), latent_size=8)
        >>> model.encode([np.zeros((32, 1)), np.zeros((20, 1))]).shape
        (2, 8)
    """

    _arguments = ("sequence_shape", "latent_size", "units", "mask_value", "activation")
    _loss = "mse"
    _unit_range = False

    def __init__(
        self,
        sequence_shape: Sequence[int] = (28, 28),
        latent_size: int = 32,
        units: int = 128,
        mask_value: float = -1000.0,
        activation: str | None = "linear",
        **kwargs: Any,
    ) -> None:
        steps, features = shape = _check_sequence(sequence_shape)
        latent_size = check_size(latent_size)
        with precision(kwargs.get("dtype")):
            sequence = keras.Input(shape)
            # float32: halves would round the value that is looked for.
            x = layers.Masking(mask_value, dtype="float32")(sequence)
            x = layers.LSTM(units)(x)
            x = layers.Dense(latent_size)(x)
            encoder = keras.Model(sequence, x, name="encoder")
            latent = keras.Input((latent_size,))
            x = layers.RepeatVector(steps)(latent)
            x = layers.LSTM(units, return_sequences=True)(x)
            x = layers.Dense(features)(x)  # at each step, as TimeDistributed does
            x = layers.Activation(activation, dtype="float32")(x)
            decoder = keras.Model(latent, x, name="decoder")
            inputs = keras.Input(shape)
            marked = MaskedLike(mask_value, dtype="float32")
            outputs = marked([decoder(encoder(inputs)), inputs])
            super().__init__(
                encoder=encoder,
                decoder=decoder,
                inputs=inputs,
                outputs=outputs,
                **kwargs,
            )
        self.sequence_shape = shape
        self.latent_size = latent_size
        self.units = units
        self.mask_value = mask_value
        self.activation = activation

    def pad(self, sequences: Any) -> Array:
        """Puts sequences of different lengths into one array.

        Args:
            sequences: (length, features) arrays, or (length,) for one feature; uint8
                is divided by 255.

        Returns:
            (N, timesteps, features) float32; steps past an end hold `mask_value`.

        Raises:
            ValueError: A sequence is empty, too long or has other features.
        """
        steps, features = self.sequence_shape
        padded = np.full((len(sequences), steps, features), self.mask_value, "float32")
        for place, given in zip(padded, sequences, strict=True):
            one = np.asarray(given)
            one = one[:, None] if one.ndim == 1 and features == 1 else one
            if one.ndim != 2 or one.shape[1] != features or not 1 <= len(one) <= steps:
                raise ValueError(
                    f"A sequence of shape {one.shape} was given to {self.name}. "
                    f"Expected (length, {features}) with 1 to {steps} steps. Cut it "
                    "into shorter ones, or build the model with a longer "
                    "sequence_shape=(timesteps, features)."
                )
            place[: len(one)] = one / 255.0 if one.dtype == np.uint8 else one
        return padded

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Compares real steps with the target, as `Autoencoder.compute_loss` does."""
        weight = self._for_each_step(sample_weight)
        return super().compute_loss(x, y, y_pred, weight, training)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> Any:
        """Measures real steps only."""
        weight = self._for_each_step(sample_weight)
        return super().compute_metrics(x, y, y_pred, weight)

    def _arrays(self, data: Any) -> Any:
        return super()._arrays(self._padded(data))

    def _held_out(self, data: Any) -> Any:
        if isinstance(data, tuple):
            return super()._held_out(tuple(map(self._padded, data)))
        return super()._held_out(self._padded(data))

    def _batch(self, images: Any) -> tuple[Array, bool]:
        return super()._batch(self._padded(images))

    def _for_each_step(self, sample_weight: Any) -> Any:
        """Returns new weights (B, timesteps): Keras multiplies the mask into them."""
        if sample_weight is None:
            return None
        if len(sample_weight.shape) > 1:
            return ops.copy(sample_weight)
        # A product, not a repetition: Torch would repeat one memory location.
        every = ops.ones((1, self.sequence_shape[0]))
        return ops.expand_dims(sample_weight, -1) * every

    def _padded(self, data: Any) -> Any:
        """Pads a list of sequences, or an array of too few steps."""
        if isinstance(data, list):
            return self.pad(data)
        shape = tuple(getattr(data, "shape", ()))
        steps, features = self.sequence_shape
        if len(shape) < 2 or shape[-1] != features or shape[-2] == steps:
            return data
        many = self.pad(data if len(shape) == 3 else [data])
        return many if len(shape) == 3 else many[0]


def _check_sequence(sequence_shape: Sequence[int]) -> tuple[int, int]:
    shape = tuple(sequence_shape) if isinstance(sequence_shape, (list, tuple)) else ()
    if len(shape) != 2 or not all(isinstance(n, int) and n > 0 for n in shape):
        raise ValueError(
            f"sequence_shape={sequence_shape!r} was given. Expected (timesteps, "
            "features), two whole numbers, such as (28, 28) for the rows of a digit "
            "or (32, 1) for a series of one value. Use x.shape[1:]."
        )
    return shape[0], shape[1]
