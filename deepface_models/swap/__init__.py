"""Face-swap architectures: one shared encoder, a decoder for each person."""

from deepface_models.parts import load, load_parts, save_parts
from deepface_models.swap.base import FaceSwap
from deepface_models.swap.original import Original
from deepface_models.swap.swift import Swift

__all__ = ["FaceSwap", "Original", "Swift", "load", "load_parts", "save_parts"]
