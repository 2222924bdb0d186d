"""Contact sheets: many small images in one."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from deepface_models.core.arrays import Array, as_uint8
from deepface_models.core.whole import whole_numbers

_FONT, _PAPER, _INK = cv2.FONT_HERSHEY_SIMPLEX, 255, (32, 32, 32)


@whole_numbers(gap=0)
def grid(
    rows: Sequence[Sequence[Array]],
    gap: int = 2,
    labels: Sequence[str] | None = None,
) -> Array:
    """Arranges images in rows, as in a contact sheet or a training preview.

    Args:
        rows: Rows of images, each (height, width, 3), RGB, uint8 or float [0, 1].
            Cells have the size of the largest image; smaller images are enlarged to
            fit, with their aspect ratio. Rows may have different lengths.
        gap: White space between cells in px.
        labels: A text to the left of each row.

    Returns:
        uint8 array, (height, width, 3), RGB.

    Raises:
        ValueError: There is no image, or the number of labels is not that of rows.

    Example:
        >>> rows = [[np.zeros((64, 64, 3))] * 4] * 2
        >>> grid(rows).shape
        (130, 262, 3)
    """
    images = [[as_uint8(image) for image in row] for row in rows]
    if not any(images):
        raise ValueError(
            f"{len(rows)} rows without images were given. Expected one image or more. "
            "Check that the list is not empty."
        )
    if labels is not None and len(labels) != len(images):
        raise ValueError(
            f"{len(labels)} labels were given for {len(images)} rows. Expected one per "
            "row. Use '' for a row without a label."
        )
    height = max(image.shape[0] for row in images for image in row)
    width = max(image.shape[1] for row in images for image in row)
    columns = max(len(row) for row in images)
    shape = (len(images) * (height + gap) - gap, columns * (width + gap) - gap, 3)
    sheet = np.full(shape, _PAPER, np.uint8)
    for i, row in enumerate(images):
        for j, image in enumerate(row):
            top, left = i * (height + gap), j * (width + gap)
            sheet[top : top + height, left : left + width] = _fit(image, height, width)
    if labels is None:
        return sheet
    margin = _margin(labels, height, gap, min(_scale(shape[1]), height / 40))
    return np.concatenate([margin, sheet], axis=1)


def _scale(width: int) -> float:
    """Returns a size of labels that is legible when a sheet is shown 720 px wide."""
    return 0.6 * max(1.0, width / 720)


def _fit(image: Array, height: int, width: int) -> Array:
    """Scales an image into a white cell, centered."""
    if image.shape[:2] == (height, width):
        return image
    scale = min(height / image.shape[0], width / image.shape[1])
    size = (
        max(1, min(width, round(image.shape[1] * scale))),
        max(1, min(height, round(image.shape[0] * scale))),
    )
    cell = np.full((height, width, 3), _PAPER, np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    cell[top : top + size[1], left : left + size[0]] = cv2.resize(
        image, size, interpolation=cv2.INTER_LINEAR
    )
    return cell


def _margin(labels: Sequence[str], height: int, gap: int, scale: float) -> Array:
    """Draws the column of labels, as wide as the longest one."""
    line = max(1, round(scale))
    sizes = [cv2.getTextSize(text, _FONT, scale, line)[0] for text in labels]
    width = max(size[0] for size in sizes) + 12
    margin = np.full((len(labels) * (height + gap) - gap, width, 3), _PAPER, np.uint8)
    for i, (text, size) in enumerate(zip(labels, sizes, strict=True)):
        where = (6, i * (height + gap) + (height + size[1]) // 2)
        cv2.putText(margin, text, where, _FONT, scale, _INK, line, cv2.LINE_AA)
    return margin
