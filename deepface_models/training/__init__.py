"""`train`: face sets in, a trained face swap with its previews out."""

from deepface_models.training.job import build, open_sets, train

__all__ = ["build", "open_sets", "train"]
