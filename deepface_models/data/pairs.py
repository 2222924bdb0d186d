"""Training batches for face swaps: warped faces in, clean faces out."""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import cv2
import keras
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.expressions import FEWEST, own_expressions
from deepface_models.core.names import check_names
from deepface_models.core.whole import whole_numbers
from deepface_models.data._person import Person, resize
from deepface_models.data.augmentation import Augmentation, warp_pair
from deepface_models.data.color import change_colors
from deepface_models.data.degradation import degrade
from deepface_models.data.landmark_warp import nearest_faces
from deepface_models.data.occluders import occlude
from deepface_models.faces.expressions import measure_faces
from deepface_models.media import grid

if TYPE_CHECKING:
    from deepface_models.faces import FaceSet


class SwapPairs(keras.utils.PyDataset):
    """Batches of warped faces and clean targets of all people.

    Each batch is `(x, y)`: `x[name]` are warped faces (B, S, S, 3) and `y[name]`
    targets (B, T, T, 5): red, green, blue, the face's mask in [0, 1] and a weight
    for each pixel, which is larger for eyes and mouth. All are float32. T is S unless
    a model's output is larger than its input.

    The random changes of a batch depend only on `seed`, `epoch` and the batch's index.
    They are the same for any number of workers, and a resumed training continues as an
    uninterrupted one would. `share` divides them among processes; `sheet` shows a
    batch as an image.

    Args:
        faces: Each person's set of faces, by name.
        batch_size: Faces of each person in a batch.
        image_size: Side of the faces in pixels; that of the sets by default.
        output_size: Side of the targets in pixels, a model's `output_size`;
            `image_size` by default.
        steps: Batches per epoch; by default as many as the largest set fills.
        augmentation: Ranges of the random changes; `Augmentation()` by default.
        eyes: Weight of the eyes' pixels in `y`; other pixels have 1.
        mouth: Weight of the mouth's pixels in `y`.
        mask: The mask in `y`: "face", "hull", "ellipse" or "full", or custom masks
            (N, S, S) for each person, as in `data.target_masks`. The weight of the
            background is set by each loss's `outside`.
        mask_dilation: Width by which to grow the masks, as a fraction of the image's
            width.
        mask_feather: Width of their soft edge, as a fraction of the image's width.
        balance: None samples faces uniformly; "yaw" or "pose" samples directions of
            view uniformly, see `data.pose_cells`.
        seed: Seed of the random changes.
        workers: Threads that prepare batches in advance.

    Raises:
        ValueError: A set is empty, there are fewer than two people, or `mask`,
            `balance` or the augmentation needs landmarks or poses that faces lack.

    Example:
        >>> pairs = SwapPairs(people, batch_size=2)
        >>> x, y = pairs[0]
        >>> x["ana"].shape, y["ana"].shape
        ((2, 64, 64, 3), (2, 64, 64, 5))
    """

    @whole_numbers(
        batch_size=1, image_size=1, output_size=1, steps=1, seed=0, workers=0
    )
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
        mask: str | Mapping[str, Array] = "face",
        mask_dilation: float = 0.0,
        mask_feather: float = 0.0,
        balance: str | None = None,
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
        self._whole: SwapPairs | None = None
        self._stream: tuple[int, ...] = ()
        size = max(self.image_size, self.output_size)
        masks = _masks(mask, self.identities)
        extras = (mask_dilation, mask_feather, balance)
        self._people = {
            name: Person(faces[name], size, eyes, mouth, masks[name], *extras)
            for name in self.identities
        }
        self._near = self._neighbors() if self.augmentation.landmark_warp else {}

    def __len__(self) -> int:
        """Returns the number of batches in an epoch."""
        return self.steps

    def __getitem__(self, index: int) -> tuple[dict[str, Array], dict[str, Array]]:
        """Returns batch `index` of the current epoch."""
        x, y = {}, {}
        for number, name in enumerate(self.identities):
            own = (self.seed, self.epoch, index, number, *self._stream)
            rng = np.random.default_rng(own)
            x[name], y[name] = self._sample(name, rng)
        return x, y

    def on_epoch_end(self) -> None:
        """Advances to the next epoch."""
        self.epoch += 1

    @whole_numbers(index=0, count=1)
    def share(self, index: int, count: int) -> SwapPairs:
        """Returns the batches of one of several processes that train together.

        Each has `batch_size / count` faces of every person, sampled and changed
        independently of the others'. `whole` of the result are the batches of
        `batch_size`, which are the same in all processes.

        Args:
            index: The process, from 0 on.
            count: Number of processes; with 1, `self` is returned.

        Raises:
            ValueError: `index` is too large, or `batch_size` is no multiple of `count`.
        """
        if index >= count or self.batch_size % count:
            raise ValueError(
                f"index={index} and count={count} were given for batches of "
                f"{self.batch_size}. Expected an index below the count, and a batch "
                f"that it divides. Use batch_size={count * self.batch_size}."
            )
        if count == 1:
            return self
        part = copy.copy(self)
        part.batch_size //= count
        part._whole, part._stream = self, (index, count)
        return part

    @property
    def whole(self) -> SwapPairs:
        """The batches of all processes together; `self` unless they are divided."""
        if self._whole is None:
            return self
        self._whole.epoch = self.epoch
        return self._whole

    def fitting(self, faces: FaceSet) -> Array:
        """Returns a set's images resized to `image_size`, uint8 (N, S, S, 3)."""
        return np.stack([resize(image, self.image_size) for image in faces.images])

    @whole_numbers(most=1)
    def unchanged(self, most: int = 192) -> tuple[dict[str, Array], dict[str, Array]]:
        """Returns faces without random changes, as a batch.

        Args:
            most: Most faces of each person, spread evenly.
        """
        x, y = {}, {}
        for name, person in self._people.items():
            count = min(most, len(person.faces))
            chosen = np.rint(np.linspace(0, len(person.faces) - 1, count)).astype(int)
            faces, out = person.faces[chosen], self.output_size
            layers = person.layers[chosen].astype("float32") / (255.0, person.steps)
            whole = np.concatenate([faces / np.float32(255.0), layers], axis=-1)
            x[name] = np.stack([resize(face, self.image_size) for face in faces])
            y[name] = np.stack([resize(one, out) for one in whole]).astype("float32")
        return {name: one / np.float32(255.0) for name, one in x.items()}, y

    @property
    def expressions(self) -> dict[str, tuple[Array, Array]]:
        """Up to 512 of each person's faces and their expressions, spread evenly.

        Faces are uint8 (N, T, T, 3), where T is the larger one of `image_size` and
        `output_size`; expressions are those of `FaceSet.expressions`. People with fewer
        than 16 faces are left out.
        """
        found = {}
        for name, person in self._people.items():
            if len(person.faces) < FEWEST:
                continue
            places = np.linspace(0, len(person.faces) - 1, min(512, len(person.faces)))
            faces = person.faces[np.rint(places).astype(int)]
            values = measure_faces(faces, person.face_type)
            found[name] = faces, own_expressions(values)
        return found

    @functools.cached_property
    def sketches(self) -> dict[str, list[str]]:
        """Digests of up to 64 faces of each person.

        A resumed training compares them to detect that people were exchanged.
        """
        return {name: person.sketch() for name, person in self._people.items()}

    @whole_numbers(index=0, faces=1)
    def sheet(self, index: int = 0, faces: int = 8) -> Array:
        """Returns a batch as one image, to see the effect of the augmentation.

        It has four rows for each person: inputs, targets, masks and weights (white is
        the largest weight). Write it with `media.write_image`.

        Args:
            index: Index of the batch in the current epoch.
            faces: Number of faces to show.

        Returns:
            (height, width, 3) uint8.
        """
        x, y = self[index]
        labels: list[str] = []
        rows: list[list[Array]] = []
        for name in self.identities:
            target = y[name][:faces]
            weight = target[..., 4] / max(float(target[..., 4].max()), 1e-6)
            rows += [list(x[name][:faces]), list(target[..., :3])]
            for layer in (target[..., 3], weight):
                rows.append([np.repeat(p[..., None], 3, axis=-1) for p in layer])
            labels += [f"{name}: input", "target", "mask", "weight"]
        return grid(rows, labels=labels)

    def _sample(self, name: str, rng: np.random.Generator) -> tuple[Array, Array]:
        person, count, a = self._people[name], self.batch_size, self.augmentation
        size, out = self.image_size, self.output_size
        # One generator per kind of change, so that they are independent.
        warps, objects, colors, camera = rng.spawn(4)
        chosen = person.choose(count, rng)
        x = np.empty((count, size, size, 3), "uint8")
        y = np.empty((count, out, out, 5), "uint8")
        for row, number in enumerate(chosen):
            face, layers = person.faces[number], person.layers[number]
            places = person.landmarks[number]
            shown, cover = occlude(face, places, objects, a)
            warped, target, layers = warp_pair(
                face,
                layers if cover is None else _without(layers, cover, a.occluded),
                rng,
                a,
                shown=shown,
                landmarks=self._landmarks(name, number, warps),
            )
            changed = change_colors(resize(warped, size), colors, a)
            x[row] = degrade(changed, camera, a)
            y[row, ..., :3], y[row, ..., 3:] = (
                resize(image, out) for image in (target, layers)
            )
        gain, shift = self._color_change(name, chosen, rng)
        target = y.astype("float32")
        target /= 255.0  # in place, which is faster
        target[..., 4] *= 255.0 / person.steps
        shown_faces = x / np.float32(255.0)
        shown_faces *= gain
        shown_faces += shift
        return np.clip(shown_faces, 0.0, 1.0, out=shown_faces), target

    def _landmarks(
        self, name: str, number: int, rng: np.random.Generator
    ) -> tuple[Array, Array] | None:
        """Returns a face's landmarks and those to warp it to, or None for no warp."""
        a = self.augmentation
        if not a.landmark_warp or rng.random() >= a.landmark_warp:
            return None
        own = self._people[name].landmarks[number]
        other = str(rng.choice([n for n in self.identities if n != name]))
        near = rng.choice(self._near[name, other][number])
        spread = a.landmark_noise * self._people[name].faces.shape[1]
        expected = self._people[other].landmarks[near]
        return own, expected + rng.normal(0.0, spread, own.shape)

    def _neighbors(self) -> dict[tuple[str, str], Array]:
        """Returns the most similar faces of each other person, (N, up to 10)."""
        points = {name: person.landmarks for name, person in self._people.items()}
        counts = {name: own.shape[1] for name, own in points.items()}
        if len(set(counts.values())) > 1:
            raise ValueError(
                f"landmark_warp was given for faces with {counts} landmarks. Expected "
                "the same number for all people. Extract them with one FaceAligner."
            )
        return {
            (a, b): nearest_faces(points[a], points[b])
            for a in points
            for b in points
            if a != b
        }

    def _color_change(
        self, name: str, chosen: Array, rng: np.random.Generator
    ) -> tuple[Array, Array]:
        """Returns gain and shift of each image's colors, (B, 1, 1, 3)."""
        a, shape = self.augmentation, (len(chosen), 3)
        own = self._people[name].colors[chosen]
        other = self._people[rng.choice([n for n in self.identities if n != name])]
        expected = other.colors[rng.integers(len(other.colors), size=len(chosen))]
        matched = rng.random((len(chosen), 1, 1)) < a.color_match
        mean, spread = np.moveaxis(np.where(matched, expected, own), 1, 0)
        gain = spread / own[:, 1] * np.exp(rng.normal(0.0, a.color, shape))
        shift = mean - gain * own[:, 0] + rng.normal(0.0, a.color, shape)
        return (
            gain[:, None, None].astype("float32"),
            shift[:, None, None].astype("float32"),
        )


