"""Exported networks: what they say of themselves, and how they are run.

ONNX Runtime, LiteRT and OpenVINO run them without Keras; only a SavedModel needs
TensorFlow. `deepface_models.load` reads them, and `deepface_models.export` writes them.
"""

from deepface_models.engines.formats import FORMATS, format_of, is_exported
from deepface_models.engines.loading import load_exported
from deepface_models.engines.network import ExportedNetwork, ExportedSwap

__all__ = [
    "FORMATS",
    "ExportedNetwork",
    "ExportedSwap",
    "format_of",
    "is_exported",
    "load_exported",
]
