"""Baselines without neural networks: PCA, JPEG and non-local means."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from deepface_models.core.arrays import Array, as_float

QUALITIES = (1, 3, 5, 8, 12, 16, 20, 25, 30, 40, 50, 60, 70, 80, 90, 95)
SHRINKS = (1, 2, 4, 8)
_MOST_ROWS = 8000  # images for PCA, which then takes six seconds


class PCA:
    """Principal component analysis of images.

    Args:
        images: Training images, (N, H, W, C), uint8 or float in [0, 1].
        components: Number of components, at most the number of images and of values.
    """

    def __init__(self, images: Array, components: int) -> None:
        rows = as_float(images[:_MOST_ROWS]).reshape(min(len(images), _MOST_ROWS), -1)
        self.mean = rows.mean(axis=0)
        rows = rows - self.mean
        self.components = min(components, *rows.shape)
        if rows.shape[1] <= len(rows):
            self.axes = np.linalg.eigh(rows.T @ rows)[1][:, -self.components :]
        else:
            weights = np.linalg.eigh(rows @ rows.T)[1][:, -self.components :]
            self.axes = np.linalg.qr(rows.T @ weights)[0]

    def __call__(self, images: Array) -> Array:
        """Returns images reconstructed from their components, float32."""
        rows = as_float(images).reshape(len(images), -1) - self.mean
        rendered = rows @ self.axes @ self.axes.T + self.mean
        return np.clip(rendered, 0, 1).reshape(images.shape).astype("float32")


def as_bytes(images: Array) -> Array:
    """Returns images as uint8."""
    return np.rint(255 * as_float(images)).astype("uint8")


def jpegs(images: Array, size: int) -> tuple[Array, float]:
    """Returns the best JPEG of at most `size` bytes of each image, and mean bytes.

    Images are also tried at lower resolutions. If no JPEG is small enough, the
    smallest one is used.
    """
    pairs = [_jpeg(one, size) for one in as_bytes(images)]
    return np.stack([one for one, _ in pairs]), float(np.mean([n for _, n in pairs]))


def _jpeg(image: Array, size: int) -> tuple[Array, int]:
    tried: list[tuple[int, float, Array]] = []
    side = image.shape[0]
    for shrink in SHRINKS:
        shape = (max(4, side // shrink),) * 2
        small = cv2.resize(image, shape, interpolation=cv2.INTER_AREA)
        small = small.reshape(*shape, image.shape[2])  # OpenCV drops a single channel
        for quality in QUALITIES:
            how = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
            data = cv2.imencode(".jpg", small[..., ::-1], how)[1]
            if len(data) > size and shrink < SHRINKS[-1]:
                break
            found: Any = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
            found = cv2.resize(found, (side, side), interpolation=cv2.INTER_CUBIC)
            found = found.reshape(image.shape)[..., ::-1]
            error = float(np.mean(np.square(found.astype(float) - image)))
            tried.append((len(data), error, found))
    fitting = [one for one in tried if one[0] <= size]
    best = (
        min(fitting, key=lambda one: one[1])
        if fitting
        else min(tried, key=lambda one: one[0])
    )
    return best[2], best[0]


def non_local_means(images: Array, strength: float) -> Array:
    """Returns images denoised by OpenCV's non-local means, uint8."""
    return np.stack(
        [
            cv2.fastNlMeansDenoisingColored(i, None, strength, strength)
            for i in as_bytes(images)
        ]
    )
