"""Loads the weights of models that other programs trained.

No objects are unpickled and no code of a file is run.
"""

from deepface_models.importers.faceswap2017 import load_original

__all__ = ["load_original"]
