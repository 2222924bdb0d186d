"""The baselines of `autoencoders.py` that need no network: PCA and OpenCV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from deepface_models.core.arrays import Array

CLIPS = (0.001, 0.003, 0.01, 0.02, 0.03, 0.05)
STRENGTHS = tuple(range(15, 241, 15))  # of non-local means, in shades of 255
PATCHES = (3, 5, 7)  # px; 7 is OpenCV's own choice, 28 px images may want less
COMPONENTS = (8, 16, 24, 32, 48, 64, 96, 128)


def mse(images: Array, drawn: Array) -> float:
    return float(np.mean(np.square(images - drawn), dtype="float64"))


def bce(images: Array, drawn: Array, clip: float = 1e-7) -> float:
    p = np.clip(drawn, clip, 1.0 - clip)
    terms = images * np.log(p) + (1.0 - images) * np.log1p(-p)
    return float(-np.mean(terms, dtype="float64"))


def bce_floor(images: Array) -> float:
    """Cross-entropy of a perfect reconstruction: gray pixels cost their entropy."""
    return bce(images, images)


def psnr(images: Array, drawn: Array) -> float:
    """Mean over images, in dB."""
    errors = np.square(images - drawn).reshape(len(images), -1).mean(1, dtype="float64")
    return float(np.mean(-10.0 * np.log10(np.maximum(errors, 1e-10))))


class PCA:
    """Principal components of rows (N, n), all of them, in float64."""

    def __init__(self, rows: Array) -> None:
        self.mean = rows.mean(axis=0, dtype="float64")
        centered = rows - self.mean
        self.axes = np.linalg.eigh(centered.T @ centered)[1][:, ::-1]

    def reconstruct(self, rows: Array, components: int) -> Array:
        axes = self.axes[:, :components]
        return (rows - self.mean) @ axes @ axes.T + self.mean


def pca_errors(pca: PCA, train: Array, test: Array, components: int) -> dict[str, Any]:
    """MSE and BCE; PCA leaves [0, 1], so its values are clipped to suit the latter."""
    drawn = pca.reconstruct(test, components)
    fitted = pca.reconstruct(train, components)
    clip = min(CLIPS, key=lambda c: bce(train, fitted, c))
    return {"mse": mse(test, drawn), "bce": bce(test, drawn, clip), "clip": clip}


def linear_guess(train: Array, test: Array, hidden: Array) -> float:
    """MSE of hidden pixels when each is the best linear function of those seen."""
    mean = train.mean(axis=0, dtype="float64")
    known, target_faces = (train - mean)[:, ~hidden], (train - mean)[:, hidden]
    ridge = 1e-3 * len(train) * np.eye(known.shape[1])  # some pixels never vary
    weights = np.linalg.solve(known.T @ known + ridge, known.T @ target_faces)
    guess = np.clip((test - mean)[:, ~hidden] @ weights + mean[hidden], 0.0, 1.0)
    return mse(test[:, hidden], guess)


def denoised_by_pca(pca: PCA, clean: Array, noisy: Array, test: Array) -> Any:
    """Images projected on the components that suit the validation images best."""

    def draw(rows: Array, components: int) -> Array:
        # Clipped noise lightens black: the mean of noise and image are taken apart.
        return np.clip(pca.reconstruct(rows - shift, components), 0.0, 1.0)

    shift = noisy.mean(axis=0) - clean.mean(axis=0)
    best = max(COMPONENTS, key=lambda k: psnr(clean, draw(noisy, k)))
    return draw(test, best), best


def non_local_means(images: Array, strength: float, patch: int) -> Array:
    """OpenCV's denoising of images (N, 28, 28), float in [0, 1]."""
    shades = np.rint(images * 255.0).astype("uint8")
    drawn = [
        cv2.fastNlMeansDenoising(one, None, float(strength), patch, 21)
        for one in shades
    ]
    return np.stack(drawn).astype("float32") / 255.0


def best_non_local_means(
    clean: Array, noisy: Array, patches: Sequence[int] = PATCHES
) -> tuple[int, int]:
    """Returns the strength and patch with the best PSNR on validation images."""
    scores = {
        (strength, patch): psnr(clean, non_local_means(noisy, strength, patch))
        for strength in STRENGTHS
        for patch in patches
    }
    return max(scores, key=lambda one: scores[one])


def pca_of(images: Sequence[Array], numbers: set[int]) -> dict[str, Any]:
    """Errors of PCA on held-out images (N, 28, 28, 1), by number of components."""
    train, test = (one.reshape(-1, 784) for one in images)
    pca, some = PCA(train), train[:10_000]
    return {str(n): pca_errors(pca, some, test, n) for n in sorted(numbers)}


def denoisers(
    images: Sequence[Array], noisy: Sequence[Array], validation: int
) -> dict[str, Any]:
    """PSNR of the noise itself and of what removes it without a network.

    Strengths and components are chosen on images of the training set.
    """
    clean, test = images[0][:validation, ..., 0], images[1][..., 0]
    given, target_faces = noisy[0][:validation, ..., 0], noisy[1][..., 0]
    found: dict[str, Any] = {"noisy": psnr(test, target_faces)}
    for name, patches in (("nlm", PATCHES), ("nlm_default_patch", (7,))):
        best = best_non_local_means(clean, given, patches)
        found[name] = psnr(test, non_local_means(target_faces, *best))
        found[f"{name}_settings"] = best
    pca = PCA(images[0].reshape(-1, 784))
    rows = (one.reshape(-1, 784) for one in (clean, given, target_faces))
    drawn, found["pca_components"] = denoised_by_pca(pca, *rows)
    found["pca"] = psnr(test.reshape(-1, 784), drawn)
    return found
