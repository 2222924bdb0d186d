"""Faces: finding, aligning, describing, following and keeping them (dlib)."""

from __future__ import annotations

from ._template import MEAN_FACE_5, MEAN_FACE_68
from .align import (
    FACE_TYPES,
    align,
    alignment_matrix,
    invert,
    restore,
    template,
    transform_points,
    umeyama,
)
from .aligner import FaceAligner
from .detect import (
    Detection,
    Detector,
    HogDetector,
    LadderDetector,
    MmodDetector,
    TurnedDetector,
    default_detector,
)
from .face import Box, Face
from .faceset import FaceSet
from .identity import SAME_PERSON, cluster, distance, embed, matches
from .masks import face_mask
from .models import licences, model_path
from .quality import blur, head_pose
from .tracks import Track, scene_cuts, smooth_track, track_faces

__all__ = [
    "FACE_TYPES",
    "MEAN_FACE_5",
    "MEAN_FACE_68",
    "SAME_PERSON",
    "Box",
    "Detection",
    "Detector",
    "Face",
    "FaceAligner",
    "FaceSet",
    "HogDetector",
    "LadderDetector",
    "MmodDetector",
    "Track",
    "TurnedDetector",
    "align",
    "alignment_matrix",
    "blur",
    "cluster",
    "default_detector",
    "distance",
    "embed",
    "face_mask",
    "head_pose",
    "invert",
    "licences",
    "matches",
    "model_path",
    "restore",
    "scene_cuts",
    "smooth_track",
    "template",
    "track_faces",
    "transform_points",
    "umeyama",
]
