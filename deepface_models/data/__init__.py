"""Training data: warps, augmentation and the batches made from face sets."""

from deepface_models.data.augmentation import Augmentation
from deepface_models.data.pairs import SwapPairs
from deepface_models.data.regions import region_weights

__all__ = ["Augmentation", "SwapPairs", "region_weights"]
