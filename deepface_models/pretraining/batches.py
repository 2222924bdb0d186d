"""Batches of shuffled and augmented images."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import keras
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.data.augmentation import Augmentation, random_similarity
from deepface_models.data.color import scale_colors
from deepface_models.pretraining.ahead import Ahead

_AHEAD = 2  # batches per worker that are prepared in advance
_SOFT = 0.5  # width of the transition between blended images, as a fraction


class Images(keras.utils.PyDataset):
    """Batches whose random changes depend only on `seed`, `epoch` and their index.

    So a resumed training has the same batches as an uninterrupted one. It has its own
    threads, because Keras' would keep batches from one epoch to the next.

    Args:
        wide: Images with border, (N, S + 2 border, S + 2 border, C); uint8 if they
            are augmented.
        border: Width of the border in pixels, which changes can move into the image.
        batch_size: Images per batch.
        moves: Augmentation of which rotation, zoom, shift and flip are used; None for
            no changes.
        color: Standard deviation of the changes of brightness and of each color.
        seed: Seed of the changes.
        blend: Fraction of images that are blended with another one along a line.
        steps: Batches per epoch; None to use each image once.
        workers: Threads that prepare batches in advance; 1 for none.
    """

    def __init__(
        self,
        wide: Array,
        border: int = 0,
        batch_size: int = 32,
        moves: Augmentation | None = None,
        color: float = 0.0,
        seed: int = 0,
        *,
        blend: float = 0.0,
        steps: int | None = None,
        workers: int = 1,
    ) -> None:
        super().__init__(workers=1, max_queue_size=4)
        self.wide, self.border = wide, border
        self.size = wide.shape[1] - 2 * border
        self.batch_size = min(batch_size, len(wide))
        self.moves, self.color, self.blend = moves, color, blend
        self.seed, self.epoch = seed, 0
        self.steps = steps or len(wide) // self.batch_size
        self._count = _AHEAD * workers
        self._ahead: Ahead | None = None
        if workers > 1:
            self._ahead = Ahead(ThreadPoolExecutor(workers), self._batch)
            cv2.setNumThreads(1)  # OpenCV's threads are slower for small images

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, index: int) -> tuple[Array]:
        first = self.epoch * self.steps + index
        if self._ahead is None:
            return (self._batch(first),)
        self._ahead.order(range(first, first + self._count))
        return (self._ahead.result(first),)

    def on_epoch_end(self) -> None:
        """Advances to the next epoch."""
        self.epoch += 1

    def _batch(self, number: int) -> Array:
        """Returns the batch with this index, counted from the first epoch."""
        turn, index = divmod(number, len(self.wide) // self.batch_size)
        order = np.random.default_rng((self.seed, turn)).permutation(len(self.wide))
        chosen = order[index * self.batch_size : (index + 1) * self.batch_size]
        if self.moves is None:
            return self.wide[chosen]
        rng = np.random.default_rng((self.seed, turn, index))
        return np.stack([self._changed(self.wide[i], self.moves, rng) for i in chosen])

    def _changed(
        self, image: Array, moves: Augmentation, rng: np.random.Generator
    ) -> Array:
        if self.blend and rng.random() < self.blend:
            image = self._blended(image, rng)
        matrix = random_similarity(rng, len(image), moves)
        matrix[:, 2] += matrix[:, :2] @ np.full(2, self.border, float)
        # Linear interpolation would blur the targets.
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        shape, border = (self.size, self.size), cv2.BORDER_REPLICATE
        face = cv2.warpAffine(image, matrix, shape, flags=flags, borderMode=border)
        if not self.color:
            return np.asarray(face)
        gain = np.exp(rng.normal(0, self.color) + rng.normal(0, self.color / 2, 3))
        return scale_colors(face, gain, 255 * rng.normal(0, self.color / 2))

    def _blended(self, image: Array, rng: np.random.Generator) -> Array:
        """Blends an image with another one; two aligned faces give a new face."""
        other = self.wide[rng.integers(len(self.wide))]
        angle, middle = rng.uniform(0, 2 * np.pi), rng.uniform(-0.25, 0.25)
        line = np.linspace(-0.5, 0.5, len(image), dtype="float32")
        across = line * np.cos(angle) + line[:, None] * np.sin(angle)
        share = np.clip(0.5 + (across - middle) / _SOFT, 0, 1).astype("float32")
        return np.asarray(cv2.blendLinear(image, other, 1 - share, share))
