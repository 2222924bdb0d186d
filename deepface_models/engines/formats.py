"""The formats of exported networks, by the names of their files."""

from __future__ import annotations

from pathlib import Path

# Extension of the file: name of the format. A folder is a SavedModel.
FORMATS = {".onnx": "onnx", ".tflite": "litert", ".xml": "openvino", "": "saved_model"}
DFM = ".dfm"  # DeepFaceLive's; read, never written


def format_of(path: str | Path) -> str:
    """Returns the format of a file or folder to write.

    Args:
        path: The file or folder.

    Raises:
        ValueError: The extension is that of no format.

    Example:
        >>> format_of("ben.tflite"), format_of("saved_model")
        ('litert', 'saved_model')
    """
    suffix = Path(path).suffix.lower()
    if suffix in FORMATS:
        return FORMATS[suffix]
    if suffix == DFM:
        raise ValueError(
            f"{path} was given to export. Expected another format, because nothing in "
            "a DFM file says that its pictures are synthetic; such files are only "
            f"read. Use {str(Path(path).with_suffix('.onnx'))!r}."
        )
    raise ValueError(
        f"{path} was given to export. Expected a name that ends in .onnx, .tflite, "
        ".xml (OpenVINO), or has no extension (a SavedModel's folder). Use "
        f"{str(Path(path).with_suffix('.onnx'))!r}."
    )


def is_exported(source: str | Path) -> bool:
    """Whether a path is that of an exported network, by its name or its contents.

    Args:
        source: The path.

    Example:
        >>> is_exported("ben.onnx"), is_exported("ben.keras")
        (True, False)
    """
    path = Path(source)
    if path.suffix.lower() in (*FORMATS, DFM) and path.suffix:
        return True
    return (path / "saved_model.pb").is_file()
