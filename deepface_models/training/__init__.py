"""`train`: face sets in, a trained face swap with its previews out."""

from deepface_models.training.job import ARCHITECTURES, build, open_sets, train

__all__ = ["ARCHITECTURES", "build", "open_sets", "train"]
