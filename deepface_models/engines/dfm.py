"""DFM files of DeepFaceLive, which DeepFaceLab writes: read and converted with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.errors import ModelFileError
from deepface_models.core.synthetic import NOTICE
from deepface_models.engines.metadata import Metadata
from deepface_models.engines.network import ExportedSwap
from deepface_models.engines.runtimes import OnnxRuntime

_IN, _MORPH = "in_face:0", "morph_value:0"
_OWN_MASK, _FACE, _MASK = (
    "out_face_mask:0",
    "out_celeb_face:0",
    "out_celeb_face_mask:0",
)


class DfmSwap(ExportedSwap):
    """A face swap in a DFM file: an ONNX network of BGR faces.

    Its mask is that of the rendered face where the file also sees the source's face.
    The file does not say how faces are cropped; "whole", as in DeepFaceLab's usual
    training, is assumed. A network with the input "morph_value" renders the target
    person alone, unless `morph` is set.

    Reference: iperov, "DeepFaceLive", 2021 (`modelhub/DFLive/DFMModel.py`).

    Attributes:
        morph: Share of the target person, 0 to 1, of a network that takes it.
    """

    morph: float = 1.0

    @property
    def matches_expressions(self) -> bool:
        """Whether it takes measured expressions: never."""
        return False

    @property
    def _image(self) -> str:
        return _IN

    def run(
        self, arrays: Mapping[str, Array], batch_size: int | None = None
    ) -> dict[str, Array]:
        """Returns the outputs by name; all faces have the same morph."""
        faces = _reversed(arrays)
        if _MORPH not in self.inputs:
            return super().run(faces, batch_size)
        value = np.full(1, self.morph, np.float32)
        found = [
            self._runtime.run({_IN: one[None], _MORPH: value}) for one in faces[_IN]
        ]
        return {n: np.concatenate([one[n] for one in found]) for n in found[0]}

    def _decoded(self, outputs: Mapping[str, Array]) -> Array:
        mask = np.minimum(outputs[_MASK], outputs[_OWN_MASK])
        face = outputs[_FACE][..., ::-1]
        return np.clip(np.concatenate([face, mask], -1), 0.0, 1.0)


def _reversed(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Returns images in BGR for RGB, and the reverse."""
    return {name: np.ascontiguousarray(one[..., ::-1]) for name, one in arrays.items()}


def open_dfm(path: Path) -> tuple[OnnxRuntime, Metadata]:
    """Returns what runs a DFM file, and metadata as an export has it.

    Raises:
        ModelFileError: It does not keep DeepFaceLive's contract.
    """
    runtime = OnnxRuntime(path)
    face = runtime.inputs.get(_IN, ())
    found = {*runtime.inputs, *runtime.outputs}
    needed = {_IN, _OWN_MASK, _FACE, _MASK}
    square = len(face) == 4 and face[1] == face[2] and face[3] == 3
    if not (needed <= found <= needed | {_MORPH} and square and face[1]):
        raise ModelFileError(
            f"{path} has the inputs and outputs {', '.join(sorted(found))}. Expected "
            f"{', '.join(sorted(needed))}, perhaps {_MORPH}, and square faces, as in "
            "DeepFaceLive. Export the model again with DeepFaceLab's exportdfm."
        )
    size = int(face[1])
    return runtime, _metadata(path, size)


def _metadata(path: Path, size: int) -> Metadata:
    unknown = "not stated in the file"
    values: dict[str, Any] = {
        "kind": "swap",
        "name": path.stem,
        "image_size": size,
        "output_size": size,
        "face_type": "whole",
        "identity": path.stem,
        "source_identity": None,
        "poses": {},
        "started_from": None,
        "weights_sha256": unknown,
        "dtype": "float32",
        "values": "BGR in [0, 1]",
        "license": unknown,
        "consent": unknown,
        "notice": NOTICE,
    }
    return values
