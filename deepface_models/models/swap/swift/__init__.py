"""Swift: a face-swap autoencoder for CPUs and small data sets."""

from deepface_models.models.swap.swift.swift import SIZES, Swift

__all__ = ["SIZES", "Swift"]
