"""Losses for aligned faces; targets may carry a mask and a weight.

Losses take targets (B, H, W, 3..5): red, green, blue, then optionally the face's mask
and a weight for each pixel, as `SwapPairs` returns them. Predictions (B, H, W, 3..4)
are red, green, blue and optionally a mask. All values lie in [0, 1]; weights are 0 or
more. Losses return one value per image, which Keras averages, and are 0 if prediction
and target are equal. Only the adversarial losses differ: they take a discriminator's
logits.
"""

from deepface_models.losses.adversarial import (
    hinge_discriminator,
    hinge_generator,
    lsgan_discriminator,
    lsgan_generator,
    relativistic_discriminator,
    relativistic_generator,
)
from deepface_models.losses.base import CompositeLoss, RegionLoss
from deepface_models.losses.differences import GradientLoss
from deepface_models.losses.edges import EdgeLoss
from deepface_models.losses.face import FaceLoss, ImageLoss, dssim
from deepface_models.losses.flip import FLIPLoss
from deepface_models.losses.frequency import FrequencyLoss
from deepface_models.losses.gmsd import GMSDLoss
from deepface_models.losses.identity import IdentityLoss
from deepface_models.losses.laplacian import LaplacianLoss
from deepface_models.losses.perceptual import PerceptualLoss
from deepface_models.losses.pixels import LogCoshLoss, MAELoss, MaskLoss, MSELoss
from deepface_models.losses.ssim import MultiScaleSSIMLoss, SSIMLoss
from deepface_models.losses.style import StyleLoss
from deepface_models.losses.targets import image_mean, split_target
from deepface_models.losses.weighted import WeightedLoss

__all__ = [
    "CompositeLoss",
    "EdgeLoss",
    "FLIPLoss",
    "FaceLoss",
    "FrequencyLoss",
    "GMSDLoss",
    "GradientLoss",
    "IdentityLoss",
    "ImageLoss",
    "LaplacianLoss",
    "LogCoshLoss",
    "MAELoss",
    "MSELoss",
    "MaskLoss",
    "MultiScaleSSIMLoss",
    "PerceptualLoss",
    "RegionLoss",
    "SSIMLoss",
    "StyleLoss",
    "WeightedLoss",
    "dssim",
    "hinge_discriminator",
    "hinge_generator",
    "image_mean",
    "lsgan_discriminator",
    "lsgan_generator",
    "relativistic_discriminator",
    "relativistic_generator",
    "split_target",
]
