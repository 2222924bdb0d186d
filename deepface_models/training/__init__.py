"""`train` makes a trained face-swap model, with previews, from face sets."""

from deepface_models.training.job import build, open_sets, train

__all__ = ["build", "open_sets", "train"]
