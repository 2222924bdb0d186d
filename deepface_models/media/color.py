"""Color transfer from one image to another, in CIE LAB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

import cv2
import numpy as np

from deepface_models.core.arrays import Array, as_float
from deepface_models.core.choices import choose

Method = Literal["reinhard", "covariance", "histogram", "none"]

METHODS: tuple[Method, ...] = ("reinhard", "covariance", "histogram", "none")

# Standard deviations below _FLOOR (LAB units) are noise. Contrast is changed by at most
# the factor _MOST.
_FLOOR, _MOST = 0.5, 4.0
_NORMAL = 1.4826  # standard deviation in median absolute deviations


def rgb_to_lab(image: Array) -> Array:
    """Converts sRGB to CIE LAB (D65).

    Args:
        image: Float array, (..., height, width, 3), [0, 1].

    Returns:
        float32 array of the same shape; L in 0..100, a and b about -110..110.

    Example:
        >>> rgb_to_lab(np.ones((1, 1, 3), np.float32)).round(1).tolist()
        [[[100.0, 0.0, 0.0]]]
    """
    return _pixels(image, cv2.COLOR_RGB2LAB)


def lab_to_rgb(lab: Array) -> Array:
    """Converts CIE LAB (D65) to sRGB; the inverse of `rgb_to_lab`.

    Args:
        lab: Float array, (..., height, width, 3).

    Returns:
        float32 array of the same shape in [0, 1]; colors outside sRGB are clipped.

    Example:
        >>> gray = lab_to_rgb(np.array([[[50.0, 0.0, 0.0]]]))
        >>> [round(float(value), 2) for value in gray.ravel()]
        [0.47, 0.47, 0.47]
    """
    return np.clip(_pixels(lab, cv2.COLOR_LAB2RGB), 0, 1)


def _pixels(image: Array, code: int) -> Array:
    flat = np.ascontiguousarray(image, dtype=np.float32)
    return np.asarray(cv2.cvtColor(flat.reshape(1, -1, 3), code)).reshape(flat.shape)


def _near(lab: Array, weights: Array, trim: float) -> Array:
    """Returns which pixels lie near the median in all channels; see `from_image`."""
    values = lab[weights > 0.5 * weights.max(initial=0)]
    if not len(values):
        return np.ones(weights.shape, bool)
    middle = column_medians(values)
    spread = _NORMAL * column_medians(np.abs(values - middle))
    return np.all(np.abs(lab - middle) <= trim * np.maximum(spread, _FLOOR), axis=-1)


def column_medians(values: Array) -> Array:
    """Returns the median of each column, (K,); much faster than `np.median`.

    Args:
        values: (N, K), N at least 1; of an even N, the larger of the two in the middle.
    """
    middle = len(values) // 2
    return np.asarray(np.partition(np.ascontiguousarray(values.T), middle)[:, middle])


@dataclass(frozen=True)
class ColorStatistics:
    """Mean and covariance of an image's colors in LAB.

    Attributes:
        mean: (3,) float64, LAB units.
        covariance: (3, 3) float64, LAB units squared.

    Example:
        >>> statistics = ColorStatistics.from_image(np.zeros((4, 4, 3), np.uint8))
        >>> statistics.deviation.tolist()
        [0.0, 0.0, 0.0]
    """

    mean: Array
    covariance: Array

    @classmethod
    def from_image(
        cls, image: Array, mask: Array | None = None, *, trim: float | None = None
    ) -> Self:
        """Measures an image.

        Args:
            image: (height, width, 3), RGB, uint8 0..255 or float [0, 1].
            mask: (height, width) or (height, width, 1) weights in [0, 1]; None for
                the whole image.
            trim: Leaves out pixels that are farther from the median than this many
                standard deviations in a channel; None keeps all.

        Raises:
            ValueError: The mask has another size, or is zero everywhere.
        """
        lab = rgb_to_lab(_as_float(image))
        if trim is not None:
            weights = _weights(lab, mask)
            used = weights > 0
            lab, mask = lab.reshape(1, -1, 3)[:, used], weights[None, used]
            mask = mask * _near(lab, mask, trim)
        return cls._of_lab(lab, mask)

    @classmethod
    def _of_lab(cls, lab: Array, mask: Array | None) -> Self:
        weights = _weights(lab, mask)
        total = weights.sum()
        if total <= 0:
            raise ValueError(
                "The mask is zero everywhere. Expected weights above 0 where colors "
                "are to be measured. Leave out the mask, or skip the image."
            )
        values = lab.reshape(-1, 3).astype(np.float64)
        mean = weights @ values / total
        centered = values - mean
        covariance = (centered * weights[:, None]).T @ centered / total
        return cls(mean, covariance)

    @property
    def deviation(self) -> Array:
        """Standard deviation of L, a and b; (3,) float64."""
        return np.sqrt(np.maximum(np.diag(self.covariance), 0))


def transfer_color(
    source: Array,
    target: Array,
    mask: Array | None = None,
    method: Method = "reinhard",
    *,
    target_mask: Array | None = None,
) -> Array:
    """Transfers the colors of one image to another.

    Colors are measured inside the mask, but the whole image is changed, so that it can
    be blended along any edge afterwards.

    Args:
        source: Image to change, (height, width, 3), RGB, uint8 or float [0, 1].
        target: Image whose colors are transferred, RGB, uint8 or float [0, 1].
        mask: (height, width) weights in [0, 1], of `source` and, if it has the same
            size, of `target`; None for everywhere. Zero everywhere changes nothing.
        method: "reinhard" (LAB mean and deviation; Reinhard et al. 2001),
            "covariance" (mean and covariance by the linear Monge-Kantorovitch map;
            Pitie and Kokaram 2007), "histogram" (each RGB channel's distribution) or
            "none".
        target_mask: Weights of `target`, if they differ from `mask`.

    Returns:
        An array of the shape and dtype of `source`.

    Raises:
        ValueError: The method is unknown, or a mask has another size.

    Example:
        >>> dark, light = np.full((8, 8, 3), 0.2), np.full((8, 8, 3), 0.7)
        >>> round(float(transfer_color(dark, light).mean()), 2)
        0.7
    """
    choose("method", method, METHODS)
    if target_mask is None and np.shape(source)[:2] == np.shape(target)[:2]:
        target_mask = mask
    weights, others = _weights(source, mask), _weights(target, target_mask)
    if method == "none" or weights.sum() <= 0 or others.sum() <= 0:
        return np.array(source)
    if method == "histogram":
        return _match_histograms(source, target, weights, others)
    lab = rgb_to_lab(_as_float(source))
    has = ColorStatistics._of_lab(lab, mask)
    expected = ColorStatistics.from_image(target, target_mask)
    return _like(lab_to_rgb(map_lab(lab, has, expected, method)), source)


def apply_statistics(
    image: Array,
    source: ColorStatistics,
    target: ColorStatistics,
    method: Method = "reinhard",
) -> Array:
    """Changes an image's colors by given statistics.

    Use it with statistics that are smoothed over time; those of each single frame would
    flicker.

    Args:
        image: (height, width, 3), RGB, uint8 0..255 or float [0, 1].
        source: Statistics of the image.
        target: Statistics of the result.
        method: "reinhard", "covariance" or "none".

    Returns:
        An array of the shape and dtype of `image`.

    Raises:
        ValueError: The method is another one; "histogram" needs the images themselves.

    Example:
        >>> image = read_image("ana.png")
        >>> own = ColorStatistics.from_image(image)
        >>> bright = ColorStatistics(own.mean + [10, 0, 0], own.covariance)
        >>> bool(apply_statistics(image, own, bright).mean() > image.mean())
        True
    """
    choose("method", method, ("reinhard", "covariance", "none"))
    if method == "none":
        return np.array(image)
    lab = map_lab(rgb_to_lab(_as_float(image)), source, target, method)
    return _like(lab_to_rgb(lab), image)


def map_lab(
    lab: Array, source: ColorStatistics, target: ColorStatistics, method: Method
) -> Array:
    """Changes colors in LAB by given statistics, as `apply_statistics` does.

    Args:
        lab: (..., 3) float32.
        source: Statistics of the image.
        target: Statistics of the result.
        method: "reinhard" or "covariance".

    Returns:
        An array of the same shape, float32.
    """
    if method == "reinhard":
        ratio = np.maximum(target.deviation, _FLOOR) / np.maximum(
            source.deviation, _FLOOR
        )
        matrix = np.diag(np.clip(ratio, 1 / _MOST, _MOST))
    else:
        matrix = _monge_kantorovitch(source.covariance, target.covariance)
    offset = target.mean - matrix @ source.mean
    return (lab @ matrix.T.astype(np.float32) + offset.astype(np.float32)).astype(
        np.float32
    )


def _monge_kantorovitch(source: Array, target: Array) -> Array:
    """The symmetric T with T source T = target that moves colors least; (3, 3)."""
    floor = np.eye(3) * _FLOOR**2
    root, inverse = _powers(source + floor)
    middle, _ = _powers(root @ (target + floor) @ root)
    values, vectors = np.linalg.eigh(inverse @ middle @ inverse)
    return (vectors * np.clip(values, 1 / _MOST, _MOST)) @ vectors.T


def _powers(matrix: Array) -> tuple[Array, Array]:
    """Returns the square root of a symmetric matrix and the inverse of that root."""
    values, vectors = np.linalg.eigh(matrix)
    roots = np.sqrt(np.maximum(values, 1e-12))
    return (vectors * roots) @ vectors.T, (vectors / roots) @ vectors.T


def _match_histograms(source: Array, target: Array, mine: Array, other: Array) -> Array:
    values, expected = _levels(source), _levels(target)
    matched = [
        np.interp(values[:, c], *_curve(values[:, c], expected[:, c], mine, other))
        for c in range(3)
    ]
    image = np.stack(matched, axis=-1).reshape(np.shape(source)) / 255
    return _like(np.clip(image, 0, 1), source)


def _curve(
    values: Array, expected: Array, mine: Array, other: Array
) -> tuple[Any, Any]:
    """Returns levels 0..255 and their new values, by matching weighted ranks."""
    present, ranks = _ranks(values, mine)
    levels, places = _ranks(expected, other)
    become = np.interp(ranks, places, levels)
    everywhere = np.arange(256.0)
    curve = np.interp(everywhere, present, become)
    # Levels outside the mask's range keep their distance from its ends.
    curve += np.minimum(everywhere - present[0], 0)
    curve += np.maximum(everywhere - present[-1], 0)
    return everywhere, curve


def _ranks(values: Array, weights: Array) -> tuple[Array, Array]:
    """Returns the levels that occur and the fraction of the weight below each."""
    counts = np.bincount(np.rint(values).astype(int), weights, minlength=256)
    present = np.flatnonzero(counts > 0)
    share = counts[present] / counts.sum()
    return present.astype(float), np.cumsum(share) - share / 2


def _levels(image: Array) -> Array:
    return _as_float(image).reshape(-1, 3).astype(np.float64) * 255


def _as_float(image: Array) -> Array:
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(
            f"An image of shape {image.shape} was given. Expected (height, width, 3), "
            "RGB. Pass one image at a time, without alpha."
        )
    if image.dtype == np.uint8:
        return as_float(image)
    return image.astype(np.float32)


def _like(image: Array, source: Array) -> Array:
    """Returns float RGB in the dtype of `source`."""
    source = np.asarray(source)
    if source.dtype == np.uint8:
        return np.rint(image * 255).astype(np.uint8)
    return image.astype(source.dtype)


def _weights(image: Array, mask: Array | None) -> Array:
    """Returns one weight per pixel, (height * width,) float64."""
    size = np.shape(image)[:2]
    if mask is None:
        return np.ones(size[0] * size[1])
    if np.shape(mask) not in (size, (*size, 1)):
        raise ValueError(
            f"A mask of shape {np.shape(mask)} was given for an image of shape "
            f"{np.shape(image)}. Expected {size}. Resize the mask to the image."
        )
    return np.clip(np.asarray(mask, dtype=np.float64), 0, 1).reshape(-1)
