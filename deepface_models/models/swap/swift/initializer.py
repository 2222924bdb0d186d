"""What a `Swift` that was pretrained on many people gives to new ones."""

from __future__ import annotations

import keras
import numpy as np

from deepface_models.core.arrays import Array, as_float
from deepface_models.core.inputs import precision
from deepface_models.core.predict import predict
from deepface_models.layers import ConstantVector
from deepface_models.models.swap.swift.networks import build_initializer

_BATCH = 32


class DecoderInitializer:
    """Starts new people's decoders from their mean face, once it has a network.

    The network is pretrained (pretraining/swift.py), comes with a preset of shared
    parts and is kept out of Keras' sight: no image is drawn by it, nothing of it is
    trained, and a person's decoder holds all that it gave.

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
        with precision("float32"):
            self.network = build_initializer(self.size, self.latent_size)
        return self.network

    def begin(
        self,
        decoder: keras.Model,
        shared_decoder: keras.Model,
        latents: Array,
        faces: Array,
    ) -> Array:
        """Gives a decoder its start, and says what is left for its appearance.

        Args:
            decoder: A new person's, whose appearance is empty yet.
            shared_decoder: The shared decoder behind it.
            latents: Of the person's faces, (N, L).
            faces: These, (N, S, S, 3..5), uint8 or float in [0, 1].

        Returns:
            (N, S, S, 4) float32: red, green, blue and mask less, before the sigmoid,
            what decoder and shared decoder draw of the latents now. A mask that
            `faces` do not have is left as it is drawn.
        """
        faces = as_float(faces)
        if self.network is not None:
            mean = _with_mask(faces.mean(axis=0))
            _fill(decoder, self.network, latents.mean(axis=0), mean)
        maps, vector, appearance = predict(decoder, latents, _BATCH)
        drawn = predict(
            shared_decoder, [maps, vector, np.zeros_like(appearance)], _BATCH
        )
        channels = min(4, faces.shape[-1])
        left = np.full(drawn.shape, 0.5, "float32")
        rest = _logits(faces[..., :channels]) - _logits(drawn[..., :channels], 1e-4)
        left[..., :channels] = 1.0 / (1.0 + np.exp(-rest))
        return left


def _fill(decoder: keras.Model, start: keras.Model, latent: Array, face: Array) -> None:
    """Copies to a decoder what a network makes of a mean latent and a mean face."""
    added, vector = _known(start, face)
    kernel, bias = start.get_layer("coarse").get_weights()
    shifted = bias - latent[: len(kernel)] @ kernel + added.reshape(-1)
    detail = ((0, len(latent) - len(kernel)), (0, 0))  # starts without a say
    decoder.get_layer("coarse").set_weights([np.pad(kernel, detail), shifted])
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


def _with_mask(face: Array) -> Array:
    """Returns a mean face (S, S, 4), with a mask of one half where it has none."""
    if face.shape[-1] > 3:
        return face[..., :4]
    return np.pad(face, [(0, 0)] * 2 + [(0, 1)], constant_values=0.5)


def _convolutions(network: keras.Model) -> list[keras.layers.Layer]:
    return [x for x in network.layers if isinstance(x, keras.layers.Conv2D)]


def _logits(images: Array, least: float = 0.02) -> Array:
    inside = np.clip(images, least, 1.0 - least)
    return np.asarray(np.log(inside / (1.0 - inside)))
