"""One class an engine: it loads a file and runs it on arrays with names."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.errors import IntegrityError
from deepface_models.core.extras import need
from deepface_models.core.files import sha256_file
from deepface_models.engines.metadata import KEY

EXTRA = "export"
WEIGHTS_KEY = f"{KEY}_weights_sha256"  # of OpenVINO's second file
_NOTED = re.compile(rf'<{WEIGHTS_KEY} value="([0-9a-f]{{64}})"'.encode())


class Runtime(Protocol):
    """Runs one exported file.

    Attributes:
        metadata: What the file has under `KEY`, or None.
        inputs: The shapes of the inputs by name; None for an axis of any length.
    """

    metadata: str | None
    inputs: dict[str, tuple[int | None, ...]]

    def run(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Returns the outputs by name."""


class OnnxRuntime:
    """Runs an .onnx or .dfm file in ONNX Runtime; see `Runtime`."""

    def __init__(self, path: Path) -> None:
        engine = need("onnxruntime", "onnxruntime", EXTRA, f"{path.name}")
        options = engine.SessionOptions()
        options.log_severity_level = 3
        # Threads that wait by spinning take the processor from reading and pasting.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = engine.InferenceSession(
            os.fspath(path), options, providers=engine.get_available_providers()
        )
        self.metadata = self._session.get_modelmeta().custom_metadata_map.get(KEY)
        self.inputs = {i.name: _shape(i.shape) for i in self._session.get_inputs()}
        self.outputs = [one.name for one in self._session.get_outputs()]

    def run(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Returns the outputs by name."""
        found = self._session.run(self.outputs, dict(arrays))
        return dict(zip(self.outputs, found, strict=True))


class LiteRuntime:
    """Runs a .tflite file in LiteRT; see `Runtime`."""

    def __init__(self, path: Path) -> None:
        name = "ai_edge_litert.interpreter"
        engine = need(name, "ai-edge-litert", EXTRA, f"{path.name}")
        content = path.read_bytes()
        threads = os.cpu_count() or 1
        interpreter = engine.Interpreter(model_content=content, num_threads=threads)
        self._run = interpreter.get_signature_runner()
        details = self._run.get_input_details().items()
        self.inputs = {n: _shape(d["shape_signature"]) for n, d in details}
        self.metadata = _in_flatbuffer(content)
        self._lock = threading.Lock()

    def run(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Returns the outputs by name."""
        with self._lock:
            return {n: np.array(one) for n, one in self._run(**arrays).items()}


class OpenVinoRuntime:
    """Runs an .xml file, with its .bin file, in OpenVINO; see `Runtime`.

    Raises:
        IntegrityError: The .bin file is another one's.
    """

    def __init__(self, path: Path) -> None:
        engine = need("openvino", "openvino", EXTRA, f"{path.name}")
        _check_weights(path)  # first, because reading trusts their values
        core = engine.Core()
        model = core.read_model(os.fspath(path))
        known = model.has_rt_info(KEY)
        self.metadata = str(model.get_rt_info(KEY).astype(str)) if known else None
        # Some processors would compute in 16 bits otherwise.
        precision = {"INFERENCE_PRECISION_HINT": "f32"}
        self._model = core.compile_model(model, "CPU", precision)
        self.inputs = {
            one.get_any_name(): _shape([_length(axis) for axis in one.partial_shape])
            for one in model.inputs
        }
        self._lock = threading.Lock()

    def run(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Returns the outputs by name."""
        with self._lock:
            found = self._model(dict(arrays))
            return {port.get_any_name(): np.array(found[port]) for port in found}


def _shape(sizes: Any) -> tuple[int | None, ...]:
    """Returns a shape in which an axis of any length, such as "N" or -1, is None."""
    return tuple(
        int(n) if isinstance(n, int | np.integer) and n > 0 else None for n in sizes
    )


def _length(axis: Any) -> int:
    return int(axis.get_length()) if axis.is_static else -1


def _check_weights(path: Path) -> None:
    weights = path.with_suffix(".bin")
    noted = _NOTED.search(path.read_bytes())
    if noted and sha256_file(weights) != noted[1].decode():
        raise IntegrityError(
            f"{weights} has other weights than {path} was written with. Expected "
            f"SHA-256 {noted[1].decode()}. Copy both files again, or export again."
        )


def _in_flatbuffer(content: bytes) -> str | None:
    """Returns the text that a .tflite file, which LiteRT has accepted, has inside."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(content, 0)
    for number in range(model.MetadataLength()):
        entry = model.Metadata(number)
        if entry.Name() == KEY.encode():
            return bytes(model.Buffers(entry.Buffer()).DataAsNumpy()).decode()
    return None
