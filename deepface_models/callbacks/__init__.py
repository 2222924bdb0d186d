"""Keras callbacks: previews, checkpoints that resume, schedules and stops."""

from deepface_models.callbacks.best import BestByMeasure
from deepface_models.callbacks.budget import TimeBudget
from deepface_models.callbacks.checkpoint import ResumableCheckpoint
from deepface_models.callbacks.latent import LatentScatter, LatentWalk
from deepface_models.callbacks.nonfinite import StopOnNonFinite
from deepface_models.callbacks.preview import SwapPreview
from deepface_models.callbacks.reconstruction import ReconstructionGrid
from deepface_models.callbacks.timelapse import TimeLapse
from deepface_models.callbacks.warmup import KLWarmup

__all__ = [
    "BestByMeasure",
    "KLWarmup",
    "LatentScatter",
    "LatentWalk",
    "ReconstructionGrid",
    "ResumableCheckpoint",
    "StopOnNonFinite",
    "SwapPreview",
    "TimeBudget",
    "TimeLapse",
]
