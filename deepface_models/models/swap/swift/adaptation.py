"""What a pretrained encoder leaves out, learned from the faces of new people."""

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
    """Sets an encoder's detail to principal components of what faces vary by.

    An encoder that was pretrained to say pose, expression and light of anybody says
    little of how these people's faces change. The values before its last layer still
    do: they are projected on the directions in which they move about each person's
    mean, and scaled to vary as much as the other latents. An encoder without such a
    layer, or whose detail is known, stays as it is.

    Args:
        encoder: Of `Swift`.
        faces: Each new person's, (N, S, S, 3), uint8 or float in [0, 1].
    """
    layer = next((one for one in encoder.layers if one.name == "detail"), None)
    if layer is None or not faces or np.any(layer.get_weights()[0]):
        return
    known = encoder.get_layer("latent").output
    both = keras.Model(encoder.input, [layer.input, known])
    found = [
        [part.astype("float64") for part in predict(both, as_unit_float(one), _BATCH)]
        for one in faces
    ]
    moves = [[part - part.mean(axis=0) for part in person] for person in found]
    values, latents = map(np.concatenate, zip(*moves, strict=True))
    kernel, spread = directions(values, layer.units)
    kernel *= np.sqrt(np.mean(latents**2)) / max(spread, 1e-6)
    layer.set_weights([kernel, np.zeros(layer.units, "float32")])
