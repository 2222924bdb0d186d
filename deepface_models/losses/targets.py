"""What a target's channels mean, and averages over an image."""

from __future__ import annotations

from typing import Any

from keras import ops


def split_target(y_true: Any, y_pred: Any) -> tuple[Any, Any, Any, Any]:
    """Returns image, weight, mask target and predicted image.

    Weight and mask are None where `y_true` has no channel for them.
    """
    channels = y_true.shape[-1]
    mask = y_true[..., 3:4] if channels > 3 else None
    weight = y_true[..., 4:5] if channels > 4 else None
    return y_true[..., :3], weight, mask, y_pred[..., :3]


def spatial_mean(values: Any, weight: Any = None) -> Any:
    """Averages (B, H, W, C) over each image to (B, C).

    Args:
        values: Maps (B, H, W, C).
        weight: None, or how much each pixel counts, (B, H, W, 1). Where all of a
            image's weights are 0, so is its average.
    """
    if weight is None:
        return ops.mean(values, axis=(1, 2))
    total = ops.sum(values * weight, axis=(1, 2))
    return total / (ops.sum(weight, axis=(1, 2)) + 1e-6)


def image_mean(values: Any, weight: Any = None) -> Any:
    """Averages (B, H, W, C) over each image and its channels to (B,)."""
    if weight is None:
        return ops.mean(values, axis=(1, 2, 3))
    return spatial_mean(ops.mean(values, axis=-1, keepdims=True), weight)[:, 0]


def cropped(maps: Any, border: int) -> Any:
    """Cuts `border` pixels off each side; None stays None."""
    if maps is None:
        return None
    return maps[:, border : maps.shape[1] - border, border : maps.shape[2] - border]


def halved(maps: Any) -> Any:
    """Averages blocks of 2x2 pixels; None stays None. An odd last line is left out."""
    return None if maps is None else ops.average_pool(maps, 2, 2)


def checked_size(y_pred: Any, smallest: int, name: str) -> tuple[int, int]:
    """Returns height and width of a batch.

    Raises:
        ValueError: A side is unknown or below `smallest`.
    """
    height, width = y_pred.shape[1:3]
    if height is None or width is None or min(height, width) < smallest:
        raise ValueError(
            f"{name} got images of height {height} and width {width}. It needs at "
            f"least {smallest} x {smallest} pixels, known when the model is built. "
            "Use larger images, or another loss."
        )
    return height, width
