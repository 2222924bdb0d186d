"""Opens an exported file by the engine of its format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deepface_models.core.checked import first_line
from deepface_models.core.errors import IntegrityError, ModelFileError
from deepface_models.core.files import regular, sha256_path
from deepface_models.engines.dfm import DfmSwap, open_dfm
from deepface_models.engines.formats import DFM, format_of
from deepface_models.engines.metadata import from_text
from deepface_models.engines.network import ExportedNetwork, ExportedSwap
from deepface_models.engines.runtimes import LiteRuntime, OnnxRuntime, OpenVinoRuntime
from deepface_models.engines.saved_model import SavedModelRuntime

_RUNTIMES: dict[str, Any] = {
    "onnx": OnnxRuntime,
    "litert": LiteRuntime,
    "openvino": OpenVinoRuntime,
    "saved_model": SavedModelRuntime,
}


def load_exported(source: str | Path) -> ExportedNetwork:
    """Loads what `deepface_models.export` wrote, or a DFM file of DeepFaceLive.

    Args:
        source: An .onnx, .tflite, .xml or .dfm file, or the folder of a SavedModel.

    Raises:
        FileNotFoundError: Nothing is at `source`.
        IntegrityError: OpenVINO's .xml and .bin do not belong together.
        MissingDependencyError: The engine is not installed.
        ModelFileError: It cannot be read, or was written by something else.

    Example:
        >>> network = load_exported("ben.onnx")  # doctest: +SKIP
        >>> network.inputs  # doctest: +SKIP
        {'image': (None, 128, 128, 3)}
    """
    path = Path(source)
    if not path.exists():
        raise FileNotFoundError(
            f"{path} does not exist. Expected an exported network. Check the path."
        )
    try:
        regular(path)
        if path.suffix.lower() == DFM:
            runtime, metadata = open_dfm(path)
            return DfmSwap(runtime, metadata, path, "dfm", sha256_path(path))
        file_format = "saved_model" if path.is_dir() else format_of(path)
        runtime = _RUNTIMES[file_format](path)
        metadata = from_text(runtime.metadata, path)
    except (ModelFileError, IntegrityError, ImportError):
        raise
    except Exception as error:  # each engine raises errors of many types
        raise ModelFileError(
            f"{path} cannot be read ({first_line(error)}). Expected a complete "
            "exported network. Copy it again, or export it again."
        ) from error
    # That of OpenVINO's .xml is enough, which has that of its .bin inside.
    kind = ExportedSwap if metadata["kind"] == "swap" else ExportedNetwork
    return kind(runtime, metadata, path, file_format, sha256_path(path))
