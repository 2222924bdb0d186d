"""Face-swap architectures: a shared encoder and person-specific decoders."""

from deepface_models.models.swap.adversarial import with_adversary
from deepface_models.models.swap.amp import AMP
from deepface_models.models.swap.base import FaceSwap
from deepface_models.models.swap.dfaker import DFaker
from deepface_models.models.swap.dflh128 import DFLH128
from deepface_models.models.swap.dflsae import DFLSAE
from deepface_models.models.swap.dlight import DLight
from deepface_models.models.swap.face_swap_gan import FaceSwapGAN
from deepface_models.models.swap.iae import IAE
from deepface_models.models.swap.lightweight import Lightweight
from deepface_models.models.swap.original import Original
from deepface_models.models.swap.phaze_a import PhazeA
from deepface_models.models.swap.quick96 import Quick96
from deepface_models.models.swap.realface import RealFace
from deepface_models.models.swap.saehd import SAEHD
from deepface_models.models.swap.swift.swift import Swift
from deepface_models.models.swap.unbalanced import Unbalanced
from deepface_models.models.swap.villain import Villain

__all__ = [
    "AMP",
    "DFLH128",
    "DFLSAE",
    "IAE",
    "SAEHD",
    "DFaker",
    "DLight",
    "FaceSwap",
    "FaceSwapGAN",
    "Lightweight",
    "Original",
    "PhazeA",
    "Quick96",
    "RealFace",
    "Swift",
    "Unbalanced",
    "Villain",
    "with_adversary",
]
