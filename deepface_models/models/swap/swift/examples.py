"""What a person's decoder keeps of their faces: expressions, latents and detail."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from deepface_models.core.arrays import Array, as_float
from deepface_models.core.expressions import FEWEST
from deepface_models.core.predict import predict
from deepface_models.models.swap._kernels import HALVES, choose_examples
from deepface_models.models.swap.expressions import Expressions, join_halves

_BATCH = 32
_ODD = 90  # percentile of the error from which a face is no example
_FACE = 0.02  # of the decoded mask; detail is kept where any face has more


def learn_examples(
    decoder: keras.Model,
    shared_decoder: keras.Model,
    latents: Array,
    faces: Array,
    expressions: Array,
) -> None:
    """Sets the layer "expressions" of a decoder; with fewer than 16 faces, nothing.

    Faces that differ most from what is decoded at their expression are no examples: a
    hand may be in front of them, or the expression be measured wrongly.

    Args:
        decoder: The person's decoder.
        shared_decoder: The shared decoder that follows it.
        latents: (N, L).
        faces: (N, T, T, 3), uint8 or float in [0, 1], in the size of the output.
        expressions: (N, 7).
    """
    layer = decoder.get_layer("expressions")
    if len(faces) < FEWEST:
        return
    every = np.ones(len(faces), bool)
    layer.estimate(
        latents, expressions, choose_examples(expressions, every, layer.examples)
    )
    lacking, inside = _lacking(decoder, shared_decoder, layer, faces, expressions)
    errors = np.square(lacking, dtype=np.float32).mean(axis=(1, 2, 3))
    usual = errors <= np.percentile(errors, _ODD)
    chosen = choose_examples(expressions, usual, layer.examples)
    layer.estimate(latents, expressions, chosen)
    lacking, _ = _lacking(
        decoder, shared_decoder, layer, faces[chosen], expressions[chosen]
    )
    layer.set_detail(lacking * inside)


def _lacking(
    decoder: keras.Model,
    shared_decoder: keras.Model,
    layer: Expressions,
    faces: Array,
    expressions: Array,
) -> tuple[Array, Array]:
    """Returns logits of faces less those decoded, and where there is a face."""
    lacking = np.empty(faces.shape, np.float16)
    inside = np.zeros(faces.shape[1:3], bool)
    for start in range(0, len(faces), _BATCH):
        part = slice(start, start + _BATCH)
        values = np.asarray(expressions[part], np.float32)
        halves = [
            _decode(decoder, shared_decoder, layer.find(values, half))
            for half in range(len(HALVES))
        ]
        decoded = keras.ops.convert_to_numpy(join_halves(*halves))
        lacking[part] = _logits(as_float(faces[part])) - _logits(decoded[..., :3])
        inside |= (decoded[..., 3] > _FACE).any(axis=0)
    return lacking, inside[..., None]


def _decode(decoder: keras.Model, shared_decoder: keras.Model, latents: Any) -> Array:
    parts = predict(decoder, keras.ops.convert_to_numpy(latents), _BATCH)
    return np.asarray(predict(shared_decoder, parts, _BATCH))


def _logits(images: Array) -> Array:
    clipped = np.clip(images, 0.02, 0.98)
    return np.asarray(np.log(clipped / (1.0 - clipped)))
