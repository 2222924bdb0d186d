"""Edge loss: the error of the Laplacian."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from deepface_models.core.version import PACKAGE
from deepface_models.losses.base import RegionLoss
from deepface_models.losses.targets import checked_size, cropped, image_mean

_CROSS = np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]], "float32")
_KERNEL = np.tile(_CROSS[:, :, None, None], (1, 1, 3, 1))


@keras.saving.register_keras_serializable(PACKAGE)
class EdgeLoss(RegionLoss):
    """Charbonnier error of the Laplacian, for edges that are misplaced or too soft.

    It is the mean of sqrt(d*d + smooth*smooth) - smooth, where d is the difference of
    the two Laplacians (the sum of the four neighbors minus four times the pixel).

    Reference: Zamir et al., "Multi-Stage Progressive Image Restoration", 2021.

    Args:
        smooth: Above 0. Errors far below it are squared, larger ones absolute.
        **kwargs: As `RegionLoss`.

    Example:
        >>> faces = keras.random.uniform((2, 64, 64, 3), seed=0)
        >>> loss = EdgeLoss()
        >>> round(float(loss(faces, faces)), 4)
        0.0
    """

    _arguments: tuple[str, ...] = ("smooth", "outside", "regions")

    def __init__(self, smooth: float = 1e-3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if smooth <= 0:
            raise ValueError(
                f"smooth={smooth!r} was given. Expected a number above 0. Use "
                "smooth=0.001, as published."
            )
        self.smooth = smooth

    def compare(self, true: Any, pred: Any, weight: Any) -> Any:
        """Returns one value for each image, (B,)."""
        checked_size(pred, 3, "EdgeLoss")
        edges = ops.depthwise_conv(true - pred, _KERNEL, data_format="channels_last")
        error = ops.sqrt(ops.square(edges) + self.smooth**2) - self.smooth
        return image_mean(error, cropped(weight, 1))
