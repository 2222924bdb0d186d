"""Autoencoders: the tutorial's family and what its readers go on to."""

from deepface_models.autoencoders.base import Autoencoder
from deepface_models.autoencoders.dense import DenseAutoencoder

__all__ = ["Autoencoder", "DenseAutoencoder"]
