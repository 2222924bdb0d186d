"""Models that need no training, for the tests of conversion and their subprocesses."""

from __future__ import annotations

import numpy as np

from deepface_models.core.arrays import Array


class TintModel:
    """Draws the face it is given, tinted, with the mask it is told to."""

    identities = ("ana", "ben")
    name = "tint"
    image_size = 96
    has_mask = True

    def __init__(self, mask: float | None = None, tint: float = 0.25) -> None:
        self.mask, self.tint = mask, tint

    def predict(self, images: Array, identity: str) -> Array:
        faces = np.asarray(images, np.float32) / 255
        faces = faces * (1 - self.tint) + self.tint * np.float32([0.2, 0.9, 0.3])
        size = faces.shape[1]
        y, x = np.mgrid[:size, :size] / (size - 1) - 0.5
        disc = 1 / (1 + np.exp(40 * (np.hypot(x, y * 0.8) - 0.36)))
        mask = disc if self.mask is None else np.full_like(disc, self.mask)
        masks = np.broadcast_to(mask, faces.shape[:3])[..., None]
        return np.concatenate([faces, masks.astype(np.float32)], axis=-1)

    def get_weights(self) -> list[Array]:
        return [np.float32([self.tint])]
