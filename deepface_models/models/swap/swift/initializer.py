"""Initializes decoders of new people in a pretrained `Swift`."""

from __future__ import annotations

import keras
import numpy as np

from deepface_models.core.arrays import Array, as_float
from deepface_models.core.inputs import precision
from deepface_models.core.predict import predict
from deepface_models.models.swap.swift.appearance import reduce_faces
from deepface_models.models.swap.swift.networks import build_initializer

_BATCH = 32


class DecoderInitializer:
    """Initializes new people's decoders from their mean faces, if it has a network.

    The network is pretrained (pretraining/swift.py) and part of a preset of shared
    parts. Keras does not track it: it does not decode images and is not trained; its
    results are copied to a person's decoder.

    Args:
        size: Side of the faces in pixels.
        latent_size: Width of the bottleneck.
    """

    def __init__(self, size: int, latent_size: int) -> None:
        self.size = size
        self.latent_size = latent_size
        self.network: keras.Model | None = None

    def build(self) -> keras.Model:
        """Creates the network with random weights."""
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
        """Initializes a decoder; returns the residual for its appearance basis.

        Args:
            decoder: A new person's decoder, whose appearance basis is still zero.
            shared_decoder: The shared decoder that follows it.
            latents: Latents of the person's faces, (N, L).
            faces: The faces, (N, T, T, 3..5) with the decoded images' side T, uint8 or
                float in [0, 1].

        Returns:
            The residual, (N, T, T, 4) float32: sigmoid of the faces' logits minus the
            decoded images' logits, for red, green, blue and mask. If `faces` have no
            mask, its residual is that of a correct mask.
        """
        faces = as_float(faces)
        if self.network is not None:
            mean = _with_mask(reduce_faces(faces.mean(axis=0)[None], self.size)[0])
            _fill(decoder, self.network, latents.mean(axis=0), mean)
        maps, vector, *appearance = predict(decoder, latents, _BATCH)
        nothing = [np.zeros_like(one) for one in appearance]
        decoded = predict(shared_decoder, [maps, vector, *nothing], _BATCH)
        channels = min(4, faces.shape[-1])
        residual = np.full(decoded.shape, 0.5, "float32")
        rest = _logits(faces[..., :channels]) - _logits(decoded[..., :channels], 1e-4)
        residual[..., :channels] = 1.0 / (1.0 + np.exp(-rest))
        return residual


def _fill(
    decoder: keras.Model, network: keras.Model, latent: Array, face: Array
) -> None:
    """Sets a decoder's weights from the network, a mean latent and a mean face."""
    added, vector = _face_outputs(network, face)
    kernel, bias = network.get_layer("coarse").get_weights()
    shifted = bias - latent[: len(kernel)] @ kernel + added.reshape(-1)
    adapted = ((0, len(latent) - len(kernel)), (0, 0))  # zero weights at first
    decoder.get_layer("coarse").set_weights([np.pad(kernel, adapted), shifted])
    targets, sources = _convolutions(decoder), _convolutions(network)
    for layer, source in zip(targets, sources[-len(targets) :], strict=True):
        layer.set_weights(source.get_weights())
    decoder.get_layer("vector").set_weights([vector])


def _face_outputs(network: keras.Model, face: Array) -> tuple[Array, Array]:
    """Returns the outputs of the network that depend on the face only."""
    added = network.get_layer("face").output
    part = keras.Model(network.input[1], [added, network.output[1]])
    added, vector = predict(part, face[None], _BATCH)
    return added, vector


def _with_mask(face: Array) -> Array:
    """Returns a mean face (S, S, 4); a missing mask is 0.5 everywhere."""
    if face.shape[-1] > 3:
        return face[..., :4]
    return np.pad(face, [(0, 0)] * 2 + [(0, 1)], constant_values=0.5)


def _convolutions(network: keras.Model) -> list[keras.layers.Layer]:
    return [x for x in network.layers if isinstance(x, keras.layers.Conv2D)]


def _logits(images: Array, least: float = 0.02) -> Array:
    clipped = np.clip(images, least, 1.0 - least)
    return np.asarray(np.log(clipped / (1.0 - clipped)))
