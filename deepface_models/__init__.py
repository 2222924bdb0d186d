"""Keras model zoo for autoencoders and consented face swaps.

Importing the package loads neither Keras nor dlib nor OpenCV; each name below
brings in what it needs when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from deepface_models.core.errors import (
    FaceNotFoundError,
    IntegrityError,
    InUseError,
    MediaError,
    MissingDependencyError,
    ModelFileError,
    ProvenanceError,
)
from deepface_models.core.version import __version__

if TYPE_CHECKING:
    from deepface_models import (
        callbacks,
        conversion,
        core,
        data,
        demo,
        engines,
        evaluation,
        exporting,
        faces,
        fleet,
        importers,
        jobs,
        layers,
        losses,
        media,
        metrics,
        models,
        optimizers,
        presets,
        pretraining,
        provenance,
        streaming,
        testing,
        training,
        web,
    )
    from deepface_models.conversion import Converter, convert
    from deepface_models.data import Augmentation, SwapPairs
    from deepface_models.evaluation import evaluate
    from deepface_models.exporting import export
    from deepface_models.faces import FaceAligner, FaceSet
    from deepface_models.models import (
        autoencoders,
        create,
        list_architectures,
        register_architecture,
        swap,
    )
    from deepface_models.models.swap import FaceSwap, Original, Swift
    from deepface_models.presets.loading import load
    from deepface_models.provenance import Certificate
    from deepface_models.provenance.verify import verify
    from deepface_models.streaming import live
    from deepface_models.training import train
    from deepface_models.web import studio

__all__ = [
    "Augmentation",
    "Certificate",
    "Converter",
    "FaceAligner",
    "FaceNotFoundError",
    "FaceSet",
    "FaceSwap",
    "InUseError",
    "IntegrityError",
    "MediaError",
    "MissingDependencyError",
    "ModelFileError",
    "Original",
    "ProvenanceError",
    "SwapPairs",
    "Swift",
    "__version__",
    "autoencoders",
    "callbacks",
    "conversion",
    "convert",
    "core",
    "create",
    "data",
    "demo",
    "engines",
    "evaluate",
    "evaluation",
    "export",
    "exporting",
    "faces",
    "fleet",
    "importers",
    "jobs",
    "layers",
    "list_architectures",
    "live",
    "load",
    "losses",
    "media",
    "metrics",
    "models",
    "optimizers",
    "presets",
    "pretraining",
    "provenance",
    "register_architecture",
    "streaming",
    "studio",
    "swap",
    "testing",
    "train",
    "training",
    "verify",
    "web",
]

_MODULES = (
    "autoencoders",
    "callbacks",
    "conversion",
    "core",
    "data",
    "demo",
    "engines",
    "evaluation",
    "exporting",
    "faces",
    "fleet",
    "importers",
    "jobs",
    "layers",
    "losses",
    "media",
    "metrics",
    "models",
    "optimizers",
    "presets",
    "pretraining",
    "provenance",
    "streaming",
    "swap",
    "testing",
    "training",
    "web",
)
_HOMES = {
    "register_architecture": "models",
    "list_architectures": "models",
    "create": "models",
    "Augmentation": "data",
    "Certificate": "provenance",
    "Converter": "conversion",
    "FaceAligner": "faces",
    "FaceSet": "faces",
    "FaceSwap": "models.swap",
    "Original": "models.swap",
    "SwapPairs": "data",
    "Swift": "models.swap",
    "convert": "conversion",
    "evaluate": "evaluation",
    "export": "exporting",
    "live": "streaming",
    "load": "presets.loading",
    "studio": "web",
    "train": "training",
    "verify": "provenance",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        home = f"{__name__}.models" if name in ("autoencoders", "swap") else __name__
        return importlib.import_module(f"{home}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
