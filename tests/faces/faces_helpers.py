"""Where the images and clips of these tests are, and simple faces."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

import deepface_models
from deepface_models.faces import MEAN_FACE_68, Box, Face, alignment_matrix

DATA = Path(__file__).resolve().parent.parent / "data" / "faces"
TRUTH = json.loads((DATA / "truth.json").read_text(encoding="utf-8"))
CLIPS = sorted((Path(deepface_models.__file__).parent / "demo/clips").glob("*/*.mpg"))


def made_face(x=100.0, y=100.0, size=80.0, image_size=32, **changes):
    """The mean face at a place of a frame."""
    points = (MEAN_FACE_68 * size + [x, y]).astype(np.float32)
    face = Face(
        Box(x, y, x + size, y + size),
        points,
        1.0,
        "made",
        alignment_matrix(points, image_size),
        image_size,
        blur=0.1,
        yaw=0.0,
        pitch=0.0,
        roll=0.0,
    )
    return replace(face, **changes)
