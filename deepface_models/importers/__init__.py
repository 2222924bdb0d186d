"""Models that other programs trained, loaded into this package's classes.

Weights only: nothing is unpickled and no code of a file is run.
"""

from deepface_models.importers.faceswap2017 import load_original

__all__ = ["load_original"]
