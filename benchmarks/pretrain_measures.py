"""What an autoencoder makes of pictures it never saw, beside PCA and JPEG.

SSIM is that of `deepface_models.metrics.face_ssim`, PSNR in dB; both are taken over
each person's pictures first, then over people, so that one with many pictures counts
once. A descriptor distance is dlib's, between a picture and what was made of it (below
0.6 they are taken for one person), and beside it that of two people.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from deepface_models.faces import template
from deepface_models.faces.identity import chip, embed_chips
from deepface_models.metrics import face_psnr, face_ssim

Array = NDArray[Any]

QUALITIES = (1, 3, 5, 8, 12, 16, 20, 25, 30, 40, 50, 60, 70, 80, 90, 95)
SHRINKS = (1, 2, 4, 8)
STRENGTHS = (10, 15, 20, 25, 30, 40)  # of OpenCV's non-local means
_MOST_ROWS = 8000  # of PCA, which then takes a tenth of a minute
_FEWEST = 2  # people of a group that is measured by itself


def as_unit(images: Array) -> Array:
    return images.astype("float32") / 255 if images.dtype == np.uint8 else images


def scores(images: Array, drawn: Array) -> dict[str, Array]:
    """SSIM and PSNR of each picture, (N,)."""
    found: dict[str, list[Array]] = {"SSIM": [], "PSNR": []}
    for start in range(0, len(images), 64):
        pair = [as_unit(one[start : start + 64]) for one in (images, drawn)]
        for name, metric in (("SSIM", face_ssim), ("PSNR", face_psnr)):
            found[name].append(keras.ops.convert_to_numpy(metric(*pair)))
    return {name: np.concatenate(values) for name, values in found.items()}


def mean_of(values: dict[str, Array], people: Sequence[str]) -> dict[str, float]:
    """Means over people of the means over their pictures."""
    names = np.array(people)
    return {
        key: rounded(np.mean([v[names == name].mean() for name in set(people)]))
        for key, v in values.items()
    }


def by_group(
    values: dict[str, Array], people: Sequence[str], groups: Sequence[Sequence[str]]
) -> dict[str, dict[str, float]]:
    """`mean_of` each group that has at least two people, who are counted."""
    found = {}
    for group in sorted({g for gs in groups for g in gs}):
        index = [i for i, gs in enumerate(groups) if group in gs]
        mine = [people[i] for i in index]
        count = len(set(mine))
        if count >= _FEWEST:
            part = {name: v[index] for name, v in values.items()}
            found[f"{group}, {count} people"] = mean_of(part, mine)
    return found


# What needs no network


class PCA:
    """Principal components of pictures; of the smaller of the two products."""

    def __init__(self, images: Array, components: int) -> None:
        rows = as_unit(images[:_MOST_ROWS]).reshape(min(len(images), _MOST_ROWS), -1)
        self.mean = rows.mean(axis=0)
        rows = rows - self.mean
        self.components = min(components, *rows.shape)
        if rows.shape[1] <= len(rows):
            self.axes = np.linalg.eigh(rows.T @ rows)[1][:, -self.components :]
        else:
            weights = np.linalg.eigh(rows @ rows.T)[1][:, -self.components :]
            self.axes = np.linalg.qr(rows.T @ weights)[0]

    def __call__(self, images: Array) -> Array:
        rows = as_unit(images).reshape(len(images), -1) - self.mean
        drawn = rows @ self.axes @ self.axes.T + self.mean
        return np.clip(drawn, 0, 1).reshape(images.shape).astype("float32")


def jpegs(images: Array, size: int) -> tuple[Array, float]:
    """Each picture as the best JPEG of at most `size` bytes, and their mean bytes.

    Smaller pictures that are enlarged again are tried too. Where no JPEG is so small
    the smallest is taken.
    """
    pairs = [_jpeg(np.rint(255 * as_unit(one)).astype("uint8"), size) for one in images]
    return np.stack([one for one, _ in pairs]), float(np.mean([n for _, n in pairs]))


def _jpeg(image: Array, size: int) -> tuple[Array, int]:
    tried = []
    side = image.shape[0]
    for shrink in SHRINKS:
        shape = (max(4, side // shrink),) * 2
        small = cv2.resize(image, shape, interpolation=cv2.INTER_AREA)
        small = small.reshape(*shape, image.shape[2])  # OpenCV drops a single channel
        for quality in QUALITIES:
            how = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
            data = cv2.imencode(".jpg", small[..., ::-1], how)[1]
            if len(data) > size and shrink < SHRINKS[-1]:
                break
            drawn = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
            drawn = cv2.resize(drawn, (side, side), interpolation=cv2.INTER_CUBIC)
            drawn = drawn.reshape(image.shape)[..., ::-1]
            error = float(np.mean(np.square(drawn.astype(float) - image)))
            tried.append((len(data), error, drawn))
    fitting = [one for one in tried if one[0] <= size]
    best = min(fitting, key=lambda t: t[1]) if fitting else min(tried, key=_bytes)
    return best[2], best[0]


def _bytes(tried: tuple[int, float, Array]) -> int:
    return tried[0]


def non_local_means(images: Array, strength: float) -> Array:
    shades = np.rint(255 * as_unit(images)).astype("uint8")
    return np.stack(
        [cv2.fastNlMeansDenoisingColored(i, None, strength, strength) for i in shades]
    )


def best_strength(clean: Array, noisy: Array) -> float:
    """The strength of non-local means with the best PSNR on these pictures."""
    return max(
        STRENGTHS,
        key=lambda s: float(scores(clean, non_local_means(noisy, s))["PSNR"].mean()),
    )


# Whose face it is


def descriptors(images: Array) -> Array:
    """dlib's descriptors of aligned faces, (N, 128)."""
    points = template(5, images.shape[1], "full")
    shades = np.rint(255 * as_unit(images)).astype("uint8")
    return embed_chips([chip(image, points) for image in shades])


