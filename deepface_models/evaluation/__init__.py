"""Evaluation of swaps: identity, pose, expression, reconstruction, seam, jitter."""

from __future__ import annotations

from deepface_models.evaluation.baselines import MeanFace
from deepface_models.evaluation.evaluation import Evaluation
from deepface_models.evaluation.evaluator import evaluate

__all__ = ["Evaluation", "MeanFace", "evaluate"]
