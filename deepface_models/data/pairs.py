"""Training batches for face swaps: warped faces in, clean faces out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from deepface_models.data.augmentation import Augmentation, warp_pair
from deepface_models.data.regions import region_weights

if TYPE_CHECKING:
    from deepface_models.faces import FaceSet

Array = NDArray[Any]


class _Person:
    """One person's faces at the wanted size, with what is asked for them often."""

    def __init__(self, faces: FaceSet, size: int, eyes: float, mouth: float) -> None:
        self.steps = math.floor(255.0 / max(1.0, eyes, mouth))  # of a weight of 1
        scale = size / faces.image_size
        landmarks = faces.landmarks_aligned * scale
        self.faces = np.stack([_resize(image, size) for image in faces.images])
        self.layers = np.empty((*self.faces.shape[:3], 2), "uint8")
        for index, mask in enumerate(faces.masks()):
            weight = region_weights(landmarks[index], size, eyes, mouth)
            self.layers[index, ..., 0] = np.rint(
                _resize(mask, size).clip(0.0, 1.0) * 255.0
            )
            self.layers[index, ..., 1] = np.rint(weight * self.steps)
        self.colours = np.stack(
            [
                _colours(f, m[..., 0])
                for f, m in zip(self.faces, self.layers, strict=True)
            ]
        )


class SwapPairs(keras.utils.PyDataset):
    """Batches of warped faces and clean targets for every person at once.

    Each batch is `(x, y)`: `x[name]` are warped faces (B, S, S, 3) and `y[name]`
    targets (B, T, T, 5): red, green, blue, the face's mask in [0, 1] and a weight
    for each pixel (eyes and mouth count more); all float32. T is S unless a model
    draws more pixels than it takes.

    The draws of a batch depend only on `seed`, the epoch and the batch's number:
    the number of workers does not change them, and a resumed run goes on with the
    ones that an uninterrupted run would have made (`epoch` is what counts them).

    Args:
        faces: For each person, the set to draw from.
        batch_size: Faces of each person in a batch.
        image_size: Pixels of the faces; that of the sets by default.
        output_size: Pixels of the targets, a model's `output_size`; `image_size` by
            default.
        steps: Batches an epoch; as many as the largest set fills by default.
        augmentation: Ranges of the random changes.
        eyes: Weight of the eyes' pixels in `y`.
        mouth: Weight of the mouth's pixels in `y`.
        seed: Makes the draws repeatable.
        workers: Threads that prepare batches ahead of the model.

    Raises:
        ValueError: A set is empty or there are fewer than two people.
    """

    def __init__(
        self,
        faces: Mapping[str, FaceSet],
        batch_size: int = 16,
        *,
        image_size: int | None = None,
        output_size: int | None = None,
        steps: int | None = None,
        augmentation: Augmentation | None = None,
        eyes: float = 3.0,
        mouth: float = 2.0,
        seed: int = 0,
        workers: int = 2,
    ) -> None:
        super().__init__(workers=workers, max_queue_size=6)
        _check(faces)
        self.identities = tuple(sorted(faces))
        self.batch_size = batch_size
        self.image_size = image_size or next(iter(faces.values())).image_size
        self.output_size = output_size or self.image_size
        largest = max(len(s) for s in faces.values())
        self.steps = steps or math.ceil(largest / batch_size)
        self.augmentation = augmentation or Augmentation()
        self.seed = seed
        self.epoch = 0
        self._people = {
            name: _Person(
                faces[name], max(self.image_size, self.output_size), eyes, mouth
            )
            for name in self.identities
        }

    def __len__(self) -> int:
        """Returns the number of batches in an epoch."""
        return self.steps

    def __getitem__(self, index: int) -> tuple[dict[str, Array], dict[str, Array]]:
        """Returns batch `index` of the epoch that `epoch` says."""
        x, y = {}, {}
        for number, name in enumerate(self.identities):
            rng = np.random.default_rng((self.seed, self.epoch, index, number))
            x[name], y[name] = self._draw(name, rng)
        return x, y

    def on_epoch_end(self) -> None:
        """Moves on to the next epoch's draws."""
        self.epoch += 1

    def fitting(self, faces: FaceSet) -> Array:
        """Returns a set's pictures at the size of this data, uint8 (N, S, S, 3)."""
        return np.stack([_resize(image, self.image_size) for image in faces.images])

    def _draw(self, name: str, rng: np.random.Generator) -> tuple[Array, Array]:
        person, count = self._people[name], self.batch_size
        size, out = self.image_size, self.output_size
        chosen = rng.choice(len(person.faces), count, len(person.faces) < count)
        x = np.empty((count, size, size, 3), "uint8")
        y = np.empty((count, out, out, 5), "uint8")
        for row, number in enumerate(chosen):
            warped, target, layers = warp_pair(
                person.faces[number], person.layers[number], rng, self.augmentation
            )
            x[row] = _resize(warped, size)
            y[row, ..., :3], y[row, ..., 3:] = (
                _resize(a, out) for a in (target, layers)
            )
        gain, shift = self._colour_change(name, chosen, rng)
        target = y.astype("float32") / 255.0
        target[..., 4] *= 255.0 / person.steps
        return np.clip(x / np.float32(255.0) * gain + shift, 0.0, 1.0), target

    def _colour_change(
        self, name: str, chosen: Array, rng: np.random.Generator
    ) -> tuple[Array, Array]:
        """Returns gain and shift of each picture's colours, (B, 1, 1, 3)."""
        a, shape = self.augmentation, (len(chosen), 3)
        own = self._people[name].colours[chosen]
        other = self._people[rng.choice([n for n in self.identities if n != name])]
        wanted = other.colours[rng.integers(len(other.colours), size=len(chosen))]
        matched = rng.random((len(chosen), 1, 1)) < a.colour_match
        mean, spread = np.moveaxis(np.where(matched, wanted, own), 1, 0)
        gain = spread / own[:, 1] * np.exp(rng.normal(0.0, a.colour, shape))
        shift = mean - gain * own[:, 0] + rng.normal(0.0, a.colour, shape)
        return (
            gain[:, None, None].astype("float32"),
            shift[:, None, None].astype("float32"),
        )


def _check(faces: Mapping[str, FaceSet]) -> None:
    sizes = {name: len(faces_of) for name, faces_of in faces.items()}
    if len(sizes) < 2 or not all(sizes.values()):
        raise ValueError(
            f"SwapPairs was given {sizes or 'nobody'} (faces of each person). It needs "
            "two or more people with at least one face each: "
            'SwapPairs({"ana": FaceSet.open("faces/ana"), "ben": ...}).'
        )


def _resize(image: Array, size: int) -> Array:
    if image.shape[0] == size:
        return image
    way = cv2.INTER_AREA if size < image.shape[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (size, size), interpolation=way))


def _colours(face: Array, mask: Array) -> Array:
    """Returns mean and spread of the face's pixels, (2, 3) in [0, 1]."""
    mean, spread = cv2.meanStdDev(face, mask=mask)
    return np.maximum(np.hstack([mean, spread]).T / 255.0, [[0.0], [0.02]])
