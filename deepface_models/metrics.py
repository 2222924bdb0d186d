"""Metrics for aligned faces, computed inside the face's mask if there is one.

Targets are those of the losses, (B, H, W, 3..5): red, green, blue, then optionally
mask and weight, which is not used. Predictions are (B, H, W, 3..4).
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from deepface_models.core.version import PACKAGE
from deepface_models.losses import dssim, split_target

_SMALLEST = 1e-10  # the least mean squared error, 100 dB


def face_psnr(y_true: Any, y_pred: Any) -> Any:
    """Returns the peak signal-to-noise ratio inside the mask, in dB, at most 100.

    Args:
        y_true: Targets (B, H, W, 3..5) in [0, 1].
        y_pred: Predictions (B, H, W, 3..4) in [0, 1].

    Returns:
        One value per image, (B,); higher is better.
    """
    true, mask, pred = _masked(y_true, y_pred)
    error = ops.mean(ops.square(true - pred), axis=-1, keepdims=True)
    mse = _mean_inside(error, mask)
    return -10.0 * ops.log10(ops.maximum(mse, _SMALLEST))


def face_ssim(y_true: Any, y_pred: Any) -> Any:
    """Returns the structural similarity inside the mask, in windows of `losses.dssim`.

    Args:
        y_true: Targets (B, H, W, 3..5) in [0, 1], at least 8 pixels wide.
        y_pred: Predictions (B, H, W, 3..4) in [0, 1].

    Returns:
        One value per image, (B,), at most 1, which means equal.
    """
    true, mask, pred = _masked(y_true, y_pred)
    similar = ops.mean(1.0 - 2.0 * dssim(true, pred), axis=-1, keepdims=True)
    return _mean_inside(similar, ops.average_pool(ops.average_pool(mask, 4, 4), 2, 1))


def _masked(y_true: Any, y_pred: Any) -> tuple[Any, Any, Any]:
    y_true, y_pred = ops.cast(y_true, "float32"), ops.cast(y_pred, "float32")
    true, _, mask, pred = split_target(y_true, y_pred)
    return true, ops.ones_like(true[..., :1]) if mask is None else mask, pred


def _mean_inside(values: Any, mask: Any) -> Any:
    axes = (1, 2, 3)
    return ops.sum(values * mask, axis=axes) / (ops.sum(mask, axis=axes) + 1e-6)


@keras.saving.register_keras_serializable(PACKAGE)
class FacePSNR(keras.metrics.Mean):
    """Mean over images of the PSNR inside the face's mask, in decibels.

    Args:
        name: Name in the logs.
        dtype: As in `keras.metrics.Metric`.

    Example:
        >>> metric = FacePSNR()
        >>> metric.update_state(ops.zeros((1, 8, 8, 3)), ops.full((1, 8, 8, 3), 0.1))
        >>> round(float(metric.result()))
        20
    """

    def __init__(self, name: str = "face_psnr", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Counts a batch; see `face_psnr` for the shapes."""
        super().update_state(face_psnr(y_true, y_pred), sample_weight)


@keras.saving.register_keras_serializable(PACKAGE)
class FaceSSIM(keras.metrics.Mean):
    """Mean over images of the structural similarity inside the face's mask.

    Args:
        name: Name in the logs.
        dtype: As in `keras.metrics.Metric`.

    Example:
        >>> metric = FaceSSIM()
        >>> metric.update_state(ops.ones((1, 8, 8, 3)), ops.ones((1, 8, 8, 3)))
        >>> round(float(metric.result()), 3)
        1.0
    """

    def __init__(self, name: str = "face_ssim", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Counts a batch; see `face_ssim` for the shapes."""
        super().update_state(face_ssim(y_true, y_pred), sample_weight)
