"""The latent space, while the model learns: its codes and what they decode to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deepface_models.callbacks._drawing import DrawingCallback, check_images, evenly
from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers
from deepface_models.models.autoencoders.images import (
    latent_grid,
    latent_shape,
    latent_walk,
)
from deepface_models.models.autoencoders.scatter import check_labels, latent_scatter


class LatentScatter(DrawingCallback):
    """Writes a plot of codes, colored by class.

    Codes of more than two numbers are shown by their first two principal components.
    `latest.png` is the newest, `000012.png` the one after 12 epochs. Training is the
    same with and without.

    Args:
        images: (N, *image_shape) uint8 or float in [0, 1].
        labels: A class for each image, numbers or text; None draws one color.
        folder: Where the images go.
        every: Epochs from one image to the next.
        log_dir: TensorBoard's folder, to see the images there too.
        max_images: Points; images are taken evenly spaced.

    Raises:
        MissingDependencyError: `log_dir` is given and TensorBoard is not installed.
        ValueError: There are no images or not one label each, or (on training begin)
            they do not fit the model.
    """

    tag = "latent_scatter"

    @whole_numbers(every=1, max_images=1)
    def __init__(
        self,
        images: Any,
        labels: Sequence[Any] | Array | None,
        folder: str | Path,
        every: int = 1,
        log_dir: str | Path | None = None,
        max_images: int = 2000,
    ) -> None:
        super().__init__(folder, every, log_dir)
        found = check_images(images, max_images, "LatentScatter")
        index = evenly(len(found), max_images)
        kinds = check_labels(labels, len(found))
        self.images = found[index]
        self.labels = None if labels is None else kinds[index]

    def draw(self) -> Array:
        """Returns the image of the model as it is now, uint8 (H, W, 3)."""
        return latent_scatter(self.model.encode(self.images), self.labels)


class LatentWalk(DrawingCallback):
    """Writes what a walk through the latent space decodes to.

    For a latent of two numbers it is a grid through it: over the codes of `images`,
    or, for variational and adversarial autoencoders without them, over the quantiles
    of the normal distribution (see `latent_grid`). For other latents each row walks
    from the code of one image to that of the next (`latent_walk`). Training is the
    same with and without.

    Args:
        folder: Where the images go: `latest.png`, and `000012.png` after 12 epochs.
        images: (N, *image_shape) with N of 2 or more.
        every: Epochs from one image to the next.
        log_dir: TensorBoard's folder, to see the images there too.
        count: Images on each side of the grid, or steps of a walk.
        max_images: Images to walk between, evenly spaced; a grid spans all.
        image_shape: (height, width) to draw rows of features with.

    Raises:
        MissingDependencyError: `log_dir` is given and TensorBoard is not installed.
        ValueError: There are no images though the latent needs them, or (on training
            begin) they do not fit the model.
    """

    tag = "latent_walk"

    @whole_numbers(every=1, count=1, max_images=1)
    def __init__(
        self,
        folder: str | Path,
        images: Any = None,
        every: int = 1,
        log_dir: str | Path | None = None,
        count: int = 10,
        max_images: int = 5,
        image_shape: Sequence[int] | None = None,
    ) -> None:
        super().__init__(folder, every, log_dir)
        self.images = None
        if images is not None:
            self.images = check_images(images, max_images, "LatentWalk")
        self.count = count
        self.max_images = max_images
        self.image_shape = image_shape

    def draw(self) -> Array:
        """Returns the image of the model as it is now, uint8 (H, W, 3)."""
        shape = latent_shape(self.model)
        if shape == (2,):
            return latent_grid(self.model, self.images, self.count, self.image_shape)
        if self.images is None:
            raise ValueError(
                f"LatentWalk was given no images for a latent of shape {shape}. "
                "Expected images to walk between; only a latent of two numbers is "
                "drawn without. Pass images=x_test[:5]."
            )
        chosen = self.images[evenly(len(self.images), self.max_images)]
        return latent_walk(self.model, chosen, self.count, self.image_shape)
