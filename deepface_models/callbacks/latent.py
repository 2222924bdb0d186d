"""Plots of the latent space, and images decoded from it, while training."""

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
    """Writes a scatter plot of the images' latent codes, colored by class.

    Latents of more than two dimensions are projected on their first two principal
    components. `latest.png` is the newest plot, `000012.png` the one after 12 epochs.
    The callback does not change the training.

    Args:
        images: (N, *image_shape) uint8 or float in [0, 1].
        labels: The class of each image, numbers or text; with None, all points have
            one color.
        folder: Folder of the plots.
        every: Epochs between plots.
        log_dir: TensorBoard's folder, to show the plots there too.
        max_images: Most points; the images are evenly spaced among those given.

    Raises:
        MissingDependencyError: `log_dir` is given and TensorBoard is not installed.
        ValueError: There are no images, or not one label for each; or, when training
            begins, the images do not fit the model.

    Example:
        >>> scatter = LatentScatter(x_train, range(8), "scatter")
        >>> history = autoencoder.fit(x_train, callbacks=[scatter], verbose=0)
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
        checked = check_images(images, max_images, "LatentScatter")
        index = evenly(len(checked), max_images)
        classes = check_labels(labels, len(checked))
        self.images = checked[index]
        self.labels = None if labels is None else classes[index]

    def draw(self) -> Array:
        """Returns the plot of the model's current state, uint8 (H, W, 3)."""
        return latent_scatter(self.model.encode(self.images), self.labels)


class LatentWalk(DrawingCallback):
    """Writes images decoded along a path or a grid in the latent space.

    A two-dimensional latent space is decoded on a grid: over the codes of `images`,
    or, for variational and adversarial autoencoders without `images`, over quantiles
    of the normal distribution (see `latent_grid`). For other latents, each row
    interpolates from the code of one image to that of the next (`latent_walk`). The
    callback does not change the training.

    Args:
        folder: Folder of the images: `latest.png`, and `000012.png` after 12 epochs.
        images: (N, *image_shape) with N of 2 or more.
        every: Epochs between images.
        log_dir: TensorBoard's folder, to show the images there too.
        count: Images on each side of the grid, or steps of an interpolation.
        max_images: Images to interpolate between, evenly spaced; a grid uses all.
        image_shape: (height, width) of the images, if the data are flat vectors.

    Raises:
        MissingDependencyError: `log_dir` is given and TensorBoard is not installed.
        ValueError: There are no images though the latent space needs them; or, when
            training begins, the images do not fit the model.

    Example:
        >>> walk = LatentWalk("walks", x_train, max_images=3)
        >>> history = autoencoder.fit(x_train, callbacks=[walk], verbose=0)
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
        """Returns an image of the model's current state, uint8 (H, W, 3)."""
        shape = latent_shape(self.model)
        if shape == (2,):
            return latent_grid(self.model, self.images, self.count, self.image_shape)
        if self.images is None:
            raise ValueError(
                f"images=None was given for a latent of shape {shape}. Expected images "
                "to interpolate between; only a two-dimensional latent space needs "
                "none. Use images=x_test[:5]."
            )
        chosen = self.images[evenly(len(self.images), self.max_images)]
        return latent_walk(self.model, chosen, self.count, self.image_shape)
