"""The channels of targets, and means over an image."""

from __future__ import annotations

from typing import Any

from keras import ops


def split_target(y_true: Any, y_pred: Any) -> tuple[Any, Any, Any, Any]:
    """Returns target image, weight, target mask and predicted image.

    Args:
        y_true: Targets (B, H, W, 3..5).
        y_pred: Predictions (B, H, W, 3..4).

    Returns:
        Image (B, H, W, 3), weight and mask (B, H, W, 1), and prediction (B, H, W, 3).
        Weight and mask are None if `y_true` has no channel for them.

    Example:
        >>> target, rendered = ops.ones((1, 8, 8, 5)), ops.ones((1, 8, 8, 4))
        >>> image, mask, weight, rendered = split_target(target, rendered)
        >>> image.shape[-1], mask.shape[-1]
        (3, 1)
    """
    channels = y_true.shape[-1]
    mask = y_true[..., 3:4] if channels > 3 else None
    weight = y_true[..., 4:5] if channels > 4 else None
    return y_true[..., :3], weight, mask, y_pred[..., :3]


def mask_error(mask: Any, y_pred: Any) -> Any:
    """Returns the mean squared error of predictions' fourth channel, (B,).

    Args:
        mask: Target masks (B, H, W, 1).
        y_pred: Predictions (B, H, W, 4).
    """
    return ops.mean(ops.square(mask - y_pred[..., 3:4]), axis=(1, 2, 3))


def spatial_mean(values: Any, weight: Any = None) -> Any:
    """Averages (B, H, W, C) over the pixels of each image to (B, C).

    Args:
        values: Maps (B, H, W, C).
        weight: The weight of each pixel, (B, H, W, 1), or None. The mean of an image
            without positive weights is 0.
    """
    if weight is None:
        return ops.mean(values, axis=(1, 2))
    total = ops.sum(values * weight, axis=(1, 2))
    return total / (ops.sum(weight, axis=(1, 2)) + 1e-6)


def image_mean(values: Any, weight: Any = None) -> Any:
    """Returns the weighted mean of each image's values, (B,).

    `compare` of a `RegionLoss` ends with it: its weight is None where a target has
    neither a mask nor weights.

    Args:
        values: Errors (B, H, W, C).
        weight: Weights (B, H, W, 1) of the pixels, or None for equal ones.

    Example:
        >>> errors = ops.ones((2, 4, 4, 3))
        >>> ops.convert_to_numpy(image_mean(errors)).tolist()
        [1.0, 1.0]
    """
    if weight is None:
        return ops.mean(values, axis=(1, 2, 3))
    return spatial_mean(ops.mean(values, axis=-1, keepdims=True), weight)[:, 0]


def cropped(maps: Any, border: int) -> Any:
    """Cuts `border` pixels off each side; None stays None."""
    if maps is None:
        return None
    return maps[:, border : maps.shape[1] - border, border : maps.shape[2] - border]


def halved(maps: Any) -> Any:
    """Averages blocks of 2 x 2 pixels without padding; None stays None."""
    return None if maps is None else ops.average_pool(maps, 2, 2)


def checked_size(y_pred: Any, smallest: int, name: str) -> tuple[int, int]:
    """Returns height and width of a batch.

    Raises:
        ValueError: A side is unknown or below `smallest`.
    """
    height, width = y_pred.shape[1:3]
    if height is None or width is None or min(height, width) < smallest:
        raise ValueError(
            f"Images of height {height} and width {width} were given to {name}. "
            f"Expected a fixed size of at least {smallest} x {smallest} pixels. Use "
            "larger images, or another loss."
        )
    return height, width
