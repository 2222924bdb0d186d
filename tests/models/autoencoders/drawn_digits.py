"""Digits drawn by code: images to train on without any data set."""

from __future__ import annotations

import cv2
import numpy as np


def digits(count: int, size: int = 28, seed: int = 0) -> np.ndarray:
    """Returns (count, size, size, 1) uint8, bright figures 0..9 on black."""
    rng = np.random.default_rng(seed)
    images = np.zeros((count, size, size), np.uint8)
    for number, image in enumerate(images):
        x, y = (size * (0.15 + 0.1 * rng.random(2)) + (0, 0.6 * size)).astype(int)
        text, scale = str(number % 10), size / 35
        thick = 1 + size // 20
        face = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(image, text, (x, y), face, scale, 255, thick, cv2.LINE_AA)
    return images[..., None]


def unit(images: np.ndarray) -> np.ndarray:
    """Returns uint8 images as float32 in [0, 1]."""
    return images.astype("float32") / 255.0
