"""Loads the models of the first face-swap programs as `Original`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from deepface_models.core.errors import ModelFileError
from deepface_models.faces.align import padding_of
from deepface_models.importers.legacy_h5 import SavedLayer, read_layers
from deepface_models.models.swap import Original

ENCODER, DECODERS = "encoder.h5", ("decoder_A.h5", "decoder_B.h5")
# Some versions of faceswap put the model's name before the file names.
_PREFIXES = ("", "original_", "lowmem_")


def load_original(
    folder: str | Path,
    identities: Sequence[str] = ("a", "b"),
    face_type: str = "half",
) -> Original:
    """Loads a model of the original deepfakes code, FakeApp or early faceswap.

    These programs saved `encoder.h5`, `decoder_A.h5` and `decoder_B.h5` (or
    `lowmem_encoder.h5` and so on) in one folder, as weights or as whole models of Keras
    2. Their images are BGR, so the channels of the first and last convolutions are
    reversed for RGB. Image size, latent size and the low-memory form are determined by
    the weights' shapes.

    Args:
        folder: The folder of the three files.
        identities: The people of `decoder_A.h5` and of `decoder_B.h5`.
        face_type: How the faces were cropped. These programs used the square from
            brows to chin, which is "half" here.

    Returns:
        The model, not compiled; save it with `save_parts`.

    Raises:
        FileNotFoundError: One of the three files is missing.
        ModelFileError: A file is damaged or has other layers than `Original`.
        ValueError: `identities` are not two different names.

    References: joshua-wu/deepfakes_faceswap (2017), model.py; deepfakes/faceswap
    (2018), plugins/Model_Original and Model_LowMem.

    Example:
        >>> model = load_original("old/models", ("ana", "ben"))  # doctest: +SKIP
        >>> model.save_parts("ana_ben")  # doctest: +SKIP
    """
    padding_of(face_type)  # raises an error for an unknown one
    names = Original.check_identities(identities)
    if len(names) != 2:
        raise ValueError(
            f"identities={names!r} was given. Expected the names of A and B. Use "
            'identities=("ana", "ben"), and add others with model.add_identity().'
        )
    paths = _find(Path(folder))
    encoder, *decoders = [read_layers(path) for path in paths]
    arguments = _arguments(encoder, paths[0])
    model = Original(names, face_type=face_type, **arguments)
    parts = [model.encoder, *(model.decoders[name] for name in names)]
    for part, layers, path in zip(parts, (encoder, *decoders), paths, strict=True):
        _check(part, layers, path)
    kernel = encoder[0].weights[0]
    encoder[0].weights[0] = kernel[:, :, ::-1]
    for decoder in decoders:
        kernel, bias = decoder[-1].weights
        decoder[-1].weights = [kernel[..., ::-1], bias[::-1]]
    for part, layers in zip(parts, (encoder, *decoders), strict=True):
        part.set_weights([array for layer in layers for array in layer.weights])
    return model


def _find(folder: Path) -> list[Path]:
    """Returns the three files, encoder first."""
    found: list[list[Path]] = []
    for prefix in _PREFIXES:
        paths = [folder / f"{prefix}{name}" for name in (ENCODER, *DECODERS)]
        if all(path.is_file() for path in paths):
            return paths
        found.append([path for path in paths if path.is_file()])
    most = max(found, key=len)
    there = ", ".join(path.name for path in most) or "none of them"
    raise FileNotFoundError(
        f"{folder} contains {there}. Expected {ENCODER}, {DECODERS[0]} and "
        f"{DECODERS[1]}. Copy all three files of a training there."
    )


def _arguments(encoder: list[SavedLayer], path: Path) -> dict[str, Any]:
    """Returns the arguments of `Original` for an encoder's weights."""
    shapes = [layer.shapes[0] for layer in encoder]
    strided = [shape for shape in shapes if len(shape) == 4 and shape[:2] == (5, 5)]
    dense = [shape for shape in shapes if len(shape) == 2]
    if len(dense) == 2 and len(strided) in (3, 4):
        side = math.isqrt(dense[1][1] // 1024)
        if side and side * side * 1024 == dense[1][1]:
            return {
                "image_size": 16 * side,
                "latent_size": dense[0][1],
                "low_memory": len(strided) == 3,
            }
    kinds = ", ".join(f"{layer.name} {layer.shapes[0]}" for layer in encoder)
    raise ModelFileError(
        f"{path} contains {kinds or 'no weights'}. Expected an encoder of Original: "
        "four 5 x 5 convolutions (three in the low-memory form), two dense layers and "
        "a 3 x 3 convolution. Use a model of that architecture."
    )


def _check(part: keras.Model, layers: list[SavedLayer], path: Path) -> None:
    """Rejects weights of other layers; the message names the first that differs."""
    expected = [
        (layer.name, [tuple(weight.shape) for weight in layer.weights])
        for layer in part.layers
        if layer.weights
    ]
    for layer, (name, shapes) in zip(layers, expected, strict=False):
        if layer.shapes != shapes:
            raise ModelFileError(
                f"The layer {layer.name} in {path} has weights of shapes "
                f"{layer.shapes}. Expected {shapes} for {name} of {part.name}. Use a "
                "model of the architecture Original."
            )
    if len(layers) != len(expected):
        raise ModelFileError(
            f"{path} contains {len(layers)} layers with weights. Expected "
            f"{len(expected)} for {part.name}. Use a model of the architecture "
            "Original."
        )