def _check(faces: Mapping[str, FaceSet]) -> None:
    check_names(faces)
    for name, value in dict(faces).items():
        if not all(hasattr(value, one) for one in ("images", "landmarks_aligned")):
            shape = f" of shape {value.shape}" if hasattr(value, "shape") else ""
            raise ValueError(
                f"A {type(value).__name__}{shape} was given for {name!r}. Expected a "
                "FaceSet, whose landmarks say where the face is. Use "
                'FaceSet.open("faces/ana"), or FaceAligner().extract(images).'
            )
    sizes = {name: len(faces_of) for name, faces_of in faces.items()}
    if len(sizes) < 2 or not all(sizes.values()):
        raise ValueError(
            f"{sizes or 'No'} faces of each person were given. Expected two or more "
            "people with one face or more each. Use "
            'SwapPairs({"ana": FaceSet.open("faces/ana"), "ben": ...}).'
        )


def _masks(
    mask: str | Mapping[str, Array], names: tuple[str, ...]
) -> Mapping[str, str | Array]:
    if isinstance(mask, str):
        return dict.fromkeys(names, mask)
    if set(mask) != set(names):
        raise ValueError(
            f"Masks of {sorted(mask)} were given. Expected those of {sorted(names)}, "
            "(N, S, S) each. Add the missing ones, or use mask='hull'."
        )
    return mask


def _without(layers: Array, cover: Array, occluded: str) -> Array:
    """Removes what `cover` hides from mask or weight, (S, S, 2) uint8."""
    mask, weight = cv2.split(layers)
    visible = 255 - cover
    if occluded == "mask":
        mask = cv2.multiply(mask, visible, scale=1.0 / 255.0)
    if occluded == "ignore":
        weight = cv2.multiply(weight, visible, scale=1.0 / 255.0)
    return cv2.merge([mask, weight])
