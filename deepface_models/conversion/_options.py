"""What a `Converter` is told, checked."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from deepface_models.conversion.people import other_person
from deepface_models.core.arrays import Array
from deepface_models.core.choices import choose
from deepface_models.core.latents import as_latent_mean

# Whose faces come in where the model need not know them; somebody of that name wins.
ANYBODY = "anybody"


def check_swap(model: Any) -> None:
    """Refuses what cannot draw a person, such as an autoencoder."""
    if not all(hasattr(model, one) for one in ("identities", "image_size", "predict")):
        raise ValueError(
            f"A {type(model).__name__} was given as the model. Expected a face swap: "
            "something with identities, image_size and predict(images, identity=...). "
            "Use what train made, or deepface_models.load('swap_demo')."
        )


def resolve_source_identity(
    model: Any, identity: str, source_identity: str | Array | None
) -> str | Array | None:
    """Returns whose faces come in: a name, `ANYBODY`, a mean latent or None.

    By default it is the other person of a model of two, and anybody of a larger one
    that moves latents.
    """
    moves = getattr(model, "shifts_latents", False)
    if source_identity is None:
        return other_person(model, identity) or (ANYBODY if moves else None)
    if isinstance(source_identity, str):
        return choose("source_identity", source_identity, (*model.identities, ANYBODY))
    # Models of other people's making check it themselves.
    encoder = getattr(model, "encoder", None)
    if encoder is None:
        return np.asarray(source_identity)
    return as_latent_mean(source_identity, encoder.output.shape[1:])


def is_anybody(source_identity: str | Array | None, model: Any) -> bool:
    """Whether it stands for somebody whom the model need not know."""
    return (
        isinstance(source_identity, str)
        and source_identity == ANYBODY
        and ANYBODY not in model.identities
    )


def source_name(source_identity: str | Array | None) -> str | None:
    """Returns a short text for whose faces come in, the same for the same."""
    if source_identity is None or isinstance(source_identity, str):
        return source_identity
    return f"latent {hashlib.sha256(source_identity.tobytes()).hexdigest()[:16]}"


def within(name: str, value: float, low: float, high: float) -> float:
    """Returns a value that lies within limits, or says which they are."""
    if low <= value <= high:
        return value
    raise ValueError(
        f"{name}={value!r} was given. Expected a number from {low} to {high}. Leave "
        f"{name} out for the usual value."
    )
