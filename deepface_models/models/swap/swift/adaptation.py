"""Adapts a pretrained encoder to the faces of new people."""

from __future__ import annotations

from collections.abc import Collection

import keras
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.components import directions
from deepface_models.core.inputs import as_unit_float
from deepface_models.core.predict import predict

_BATCH = 32


def adapt_encoder(encoder: keras.Model, faces: Collection[Array]) -> None:
    """Sets an encoder's adapted latents to principal components of its features.

    The latents of an encoder that was pretrained on many people contain little of how
    the faces of these people vary. The features before its last layer contain more.
    They are projected on the principal components of their variation around each
    person's mean, scaled to the variance of the other latents. An encoder without
    adapted latents, or whose adapted latents are set already, is not changed.

    Args:
        encoder: The encoder of a `Swift`.
        faces: For each new person, (N, S, S, 3), uint8 or float in [0, 1].
    """
    layer = next((one for one in encoder.layers if one.name == "detail"), None)
    if layer is None or not faces or np.any(layer.get_weights()[0]):
        return
    latent = encoder.get_layer("latent").output
    model = keras.Model(encoder.input, [layer.input, latent])
    outputs = [
        [
            array.astype("float64")
            for array in predict(model, as_unit_float(one), _BATCH)
        ]
        for one in faces
    ]
    centered = [[array - array.mean(axis=0) for array in person] for person in outputs]
    features, latents = map(np.concatenate, zip(*centered, strict=True))
    kernel, spread = directions(features, layer.units)
    kernel *= np.sqrt(np.mean(latents**2)) / max(spread, 1e-6)
    layer.set_weights([kernel, np.zeros(layer.units, "float32")])
