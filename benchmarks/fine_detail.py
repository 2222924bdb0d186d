"""Prints what a person's fine detail gives to `Swift` before any training.

    python benchmarks/fine_detail.py runs/hd_truth/720_P004_P007/faces/target --most 75

FACES is a face set of 256 px of one shot; `hd_truth.py` makes one. The appearance model
is fitted on every other face, with codes that are predicted from the latents of
`swift_128`, and measured on the faces between them: error in 8-bit levels inside of the
face and where weights are those of the eyes, and the variance of the Laplacian relative
to the faces.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import harness
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.data import region_weights
from deepface_models.faces import FaceSet
from deepface_models.models.swap import Swift
from deepface_models.models.swap.linear import linear_map
from deepface_models.models.swap.swift.adaptation import adapt_encoder
from deepface_models.models.swap.swift.appearance import (
    ADAPTED_RIDGE,
    fine_detail,
    principal_components,
    reduce_faces,
)

SMALL, EYES = 128, 2.5
COUNTS = (8, 16, 32)


def prepared(folder: Path, most: int) -> Array:
    """Returns colors, mask and weights of faces, (N, T, T, 5) float32."""
    faces = FaceSet.open(folder).select(range(most))
    colors = faces.images.astype("float32") / 255
    side = faces.image_size
    weights = [region_weights(one, side) for one in faces.landmarks_aligned]
    return np.concatenate(
        [colors, faces.masks()[..., None], np.stack(weights)[..., None]], axis=-1
    ).astype("float32")


def enlarged(images: Array, size: int) -> Array:
    """Returns (N, S * S * 4) at another size, (N, size, size, 4)."""
    square = images.reshape(-1, SMALL, SMALL, 4)
    return np.stack([cv2.resize(one, (size, size)) for one in square])


def variants(fitted: Array, shown: Array) -> dict[str, Array]:
    """Returns logits of the faces `shown` by each appearance model."""
    model = Swift.from_preset("swift_128", identities=("a", "b"))
    one, two = (reduce_faces(faces, SMALL) for faces in (fitted, shown))
    adapt_encoder(model.encoder, [one[..., :3]])
    latents, seen = (model.encode(faces[..., :3]) for faces in (one, two))

    def predicted(codes: Array) -> Array:
        kernel, bias = linear_map(latents, codes, ADAPTED_RIDGE)
        return seen @ kernel + bias

    size = fitted.shape[1]
    coarse = principal_components(one, 32)
    logits = coarse.mean + predicted(coarse.codes) @ coarse.components
    found = {f"{SMALL} px, enlarged": enlarged(logits, size)}
    base = next(iter(found.values()))
    for count in COUNTS:
        fine = fine_detail(fitted[..., :4], SMALL, count, fitted)
        mean = base + fine.mean.reshape(size, size, 4)
        found["with the mean"] = mean
        brightness = (predicted(fine.codes) @ fine.components).reshape(-1, size, size)
        colors = np.array([1, 1, 1, 0], "float32")
        found[f"with {count} components"] = mean + brightness[..., None] * colors
    return found


def measured(logits: Array, faces: Array) -> list[str]:
    """Returns error, error near eyes and mouth, and detail, as table cells."""
    images = 1 / (1 + np.exp(-logits[..., :3]))
    inside, errors = faces[..., 3], np.abs(images - faces[..., :3]).mean(axis=-1)
    near = inside * (faces[..., 4] > EYES)
    means = (255 * (errors * one).sum() / one.sum() for one in (inside, near))
    detail = [
        sharpness(a, m > 0.95) / sharpness(b, m > 0.95)
        for a, b, m in zip(images, faces[..., :3], inside, strict=True)
    ]
    return [*(f"{value:.1f}" for value in means), f"{np.mean(detail):.2f}"]


def sharpness(image: Array, inside: Array) -> float:
    """Returns the variance of the Laplacian."""
    gray = cv2.cvtColor(np.ascontiguousarray(image, "float32"), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(gray * 255, cv2.CV_32F)[inside].var())


def main() -> None:
    """Prints the table."""
    parser = harness.options(__doc__)
    parser.add_argument("faces", type=Path, help="folder of a face set")
    parser.add_argument("--most", type=int, default=75, help="faces, from the first")
    args = parser.parse_args()
    faces = prepared(args.faces, args.most)
    rows = [
        [name, *measured(logits, faces[1::2])]
        for name, logits in variants(faces[::2], faces[1::2]).items()
    ]
    head = ("appearance", "error, levels of 255", "near the eyes", "detail / truth")
    print(harness.markdown(head, rows))


if __name__ == "__main__":
    main()
