"""Errors per pixel: absolute, squared, log-cosh, and that of the learned mask."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from deepface_models.core.version import PACKAGE
from deepface_models.losses.base import RegionLoss
from deepface_models.losses.targets import image_mean, mask_error


@keras.saving.register_keras_serializable(PACKAGE)
class MAELoss(RegionLoss):
    """Mean absolute error (L1), weighted by mask and regions.

    Reference: for images, Zhao et al., "Loss Functions for Image Restoration with
    Neural Networks", 2017. Arguments are those of `RegionLoss`.

    Example:
        >>> faces = keras.random.uniform((2, 64, 64, 3), seed=0)
        >>> loss = MAELoss()
        >>> round(float(loss(faces, faces)), 4)
        0.0
    """

    def compare(self, true: Any, pred: Any, weight: Any) -> Any:
        """Returns one value for each image, (B,)."""
        return image_mean(ops.abs(true - pred), weight)


@keras.saving.register_keras_serializable(PACKAGE)
class MSELoss(RegionLoss):
    """Mean squared error (L2), weighted by mask and regions.

    Reference: for autoencoders, Hinton and Salakhutdinov, "Reducing the
    Dimensionality of Data with Neural Networks", 2006. Arguments are those of
    `RegionLoss`.

    Example:
        >>> faces = keras.random.uniform((2, 64, 64, 3), seed=0)
        >>> loss = MSELoss()
        >>> round(float(loss(faces, faces)), 4)
        0.0
    """

    def compare(self, true: Any, pred: Any, weight: Any) -> Any:
        """Returns one value for each image, (B,)."""
        return image_mean(ops.square(true - pred), weight)


@keras.saving.register_keras_serializable(PACKAGE)
class LogCoshLoss(RegionLoss):
    """Mean of log(cosh(sharpness * error)) / sharpness, weighted by mask and regions.

    It is close to the squared error for small errors and to the absolute error for
    large ones. Images in [0, 1] have small errors only: a higher `sharpness` is closer
    to the absolute error.

    Reference: Chen et al., "Log Hyperbolic Cosine Loss Improves Variational
    Auto-Encoder", 2019.

    Args:
        sharpness: Factor on the error, above 0.
        **kwargs: As `RegionLoss`.

    Example:
        >>> faces = keras.random.uniform((2, 64, 64, 3), seed=0)
        >>> loss = LogCoshLoss()
        >>> round(float(loss(faces, faces)), 4)
        0.0
    """

    _arguments: tuple[str, ...] = ("sharpness", "outside", "regions")

    def __init__(self, sharpness: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if sharpness <= 0:
            raise ValueError(
                f"sharpness={sharpness!r} was given. Expected a number above 0. Use "
                "sharpness=1 for the plain log-cosh."
            )
        self.sharpness = sharpness

    def compare(self, true: Any, pred: Any, weight: Any) -> Any:
        """Returns one value for each image, (B,)."""
        size = ops.abs(self.sharpness * (true - pred))
        # log(cosh(x)) without overflow, and exact for small x.
        value = size + ops.log1p(0.5 * ops.expm1(-2.0 * size))
        return image_mean(value, weight) / self.sharpness


@keras.saving.register_keras_serializable(PACKAGE)
class MaskLoss(keras.losses.Loss):
    """Mean squared error of the learned mask, the fourth channel of predictions.

    Combine it with losses of the image by `WeightedLoss`; `FaceLoss` includes it.
    Reference: the learned mask of Lu, "faceswap-GAN", 2018.

    Example:
        >>> target = ops.ones((1, 8, 8, 4))
        >>> rendered = ops.zeros((1, 8, 8, 4))
        >>> round(float(MaskLoss()(target, rendered)), 4)
        1.0
    """

    def __init__(
        self,
        name: str = "mask_loss",
        reduction: str = "sum_over_batch_size",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, **kwargs)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns one value for each image, (B,)."""
        if y_true.shape[-1] < 4 or y_pred.shape[-1] < 4:
            raise ValueError(
                f"Targets of {y_true.shape[-1]} and predictions of {y_pred.shape[-1]} "
                "channels were given to MaskLoss. Expected 4 or more, of which the "
                "fourth is the mask. Use a model with a learned mask, and targets of "
                "SwapPairs."
            )
        return mask_error(y_true[..., 3:4], y_pred)
