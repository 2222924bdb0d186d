"""Measuring swaps: identity, pose, expression, likeness, seam and jitter."""

from __future__ import annotations

from .baselines import MeanFace
from .evaluation import Evaluation
from .evaluator import evaluate

__all__ = ["Evaluation", "MeanFace", "evaluate"]
