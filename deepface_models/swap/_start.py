"""What a `Swift` that was pretrained on many people gives to new ones."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from deepface_models._predict import predict
from deepface_models.layers import ConstantVector
from deepface_models.swap._swift_parts import build_start

Array = NDArray[Any]

_BATCH = 32


class Start:
    """Starts new people's decoders from their mean face, once it has a network.

    The network is pretrained (benchmarks/pretrain_swift.py), comes with a preset of
    shared parts and is kept out of Keras' sight: no picture is drawn by it, nothing
    of it is trained, and a person's decoder holds all that it gave.

    Args:
        size: Pixels of the faces.
        latent_size: Width of the bottleneck.
    """

    def __init__(self, size: int, latent_size: int) -> None:
        self.size = size
        self.latent_size = latent_size
        self.network: keras.Model | None = None

    def build(self) -> keras.Model:
        """Makes the network, with fresh weights."""
        self.network = build_start(self.size, self.latent_size)
        return self.network

    def begin(
        self, decoder: keras.Model, trunk: keras.Model, latents: Array, faces: Array
    ) -> Array:
        """Gives a decoder its start, and says what is left for its appearance.

        Args:
            decoder: A new person's, which draws nothing yet.
            trunk: The trunk behind it.
            latents: Of the person's faces, (N, L).
            faces: These, (N, S, S, 3..5), uint8 or float in [0, 1].

        Returns:
            `faces`, with red, green, blue and mask less, before the sigmoid, by what
            decoder and trunk draw of the latents now.
        """
        if self.network is None:
            return faces
        faces = _with_mask(faces)
        _fill(decoder, self.network, latents.mean(axis=0), faces[..., :4].mean(axis=0))
        maps, vector, appearance = predict(decoder, latents, _BATCH)
        drawn = predict(trunk, [maps, vector, np.zeros_like(appearance)], _BATCH)
        rest = _logits(faces[..., :4]) - _logits(drawn, 1e-4)
        left = 1.0 / (1.0 + np.exp(-rest))
        return np.concatenate([left, faces[..., 4:]], axis=-1)


def _fill(decoder: keras.Model, start: keras.Model, latent: Array, face: Array) -> None:
    """Copies to a decoder what a network makes of a mean latent and a mean face."""
    added, vector = _known(start, face)
    kernel, bias = start.get_layer("coarse").get_weights()
    shifted = bias - latent @ kernel + added.reshape(-1)
    decoder.get_layer("coarse").set_weights([kernel, shifted])
    mine, theirs = _convolutions(decoder), _convolutions(start)
    for layer, source in zip(mine, theirs[-len(mine) :], strict=True):
        layer.set_weights(source.get_weights())
    constant = next(x for x in decoder.layers if isinstance(x, ConstantVector))
    constant.set_weights([vector])


def _known(start: keras.Model, face: Array) -> tuple[Array, Array]:
    """What the network makes of a face alone."""
    added = start.get_layer("face").output
    part = keras.Model(start.input[1], [added, start.output[1]])
    added, vector = predict(part, face[None], _BATCH)
    return added, vector


def _with_mask(faces: Array) -> Array:
    """Returns faces of float32 with a mask, of one half where there is none."""
    unit = faces / np.float32(255) if faces.dtype == np.uint8 else faces
    if unit.shape[-1] > 3:
        return np.asarray(unit, "float32")
    return np.pad(unit, [(0, 0)] * 3 + [(0, 1)], constant_values=0.5).astype("float32")


def _convolutions(network: keras.Model) -> list[keras.layers.Layer]:
    return [x for x in network.layers if isinstance(x, keras.layers.Conv2D)]


def _logits(pictures: Array, least: float = 0.02) -> Array:
    inside = np.clip(pictures, least, 1.0 - least)
    return np.asarray(np.log(inside / (1.0 - inside)))
