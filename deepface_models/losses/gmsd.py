"""Gradient magnitude similarity deviation."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from deepface_models.core.version import PACKAGE
from deepface_models.losses.base import RegionLoss
from deepface_models.losses.filters import luma
from deepface_models.losses.targets import checked_size, cropped, halved, image_mean

_ACROSS = np.tile([1.0, 0.0, -1.0], (3, 1)) / 3.0
_PREWITT = np.stack([_ACROSS, _ACROSS.T], axis=-1)[:, :, None].astype("float32")
_C = 170.0 / 255.0**2  # the paper's constant is for values up to 255
_TINY = 1e-8  # keeps both roots differentiable at 0


@keras.saving.register_keras_serializable(PACKAGE)
class GMSDLoss(RegionLoss):
    """Standard deviation of the gradient magnitude similarity of two images.

    It is computed from the luma at half resolution, as published, without a border
    of two pixels. It is 0 for an error that is equal everywhere: combine it with a
    loss of colors.

    Reference: Xue et al., "Gradient Magnitude Similarity Deviation: A Highly
    Efficient Perceptual Image Quality Index", 2014. Arguments are those of
    `RegionLoss`.

    Example:
        >>> faces = keras.random.uniform((2, 64, 64, 3), seed=0)
        >>> loss = GMSDLoss()
        >>> round(float(loss(faces, faces)), 4)
        0.0
    """

    def compare(self, true: Any, pred: Any, weight: Any) -> Any:
        """Returns one value in [0, 1] for each image, (B,)."""
        checked_size(pred, 8, "GMSDLoss")
        size_t, size_p = _magnitude(true), _magnitude(pred)
        # 1 - (2 t p + c) / (t*t + p*p + c), in a form that is exactly 0 for t = p.
        squares = ops.square(size_t) + ops.square(size_p)
        unlike = ops.square(size_t - size_p) / (squares + _C)
        weight = cropped(halved(weight), 1)
        mean = ops.reshape(image_mean(unlike, weight), (-1, 1, 1, 1))
        variance = image_mean(ops.square(unlike - mean), weight)
        return variance / ops.sqrt(variance + _TINY)


def _magnitude(images: Any) -> Any:
    slopes = ops.conv(halved(luma(images)), _PREWITT, data_format="channels_last")
    return ops.sqrt(ops.sum(ops.square(slopes), axis=-1, keepdims=True) + _TINY)
