"""An LSTM autoencoder of sequences."""

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
    """Attaches the mask of padded sequences, so that losses and metrics skip padding.

    Inputs are values (B, T, ...) and sequences (B, T, features).

    Args:
        mask_value: Value of all features of a padded step.
    """

    def __init__(self, mask_value: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """Returns the values."""
        # A new tensor, because Keras attaches the mask to the tensor.
        return ops.copy(inputs[0])

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Returns (B, T), true for steps that are not padding."""
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
    """Compresses sequences of up to `timesteps` steps to `latent_size` numbers.

    LSTM -> Dense (the latent) -> repeated for each step -> LSTM -> Dense at each
    step. Sequences are time series, or the rows of an image: 28 steps of 28 features.
    170,556 parameters for 28 x 28. `compile()` uses Adam with a learning rate of 1e-3
    and the mean squared error.

    Values may have any range, but about [-1, 1] is best; uint8 is divided by 255.
    Sequences may differ in length: `fit`, `encode`, `predict` and the other methods
    take a list of (length, features) arrays, or an array in which all features of
    padded steps are `mask_value`, as `pad` returns. Padding does not affect the latent,
    the loss or metrics. Data sets must be padded:
    `keras.utils.pad_sequences(x, timesteps, "float32", "post", value=mask_value)`.
    The output after a sequence's end is the decoder's extrapolation.

    Reference: Srivastava et al., "Unsupervised Learning of Video Representations
    using LSTMs", 2015; F. Chollet, "Building Autoencoders in Keras", 2016.

    Args:
        sequence_shape: (timesteps, features); timesteps is the greatest length.
        latent_size: Dimensions of the latent.
        units: Width of both LSTMs.
        mask_value: Value that marks padded steps and does not occur in the data. Do
            not use 0 for images, whose black rows are data.
        activation: Activation of the output; "sigmoid" for values in [0, 1].
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
            # float32, because half precision would round mask_value.
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
        """Pads sequences of different lengths to one array.

        Args:
            sequences: (length, features) arrays, or (length,) for one feature; uint8
                is divided by 255.

        Returns:
            (N, timesteps, features) float32; padded steps are `mask_value`.

        Raises:
            ValueError: A sequence is empty, too long or has a wrong number of
                features.
        """
        steps, features = self.sequence_shape
        padded = np.full((len(sequences), steps, features), self.mask_value, "float32")
        for row, sequence in zip(padded, sequences, strict=True):
            one = np.asarray(sequence)
            one = one[:, None] if one.ndim == 1 and features == 1 else one
            if one.ndim != 2 or one.shape[1] != features or not 1 <= len(one) <= steps:
                raise ValueError(
                    f"A sequence of shape {one.shape} was given to {self.name}. "
                    f"Expected (length, {features}) with 1 to {steps} steps. Split it "
                    "into shorter ones, or build the model with a longer "
                    "sequence_shape=(timesteps, features)."
                )
            row[: len(one)] = one / 255.0 if one.dtype == np.uint8 else one
        return padded

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Computes the loss of all steps that are not padding."""
        weight = self._for_each_step(sample_weight)
        return super().compute_loss(x, y, y_pred, weight, training)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> Any:
        """Computes the metrics of all steps that are not padding."""
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
        # A product, because Torch's broadcast would share memory between steps.
        ones = ops.ones((1, self.sequence_shape[0]))
        return ops.expand_dims(sample_weight, -1) * ones

    def _padded(self, data: Any) -> Any:
        """Pads a list of sequences, or an array with fewer steps."""
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
