"""Gradient difference loss."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from deepface_models.core.arrays import Array
from deepface_models.core.version import PACKAGE
from deepface_models.core.whole import whole_numbers
from deepface_models.losses.base import RegionLoss
from deepface_models.losses.targets import checked_size, image_mean

_DOWN = np.ones((2, 1, 3, 1), "float32")
_DOWN[0] = -1.0
_ACROSS = np.transpose(_DOWN, (1, 0, 2, 3))


@keras.saving.register_keras_serializable(PACKAGE)
class GradientLoss(RegionLoss):
    """Error of the absolute differences between neighboring pixels.

    The means over vertical and horizontal differences are added. The loss sharpens
    images that L1 or L2 would leave blurry, but ignores a constant error of color:
    combine it with another loss.

    Reference: Mathieu et al., "Deep Multi-Scale Video Prediction Beyond Mean Square
    Error", 2016.

    Args:
        alpha: Exponent of the error: 1 or 2, as published.
        **kwargs: As `RegionLoss`.

    Example:
        >>> faces = keras.random.uniform((2, 64, 64, 3), seed=0)
        >>> loss = GradientLoss()
        >>> round(float(loss(faces, faces)), 4)
        0.0
    """

    _arguments: tuple[str, ...] = ("alpha", "outside", "regions")

    @whole_numbers(alpha=0)
    def __init__(self, alpha: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if alpha not in (1, 2):
            raise ValueError(
                f"alpha={alpha!r} was given. Expected 1 (absolute error) or 2 (squared "
                "error). Use alpha=1."
            )
        self.alpha = alpha

    def compare(self, true: Any, pred: Any, weight: Any) -> Any:
        """Returns one value for each image, (B,)."""
        checked_size(pred, 2, "GradientLoss")
        total = 0.0
        for kernel, heavy in zip((_DOWN, _ACROSS), _inner(weight), strict=True):
            error = _steps(true, kernel) - _steps(pred, kernel)
            error = ops.abs(error) if self.alpha == 1 else ops.square(error)
            total = total + image_mean(error, heavy)
        return total


def _steps(images: Any, kernel: Array) -> Any:
    """Convolves; the gradient takes a third of the time of that of slices."""
    return ops.abs(ops.depthwise_conv(images, kernel, data_format="channels_last"))


def _inner(weight: Any) -> tuple[Any, Any]:
    """Returns the weights of the lower and of the right pixel of each pair."""
    return (None, None) if weight is None else (weight[:, 1:], weight[:, :, 1:])
