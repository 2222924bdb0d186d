"""Perceptual loss: the error of a network's features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from deepface_models.core.version import PACKAGE
from deepface_models.losses.base import RegionLoss
from deepface_models.losses.embedders import (
    as_config,
    as_model,
    layer_outputs,
    outputs_of_both,
)
from deepface_models.losses.targets import image_mean


@keras.saving.register_keras_serializable(PACKAGE)
class PerceptualLoss(RegionLoss):
    """Mean squared error of the features of named layers of a network.

    Images are resized to the network's input size. Other preprocessing, such as
    subtracting a mean, has to be its first layer. Its weights are not trained; even
    random ones are of use.

    Reference: Johnson et al., "Perceptual Losses for Real-Time Style Transfer and
    Super-Resolution", 2016.

    Args:
        model: A functional or sequential Keras model of images in [0, 1], or the
            path of its `.keras` file. A compiled model is saved with its loss: given
            a model, it contains the network up to the named layers; given a path, it
            contains the path only, so the file must stay there.
        layers: Names of layers whose outputs are maps (B, h, w, c) or vectors (B, n).
            Mask and weights are resized to maps, and not used for vectors.
        weights: A weight for each layer; by default 1 / number of layers.
        **kwargs: As `RegionLoss`.

    Example:
        >>> network = keras.Sequential(
        ...     [keras.Input((32, 32, 3)), keras.layers.Conv2D(4, 3, name="first")]
        ... )
        >>> faces = keras.random.uniform((2, 64, 64, 3), seed=0)
        >>> float(PerceptualLoss(network, ["first"])(faces, faces))
        0.0
    """

    _arguments: tuple[str, ...] = ("layers", "weights", "outside", "regions")

    def __init__(
        self,
        model: Any,
        layers: Sequence[str],
        weights: Sequence[float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.layers = tuple(layers)
        self.weights = None if weights is None else tuple(weights)
        if not self.layers or len(self.weights or self.layers) != len(self.layers):
            raise ValueError(
                f"layers={self.layers} and weights={self.weights} were given. Expected "
                "one layer or more, and as many weights or None. Use "
                'layers=("block2",).'
            )
        self._source = model
        self.model = layer_outputs(as_model(model), self.layers)

    def compare(self, true: Any, pred: Any, weight: Any) -> Any:
        """Returns one value for each image, (B,)."""
        shares = self.weights or (1.0 / len(self.layers),) * len(self.layers)
        pairs = zip(*outputs_of_both(self.model, true, pred), strict=True)
        errors = [ops.square(expected - found) for expected, found in pairs]
        means = [_mean(error, weight) for error in errors]
        return sum(s * mean for s, mean in zip(shares, means, strict=True))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        stored = as_config(self._source, self.model)
        return {**super().get_config(), "model": stored}


def _mean(error: Any, weight: Any) -> Any:
    if len(error.shape) != 4:
        return ops.mean(ops.reshape(error, (ops.shape(error)[0], -1)), axis=1)
    if weight is not None:
        size = tuple(error.shape[1:3])
        weight = ops.image.resize(
            weight, size, antialias=True, data_format="channels_last"
        )
    return image_mean(error, weight)
