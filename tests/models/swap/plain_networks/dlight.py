"""DLight, 128 to 256 pixels, quality "best", details "good"."""

import numpy as np

from .arithmetic import (
    bilinear,
    conv,
    dense,
    down,
    flat,
    halved,
    leaky,
    out,
    res,
    up,
    wide,
)


def render(parts, x, person, width, light):
    w = parts["encoder"]
    side = x.shape[1] // 32
    for filters in (32, 64, 128, 256, 512):
        pooled = leaky(halved(x), 0.1)
        x = np.concatenate([down(w, x, wide(filters, width)), pooled], -1)
    x = dense(w, dense(w, flat(x), wide(1664, width)), side**2 * wide(1024, width))
    x = x.reshape(-1, side, side, wide(1024, width))
    w = parts[f"decoder.{person}"]
    return _small(w, x, width) if person in light else _large(w, x, width)


def _small(w, x, width):
    x = bilinear(x, 4)
    for filters in (256, 128, 64, 32):
        x = _hybrid(w, x, wide(filters, width))
    return out(w, x)


def _large(w, x, width):
    x = leaky(_hybrid(w, x, wide(512, width), 4, slope=1.0), 0.2)
    x = res(w, res(w, res(w, x), bias=False), bias=False)
    x = leaky(_hybrid(w, x, wide(512, width), slope=1.0), 0.2)
    x = _batch_norm(w, res(w, res(w, x), bias=False))
    x = leaky(_hybrid(w, x, wide(256, width), slope=1.0), 0.2)
    x = res(w, x)
    x = leaky(_hybrid(w, x, wide(128, width), slope=1.0), 0.2)
    x = _batch_norm(w, res(w, x, bias=False))
    return out(w, _hybrid(w, x, wide(64, width)))


def _hybrid(w, x, filters, factor=2, slope=0.1):
    """Half shuffled, half bilinear; the bilinear half has no activation."""
    shuffled = up(w, x, filters // 2, slope, factor=factor)
    smooth = bilinear(conv(w, x, filters - filters // 2), factor)
    return np.concatenate([shuffled, smooth], -1)


def _batch_norm(w, x):
    """With the running statistics, as when drawing."""
    gain, shift, mean, variance = w.take(x.shape[-1], count=4)
    return (x - mean) / np.sqrt(variance + 1e-3) * gain + shift
