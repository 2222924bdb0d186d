"""`export`: writes networks as ONNX, LiteRT, OpenVINO and SavedModel files."""

from deepface_models.exporting.job import Exported, export

__all__ = ["Exported", "export"]
