"""Style loss: the error of Gram matrices of features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from deepface_models.core.version import PACKAGE
from deepface_models.losses.base import CompositeLoss
from deepface_models.losses.embedders import (
    as_config,
    as_model,
    layer_outputs,
    outputs_of_both,
)


def gram(maps: Any) -> Any:
    """Returns Gram matrices: (B, H, W, C) -> (B, C, C), averaged over pixels."""
    _, height, width, channels = maps.shape
    rows = ops.reshape(maps, (-1, height * width, channels))
    return ops.matmul(ops.transpose(rows, (0, 2, 1)), rows) / (height * width)


@keras.saving.register_keras_serializable(PACKAGE)
class StyleLoss(CompositeLoss):
    """Squared error of the Gram matrices of named layers of a network.

    It compares textures such as skin and hair, wherever they are in the image. The
    error of a layer is a quarter of the mean over its Gram matrix; layers are averaged.

    Reference: Gatys et al., "Image Style Transfer Using Convolutional Neural
    Networks", 2016.

    Args:
        model: As in `PerceptualLoss`.
        layers: Names of layers whose outputs are maps (B, h, w, c).
        **kwargs: As `CompositeLoss`.

    Example:
        >>> network = keras.Sequential(
        ...     [keras.Input((32, 32, 3)), keras.layers.Conv2D(4, 3, name="first")]
        ... )
        >>> faces = keras.random.uniform((2, 64, 64, 3), seed=0)
        >>> float(StyleLoss(network, ["first"])(faces, faces))
        0.0
    """

    _arguments: tuple[str, ...] = ("layers", "outside")

    def __init__(self, model: Any, layers: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.layers = tuple(layers)
        self._source = model
        self.model = layer_outputs(as_model(model), self.layers)
        shapes = [tuple(output.shape) for output in self.model.outputs]
        if not shapes or any(len(s) != 4 or None in s[1:] for s in shapes):
            raise ValueError(
                f"layers={self.layers} with outputs of shapes {shapes} were given. "
                "Expected one or more with maps (B, h, w, c) of known size. Name "
                "convolutional layers, and fix the network's input size."
            )

    def compare(self, true: Any, pred: Any) -> Any:
        """Returns one value for each image, (B,)."""
        pairs = zip(*outputs_of_both(self.model, true, pred), strict=True)
        errors = [ops.square(gram(expected) - gram(found)) for expected, found in pairs]
        means = [ops.mean(error, axis=(1, 2)) for error in errors]
        return sum(means) / (4.0 * len(means))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        stored = as_config(self._source, self.model)
        return {**super().get_config(), "model": stored}
