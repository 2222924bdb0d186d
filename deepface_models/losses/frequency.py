"""Focal frequency loss."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from deepface_models.core.version import PACKAGE
from deepface_models.losses.base import CompositeLoss
from deepface_models.losses.filters import to_planes
from deepface_models.losses.targets import checked_size


@keras.saving.register_keras_serializable(PACKAGE)
class FrequencyLoss(CompositeLoss):
    """Squared error of the spectrum, weighted toward the largest errors.

    The weight of a frequency is its error relative to the largest one of its channel,
    to the power of `alpha`. No gradient flows through the weights. The loss emphasizes
    frequencies that a network reproduces badly, mostly high ones.

    Reference: Jiang et al., "Focal Frequency Loss for Image Reconstruction and
    Synthesis", 2021.

    Args:
        alpha: Exponent of the weights, 0 or more; 0 gives the squared error.
        **kwargs: As `CompositeLoss`.

    Example:
        >>> faces = keras.random.uniform((2, 64, 64, 3), seed=0)
        >>> loss = FrequencyLoss()
        >>> round(float(loss(faces, faces)), 4)
        0.0
    """

    _arguments: tuple[str, ...] = ("alpha", "outside")

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if alpha < 0:
            raise ValueError(
                f"alpha={alpha!r} was given. Expected a number of 0 or more. Use "
                "alpha=1, as published."
            )
        self.alpha = alpha

    def compare(self, true: Any, pred: Any) -> Any:
        """Returns one value for each image, (B,)."""
        height, width = checked_size(pred, 1, "FrequencyLoss")
        error = to_planes(true - pred)
        # The transform is linear, so that of the difference is enough.
        real, imaginary = ops.fft2((error, ops.zeros_like(error)))
        power = (ops.square(real) + ops.square(imaginary)) / (height * width)
        size = ops.sqrt(ops.stop_gradient(power))
        largest = ops.max(size, axis=(2, 3), keepdims=True)
        focus = (size / (largest + 1e-12)) ** self.alpha
        return ops.mean(ops.stop_gradient(focus) * power, axis=(1, 2, 3))
