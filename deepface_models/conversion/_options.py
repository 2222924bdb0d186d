"""Checks of the options of a `Converter`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from deepface_models.conversion.people import other_person
from deepface_models.core.arrays import Array
from deepface_models.core.choices import choose
from deepface_models.core.latents import as_latent_mean

# The source identity of a person unknown to the model. If the model has an identity of
# this name, that one is meant instead.
ANYBODY = "anybody"
AUTO = "auto"  # the sharpening that the frame's own face asks for


def check_swap(model: Any) -> None:
    """Refuses models that cannot swap faces, such as autoencoders.

    Raises:
        ValueError: `model` lacks identities, image_size or predict.
    """
    if not all(hasattr(model, one) for one in ("identities", "image_size", "predict")):
        raise ValueError(
            f"A {type(model).__name__} was given as the model. Expected a face swap: "
            "a model with identities, image_size and predict(images, identity=...). "
            "Use a model from train, or deepface_models.load('swap_demo')."
        )


def check_converter(
    converter: Any, model: Any, identity: str, options: Mapping[str, Any]
) -> None:
    """Refuses a given `Converter` that contradicts the other arguments.

    Raises:
        ValueError: It has another model or identity, or there are options beside it.
    """
    if options or converter.identity != identity or converter.model is not model:
        raise ValueError(
            f"converter= for identity={converter.identity!r} together with "
            f"identity={identity!r} and the options {sorted(options)} was given. "
            "Expected a Converter of the same model and identity, without further "
            "options. Pass the options to Converter(...)."
        )


def resolve_source_identity(
    model: Any, identity: str, source_identity: str | Array | None
) -> str | Array | None:
    """Returns the source identity: a name, `ANYBODY`, a mean latent or None.

    By default it is the other person of a model of two people, else `ANYBODY` if the
    model shifts latents.
    """
    shifts = getattr(model, "shifts_latents", False)
    if source_identity is None:
        return other_person(model, identity) or (ANYBODY if shifts else None)
    if isinstance(source_identity, str):
        return choose("source_identity", source_identity, (*model.identities, ANYBODY))
    return latent(model, source_identity)


def latent(model: Any, given: Array) -> Array:
    """Returns a mean latent for the model; a third-party model checks it itself."""
    encoder = getattr(model, "encoder", None)
    if encoder is None:
        return np.asarray(given)
    return as_latent_mean(given, encoder.output.shape[1:])


def is_anybody(source_identity: str | Array | None, model: Any) -> bool:
    """Whether `source_identity` stands for a person unknown to the model."""
    return (
        isinstance(source_identity, str)
        and source_identity == ANYBODY
        and ANYBODY not in model.identities
    )


def source_name(source_identity: str | Array | None) -> str | None:
    """Returns the source identity as a short text; a mean latent by its hash."""
    if source_identity is None or isinstance(source_identity, str):
        return source_identity
    return f"latent {hashlib.sha256(source_identity.tobytes()).hexdigest()[:16]}"


def sharpening(amount: float | str) -> float | str:
    """Returns an amount of sharpening, or `AUTO`.

    Raises:
        ValueError: It is neither "auto" nor a number from 0 to 10.
    """
    if isinstance(amount, str):
        return choose("sharpen", amount, (AUTO,), "Or pass a number from 0 to 10.")
    return within("sharpen", amount, 0, 10)


def within(name: str, value: float, low: float, high: float) -> float:
    """Returns `value` if it lies within the limits.

    Raises:
        ValueError: It does not.
    """
    if low <= value <= high:
        return value
    raise ValueError(
        f"{name}={value!r} was given. Expected a number from {low} to {high}. Leave "
        f"{name} out for the usual value."
    )
