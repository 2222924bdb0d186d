"""DeepFaceLab's loss of a masked image, window by window."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def loss(true, pred, structure=10.0, squared=10.0, mask=10.0, regions=0.0):
    """One value for each image of (B, S, S, 5) and (B, S, S, 4)."""
    return np.array(
        [
            _one(t.astype(float), p.astype(float), structure, squared, mask, regions)
            for t, p in zip(true, pred, strict=True)
        ]
    )


def _one(true, pred, structure, squared, mask, regions):
    size = len(true)
    soft = np.minimum(_blurred(true[..., 3], max(1, size // 32)), 0.5)[..., None] * 2
    one, two = true[..., :3] * soft, pred[..., :3] * soft
    if size < 256:
        unlike = dissimilarity(one, two, int(size / 11.6))
    else:
        unlike = dissimilarity(one, two, int(size / 11.6)) / 2
        unlike += dissimilarity(one, two, int(size / 23.2)) / 2
    raised = true[..., 4:] > true[..., 4].min()
    return (
        structure * unlike
        + squared * ((one - two) ** 2).mean()
        + regions * (raised * abs(one - two)).mean()
        + mask * ((true[..., 3] - pred[..., 3]) ** 2).mean()
    )


def dissimilarity(one, two, window):
    """(1 - SSIM) / 2 with a Gaussian window of sigma 1.5 (Wang et al., 2004)."""
    at = np.arange(window) - (window - 1) / 2
    bell = np.exp(-(at**2) / (2 * 1.5**2))
    bell /= bell.sum()

    def mean(x):
        for axis in (0, 1):
            x = sliding_window_view(x, window, axis=axis) @ bell
        return x

    a, b = mean(one), mean(two)
    variances = mean(one**2) - a**2 + mean(two**2) - b**2
    covariance = mean(one * two) - a * b
    light = (2 * a * b + 0.01**2) / (a**2 + b**2 + 0.01**2)
    likeness = (2 * covariance + 0.03**2) / (variances + 0.03**2)
    return (1 - (light * likeness).mean()) / 2


def _blurred(mask, sigma):
    at = np.arange(-2 * sigma, 2 * sigma + 1)
    bell = np.exp(-(at**2) / (2 * sigma**2))
    bell /= bell.sum()
    for axis in (0, 1):
        mask = np.apply_along_axis(np.convolve, axis, mask, bell, mode="same")
    return mask
