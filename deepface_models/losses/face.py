"""The face swaps' default losses, and a fast structural dissimilarity."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from deepface_models.core.version import PACKAGE
from deepface_models.core.whole import whole_numbers
from deepface_models.losses.targets import mask_error, split_target


@whole_numbers(block=1)
def dssim(y_true: Any, y_pred: Any, block: int = 4) -> Any:
    """Structural dissimilarity (1 - SSIM) / 2 over overlapping windows.

    Windows are uniform, 2*block pixels wide and one block apart. With `block=4` that
    is a sixteenth of the work of a window at every pixel.

    Reference: Wang et al., "Image Quality Assessment: From Error Visibility to
    Structural Similarity", 2004.

    Args:
        y_true: Images (B, H, W, C) in [0, 1].
        y_pred: Images of the same shape.
        block: Half the window's width in pixels.

    Returns:
        A map (B, H/block - 1, W/block - 1, C) of values in [0, 1].

    Example:
        >>> faces = keras.random.uniform((2, 64, 64, 3), seed=0)
        >>> tuple(dssim(faces, faces).shape)
        (2, 15, 15, 3)
    """
    channels = y_true.shape[-1]
    stack = ops.concatenate(
        [y_true, y_pred, y_true**2 + y_pred**2, y_true * y_pred], axis=-1
    )
    sums = ops.average_pool(stack, block, block)
    sums = ops.average_pool(sums, 2, 1)
    mean_t, mean_p, squares, product = (
        sums[..., i * channels : (i + 1) * channels] for i in range(4)
    )
    means = mean_t * mean_p
    mean_squares = mean_t**2 + mean_p**2
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2.0 * means + c1) / (mean_squares + c1)
    structure = (2.0 * (product - means) + c2) / (squares - mean_squares + c2)
    return (1.0 - luminance * structure) / 2.0


@keras.saving.register_keras_serializable(PACKAGE)
class FaceLoss(keras.losses.Loss):
    """Weighted sum of absolute, structural, squared and learned-mask errors.

    Args:
        l1: Weight of the mean absolute error.
        structure: Weight of the structural dissimilarity; see `dssim`.
        mask: Weight of the learned mask's mean squared error. It has no effect if
            predictions or targets have no mask.
        outside: Weight of pixels outside the face's mask; inside it is 1.
        squared: Weight of the squared error.
        name: The loss's name.
        reduction: As in `keras.losses.Loss`.

    Example:
        >>> faces = keras.random.uniform((2, 64, 64, 3), seed=0)
        >>> loss = FaceLoss()
        >>> round(float(loss(faces, faces)), 4)
        0.0
    """

    def __init__(
        self,
        l1: float = 1.0,
        structure: float = 1.0,
        mask: float = 0.5,
        outside: float = 0.1,
        name: str = "face_loss",
        reduction: str = "sum_over_batch_size",
        *,
        squared: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, **kwargs)
        self.l1 = l1
        self.structure = structure
        self.mask = mask
        self.outside = outside
        self.squared = squared

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns one value for each image, (B,)."""
        true, weight, mask, pred = split_target(y_true, y_pred)
        weight = self._weight(true, weight, mask)
        axes = (1, 2, 3)
        area = ops.mean(weight, axis=axes) + 1e-6
        loss = 0.0
        if self.l1:
            error = ops.mean(weight * ops.abs(true - pred), axis=axes)
            loss = loss + self.l1 * error / area
        if self.structure:
            pooled = ops.average_pool(ops.average_pool(weight, 4, 4), 2, 1)
            error = ops.mean(pooled * dssim(true, pred), axis=axes)
            norm = ops.mean(pooled, axis=axes) + 1e-6
            loss = loss + self.structure * error / norm
        if self.mask and mask is not None and y_pred.shape[-1] > 3:
            loss = loss + self.mask * mask_error(mask, y_pred)
        if self.squared:
            error = ops.mean(weight * ops.square(true - pred), axis=axes)
            loss = loss + self.squared * error / area
        return loss

    def _weight(self, true: Any, weight: Any, mask: Any) -> Any:
        if mask is None:
            return ops.ones_like(true[..., :1])
        inside = mask if weight is None else mask * weight
        return self.outside + (1.0 - self.outside) * inside

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        own = ("l1", "structure", "mask", "outside", "squared")
        return {**super().get_config(), **{k: getattr(self, k) for k in own}}


@keras.saving.register_keras_serializable(PACKAGE)
class ImageLoss(keras.losses.Loss):
    """Mean absolute error of red, green and blue, the loss of the first face swaps.

    Mask and weight channels are ignored.

    Example:
        >>> faces = keras.random.uniform((2, 64, 64, 3), seed=0)
        >>> loss = ImageLoss()
        >>> round(float(loss(faces, faces)), 4)
        0.0
    """

    def __init__(
        self,
        name: str = "image_loss",
        reduction: str = "sum_over_batch_size",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, **kwargs)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns one value for each image, (B,)."""
        error = ops.abs(y_true[..., :3] - y_pred[..., :3])
        return ops.mean(error, axis=(1, 2, 3))
