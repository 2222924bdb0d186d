"""`export`: a network as a file that other engines run."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.choices import choose
from deepface_models.core.errors import IntegrityError
from deepface_models.core.files import atomic_path
from deepface_models.core.folders import atomic_folder
from deepface_models.core.whole import whole_numbers
from deepface_models.engines.formats import format_of
from deepface_models.engines.loading import load_exported
from deepface_models.engines.metadata import to_text
from deepface_models.exporting import writers
from deepface_models.exporting.describing import describe
from deepface_models.exporting.frozen import check_backend, freeze
from deepface_models.exporting.networks import Network
from deepface_models.exporting.requests import calibration, find_network
from deepface_models.presets.golden import differences

# What each format can hold.
DTYPES = {
    "onnx": ("float32", "float16", "int8"),
    "litert": ("float32", "float16", "int8"),
    "openvino": ("float32", "float16", "int8"),
    "saved_model": ("float32",),
}
# Largest difference from the model, relative to the largest value or 1. What int8 costs
# depends on the network and the samples, so it is only reported.
_LIMITS = {"float32": 1e-3, "float16": 5e-2}
_WRITERS = {
    "onnx": writers.write_onnx,
    "litert": writers.write_litert,
    "openvino": writers.write_openvino,
}


@dataclass(frozen=True)
class Exported:
    """What `export` wrote.

    Attributes:
        path: The file, or the folder of a SavedModel.
        file_format: "onnx", "litert", "openvino" or "saved_model".
        dtype: Type of the weights.
        batch_size: Examples in a batch; None for any number.
        bytes: Size of all files.
        differences: For each output the largest difference from the model's own,
            relative to the largest value or 1, when its engine ran the file.
        metadata: What the file says of itself.
    """

    path: Path
    file_format: str
    dtype: str
    batch_size: int | None
    bytes: int
    differences: dict[str, float]
    metadata: dict[str, Any]


@whole_numbers(batch_size=1)
def export(
    model: Any,
    path: str | Path,
    *,
    identity: str | None = None,
    source_identity: str | Array | None = None,
    part: str | None = None,
    dtype: str = "float32",
    expressions: bool = False,
    batch_size: int | None = None,
    samples: Any = None,
    license: str | None = None,
    consent: str | None = None,
) -> Exported:
    """Writes a network as a file that ONNX Runtime, LiteRT or OpenVINO runs.

    A face swap becomes the network of one person: the input "image" is an aligned
    face, the outputs are "face" and, where the model has one, "mask". Whose latents are
    shifted, and whose expressions are read from them, is fixed in it. An encoder gives
    "latent", a decoder takes it, and a whole autoencoder gives "reconstruction". All
    images are RGB, float32 in [0, 1], with channels last.

    The file says of itself what it is, whose face it renders, where its weights come
    from, and that its pictures are synthetic. It gets its name only after its own
    engine has run it and the results were those of the model.
    `deepface_models.load(path)` returns something that `convert`, `live` and `evaluate`
    take.

    Args:
        model: A `FaceSwap` or an `Autoencoder`, or "mesh_face" or "mesh_iris" for the
            networks of `faces.FaceMesh`.
        path: The file: .onnx, .tflite or .xml (OpenVINO, with a .bin beside it), or the
            folder of a SavedModel, which has no extension.
        identity: The person to render; needed for a face swap of several people.
        source_identity: The person whose faces are replaced: a person of the model, or
            a mean latent, from `encode(faces).mean(0)`. By default the other person of
            a model of two; otherwise, and for "anybody", latents are not shifted.
        part: "swap", "encoder", "decoder" or "autoencoder"; by default the whole.
        dtype: "float32"; "float16" for weights of half the size (not in a SavedModel);
            or "int8" for a quarter (not in a SavedModel either). Inputs and outputs
            stay float32.
        expressions: Whether the face swap has a second input, "expressions", (N, 7), as
            `FaceSet.expressions` has them. `convert` then measures them in the frames,
            as it does with the model itself. Otherwise they are read from the latents
            if `source_identity` is a person of the model.
        batch_size: A fixed number of examples in a batch; by default any, and 1 in a
            .tflite file, where it must be fixed.
        samples: Examples as the network will see, such as a FaceSet of the source
            person: int8 measures its scales on them, and all are compared on up to 8.
            By default noise is compared.
        license: The license of the weights; by default that of the preset that
            `load` got, else "not stated".
        consent: Who agreed that this network is passed on, and where that is written
            down; "not stated" by default.

    Returns:
        An `Exported`.

    Raises:
        IntegrityError: The file computes something else than the model.
        InUseError: Another process is writing `path`.
        MissingDependencyError: The extra "export" is not installed.
        ValueError: The format cannot hold what was asked for, the person is unknown,
            or `samples` are missing.

    Example:
        >>> who = {"identity": "ben", "source_identity": "ana"}
        >>> made = export(model, "ben.onnx", **who)  # doctest: +SKIP
        >>> made.differences["face"] < 0.001  # doctest: +SKIP
        True
    """
    check_backend()
    place = Path(path)
    file_format = format_of(place)
    choose("dtype", dtype, DTYPES[file_format], f"{place.name} can hold these.")
    model, network, person, source = find_network(
        model, part, identity, source_identity, expressions
    )
    if file_format == "litert":
        batch_size = batch_size or 1
    examples = calibration(model, network, samples, dtype)
    metadata = describe(model, network, person, source, dtype, license, consent)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the converters, about themselves
        module = freeze(network, batch_size)
        with _written(module, place, metadata, examples, batch_size) as (file, size):
            found = _compared(file, network, examples, dtype)
    return Exported(place, file_format, dtype, batch_size, size, found, metadata)


@contextmanager
def _written(
    module: Any,
    place: Path,
    metadata: dict[str, Any],
    examples: Mapping[str, Array],
    batch_size: int | None,
) -> Iterator[tuple[Path, int]]:
    """Yields a complete file and its size; it gets its name if the body succeeds."""
    text, file_format = to_text(metadata), format_of(place)
    if file_format == "saved_model":
        _check_folder(place)
        place.parent.mkdir(parents=True, exist_ok=True)
        with atomic_folder(place) as folder:
            writers.write_saved_model(module, folder, text)
            yield folder, sum(f.stat().st_size for f in folder.rglob("*"))
        return
    with atomic_path(place, apart=True) as file:
        parts = list(_parts(examples, batch_size or 1))
        _WRITERS[file_format](module, file, metadata["dtype"], text, parts)
        yield file, sum(one.stat().st_size for one in file.parent.iterdir())
        if file_format == "openvino":
            os.replace(file.with_suffix(".bin"), place.with_suffix(".bin"))


def _compared(
    file: Path, network: Network, examples: Mapping[str, Array], dtype: str
) -> dict[str, float]:
    """Runs a file in its engine; returns how far it is from the model."""
    few = {name: one[:8] for name, one in examples.items()}
    expected = {n: np.asarray(one) for n, one in network.predict(few).items()}
    found = load_exported(file).run(few)
    far = differences(found, expected)
    worst = max(far, key=lambda name: far[name])
    limit = _LIMITS.get(dtype, np.inf)
    if not far[worst] <= limit and not (dtype == "int8" and np.isfinite(far[worst])):
        raise IntegrityError(
            f"The exported network gives another {worst!r} than the model, by "
            f"{far[worst]:.3g} of the largest value. Expected at most {limit:g} with "
            f"{dtype}. Export in another format or as float32, and report it."
        )
    return far


def _parts(
    examples: Mapping[str, Array], batch_size: int
) -> Iterator[dict[str, Array]]:
    """Yields whole batches of examples, one at least."""
    count = len(next(iter(examples.values())))
    for start in range(0, max(count - batch_size, 0) + 1, batch_size):
        numbers = [min(start + i, count - 1) for i in range(batch_size)]
        yield {name: one[numbers] for name, one in examples.items()}


def _check_folder(folder: Path) -> None:
    """Refuses a folder of something else than a SavedModel."""
    full = folder.is_dir() and any(folder.iterdir())
    if folder.is_file() or (full and not (folder / "saved_model.pb").is_file()):
        raise ValueError(
            f"{folder} was given for a SavedModel, but it holds something else. "
            "Expected a new folder, or one of a SavedModel, which is replaced. Choose "
            "another name."
        )
