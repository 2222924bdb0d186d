"""Output images of `Swift` that are larger than its input images."""

from __future__ import annotations

from typing import Any

import keras

from deepface_models.core.arrays import Array
from deepface_models.models.swap.expressions import Expressions
from deepface_models.models.swap.linear import linear_map
from deepface_models.models.swap.swift.appearance import fine_detail
from deepface_models.models.swap.swift.networks import FINE, FINE_BASIS

TIMES = (1, 2, 3)  # how many times the input's side the output's can be


def check_output_size(output_size: int | None, image_size: int) -> int:
    """Returns the side of the output images; that of the input images for None.

    Raises:
        ValueError: It is not one, two or three times `image_size`.
    """
    sizes = tuple(image_size * times for times in TIMES)
    if output_size is None or output_size in sizes:
        return output_size or image_size
    raise ValueError(
        f"output_size={output_size!r} was given with image_size={image_size}. Expected "
        f"one of {sizes}. Use output_size={sizes[1]} for faces of 200 pixels or more."
    )


def copy_weights(source: Any, target: Any) -> None:
    """Copies all weights but those of fine detail to a model of another output size."""
    for name, part in source.parts.items():
        _copy_coarse(part, target.parts[name])
        target.parts[name].trainable = part.trainable
    target.build_decoder_initializers(source.decoder_initializers)
    for name, network in source.decoder_initializers.items():
        target.decoder_initializers[name].set_weights(network.get_weights())


def set_fine_detail(
    decoder: keras.Model,
    residual: Array,
    size: int,
    faces: Array,
    latents: Array,
    ridge: float,
) -> None:
    """Sets a person's fine detail, if the decoder has any.

    Args:
        decoder: The person's decoder.
        residual: What the appearance model has to render, (N, T, T, 4) in [0, 1].
        size: Side of the input images in pixels.
        faces: The faces, for their masks and weights, (N, T, T, 3..5).
        latents: Their latents, (N, L).
        ridge: Strength of the regression of codes on latents.
    """
    if residual.shape[1] == size:
        return
    found = fine_detail(residual, size, FINE_BASIS, faces)
    decoder.get_layer(f"{FINE}mean").set_weights([found.mean[None]])
    decoder.get_layer(f"{FINE}basis").set_weights([found.components])
    codes = linear_map(latents, found.codes, ridge)
    decoder.get_layer(f"{FINE}codes").set_weights(codes)


def _copy_coarse(source: keras.Model, target: keras.Model) -> None:
    theirs, mine = (
        [x for x in part.layers if x.weights and not x.name.startswith(FINE)]
        for part in (source, target)
    )
    for one, other in zip(theirs, mine, strict=True):
        if isinstance(other, Expressions):
            other.copy(one)
        else:
            other.set_weights(one.get_weights())
