"""Structural similarity with Gaussian windows, at one scale and at several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from deepface_models.core.arrays import Array
from deepface_models.core.version import PACKAGE
from deepface_models.losses.base import RegionLoss
from deepface_models.losses.filters import gaussian, separable
from deepface_models.losses.targets import (
    checked_size,
    cropped,
    halved,
    image_mean,
    spatial_mean,
)

_WINDOW, _SIGMA = 11, 1.5
_KERNEL = gaussian(_WINDOW, _SIGMA)
_C1, _C2 = 0.01**2, 0.03**2
_FLOOR = 1e-4  # below it the gradient of the power is too steep for training


def similarity_maps(true: Any, pred: Any, kernel: Array = _KERNEL) -> tuple[Any, Any]:
    """Returns luminance and contrast-structure terms of SSIM, without padding.

    Reference: Wang et al., "Image Quality Assessment: From Error Visibility to
    Structural Similarity", 2004: windows of 11 pixels, Gaussian with sigma 1.5.

    Args:
        true: Images (B, H, W, C) in [0, 1].
        pred: Images of the same shape.
        kernel: The window along one axis, K values that add up to 1.

    Returns:
        Two maps (B, H-K+1, W-K+1, C).
    """
    stack = ops.concatenate(
        [true, pred, ops.square(true) + ops.square(pred), true * pred], axis=-1
    )
    # The gradient of split is one concatenation; slices take twice as long.
    parts = ops.split(separable(stack, kernel), 4, axis=-1)
    mean_t, mean_p, squares, product = parts
    means = mean_t * mean_p
    mean_squares = ops.square(mean_t) + ops.square(mean_p)
    luminance = (2.0 * means + _C1) / (mean_squares + _C1)
    structure = (2.0 * (product - means) + _C2) / (squares - mean_squares + _C2)
    return luminance, structure


@keras.saving.register_keras_serializable(PACKAGE)
class SSIMLoss(RegionLoss):
    """Structural dissimilarity (1 - SSIM) / 2 with a Gaussian window at every pixel.

    A window has the weight of the pixel at its center. Images must have at least 11
    pixels per side. `dssim`, as in `FaceLoss`, is faster: its windows are uniform and
    further apart.

    Reference: Wang et al., "Image Quality Assessment: From Error Visibility to
    Structural Similarity", 2004. Arguments are those of `RegionLoss`.

    Example:
        >>> faces = keras.random.uniform((2, 64, 64, 3), seed=0)
        >>> loss = SSIMLoss()
        >>> round(float(loss(faces, faces)), 4)
        0.0
    """

    def compare(self, true: Any, pred: Any, weight: Any) -> Any:
        """Returns one value in [0, 1] for each image, (B,)."""
        checked_size(pred, _WINDOW, "SSIMLoss")
        luminance, structure = similarity_maps(true, pred)
        weight = cropped(weight, _WINDOW // 2)
        return image_mean(0.5 - 0.5 * luminance * structure, weight)


@keras.saving.register_keras_serializable(PACKAGE)
class MultiScaleSSIMLoss(RegionLoss):
    """One minus the multi-scale structural similarity.

    The five published scales need 176 pixels per side. For smaller images only those
    scales are used that have 11 pixels or more (four at 128, three at 64), with their
    exponents scaled to the same sum. A scale's mean similarity is at least 0.0001,
    because powers of negative numbers are undefined.

    Reference: Wang et al., "Multiscale Structural Similarity for Image Quality
    Assessment", 2003.

    Args:
        powers: The exponent of each scale, above 0, finest first.
        **kwargs: As `RegionLoss`.

    Example:
        >>> faces = keras.random.uniform((1, 176, 176, 3), seed=0)
        >>> loss = MultiScaleSSIMLoss()
        >>> round(float(loss(faces, faces)), 4)
        0.0
    """

    _arguments: tuple[str, ...] = ("powers", "outside", "regions")

    def __init__(
        self,
        powers: Sequence[float] = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not powers or min(powers) <= 0:
            raise ValueError(
                f"powers={powers!r} was given. Expected the exponent of each scale, "
                "one or more numbers above 0. Use powers=(0.5, 0.5)."
            )
        self.powers = tuple(powers)

    def compare(self, true: Any, pred: Any, weight: Any) -> Any:
        """Returns one value in [0, 1] for each image, (B,)."""
        side = min(checked_size(pred, _WINDOW, "MultiScaleSSIMLoss"))
        scales = [p for i, p in enumerate(self.powers) if side >> i >= _WINDOW]
        scale = sum(self.powers) / sum(scales)
        total = 1.0
        for index, power in enumerate(scales):
            luminance, similar = similarity_maps(true, pred)
            if index == len(scales) - 1:
                similar = luminance * similar
            mean = 1.0 - spatial_mean(1.0 - similar, cropped(weight, _WINDOW // 2))
            total = total * ops.maximum(mean, _FLOOR) ** (power * scale)
            if index < len(scales) - 1:
                true, pred, weight = halved(true), halved(pred), halved(weight)
        return 1.0 - ops.mean(total, axis=-1)
