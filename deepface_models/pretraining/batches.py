"""Batches of images, each epoch in another order and slightly changed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cv2
import keras
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.data.augmentation import Augmentation, random_similarity
from deepface_models.data.color import scale_colors
from deepface_models.pretraining.ahead import Ahead

_AHEAD = 2  # batches for each worker that are made before they are asked for
_SOFT = 0.5  # of an image: how wide the seam of two blended ones is


class Images(keras.utils.PyDataset):
    """Batches whose random changes depend on `seed`, `epoch` and the number alone.

    So a training that is resumed sees what an uninterrupted one would. The threads
    are its own, because Keras' would carry batches over from one epoch to the next.

    Args:
        wide: (N, S + 2 border, S + 2 border, C), uint8 where they are to be changed.
        border: What the changes may bring into the image.
        batch_size: Images a batch.
        moves: Ranges of turn, size, place and mirror, which is all that is taken of
            it; None changes nothing.
        color: Standard deviation of the changes of brightness and of each color.
        seed: Makes the changes repeatable.
        blend: Share of images that pass into another one along a line.
        steps: Batches an epoch; None for as many as show each image once.
        workers: Threads that make batches ahead; 1 makes each when it is asked for.
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
            cv2.setNumThreads(1)  # its own threads cost more than such small images

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, index: int) -> tuple[Array]:
        first = self.epoch * self.steps + index
        if self._ahead is None:
            return (self._batch(first),)
        self._ahead.order(range(first, first + self._count))
        return (self._ahead.result(first),)

    def on_epoch_end(self) -> None:
        """Goes on to the next epoch's order."""
        self.epoch += 1

    def _batch(self, number: int) -> Array:
        """Makes the batch of that number, counted from the training's beginning."""
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
        # Cubic: the network would learn the softness of linear interpolation.
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        shape, border = (self.size, self.size), cv2.BORDER_REPLICATE
        face = cv2.warpAffine(image, matrix, shape, flags=flags, borderMode=border)
        if not self.color:
            return np.asarray(face)
        gain = np.exp(rng.normal(0, self.color) + rng.normal(0, self.color / 2, 3))
        return scale_colors(face, gain, 255 * rng.normal(0, self.color / 2))

    def _blended(self, image: Array, rng: np.random.Generator) -> Array:
        """Joins a part of an image and of another: aligned faces make one face."""
        other = self.wide[rng.integers(len(self.wide))]
        angle, middle = rng.uniform(0, 2 * np.pi), rng.uniform(-0.25, 0.25)
        line = np.linspace(-0.5, 0.5, len(image), dtype="float32")
        across = line * np.cos(angle) + line[:, None] * np.sin(angle)
        share = np.clip(0.5 + (across - middle) / _SOFT, 0, 1).astype("float32")
        return np.asarray(cv2.blendLinear(image, other, 1 - share, share))
