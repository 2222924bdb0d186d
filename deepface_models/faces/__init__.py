"""Face detection, alignment, embedding, tracking and storage, based on dlib."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from deepface_models.faces._template import MEAN_FACE_5, MEAN_FACE_68
from deepface_models.faces.align import (
    FACE_TYPES,
    align,
    alignment_matrix,
    invert,
    template,
    transform_points,
    umeyama,
)
from deepface_models.faces.aligner import FaceAligner
from deepface_models.faces.detect import (
    CascadeDetector,
    Detection,
    Detector,
    HogDetector,
    MmodDetector,
    RotatedDetector,
    default_detector,
)
from deepface_models.faces.embedding import (
    SAME_PERSON,
    cluster,
    distance,
    embed,
    matches,
)
from deepface_models.faces.expressions import measure_faces
from deepface_models.faces.face import Box, Face
from deepface_models.faces.faceset import FaceSet
from deepface_models.faces.masks import face_mask
from deepface_models.faces.mesh import FaceMesh, mesh_matrix
from deepface_models.faces.models import licenses, model_path
from deepface_models.faces.quality import blur, head_pose
from deepface_models.faces.scenes import scene_cuts
from deepface_models.faces.sorting import add_faces, keep_faces, move_faces
from deepface_models.faces.tracks import Track, smooth_track, track_faces
from deepface_models.faces.verdict import Verdict, people_in, verdict

if TYPE_CHECKING:
    from deepface_models.faces.analysis import analyze
    from deepface_models.faces.face_tracks import FaceTracks
    from deepface_models.faces.video import FrameFaces, iter_faces

__all__ = [
    "FACE_TYPES",
    "MEAN_FACE_5",
    "MEAN_FACE_68",
    "SAME_PERSON",
    "Box",
    "CascadeDetector",
    "Detection",
    "Detector",
    "Face",
    "FaceAligner",
    "FaceMesh",
    "FaceSet",
    "FaceTracks",
    "FrameFaces",
    "HogDetector",
    "MmodDetector",
    "RotatedDetector",
    "Track",
    "Verdict",
    "add_faces",
    "align",
    "alignment_matrix",
    "analyze",
    "blur",
    "cluster",
    "default_detector",
    "distance",
    "embed",
    "face_mask",
    "head_pose",
    "invert",
    "iter_faces",
    "keep_faces",
    "licenses",
    "matches",
    "measure_faces",
    "mesh_matrix",
    "model_path",
    "move_faces",
    "people_in",
    "scene_cuts",
    "smooth_track",
    "template",
    "track_faces",
    "transform_points",
    "umeyama",
    "verdict",
]


_LATER = {  # they import PyAV
    "FaceTracks": "face_tracks",
    "FrameFaces": "video",
    "analyze": "analysis",
    "iter_faces": "video",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
