"""The networks that can be exported: functions of arrays with names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from deepface_models.conversion._options import is_anybody, resolve_source_identity
from deepface_models.core.arrays import Array
from deepface_models.core.choices import choose
from deepface_models.core.expressions import FEATURES
from deepface_models.engines.network import EXPRESSIONS, FACE, IMAGE, MASK
from deepface_models.faces.mesh import mesh_network
from deepface_models.models.autoencoders import Autoencoder
from deepface_models.models.swap import FaceSwap
from deepface_models.models.swap._graph import Source

LATENT, RECONSTRUCTION = "latent", "reconstruction"
UNIT, ANY = "RGB in [0, 1]", "any"
PARTS = ("swap", "encoder", "decoder", "autoencoder")


@dataclass(frozen=True)
class Network:
    """What is exported.

    Attributes:
        kind: As in `ExportedNetwork`.
        inputs: The shape of each input's examples, by name; None for any length.
        call: Returns tensors by name, for tensors by name.
        predict: The same on arrays, by the model's own methods: what the exported file
            is compared with.
        values: The range of the input's values.
    """

    kind: str
    inputs: Mapping[str, tuple[int | None, ...]]
    call: Callable[[Mapping[str, Any]], dict[str, Any]]
    predict: Callable[[Mapping[str, Array]], dict[str, Array]]
    values: str = UNIT


def swap_network(
    model: FaceSwap, identity: str, source: str | Array | None, expressions: bool
) -> Network:
    """Returns the network from aligned faces to a person's faces.

    Args:
        model: The face swap.
        identity: The person to render.
        source: A person of the model, a mean latent, or None; see `known_source`.
        expressions: Whether measured expressions are an input.
    """
    image = keras.Input(model.encoder.input.shape[1:], name=IMAGE)
    inputs = {IMAGE: image}
    if expressions:
        _check_expressions(model)
        inputs[EXPRESSIONS] = keras.Input(
            (FEATURES,), dtype="float32", name=EXPRESSIONS
        )
    given = inputs.get(EXPRESSIONS)
    decoded = _decoded(model, model.encoder(image), identity, source, given)
    network = keras.Model(inputs, decoded)

    def predict(arrays: Mapping[str, Array]) -> dict[str, Array]:
        own: dict[str, Any] = {"identity": identity, "source_identity": source}
        own["expressions"] = arrays.get(EXPRESSIONS)
        return _split(model.predict(arrays[IMAGE], **own))

    return Network("swap", _shapes(inputs), lambda t: _split(network(t)), predict)


def decoder_network(
    model: FaceSwap, identity: str, source: str | Array | None
) -> Network:
    """Returns the network from latents to a person's faces."""
    latent = keras.Input(model.encoder.output.shape[1:], name=LATENT)
    network = keras.Model(
        {LATENT: latent}, _decoded(model, latent, identity, source, None)
    )

    def predict(arrays: Mapping[str, Array]) -> dict[str, Array]:
        latents = arrays[LATENT]
        return _split(model.decode(latents, identity, source_identity=source))

    shapes = {LATENT: tuple(latent.shape[1:])}
    return Network("decoder", shapes, lambda t: _split(network(t)), predict, ANY)


def encoder_network(model: FaceSwap | Autoencoder) -> Network:
    """Returns the network from examples to latents."""
    shape = tuple(model.encoder.inputs[0].shape[1:])

    def call(tensors: Mapping[str, Any]) -> dict[str, Any]:
        found = model.encoder(tensors[IMAGE], training=False)
        return {LATENT: keras.tree.flatten(found)[0]}

    def predict(arrays: Mapping[str, Array]) -> dict[str, Array]:
        return {LATENT: model.encode(arrays[IMAGE])}

    return Network("encoder", {IMAGE: shape}, call, predict, _range(model))


def plain_decoder_network(model: Autoencoder) -> Network:
    """Returns an autoencoder's network from latents to examples."""
    shape = tuple(model.decoder.inputs[0].shape[1:])

    def call(tensors: Mapping[str, Any]) -> dict[str, Any]:
        return {RECONSTRUCTION: model.decoder(tensors[LATENT], training=False)}

    def predict(arrays: Mapping[str, Array]) -> dict[str, Array]:
        return {RECONSTRUCTION: model.decode(arrays[LATENT])}

    return Network("decoder", {LATENT: shape}, call, predict, ANY)


def autoencoder_network(model: Autoencoder) -> Network:
    """Returns the whole network of an autoencoder."""

    def call(tensors: Mapping[str, Any]) -> dict[str, Any]:
        return {RECONSTRUCTION: model(tensors[IMAGE], training=False)}

    def predict(arrays: Mapping[str, Array]) -> dict[str, Array]:
        return {RECONSTRUCTION: model.reconstruct(arrays[IMAGE])}

    shapes = {IMAGE: model.data_shape}
    return Network("autoencoder", shapes, call, predict, _range(model))


def landmark_network(name: str) -> Network:
    """Returns MediaPipe's network "mesh_face" or "mesh_iris"; see `faces.FaceMesh`."""
    model = mesh_network(choose("model", name, ("mesh_face", "mesh_iris"))[5:])
    names = [one._keras_history.operation.name for one in model.outputs]

    def call(tensors: Mapping[str, Any]) -> dict[str, Any]:
        found = model(tensors[IMAGE], training=False)
        return dict(zip(names, found, strict=True))

    def predict(arrays: Mapping[str, Array]) -> dict[str, Array]:
        found = model.predict(arrays[IMAGE], verbose=0)
        return dict(zip(names, found, strict=True))

    return Network("landmarks", {IMAGE: tuple(model.input.shape[1:])}, call, predict)


def known_source(
    model: FaceSwap, identity: str, source: str | Array | None
) -> str | Array | None:
    """Returns whose latents are shifted: as in `Converter`, but None for anybody."""
    found = resolve_source_identity(model, identity, source)
    return found if model.shifts_latents and not is_anybody(found, model) else None


def _decoded(
    model: FaceSwap, latents: Any, identity: str, source: Any, expressions: Any
) -> Any:
    paths = model._paths
    layers = paths.expressions or {}
    needed = [identity] if expressions is not None else [identity, source]
    names = [name for name in needed if isinstance(name, str)]
    if not layers or not all(float(layers[name].known) > 0 for name in names):
        # Nothing would be matched, but both halves of the face decoded.
        paths = replace(paths, expressions=None)
    if isinstance(source, np.ndarray):
        source = keras.ops.add(keras.ops.zeros_like(latents), source[None])
    return paths.decode(latents, identity, Source(source, expressions))


def _split(decoded: Any) -> dict[str, Any]:
    """Returns face and mask of a decoded image, (N, T, T, 3 or 4)."""
    if decoded.shape[-1] == 3:
        return {FACE: decoded}
    return {FACE: decoded[..., :3], MASK: decoded[..., 3:]}


def _shapes(inputs: Mapping[str, Any]) -> dict[str, tuple[int | None, ...]]:
    return {name: tuple(one.shape[1:]) for name, one in inputs.items()}


def _range(model: Any) -> str:
    return UNIT if getattr(model, "_unit_range", True) else ANY


def _check_expressions(model: FaceSwap) -> None:
    if not model.matches_expressions:
        raise ValueError(
            f"expressions=True was given for {model.name}, which knows nobody's "
            "expressions. Expected a model that matches_expressions, as Swift does "
            "after training. Leave `expressions` out."
        )
