"""Swapped pictures and videos: predicted face, mask, colour, blend, frame."""

from __future__ import annotations

from deepface_models.conversion._places import model_sha256
from deepface_models.conversion.blend import (
    BLENDS,
    alpha_blend,
    laplacian_blend,
    poisson_blend,
)
from deepface_models.conversion.converter import COLOURS, Converter, PictureInfo
from deepface_models.conversion.job import convert
from deepface_models.conversion.masks import MASKS
from deepface_models.conversion.report import ConversionReport

__all__ = [
    "BLENDS",
    "COLOURS",
    "MASKS",
    "ConversionReport",
    "Converter",
    "PictureInfo",
    "alpha_blend",
    "convert",
    "laplacian_blend",
    "model_sha256",
    "poisson_blend",
]
