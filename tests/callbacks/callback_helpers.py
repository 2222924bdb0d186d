"""Small models, faces and datasets that train in a second."""

from __future__ import annotations

import cv2
import keras
import numpy as np
from keras import layers

from deepface_models.data import SwapPairs
from deepface_models.layers import PixelShuffle
from deepface_models.losses import FaceLoss
from deepface_models.models.swap import FaceSwap

NAMES = ("ana", "ben")
SIZE = 32


class Faces:
    """The part of a FaceSet that training uses, with painted faces."""

    face_type = "full"

    def __init__(self, seed: int, count: int = 6, size: int = SIZE) -> None:
        rng = np.random.default_rng(seed)
        small = rng.integers(0, 256, (count, 8, 8, 3), dtype="uint8")
        self.image_size = size
        self.images = np.stack(
            [cv2.resize(s, (size, size), interpolation=cv2.INTER_CUBIC) for s in small]
        )
        points = [[0.3, 0.4], [0.42, 0.4], [0.58, 0.4], [0.7, 0.4], [0.5, 0.62]]
        one = np.asarray(points, "float32") * size
        self.landmarks_aligned = np.repeat(one[None], count, 0)

    def __len__(self) -> int:
        return len(self.images)

    def masks(self, dilation: float = 0.0) -> np.ndarray:
        mask = np.zeros((self.image_size, self.image_size), "float32")
        cv2.circle(mask, (self.image_size // 2,) * 2, self.image_size // 3, 1.0, -1)
        return np.repeat(mask[None], len(self), 0)


def images(size: int = SIZE) -> dict[str, np.ndarray]:
    return {name: Faces(i, size=size).images for i, name in enumerate(NAMES)}


def pairs(steps: int = 3, seed: int = 5, size: int = SIZE) -> SwapPairs:
    # Keras reads ahead with workers > 1 where it builds a model by its data (JAX,
    # Torch), and hands those batches out in the first epoch.
    workers = 2 if keras.backend.backend() == "tensorflow" else 1
    faces = {name: Faces(i, size=size) for i, name in enumerate(NAMES)}
    return SwapPairs(faces, 4, steps=steps, seed=seed, workers=workers)


def schedule() -> keras.optimizers.schedules.LearningRateSchedule:
    return keras.optimizers.schedules.CosineDecay(2e-3, 12)


@keras.saving.register_keras_serializable("deepface_models")
class Tiny(FaceSwap):
    """A face swap of a few layers."""

    _arguments = ("identities", "image_size", "latent_size")

    def __init__(self, identities=NAMES, image_size=SIZE, latent_size=16, **kwargs):
        def encoder():
            image = keras.Input((image_size, image_size, 3))
            x = layers.Conv2D(8, 4, strides=4, activation="relu")(image)
            x = layers.Dense(latent_size)(layers.Flatten()(x))
            return keras.Model(image, x, name="encoder")

        def decoder():
            latent = keras.Input((latent_size,))
            x = layers.Dense((image_size // 4) ** 2 * 8)(latent)
            x = layers.Reshape((image_size // 4, image_size // 4, 8))(x)
            x = PixelShuffle(4)(layers.Conv2D(64, 1)(x))
            return keras.Model(latent, layers.Activation("sigmoid")(x))

        super().__init__(
            identities=identities,
            image_size=image_size,
            encoder=encoder(),
            decoders={name: decoder() for name in sorted(identities)},
            has_mask=True,
            **kwargs,
        )
        self.latent_size = latent_size


def model(
    rate: object = None,
    seed: int = 1,
    names: tuple[str, ...] = NAMES,
    kind: type[FaceSwap] = Tiny,
    graph: bool = False,
    **kwargs: int,
) -> FaceSwap:
    """A compiled model; on TensorFlow eager, as tracing takes longer than few steps."""
    keras.utils.set_random_seed(seed)
    made = kind(names, **kwargs)
    optimizer = keras.optimizers.Adam(1e-3 if rate is None else rate)
    eager = keras.backend.backend() == "tensorflow" and not graph
    losses = {name: FaceLoss() for name in names}
    made.compile(optimizer, losses, run_eagerly=eager)
    return made


def weights(of: keras.Model) -> dict[str, list[np.ndarray]]:
    return {name: part.get_weights() for name, part in of.parts.items()}


def same(a: keras.Model, b: keras.Model) -> bool:
    """Whether two models have the same weights and optimizer, to the last bit."""
    left, right = weights(a), weights(b)
    pairs_of = [pair for n in left for pair in zip(left[n], right[n], strict=True)]
    if a.optimizer is not None and b.optimizer is not None:
        variables = zip(a.optimizer.variables, b.optimizer.variables, strict=True)
        convert = keras.ops.convert_to_numpy
        pairs_of += [(convert(x), convert(y)) for x, y in variables]
    return all(np.array_equal(x, y) for x, y in pairs_of)
