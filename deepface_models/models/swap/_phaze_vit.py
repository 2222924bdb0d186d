"""CLIP's image encoder: a vision transformer that returns one vector."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from deepface_models.core.version import PACKAGE

# Patch size, width, number of blocks, output units, native image size.
VITS = {
    "ViT-B-16": (16, 768, 12, 512, 224),
    "ViT-B-32": (32, 768, 12, 512, 224),
    "ViT-L-14": (14, 1024, 24, 768, 224),
    "ViT-L-14-336px": (14, 1024, 24, 768, 336),
}
_HEAD = 64  # size of an attention head
_EPSILON = 1e-5


@keras.saving.register_keras_serializable(PACKAGE)
class TokenAndPlaces(layers.Layer):
    """Prepends a learned class token and adds learned position embeddings.

    (B, P, W) -> (B, P + 1, W).
    """

    def build(self, input_shape: Any) -> None:
        """Creates the token and the position embeddings."""
        _, places, width = input_shape
        start = keras.initializers.RandomNormal(stddev=width**-0.5)
        self.token = self.add_weight(
            shape=(1, 1, width), initializer=start, name="token"
        )
        self.places = self.add_weight(
            shape=(1, places + 1, width), initializer=start, name="places"
        )

    def call(self, inputs: Any) -> Any:
        """Returns the token and `inputs`, with position embeddings added."""
        token = ops.repeat(ops.cast(self.token, inputs.dtype), ops.shape(inputs)[0], 0)
        x = ops.concatenate([token, inputs], axis=1)
        return x + ops.cast(self.places, inputs.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns (batch, places + 1, width)."""
        batch, places, width = input_shape
        return batch, places + 1, width


def clip_vit(
    size: int,
    name: str,
    width: int | None = None,
    depth: int | None = None,
    units: int | None = None,
) -> keras.Model:
    """Builds a vision transformer of (B, size, size, 3) in [0, 1] -> (B, units).

    Reference: Radford et al., "Learning Transferable Visual Models From Natural
    Language Supervision", 2021.

    Args:
        size: Side of the images in pixels, one patch or more; a remainder that does
            not fill a patch is ignored.
        name: A key of `VITS`; FaRL's encoders are "ViT-B-16" trained on faces.
        width: Width of the blocks, a multiple of 64; the published one by default.
        depth: Number of blocks; the published one by default.
        units: Length of the vector; the published one by default.
    """
    patch, published_width, published_depth, published_units, _ = VITS[name]
    width = width or published_width
    image = keras.Input((size, size, 3))
    x = layers.Conv2D(width, patch, strides=patch, use_bias=False)(image)
    x = TokenAndPlaces()(layers.Reshape((-1, width))(x))
    x = layers.LayerNormalization(epsilon=_EPSILON)(x)
    for _ in range(depth or published_depth):
        x = _block(x, width)
    x = layers.LayerNormalization(epsilon=_EPSILON)(x[:, 0])
    x = layers.Dense(units or published_units, use_bias=False)(x)
    return keras.Model(image, x, name="visual")


def _block(x: Any, width: int) -> Any:
    normal = layers.LayerNormalization(epsilon=_EPSILON)(x)
    attention = layers.MultiHeadAttention(max(1, width // _HEAD), min(_HEAD, width))
    x = layers.Add()([x, attention(normal, normal)])
    inner = layers.Dense(4 * width)(layers.LayerNormalization(epsilon=_EPSILON)(x))
    inner = inner * ops.sigmoid(1.702 * inner)  # CLIP's fast form of GELU
    return layers.Add()([x, layers.Dense(width)(inner)])
