"""Batches of pictures, each epoch in another order and slightly changed.

A machine without dlib and PyAV can train from them.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import cv2
import keras
import numpy as np
import pretrain_absent  # noqa: F401 - before the package
from numpy.typing import NDArray

from deepface_models.data.augmentation import Augmentation, random_similarity

Array = NDArray[Any]

_AHEAD = 2  # batches for each worker that are drawn before they are wanted
_SOFT = 0.5  # of a picture: how wide the seam of two blended ones is


class Pictures(keras.utils.PyDataset):
    """Batches whose draws depend on `seed`, `epoch` and the batch's number alone.

    So a training that is resumed sees what an uninterrupted one would. The threads
    are its own, because Keras' would carry batches over from one epoch to the next.

    Args:
        wide: (N, S + 2 border, S + 2 border, C), uint8 where they are to be changed.
        border: What the changes may bring into the picture.
        batch_size: Pictures a batch.
        moves: Ranges of turn, size, place and mirror, which is all that is drawn of
            it; None changes nothing.
        colour: Standard deviation of the changes of brightness and of each colour.
        seed: Makes the draws repeatable.
        blend: Share of pictures that pass into another one along a line.
        passes: How often an epoch shows each picture.
        workers: Threads that draw batches ahead; 1 draws each when it is wanted.
    """

    def __init__(
        self,
        wide: Array,
        border: int = 0,
        batch_size: int = 32,
        moves: Augmentation | None = None,
        colour: float = 0.0,
        seed: int = 0,
        *,
        blend: float = 0.0,
        passes: int = 1,
        workers: int = 1,
    ) -> None:
        super().__init__(workers=1, max_queue_size=4)
        self.wide, self.border = wide, border
        self.size = wide.shape[1] - 2 * border
        self.batch_size = min(batch_size, len(wide))
        self.moves, self.colour, self.blend = moves, colour, blend
        self.seed, self.epoch, self.passes = seed, 0, passes
        self._ahead = _AHEAD * workers
        self._pool = ThreadPoolExecutor(workers) if workers > 1 else None
        self._coming: dict[int, Future[Array]] = {}
        if workers > 1:
            cv2.setNumThreads(1)  # its own threads cost more than so small pictures

    def __len__(self) -> int:
        return self.passes * (len(self.wide) // self.batch_size)

    def __getitem__(self, index: int) -> tuple[Array]:
        first = self.epoch * len(self) + index
        if self._pool is None:
            return (self._batch(first),)
        self._coming = {
            number: self._coming.get(number) or self._pool.submit(self._batch, number)
            for number in range(first, first + self._ahead)
        }
        return (self._coming[first].result(),)

    def on_epoch_end(self) -> None:
        self.epoch += 1

    def _batch(self, number: int) -> Array:
        """The batch of that number, counted from the beginning of the training."""
        turn, index = divmod(number, len(self.wide) // self.batch_size)
        order = np.random.default_rng((self.seed, turn)).permutation(len(self.wide))
        chosen = order[index * self.batch_size : (index + 1) * self.batch_size]
        if self.moves is None:
            return self.wide[chosen]
        rng = np.random.default_rng((self.seed, turn, index))
        return np.stack([self._changed(self.wide[i], self.moves, rng) for i in chosen])

    def _changed(
        self, picture: Array, moves: Augmentation, rng: np.random.Generator
    ) -> Array:
        if self.blend and rng.random() < self.blend:
            picture = self._blended(picture, rng)
        matrix = random_similarity(rng, len(picture), moves)
        matrix[:, 2] += matrix[:, :2] @ np.full(2, self.border, float)
        # Cubic: the network would learn the softness of linear interpolation.
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        shape, border = (self.size, self.size), cv2.BORDER_REPLICATE
        face = cv2.warpAffine(picture, matrix, shape, flags=flags, borderMode=border)
        if not self.colour:
            return np.asarray(face)
        gain = np.exp(rng.normal(0, self.colour) + rng.normal(0, self.colour / 2, 3))
        shift = 255 * rng.normal(0, self.colour / 2)
        table = np.clip(np.arange(256.0)[:, None] * gain + shift, 0, 255).round()
        return np.asarray(cv2.LUT(face, table.astype("uint8")[None]))

    def _blended(self, picture: Array, rng: np.random.Generator) -> Array:
        """Part of a picture and part of another: aligned faces make one face."""
        other = self.wide[rng.integers(len(self.wide))]
        angle, middle = rng.uniform(0, 2 * np.pi), rng.uniform(-0.25, 0.25)
        line = np.linspace(-0.5, 0.5, len(picture), dtype="float32")
        across = line * np.cos(angle) + line[:, None] * np.sin(angle)
        share = np.clip(0.5 + (across - middle) / _SOFT, 0, 1).astype("float32")
        return np.asarray(cv2.blendLinear(picture, other, 1 - share, share))