def identity(
    images: Array, drawn: dict[str, Array], people: Sequence[str], most: int
) -> dict[str, float]:
    """Descriptor distances between pictures and what was drawn of them."""
    first = list({name: i for i, name in reversed(list(enumerate(people)))}.values())
    chosen = sorted(first)[:: max(1, math.ceil(len(first) / most))]
    known = descriptors(images[chosen])
    found = {
        name: rounded(np.linalg.norm(descriptors(d[chosen]) - known, axis=1).mean())
        for name, d in drawn.items()
    }
    if len(chosen) > 1:
        apart = np.linalg.norm(known[:, None] - known[None], axis=-1)
        others = apart[~np.eye(len(chosen), dtype=bool)]
        found["two people"] = rounded(others.mean())
    return found | {"people compared": len(chosen)}


# All of it


def compressed(model: Any, training: Array, images: Array) -> dict[str, Array]:
    """What the model, PCA and JPEG make of pictures, by what they are called.

    PCA is named with the bytes of its axes in float16, to be held against the model's.
    """
    numbers = math.prod(model.decoder.input.shape[1:])
    pca = PCA(training, numbers)
    smaller, size = jpegs(images, 2 * numbers)
    return {
        "reconstruction": model.reconstruct(images),
        f"PCA, {pca.components} components ({2e-6 * pca.axes.size:.1f} MB)": pca(
            images
        ),
        f"JPEG, {size:.0f} bytes (code in float16: {2 * numbers})": smaller,
    }


def denoised(model: Any, training: Array, images: Array) -> dict[str, Array]:
    """What was noisy, and what the model and OpenCV make of it."""
    some = training[:: max(1, len(training) // 16)]
    strength = best_strength(some, model.corrupt(some, seed=1))
    noisy = model.corrupt(images, seed=0)
    return {
        "noisy": noisy,
        "denoised": model.reconstruct(noisy),
        f"OpenCV's non-local means, strength {strength}": non_local_means(
            noisy, strength
        ),
    }


def report(
    images: Array,
    drawn: dict[str, Array],
    ours: str,
    people: Sequence[str],
    groups: Sequence[Sequence[str]],
    most: int,
) -> dict[str, Any]:
    """All measures, as a card shows them; `most` people have descriptors taken."""
    found: dict[str, Any] = {"pictures": len(images), "people": len(set(people))}
    if not any(groups):
        del found["people"]  # digits: each picture stands for itself
    values = {name: scores(images, one) for name, one in drawn.items()}
    for name, one in values.items():
        found[name] = mean_of(one, people)
    if any(groups):
        found["by group"] = by_group(values[ours], people, groups)
    if most and images.shape[-1] == 3:
        found["descriptor distance"] = identity(images, drawn, people, most)
    return {"people never seen" if any(groups) else "never seen": found}


def lost_to_float16(model: Any, images: Array, draw: Callable[[Any], Array]) -> float:
    """By how many dB the weights' rounding changes the mean PSNR."""
    before = scores(images, draw(model))["PSNR"].mean()
    kept = model.get_weights()
    model.set_weights([_half(weight) for weight in kept])
    after = scores(images, draw(model))["PSNR"].mean()
    model.set_weights(kept)
    return float(abs(before - after))


def _half(weight: Array) -> Array:
    if weight.dtype != np.float32:
        return weight
    return weight.astype("float16").astype("float32")


def rounded(value: Any) -> float:
    return float(f"{float(value):.4g}")


def counted(names: Sequence[str]) -> str:
    """ "12 of a, 3 of b"."""
    return ", ".join(f"{n:,} of {name}" for name, n in Counter(names).items())
