"""The loss of DeepFaceLab's networks."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from deepface_models.core.version import PACKAGE
from deepface_models.losses.filters import gaussian, separable
from deepface_models.losses.ssim import similarity_maps
from deepface_models.losses.targets import mask_error, split_target

_SIGMA = 1.5  # of the SSIM windows, for all window sizes
_TWO_SCALES = 256  # image size from which SSIM is computed at two scales


@keras.saving.register_keras_serializable(PACKAGE)
class DeepFaceLabLoss(keras.losses.Loss):
    """Structural dissimilarity and squared error of the masked face, and mask error.

    Both images are first multiplied by the target's mask, which is blurred and clipped
    so that it is 1 inside the face and falls off outside. The structural dissimilarity
    is (1 - SSIM) / 2 at every pixel, in Gaussian windows of int(S / 11.6) pixels. For
    images of 256 pixels or more it is the mean of two window sizes, the second half as
    wide. Errors are averaged over all pixels, those outside the mask included. If
    targets have no mask, the whole image counts.

    References: DeepFaceLab, model "SAEHD"; for the window's sigma of 1.5, Wang et
    al., "Image Quality Assessment: From Error Visibility to Structural Similarity",
    2004.

    Args:
        structure: Weight of the structural dissimilarity.
        squared: Weight of the mean squared error.
        mask: Weight of the learned mask's squared error.
        regions: Weight of the mean absolute error at eyes and mouth: the pixels where
            the target's weight channel is above its minimum. DeepFaceLab uses 300.
        name: The loss's name.
        reduction: As in `keras.losses.Loss`.
    """

    def __init__(
        self,
        structure: float = 10.0,
        squared: float = 10.0,
        mask: float = 10.0,
        regions: float = 0.0,
        name: str = "deepfacelab_loss",
        reduction: str = "sum_over_batch_size",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, **kwargs)
        self.structure = structure
        self.squared = squared
        self.mask = mask
        self.regions = regions

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns one value for each image, (B,)."""
        true, weight, mask, pred = split_target(y_true, y_pred)
        if mask is not None:
            soft = softened(mask)
            true, pred = true * soft, pred * soft
        axes = (1, 2, 3)
        loss = self.structure * dissimilarity(true, pred)
        loss += self.squared * ops.mean(ops.square(true - pred), axis=axes)
        if self.regions and weight is not None:
            least = ops.min(weight, axis=axes, keepdims=True)
            inside = ops.cast(weight > least, true.dtype)
            error = ops.mean(inside * ops.abs(true - pred), axis=axes)
            loss += self.regions * error
        if mask is not None and y_pred.shape[-1] > 3:
            loss += self.mask * mask_error(mask, y_pred)
        return loss

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        own = ("structure", "squared", "mask", "regions")
        return {**super().get_config(), **{k: getattr(self, k) for k in own}}


def dissimilarity(true: Any, pred: Any) -> Any:
    """Returns (1 - SSIM) / 2 of images (B, S, S, C) at one or two scales, (B,)."""
    size = pred.shape[1]
    divisors = (11.6, 23.2) if size >= _TWO_SCALES else (11.6,)
    total = 0.0
    for divisor in divisors:
        kernel = gaussian(max(1, int(size / divisor)), _SIGMA)
        luminance, structure = similarity_maps(true, pred, kernel)
        total += 0.5 - 0.5 * ops.mean(luminance * structure, axis=(1, 2, 3))
    return total / len(divisors)


def softened(mask: Any) -> Any:
    """Returns masks (B, S, S, 1) that are 1 inside and fall off outside.

    They are blurred by a Gaussian of sigma S / 32 with zero padding, then doubled and
    clipped at 1.
    """
    sigma = max(1, mask.shape[1] // 32)
    radius = 2 * sigma
    padding = ((0, 0), (radius, radius), (radius, radius), (0, 0))
    blurred = separable(ops.pad(mask, padding), gaussian(2 * radius + 1, sigma))
    return 2.0 * ops.minimum(blurred, 0.5)
