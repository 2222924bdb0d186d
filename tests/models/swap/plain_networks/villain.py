"""Villain: residual blocks at half size, down twice over, separable convolutions."""

import numpy as np

from .arithmetic import (
    conv,
    dense_maps,
    down,
    leaky,
    out,
    res,
    separable,
    shuffle,
    up,
    wide,
)


def render(parts, x, person, width, blocks):
    w = parts["encoder"]
    side = x.shape[1] // 16
    first = conv(w, x, 4 * wide(32, width), 5, 2)
    x = leaky(first, 0.2)
    for _ in range(blocks):
        x = res(w, x)
    x = x + leaky(first, 0.1)
    for _ in range(2):
        x = shuffle(down(w, x, 4 * wide(32, width)))
    x = down(w, x, 4 * wide(32, width))
    x = np.maximum(separable(w, x, wide(256, width), 5, 2), 0)
    x = down(w, x, wide(512, width))
    x = np.maximum(separable(w, x, wide(1024, width), 5, 2), 0)
    x = dense_maps(w, x, wide(1024, width), side, wide(1024, width))
    x = up(w, x, wide(512, width))
    w = parts[f"decoder.{person}"]
    for filters in (512, 256, 128):
        x = res(w, up(w, x, wide(filters, width), 0.2))
    return out(w, x)
