"""Training data: batches of face sets, digits, clothes and any images."""

from deepface_models.data.augmentation import Augmentation
from deepface_models.data.color import change_colors
from deepface_models.data.degradation import degrade
from deepface_models.data.digits import (
    FASHION_NAMES,
    load_digits,
    load_fashion_mnist,
    load_mnist,
)
from deepface_models.data.idx import read_idx
from deepface_models.data.images import load_images
from deepface_models.data.masks import target_masks
from deepface_models.data.occluders import occlude
from deepface_models.data.pairs import SwapPairs
from deepface_models.data.regions import region_weights
from deepface_models.data.sampling import pose_cells
from deepface_models.data.series import sine_series

__all__ = [
    "FASHION_NAMES",
    "Augmentation",
    "SwapPairs",
    "change_colors",
    "degrade",
    "load_digits",
    "load_fashion_mnist",
    "load_images",
    "load_mnist",
    "occlude",
    "pose_cells",
    "read_idx",
    "region_weights",
    "sine_series",
    "target_masks",
]
