"""How training faces are varied: the numbers, and the draws made from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from deepface_models.faces.align import umeyama

Array = NDArray[Any]


@dataclass(frozen=True)
class Augmentation:
    """Ranges of the random changes; geometry as published with the first swaps.

    Reference: joshua-wu/deepfakes_faceswap (2017), image_augmentation.py, for
    rotation, zoom, shift, flip and warp.

    Args:
        rotation: Largest turn either way, degrees.
        zoom: Largest relative change of size.
        shift: Largest shift, in widths of the picture.
        flip: Share of pictures mirrored.
        warp: Standard deviation of the 5 x 5 grid's nodes, in widths of the
            picture; published as 5 px of 160. Only the input is warped.
        colour: Standard deviation of gain and shift of each colour, input only.
        colour_match: Share of inputs that take the colours of another person's
            face, so that the encoder cannot tell people by their light.
    """

    rotation: float = 10.0
    zoom: float = 0.05
    shift: float = 0.05
    flip: float = 0.4
    warp: float = 5.0 / 160.0
    colour: float = 0.06
    colour_match: float = 0.5

    @classmethod
    def light(cls) -> Augmentation:
        """Returns smaller ranges, for short training on well aligned faces.

        What the aligner already takes away (turn, size, place) need not be learned
        again, and a smaller warp leaves the mouth's opening readable.
        """
        return cls(rotation=3.0, zoom=0.03, shift=0.02, flip=0.0, warp=0.015)

    @classmethod
    def none(cls) -> Augmentation:
        """Returns the augmentation that leaves every picture as it is."""
        return cls(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def random_similarity(rng: np.random.Generator, size: int, a: Augmentation) -> Array:
    """Draws a rotation, zoom, shift and flip.

    Returns:
        (2, 3) matrix from pixels of the new picture to pixels of the old one.
    """
    angle, zoom = rng.uniform(-a.rotation, a.rotation), rng.uniform(-a.zoom, a.zoom)
    shift = rng.uniform(-a.shift, a.shift, 2) * size
    middle = (size - 1) / 2.0
    turn = cv2.getRotationMatrix2D((middle, middle), angle, 1.0 + zoom)
    matrix: Array = np.asarray(turn)
    matrix[:, 2] += shift
    if rng.random() < a.flip:
        matrix[:, 0], matrix[:, 2] = (
            -matrix[:, 0],
            matrix[:, 2] + matrix[:, 0] * (size - 1),
        )
    return matrix


def random_grid(rng: np.random.Generator, a: Augmentation, size: int) -> Array:
    """Draws the 5 x 5 grid's nodes, (5, 5, 2) in pixels of the picture."""
    regular = _regular_grid(size)
    return regular + rng.normal(0.0, a.warp * size, regular.shape)


def _regular_grid(size: int) -> Array:
    # Pixels' centres have whole coordinates, so that borders lie half a pixel outside;
    # the published grid ignored this and moved the input by that half pixel.
    line = np.linspace(-0.5, size - 0.5, 5)
    return np.stack(np.meshgrid(line, line), axis=-1)


def grid_to_map(grid: Array, size: int) -> Array:
    """Returns where each pixel of a warped picture comes from, (size, size, 2).

    The grid is enlarged to 80 and its middle 64 kept, times size / 64, as published:
    the outermost nodes then lie on the picture's border.
    """
    large, edge = size * 5 // 4, size // 8
    dense = cv2.resize(grid.astype("float32"), (large, large))
    return np.asarray(dense[edge : edge + size, edge : edge + size])


def grid_to_similarity(grid: Array, size: int) -> Array:
    """Returns the part of a warp that is only turn, size and place, (2, 3).

    It maps pixels of the target to pixels of the source, so that the network is
    asked to undo a warp but not to guess where the face was.
    """
    regular = _regular_grid(size).reshape(-1, 2)
    return np.asarray(umeyama(regular, grid.reshape(-1, 2)))


def compose(outer: Array, inner: Array) -> Array:
    """Returns the (2, 3) matrix that applies `inner`, then `outer`."""
    square = np.vstack([inner, [0.0, 0.0, 1.0]])
    return np.asarray(outer @ square)


def warp_pair(
    face: Array, layers: Array, rng: np.random.Generator, a: Augmentation
) -> tuple[Array, Array, Array]:
    """Makes one training pair from one aligned face.

    Args:
        face: (S, S, 3) uint8.
        layers: (S, S, 2) uint8, mask and weight, moved along with the target.
        rng: Source of the draws.
        a: Their ranges.

    Returns:
        The warped face, the unwarped target and the target's layers, each uint8
        and moved by the same random similarity.
    """
    size = face.shape[0]
    similarity = random_similarity(rng, size, a)
    if not a.warp:
        target = _affine(face, similarity)
        return target, target, _affine(layers, similarity)
    grid = random_grid(rng, a, size)
    moved = grid @ similarity[:, :2].T + similarity[:, 2]
    source = grid_to_map(moved, size)
    columns, rows = cv2.split(source)
    warped = cv2.remap(
        face, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    matrix = compose(similarity, grid_to_similarity(grid, size))
    return warped, _affine(face, matrix), _affine(layers, matrix)


def _affine(image: Array, matrix: Array) -> Array:
    size = image.shape[0]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    border = cv2.BORDER_REPLICATE
    return np.asarray(
        cv2.warpAffine(image, matrix, (size, size), flags=flags, borderMode=border)
    )
