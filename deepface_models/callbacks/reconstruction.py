"""Originals over reconstructions, while the model learns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deepface_models.callbacks._drawing import DrawingCallback, check_images, evenly
from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers
from deepface_models.models.autoencoders.images import reconstruction_rows


class ReconstructionGrid(DrawingCallback):
    """Writes a row of originals over a row of reconstructions.

    For a `DenoisingAutoencoder` the noisy images stand between. `latest.png` is the
    newest, `000012.png` the one after 12 epochs. Training is the same with and
    without.

    Args:
        images: (N, *image_shape) uint8 or float in [0, 1]; images that are not
            trained on show more.
        folder: Where the images go.
        every: Epochs from one image to the next.
        log_dir: TensorBoard's folder, to see the images there too.
        max_images: Columns; images are taken evenly spaced.
        image_shape: (height, width) to draw rows of features with.

    Raises:
        MissingDependencyError: `log_dir` is given and TensorBoard is not installed.
        ValueError: There are no images, or (on training begin) they do not fit the
            model.
    """

    tag = "reconstruction"

    @whole_numbers(every=1, max_images=1)
    def __init__(
        self,
        images: Any,
        folder: str | Path,
        every: int = 1,
        log_dir: str | Path | None = None,
        max_images: int = 10,
        image_shape: Sequence[int] | None = None,
    ) -> None:
        super().__init__(folder, every, log_dir)
        found = check_images(images, max_images, "ReconstructionGrid")
        self.images = found[evenly(len(found), max_images)]
        self.image_shape = image_shape

    def draw(self) -> Array:
        """Returns the image of the model as it is now, uint8 (H, W, 3)."""
        return reconstruction_rows(self.model, self.images, self.image_shape)
