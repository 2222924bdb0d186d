"""Measures of an autoencoder on held-out images, compared with PCA and JPEG.

SSIM is `deepface_models.metrics.face_ssim`, PSNR is in dB. Both are means over people
of the means over their images, so that all people have the same weight. The embedding
distance is dlib's, between an image and its reconstruction (below 0.6 they count as the
same person); for comparison there is the distance between different people.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from deepface_models.core.arrays import Array, as_float
from deepface_models.faces import template
from deepface_models.faces.embedding import chip, embed_chips
from deepface_models.metrics import face_psnr, face_ssim
from deepface_models.pretraining.compression import (
    PCA,
    as_bytes,
    jpegs,
    non_local_means,
)

STRENGTHS = (10, 15, 20, 25, 30, 40)  # of OpenCV's non-local means
MOST_PEOPLE = 100  # for embedding distances
_FEWEST = 2  # people in a group with its own measures


def scores(images: Array, rendered: Array) -> dict[str, Array]:
    """Returns SSIM and PSNR of each image, (N,)."""
    found: dict[str, list[Array]] = {"SSIM": [], "PSNR": []}
    for start in range(0, len(images), 64):
        pair = [as_float(one[start : start + 64]) for one in (images, rendered)]
        for name, metric in (("SSIM", face_ssim), ("PSNR", face_psnr)):
            found[name].append(keras.ops.convert_to_numpy(metric(*pair)))
    return {name: np.concatenate(values) for name, values in found.items()}


def mean_of(values: dict[str, Array], people: Sequence[str]) -> dict[str, float]:
    """Returns means over people of the means over their images."""
    names = np.array(people)
    return {
        key: rounded(np.mean([v[names == name].mean() for name in set(people)]))
        for key, v in values.items()
    }


def by_group(
    values: dict[str, Array], people: Sequence[str], groups: Sequence[Sequence[str]]
) -> dict[str, dict[str, float]]:
    """Returns `mean_of` each group of two or more people, by name and number."""
    found = {}
    for group in sorted({g for gs in groups for g in gs}):
        index = [i for i, gs in enumerate(groups) if group in gs]
        mine = [people[i] for i in index]
        count = len(set(mine))
        if count >= _FEWEST:
            part = {name: v[index] for name, v in values.items()}
            found[f"{group}, {count} people"] = mean_of(part, mine)
    return found


def embeddings(images: Array) -> Array:
    """Returns dlib's embeddings of aligned faces, (N, 128)."""
    points = template(5, images.shape[1], "full")
    return embed_chips([chip(image, points) for image in as_bytes(images)])


def apart(known: Array) -> float:
    """Returns the mean distance between two embeddings of (N, 128)."""
    distances = np.linalg.norm(known[:, None] - known[None], axis=-1)
    return rounded(distances[~np.eye(len(known), dtype=bool)].mean())


def embedding_distances(
    images: Array, rendered: dict[str, Array], people: Sequence[str], most: int
) -> dict[str, float]:
    """Returns distances between embeddings of images and of their reconstructions."""
    first = list({name: i for i, name in reversed(list(enumerate(people)))}.values())
    chosen = sorted(first)[:: max(1, math.ceil(len(first) / most))]
    known = embeddings(images[chosen])
    found = {
        name: rounded(np.linalg.norm(embeddings(one[chosen]) - known, axis=1).mean())
        for name, one in rendered.items()
    }
    if len(chosen) > 1:
        found["two people"] = apart(known)
    return found | {"people compared": len(chosen)}


def rendered_by(model: Any, training: Array, images: Array) -> dict[str, Array]:
    """Returns reconstructions of the model and of the baselines, by name.

    `own` returns the name of the model's. The name of PCA has the size of its axes in
    float16, to compare with the model's size.
    """
    if hasattr(model, "corrupt"):
        return _denoised(model, training, images)
    numbers = math.prod(model.decoder.input.shape[1:])
    pca = PCA(training, numbers)
    smaller, size = jpegs(images, 2 * numbers)
    megabytes = f"{2e-6 * pca.axes.size:.1f} MB"
    return {
        "reconstruction": model.reconstruct(images),
        f"PCA, {pca.components} components ({megabytes})": pca(images),
        f"JPEG, {size:.0f} bytes (code in float16: {2 * numbers})": smaller,
    }


def own(model: Any) -> str:
    """Returns the name of the model's reconstructions."""
    return "denoised" if hasattr(model, "corrupt") else "reconstruction"


def _denoised(model: Any, training: Array, images: Array) -> dict[str, Array]:
    some = training[:: max(1, len(training) // 16)]
    strength = _best_strength(some, model.corrupt(some, seed=1))
    noisy = model.corrupt(images, seed=0)
    return {
        "noisy": noisy,
        "denoised": model.reconstruct(noisy),
        f"OpenCV's non-local means, strength {strength}": non_local_means(
            noisy, strength
        ),
    }


def _best_strength(clean: Array, noisy: Array) -> float:
    """Returns the strength of non-local means with the best PSNR."""
    return max(
        STRENGTHS,
        key=lambda s: float(scores(clean, non_local_means(noisy, s))["PSNR"].mean()),
    )


def report(
    images: Array,
    rendered: dict[str, Array],
    ours: str,
    people: Sequence[str] = (),
    groups: Sequence[Sequence[str]] = (),
) -> dict[str, Any]:
    """Returns all measures for the model card.

    Args:
        images: Held-out images, (N, H, W, C).
        rendered: Their reconstructions, by name.
        ours: Name of the model's reconstructions.
        people: Person of each image; empty for digits.
        groups: Groups of each image.
    """
    found: dict[str, Any] = {"images": len(images)}
    if people:
        found["people"] = len(set(people))
    names = people or [str(i) for i in range(len(images))]
    values = {name: scores(images, one) for name, one in rendered.items()}
    for name, one in values.items():
        found[name] = mean_of(one, names)
    if people:
        found["by group"] = by_group(values[ours], people, groups)
        if MOST_PEOPLE:
            found["embedding distance"] = embedding_distances(
                images, rendered, people, MOST_PEOPLE
            )
    return {"people never seen" if people else "never seen": found}


def lost_to_float16(model: Any, images: Array, render: Callable[[Any], Array]) -> float:
    """Returns the change of the mean PSNR in dB by rounding the weights to float16."""
    before = scores(images, render(model))["PSNR"].mean()
    kept = model.get_weights()
    model.set_weights([_half(weight) for weight in kept])
    after = scores(images, render(model))["PSNR"].mean()
    model.set_weights(kept)
    return rounded(abs(before - after))


def _half(weight: Array) -> Array:
    if weight.dtype != np.float32:
        return weight
    return weight.astype("float16").astype("float32")


def rounded(value: Any) -> float:
    """Returns a value with four significant digits."""
    return float(f"{float(value):.4g}")
