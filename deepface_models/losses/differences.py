"""Gradient difference loss."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from deepface_models.layers import PACKAGE
from deepface_models.losses.base import RegionLoss
from deepface_models.losses.targets import checked_size, picture_mean


@keras.saving.register_keras_serializable(PACKAGE)
class GradientLoss(RegionLoss):
    """How much the steps between neighbouring pixels differ in size.

    Steps down and steps across are averaged each, then added. It sharpens what L1
    and L2 leave soft, but does not see the colour itself: combine it.

    Reference: Mathieu et al., "Deep Multi-Scale Video Prediction Beyond Mean Square
    Error", 2016.

    Args:
        alpha: Power of the difference: 1 or 2, as published.
        **kwargs: As `RegionLoss`.
    """

    _arguments = ("alpha", "outside", "regions")

    def __init__(self, alpha: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if alpha not in (1, 2):
            raise ValueError(
                f"alpha={alpha!r} is not supported. Use 1 (absolute difference) or "
                "2 (squared)."
            )
        self.alpha = alpha

    def compare(self, true: Any, pred: Any, weight: Any) -> Any:
        """Returns one value for each picture, (B,)."""
        checked_size(pred, 2, "GradientLoss")
        power = ops.abs if self.alpha == 1 else ops.square
        down = ops.abs(_down(true)) - ops.abs(_down(pred))
        across = ops.abs(_across(true)) - ops.abs(_across(pred))
        if weight is None:
            return picture_mean(power(down)) + picture_mean(power(across))
        return picture_mean(power(down), weight[:, 1:]) + picture_mean(
            power(across), weight[:, :, 1:]
        )


def _down(pictures: Any) -> Any:
    return pictures[:, 1:] - pictures[:, :-1]


def _across(pictures: Any) -> Any:
    return pictures[:, :, 1:] - pictures[:, :, :-1]
