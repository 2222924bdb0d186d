"""Finds the network that was asked for, and examples to compare it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array, images_of
from deepface_models.core.choices import choose
from deepface_models.core.inputs import as_batch
from deepface_models.core.quantized import describe as quantized_layers
from deepface_models.engines.network import EXPRESSIONS, IMAGE
from deepface_models.exporting import networks
from deepface_models.exporting.networks import LATENT, UNIT, Network
from deepface_models.models.autoencoders import Autoencoder
from deepface_models.models.swap import FaceSwap

_STEPS = 8  # length of an axis that the model leaves open
_NOISE = 4  # examples
_MOST = 256  # samples


def find_network(
    model: Any,
    part: str | None,
    identity: str | None,
    source_identity: Any,
    expressions: bool,
) -> tuple[Any, Network, str | None, Any]:
    """Returns the model in float32, the network, its person and the source person.

    Raises:
        ValueError: There is no such network.
    """
    if isinstance(model, str):
        return model, networks.landmark_network(model), None, None
    if isinstance(model, Autoencoder):
        return _of_autoencoder(_in_float32(model), part)
    if not isinstance(model, FaceSwap):
        raise ValueError(
            f"A {type(model).__name__} was given to export. Expected a face swap, an "
            'autoencoder, "mesh_face" or "mesh_iris". Load a model with '
            "deepface_models.load, or use keras.Model.export."
        )
    model = _in_float32(model)
    part = choose("part", part or "swap", ("swap", "encoder", "decoder"))
    if part == "encoder":
        return model, networks.encoder_network(model), None, None
    person = _person(model, identity)
    source = networks.known_source(model, person, source_identity)
    if part == "decoder":
        return model, networks.decoder_network(model, person, source), person, source
    network = networks.swap_network(model, person, source, expressions)
    return model, network, person, source


def calibration(
    model: Any, network: Network, samples: Any, dtype: str
) -> dict[str, Array]:
    """Returns the network's inputs for samples, or for noise.

    Raises:
        ValueError: int8 was asked for without samples.
    """
    if samples is None and dtype == "int8":
        raise ValueError(
            'dtype="int8" was given without samples. Expected examples to measure the '
            "scales of the 8 bits on. Pass samples=faces, such as 100 faces of the "
            "source person."
        )
    shape = network.inputs.get(IMAGE)
    if shape is None:
        shape = tuple(model.encoder.inputs[0].shape[1:])
    if samples is None:
        rng = np.random.default_rng(0)
        whole = (_NOISE, *(size or _STEPS for size in shape))
        images = rng.uniform(0, 1, whole).astype("float32")
    else:
        name = getattr(model, "name", str(model))
        unit = network.values == UNIT
        images = as_batch(images_of(samples), shape, name, unit)[0][:_MOST]
    if LATENT in network.inputs:
        return {LATENT: model.encode(images)}
    arrays: dict[str, Array] = {IMAGE: images}
    if EXPRESSIONS in network.inputs:
        arrays[EXPRESSIONS] = _expressions(samples, len(images))
    return arrays


def _expressions(samples: Any, count: int) -> Array:
    """Returns the expressions of a FaceSet; neutral ones for arrays."""
    found = getattr(samples, "expressions", np.zeros((count, 7)))
    return np.asarray(found, "float32")[:count]


def _of_autoencoder(
    model: Autoencoder, part: str | None
) -> tuple[Any, Network, None, None]:
    makers: Mapping[str, Any] = {
        "autoencoder": networks.autoencoder_network,
        "encoder": networks.encoder_network,
        "decoder": networks.plain_decoder_network,
    }
    return (
        model,
        makers[choose("part", part or "autoencoder", makers)](model),
        None,
        None,
    )


def _person(model: FaceSwap, identity: str | None) -> str:
    if identity is None and len(model.identities) == 1:
        return model.identities[0]
    return str(choose("identity", identity, model.identities))


def _in_float32(model: Any) -> Any:
    """Returns a model of mixed precision as a copy in float32.

    Raises:
        ValueError: Layers are quantized.
    """
    if quantized_layers(model):
        raise ValueError(
            f"{model.name}, which has quantized layers, was given to export. Expected "
            'a model in float32. Load it again, and pass dtype="int8".'
        )
    if model.dtype_policy.name == "float32":
        return model
    config = {**model.get_config(), "dtype": "float32"}
    copy = type(model).from_config(config)
    for name, network in model.parts.items():
        copy.parts[name].set_weights(network.get_weights())
    for name in ("started_from", "poses", "loaded_from"):
        if hasattr(model, name):
            setattr(copy, name, getattr(model, name))
    return copy
