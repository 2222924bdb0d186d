"""Keras callbacks: previews, resumable checkpoints, schedules and early stops."""

from deepface_models.callbacks.best import BestByMeasure
from deepface_models.callbacks.budget import TimeBudget
from deepface_models.callbacks.checkpoint import ResumableCheckpoint
from deepface_models.callbacks.ema import EMAWeights, averaged
from deepface_models.callbacks.freeze import FreezeParts
from deepface_models.callbacks.latent import LatentScatter, LatentWalk
from deepface_models.callbacks.log import Log
from deepface_models.callbacks.lr_finder import RateTrial, find_learning_rate
from deepface_models.callbacks.memory import (
    MemoryCheck,
    MemoryEstimate,
    MemoryPlan,
    estimate_memory,
    plan_memory,
)
from deepface_models.callbacks.nan_scan import (
    NonFinite,
    check_finite,
    scan_non_finite,
)
from deepface_models.callbacks.nonfinite import StopOnNonFinite
from deepface_models.callbacks.phases import Phase, PhasedData, Phases
from deepface_models.callbacks.preview import SwapPreview
from deepface_models.callbacks.reconstruction import ReconstructionGrid
from deepface_models.callbacks.schedule import CosineWave, StepSchedule, Warmup
from deepface_models.callbacks.table import EpochTable
from deepface_models.callbacks.timelapse import TimeLapse
from deepface_models.callbacks.warmup import KLWarmup

__all__ = [
    "BestByMeasure",
    "CosineWave",
    "EMAWeights",
    "EpochTable",
    "FreezeParts",
    "KLWarmup",
    "LatentScatter",
    "LatentWalk",
    "Log",
    "MemoryCheck",
    "MemoryEstimate",
    "MemoryPlan",
    "NonFinite",
    "Phase",
    "PhasedData",
    "Phases",
    "RateTrial",
    "ReconstructionGrid",
    "ResumableCheckpoint",
    "StepSchedule",
    "StopOnNonFinite",
    "SwapPreview",
    "TimeBudget",
    "TimeLapse",
    "Warmup",
    "averaged",
    "check_finite",
    "estimate_memory",
    "find_learning_rate",
    "plan_memory",
    "scan_non_finite",
]
