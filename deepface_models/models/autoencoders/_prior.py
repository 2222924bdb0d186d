"""Base class of autoencoders whose codes follow a standard normal prior."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers
from deepface_models.models.autoencoders.base import Autoencoder, size_of


class PriorAutoencoder(Autoencoder):
    """Base of generative autoencoders, which can sample new examples.

    While training, the model's output is a dictionary with the image under "image"
    and further values for the loss; at inference it is the image. The reconstruction
    term is the compiled loss, summed over an image's values and averaged over images.
    """

    _arguments: tuple[str, ...] = (
        "image_shape",
        "latent_size",
        "architecture",
        "widths",
    )

    image_shape: tuple[int, ...]
    latent_size: int

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Reconstructs a batch; while training, returns values for the loss, too."""
        if not training:
            return super().call(inputs, training=training, mask=mask)
        terms = self._encoded(self._as_unit(inputs), training=True)
        image = self.decoder(self._training_codes(terms), training=True)
        return {**terms, "image": image}

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> Any:
        """Computes the metrics given to `compile` on the image."""
        image = y_pred["image"] if isinstance(y_pred, dict) else y_pred
        return super().compute_metrics(x, y, image, sample_weight)

    @whole_numbers(n=1, seed=0, batch_size=1)
    def sample(self, n: int, seed: int | None = None, batch_size: int = 32) -> Array:
        """Decodes codes sampled from the prior to new examples.

        Args:
            n: Number of examples.
            seed: The same seed gives the same codes, on every backend; with None they
                differ each time. Training's random numbers are not affected.
            batch_size: Examples per batch.

        Returns:
            float32 (n, *image_shape).

        Raises:
            ValueError: `n` is less than 1.
        """
        if n < 1:
            raise ValueError(
                f"n={n} was given to sample. Expected 1 or more. Use sample(16)."
            )
        codes = np.random.default_rng(seed).standard_normal((n, self.latent_size))
        return self.decode(codes, batch_size=batch_size)

    @whole_numbers(steps=1)
    def interpolate(self, a: Any, b: Any, steps: int = 8) -> Array:
        """Decodes codes interpolated linearly between those of two examples.

        Args:
            a: One example, as in `fit`, without the batch axis.
            b: Another example.
            steps: Number of codes, both ends included; 2 or more.

        Returns:
            float32 (steps, *image_shape); the first is `reconstruct(a)`.

        Raises:
            ValueError: There are fewer than 2 steps.
        """
        if steps < 2:
            raise ValueError(
                f"steps={steps} was given to interpolate. Expected 2 or more, because "
                "both ends count. Use steps=8."
            )
        start, end = self.encode(a), self.encode(b)
        if start.ndim != 1 or end.ndim != 1:
            raise ValueError(
                f"Examples with codes of shapes {start.shape} and {end.shape} were "
                "given to interpolate. Expected two single examples, without the batch "
                "axis. Use interpolate(images[0], images[1])."
            )
        weights = np.linspace(0.0, 1.0, steps, dtype="float32")[:, None]
        return self.decode((1.0 - weights) * start + weights * end)

    def _encoded(self, images: Any, training: bool) -> dict[str, Any]:
        """Returns the encoder's outputs by name."""
        raise NotImplementedError

    def _training_codes(self, terms: dict[str, Any]) -> Any:
        """Returns the codes that are decoded while training."""
        raise NotImplementedError

    def _terms(self, x: Any, y_pred: Any) -> dict[str, Any]:
        """Returns the outputs that `call` has while training, also in evaluation."""
        if isinstance(y_pred, dict):
            return y_pred
        return {**self._encoded(self._as_unit(x), training=False), "image": y_pred}

    def _reconstruction(
        self, x: Any, y: Any, image: Any, sample_weight: Any, training: bool
    ) -> Any:
        """Returns the compiled loss, summed over each image; a mean over images."""
        mean = super().compute_loss(x, y, image, sample_weight, training)
        return mean * float(size_of(self.image_shape))


def update_means(metrics: dict[keras.metrics.Mean, Any], x: Any) -> None:
    """Adds a batch's means to their metrics, weighted by the batch size as `loss`."""
    count = ops.shape(x)[0]
    for metric, value in metrics.items():
        metric.update_state(value, sample_weight=count)
