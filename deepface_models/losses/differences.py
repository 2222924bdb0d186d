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
    """How much the steps between neighboring pixels differ in size.

    Steps down and steps across are averaged each, then added. It sharpens what L1
    and L2 leave soft, but does not see the color itself: combine it.

    Reference: Mathieu et al., "Deep Multi-Scale Video Prediction Beyond Mean Square
    Error", 2016.

    Args:
        alpha: Power of the difference: 1 or 2, as published.
        **kwargs: As `RegionLoss`.
    """

    _arguments: tuple[str, ...] = ("alpha", "outside", "regions")

    @whole_numbers(alpha=0)
    def __init__(self, alpha: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if alpha not in (1, 2):
            raise ValueError(
                f"alpha={alpha!r} is not supported. Use 1 (absolute difference) or "
                "2 (squared)."
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
    """A convolution: its gradient takes a third of the time of that of slices."""
    return ops.abs(ops.depthwise_conv(images, kernel, data_format="channels_last"))


def _inner(weight: Any) -> tuple[Any, Any]:
    """Weights of the lower and of the right pixel of each step."""
    return (None, None) if weight is None else (weight[:, 1:], weight[:, :, 1:])
