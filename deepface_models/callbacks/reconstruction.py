"""Preview images of reconstructions during training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deepface_models.callbacks._drawing import DrawingCallback, check_images, evenly
from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers
from deepface_models.models.autoencoders.images import reconstruction_rows


class ReconstructionGrid(DrawingCallback):
    """Writes an image with a row of originals above their reconstructions.

    A `DenoisingAutoencoder` has a row of noisy images between them. `latest.png` is
    the newest image, `000012.png` the one after 12 epochs. The callback does not
    change the training.

    Args:
        images: (N, *image_shape) uint8 or float in [0, 1]; preferably held-out ones.
        folder: Folder of the images.
        every: Epochs between images.
        log_dir: TensorBoard's folder, to show the images there too.
        max_images: Number of columns; the images are evenly spaced among those given.
        image_shape: (height, width) of the images, if the data are flat vectors.

    Raises:
        MissingDependencyError: `log_dir` is given and TensorBoard is not installed.
        ValueError: There are no images; or, when training begins, they do not fit the
            model.

    Example:
        >>> grid = ReconstructionGrid(x_train, "grids")
        >>> history = autoencoder.fit(x_train, callbacks=[grid], verbose=0)
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
        """Returns an image of the model's current state, uint8 (H, W, 3)."""
        return reconstruction_rows(self.model, self.images, self.image_shape)
