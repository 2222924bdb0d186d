"""Exported networks that predict like the models they were made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array, images_of
from deepface_models.core.choices import choose
from deepface_models.core.inputs import as_batch
from deepface_models.core.latents import as_expressions
from deepface_models.core.poses import PoseRange
from deepface_models.core.whole import whole_numbers
from deepface_models.engines.metadata import Metadata
from deepface_models.engines.runtimes import Runtime

_BATCH = 32
FACE, MASK, IMAGE, EXPRESSIONS = "face", "mask", "image", "expressions"


class ExportedNetwork:
    """A network in an exported file, run by the engine of its format.

    It cannot be trained. `deepface_models.load` returns it.

    Args:
        runtime: Runs the file.
        metadata: What the file says of itself.
        path: The file or folder.
        file_format: Its format, such as "onnx".
        sha256: The SHA-256 of the file.

    Attributes:
        name: Name of the model that was exported.
        kind: "swap", "encoder", "decoder", "autoencoder" or "landmarks".
        file_format: As given.
        inputs: The shapes of its inputs by name; None for an axis of any length.
        metadata: As given.
        started_from: The preset that training started from, or None.
        loaded_from: The path.
        sha256: As given.
    """

    def __init__(
        self,
        runtime: Runtime,
        metadata: Metadata,
        path: Path,
        file_format: str,
        sha256: str,
    ) -> None:
        self._runtime = runtime
        self.metadata = metadata
        self.name: str = metadata["name"]
        self.kind: str = metadata["kind"]
        self.inputs = runtime.inputs
        self.file_format = file_format
        self.started_from: str | None = metadata["started_from"]
        self.loaded_from = str(path.absolute())
        self.sha256 = sha256

    def __repr__(self) -> str:
        """Returns what it is, in one line."""
        what = f"{self.kind} {self.name!r}, {self.file_format}"
        return f"{type(self).__name__}({what}, {self.metadata['dtype']})"

    @property
    def origin(self) -> dict[str, Any]:
        """What a record of a conversion says of it, beside its name and SHA-256."""
        kept = ("dtype", "source_identity", "weights_sha256", "license", "consent")
        return {"format": self.file_format, **{n: self.metadata[n] for n in kept}}

    @whole_numbers(batch_size=1)
    def predict(
        self, x: Any, batch_size: int | None = None, verbose: Any = None
    ) -> Any:
        """Returns the network's output for examples.

        Args:
            x: (N, ...) or one example without the batch axis, uint8 or float.
            batch_size: Examples per batch, 32 by default; a network that was exported
                with a fixed one keeps it.
            verbose: Has no effect; for the sake of Keras.

        Returns:
            float32, or a dictionary of the outputs if there are several.

        Raises:
            ValueError: `x` has another shape, or values outside of [0, 1].
        """
        name = next(iter(self.inputs))
        unit = self.kind != "decoder" and self.metadata["values"] != "any"
        batch, single = as_batch(images_of(x), self.inputs[name][1:], self.name, unit)
        found = self.run({name: batch}, batch_size)
        outputs = {n: one[0] if single else one for n, one in found.items()}
        return outputs if len(outputs) > 1 else next(iter(outputs.values()))

    @whole_numbers(batch_size=1)
    def run(
        self, arrays: Mapping[str, Array], batch_size: int | None = None
    ) -> dict[str, Array]:
        """Returns the outputs by name, for inputs by name, (N, ...) float32."""
        fixed = next(iter(self.inputs.values()))[0]
        size = fixed or batch_size or _BATCH
        count = len(next(iter(arrays.values())))
        parts = [
            self._runtime.run(batch) for batch in _batches(arrays, size, fixed is None)
        ]
        return {
            name: np.concatenate([part[name] for part in parts])[:count]
            for name in parts[0]
        }


class ExportedSwap(ExportedNetwork):
    """An exported face swap of one person, for `convert`, `live` and `evaluate`.

    If it was exported with a source person, it shifts that person's latents itself, so
    that `predict` needs no `source_identity`. If it has an input "expressions", it uses
    the expressions that `convert` measures in the frames.

    Attributes:
        identities: The person whose face it renders, as a tuple.
        image_size: Side of the faces that it takes, in pixels.
        output_size: Side of the faces that it renders.
        face_type: How faces are cropped, as in `FaceAligner`.
        poses: By person, the range of yaw and pitch in the training faces.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.identities: tuple[str, ...] = (self.metadata["identity"],)
        self.image_size: int = self.metadata["image_size"]
        self.output_size: int = self.metadata["output_size"]
        self.face_type: str = self.metadata["face_type"]
        self.poses: Mapping[str, PoseRange] = self.metadata["poses"]

    @property
    def matches_expressions(self) -> bool:
        """Whether it takes the expressions that were measured in the faces."""
        return EXPRESSIONS in self.inputs

    @whole_numbers(batch_size=1)
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = None,
        *,
        identity: str | None = None,
        expressions: Array | None = None,
    ) -> Any:
        """Returns the person's faces with the expressions of faces `x`.

        Args:
            x: Aligned faces (N, S, S, 3) or one (S, S, 3), uint8 or float in [0, 1].
            batch_size: As in `ExportedNetwork.predict`.
            verbose: As in `ExportedNetwork.predict`.
            identity: The person, the only one that it knows.
            expressions: The expressions in `x`, (N, 7), as `FaceSet.expressions` has
                them; those of a neutral face by default. Without the input
                "expressions" they have no effect.

        Returns:
            float32 in [0, 1], (N, T, T, 3), or (N, T, T, 4) with a mask as fourth
            channel; without the batch axis if `x` is one face.

        Raises:
            ValueError: `x` has another shape or range, or it is another person.
        """
        if identity is not None:
            choose("identity", identity, self.identities)
        shape = (self.image_size, self.image_size, 3)
        batch, single = as_batch(images_of(x), shape, self.name)
        arrays = {self._image: batch}
        if self.matches_expressions:
            given = np.zeros((len(batch), 7)) if expressions is None else expressions
            arrays[EXPRESSIONS] = as_expressions(given, len(batch))
        decoded = self._decoded(self.run(arrays, batch_size))
        return decoded[0] if single else decoded

    @property
    def _image(self) -> str:
        return IMAGE

    def _decoded(self, outputs: Mapping[str, Array]) -> Array:
        return np.concatenate([outputs[n] for n in (FACE, MASK) if n in outputs], -1)


def _batches(
    arrays: Mapping[str, Array], size: int, open_end: bool
) -> Iterator[dict[str, Array]]:
    """Yields batches; the last one is filled up unless its size is open."""
    count = len(next(iter(arrays.values())))
    for start in range(0, count, size):
        batch = {name: one[start : start + size] for name, one in arrays.items()}
        missing = size - min(size, count - start)
        if missing and not open_end:
            batch = {
                name: np.concatenate([one, np.repeat(one[-1:], missing, axis=0)])
                for name, one in batch.items()
            }
        yield batch
