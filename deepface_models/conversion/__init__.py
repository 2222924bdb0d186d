"""Conversion of images and videos: swap, mask, color transfer, blending."""

from __future__ import annotations

from deepface_models.conversion._outputs import model_sha256
from deepface_models.conversion.blend import (
    BLENDS,
    alpha_blend,
    laplacian_blend,
    poisson_blend,
    register_blend,
)
from deepface_models.conversion.colors import COLORS, register_color
from deepface_models.conversion.converter import Converter, ImageInfo
from deepface_models.conversion.job import convert
from deepface_models.conversion.masks import MASKS, register_mask
from deepface_models.conversion.paste import paste_face
from deepface_models.conversion.preview import preview
from deepface_models.conversion.replay import replay
from deepface_models.conversion.report import ConversionReport

__all__ = [
    "BLENDS",
    "COLORS",
    "MASKS",
    "ConversionReport",
    "Converter",
    "ImageInfo",
    "alpha_blend",
    "convert",
    "laplacian_blend",
    "model_sha256",
    "paste_face",
    "poisson_blend",
    "preview",
    "register_blend",
    "register_color",
    "register_mask",
    "replay",
]
