"""Layers of a small vision transformer with hidden image patches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from deepface_models.core.arrays import Array
from deepface_models.core.version import PACKAGE


def split_patches(images: Any, patch_size: int) -> Any:
    """Splits (B, H, W, C) into (B, patches, patch_size**2 * C), row by row."""
    _, height, width, channels = images.shape
    rows, columns = height // patch_size, width // patch_size
    x = ops.reshape(images, (-1, rows, patch_size, columns, patch_size, channels))
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, rows * columns, patch_size**2 * channels))


def join_patches(patches: Any, image_shape: Sequence[int]) -> Any:
    """Reverses `split_patches`: returns (B, *image_shape)."""
    height, width, channels = image_shape
    size = math.isqrt(height * width // patches.shape[1])
    rows, columns = height // size, width // size
    x = ops.reshape(patches, (-1, rows, columns, size, size, channels))
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, height, width, channels))


def sin_cos_positions(rows: int, columns: int, width: int) -> Array:
    """Returns sinusoidal position embeddings of rows and columns, (R * C, width)."""
    rate = 1.0 / 10000 ** (np.arange(width // 4) / (width / 4))
    down, across = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    angles = [place.reshape(-1, 1) * rate for place in (down, across)]
    waves = [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
    return np.concatenate(waves, axis=1).astype("float32")


@keras.saving.register_keras_serializable(PACKAGE)
class SplitPatches(layers.Layer):
    """Splits images into square patches: (B, H, W, C) -> (B, patches, values).

    Args:
        patch_size: Side of a patch in pixels.
    """

    def __init__(self, patch_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.patch_size = patch_size

    def call(self, inputs: Any) -> Any:
        """Splits `inputs`."""
        return split_patches(inputs, self.patch_size)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {**super().get_config(), "patch_size": self.patch_size}


@keras.saving.register_keras_serializable(PACKAGE)
class JoinPatches(layers.Layer):
    """Joins patches to images: (B, patches, values) -> (B, *image_shape).

    Args:
        image_shape: (height, width, channels).
    """

    def __init__(self, image_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.image_shape = tuple(image_shape)

    def call(self, inputs: Any) -> Any:
        """Joins `inputs`."""
        return join_patches(inputs, self.image_shape)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {**super().get_config(), "image_shape": self.image_shape}


@keras.saving.register_keras_serializable(PACKAGE)
class AddPositions(layers.Layer):
    """Adds fixed sinusoidal position embeddings to patches.

    Args:
        rows: Rows of patches.
        columns: Columns of patches.
    """

    def __init__(self, rows: int, columns: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rows = rows
        self.columns = columns

    def call(self, inputs: Any) -> Any:
        """Adds the embeddings to (B, rows * columns, width)."""
        places = sin_cos_positions(self.rows, self.columns, inputs.shape[-1])
        return inputs + ops.convert_to_tensor(places, dtype=inputs.dtype)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {**super().get_config(), "rows": self.rows, "columns": self.columns}


@keras.saving.register_keras_serializable(PACKAGE)
class PatchOrder(layers.Layer):
    """Returns an order of patches, of which the first ones are visible.

    While training, a random order is sampled for each image; at inference all images
    have the order of `seed`.

    Args:
        patches: Number of patches.
        seed: Seed of both.
    """

    def __init__(self, patches: int, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.patches = patches
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns (B, patches) int32 for (B, ...)."""
        shape = (ops.shape(inputs)[0], self.patches)
        if training:
            noise = keras.random.uniform(shape, seed=self.generator)
            return ops.cast(ops.argsort(noise, axis=1), "int32")
        fixed = ops.convert_to_tensor(patch_order(self.patches, self.seed))
        return ops.broadcast_to(fixed, shape)

    def compute_output_spec(self, inputs: Any, training: bool = False) -> Any:
        """Returns (B, patches) int32."""
        return keras.KerasTensor((inputs.shape[0], self.patches), dtype="int32")

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {**super().get_config(), "patches": self.patches, "seed": self.seed}


@keras.saving.register_keras_serializable(PACKAGE)
class SeenPatches(layers.Layer):
    """Keeps the first `seen` patches of an order: (B, P, W), (B, P) -> (B, seen, W).

    Args:
        seen: Number of visible patches.
    """

    def __init__(self, seen: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seen = seen

    def call(self, inputs: Any) -> Any:
        """Returns the tokens of the visible patches."""
        tokens, order = inputs
        chosen = ops.expand_dims(order[:, : self.seen], -1)
        return ops.take_along_axis(tokens, chosen, axis=1)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {**super().get_config(), "seen": self.seen}


@keras.saving.register_keras_serializable(PACKAGE)
class FillHidden(layers.Layer):
    """Adds a learned token for hidden patches and restores the patches' order.

    Inputs are the visible tokens (B, seen, width) and the order (B, patches).
    """

    def build(self, input_shape: Any) -> None:
        """Creates the token."""
        self.token = self.add_weight(
            shape=(1, 1, input_shape[0][-1]),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
            name="token",
        )

    def call(self, inputs: Any) -> Any:
        """Returns (B, patches, width)."""
        seen, order = inputs
        hidden = order.shape[1] - seen.shape[1]
        shape = (ops.shape(seen)[0], hidden, seen.shape[2])
        tokens = ops.broadcast_to(ops.cast(self.token, seen.dtype), shape)
        position = ops.expand_dims(ops.argsort(order, axis=1), -1)
        both = ops.concatenate([seen, tokens], axis=1)
        return ops.take_along_axis(both, position, axis=1)


@keras.saving.register_keras_serializable(PACKAGE)
class KeepSeen(layers.Layer):
    """Replaces the visible patches of predicted images by those of the originals.

    Inputs are images (B, H, W, C), predictions of that shape and the order (B, P).

    Args:
        seen: Number of visible patches.
        patch_size: Side of a patch in pixels.
    """

    def __init__(self, seen: int, patch_size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seen = seen
        self.patch_size = patch_size

    def call(self, inputs: Any) -> Any:
        """Returns (B, H, W, C)."""
        images, predicted, order = inputs
        hidden = ops.argsort(order, axis=1) >= self.seen
        patches = split_patches(images, self.patch_size)
        filled = split_patches(predicted, self.patch_size)
        combined = ops.where(ops.expand_dims(hidden, -1), filled, patches)
        return join_patches(combined, images.shape[1:])

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        own = {"seen": self.seen, "patch_size": self.patch_size}
        return {**super().get_config(), **own}


def patch_order(patches: int, seed: int) -> Array:
    """Returns the random order of patches for a seed, (patches,) int32."""
    return np.random.default_rng(seed).permutation(patches).astype("int32")


def transformer(x: Any, depth: int, heads: int) -> Any:
    """Applies pre-norm transformer blocks and a last normalization to (B, P, width)."""
    width = x.shape[-1]
    for _ in range(depth):
        normal = layers.LayerNormalization(epsilon=1e-6)(x)
        attention = layers.MultiHeadAttention(heads, width // heads)
        x = layers.Add()([x, attention(normal, normal)])
        inner = layers.LayerNormalization(epsilon=1e-6)(x)
        inner = layers.Dense(4 * width, activation="gelu")(inner)
        x = layers.Add()([x, layers.Dense(width)(inner)])
    return layers.LayerNormalization(epsilon=1e-6)(x)
