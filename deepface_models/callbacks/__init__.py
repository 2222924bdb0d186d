"""Keras callbacks: previews, checkpoints that resume, stops and the best model."""

from deepface_models.callbacks.best import BestByMeasure
from deepface_models.callbacks.budget import TimeBudget
from deepface_models.callbacks.checkpoint import ResumableCheckpoint
from deepface_models.callbacks.nonfinite import StopOnNonFinite
from deepface_models.callbacks.preview import SwapPreview
from deepface_models.callbacks.timelapse import TimeLapse

__all__ = [
    "BestByMeasure",
    "ResumableCheckpoint",
    "StopOnNonFinite",
    "SwapPreview",
    "TimeBudget",
    "TimeLapse",
]
