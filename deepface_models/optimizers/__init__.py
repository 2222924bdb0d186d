"""Optimizers with learning-rate dropout, AutoClip and learning-rate multipliers."""

from deepface_models.optimizers.multipliers import with_lr_multipliers
from deepface_models.optimizers.optimizers import SGD, AdaBelief, Adam, AdamW, RMSprop
from deepface_models.optimizers.two_time_scale import TwoTimeScaleAdam, mark

__all__ = [
    "SGD",
    "AdaBelief",
    "Adam",
    "AdamW",
    "RMSprop",
    "TwoTimeScaleAdam",
    "mark",
    "with_lr_multipliers",
]
