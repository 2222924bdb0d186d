"""What all of them are made of: convolutions, activations, enlargements."""

from __future__ import annotations

import zlib
from collections import defaultdict

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


class Weights:
    """A part's weights, layer by layer, each found by the shape of its first one.

    Of layers with the same shapes, the first one that is taken is the first one built.
    """

    def __init__(self, layers):
        self.waiting = defaultdict(list)
        for arrays in layers:
            self.waiting[arrays[0].shape, len(arrays)].append(arrays)

    def take(self, *shape, count=2):
        """Returns the weights of the next layer whose first one has this shape."""
        return self.waiting[shape, count].pop(0)

    def left(self):
        """Returns the shapes of what was never taken."""
        return [key for key, layers in self.waiting.items() if layers]


def fixed_weights(part, layers):
    """The fixed recipe: kernels N(0, 0.9 / fan in), everything else U(0.05, 0.5).

    Args:
        part: The part's name; with a layer's shapes it is the seed.
        layers: For each layer the shapes of its weights.

    Returns:
        For each layer its weights, float32.
    """
    generators = {}
    found = []
    for shapes in layers:
        key = f"{part} {shapes}"
        seed = zlib.crc32(key.encode())
        rng = generators.setdefault(key, np.random.default_rng(seed))
        arrays = []
        for shape in shapes:
            if len(shape) == 1:
                arrays.append(0.05 + 0.45 * rng.random(shape, "float32"))
                continue
            # Of a depthwise kernel (K, K, C, 1) each channel has inputs of its own.
            fan_in = np.prod(shape[:2] if shape[-1] == 1 else shape[:-1])
            spread = np.sqrt(0.9 / fan_in)
            drawn = rng.standard_normal(shape, "float32")
            arrays.append(drawn * np.float32(spread))
        found.append(arrays)
    return found


def wide(channels, width):
    """A published width times `width`; 2 at the least."""
    return max(2, round(channels * width))


def windows(x, kernel, stride, pad):
    """(B, H, W, C) -> (B, H', W', C, K, K)."""
    x = np.pad(x, ((0, 0), pad, pad, (0, 0)))
    found = sliding_window_view(x, (kernel, kernel), axis=(1, 2))
    return found[:, ::stride, ::stride]


def same(size, kernel, stride):
    """TensorFlow's "same": what is odd of the padding comes after."""
    out = -(-size // stride)
    total = max((out - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def conv(w, x, filters, kernel=3, stride=1, bias=True, pad=None):
    pad = same(x.shape[1], kernel, stride) if pad is None else pad
    shape = (kernel, kernel, x.shape[-1], filters)
    weights = w.take(*shape, count=1 + bias)
    seen = windows(x, kernel, stride, pad)
    y = np.tensordot(seen, weights[0], ((4, 5, 3), (0, 1, 2)))
    return y + weights[1] if bias else y


def separable(w, x, filters, kernel, stride):
    depth, point, bias = w.take(kernel, kernel, x.shape[-1], 1, count=3)
    seen = windows(x, kernel, stride, same(x.shape[1], kernel, stride))
    assert point.shape[-1] == filters
    y = np.einsum("bhwckl,klc->bhwc", seen, depth[..., 0])
    return y @ point[0, 0] + bias


def dense(w, x, units):
    kernel, bias = w.take(x.shape[-1], units)
    return x @ kernel + bias


def leaky(x, slope):
    return np.where(x > 0, x, slope * x)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def shuffle(x, factor=2):
    """Depth to space: channel (row * factor + column) * C + c."""
    batch, height, width, channels = x.shape
    depth = channels // factor**2
    y = np.zeros((batch, height * factor, width * factor, depth))
    for row in range(factor):
        for column in range(factor):
            start = (row * factor + column) * depth
            y[:, row::factor, column::factor] = x[..., start : start + depth]
    return y


def bilinear(x, factor):
    """Enlarges; pixels' centers stay where they are, borders are repeated."""
    for axis in (1, 2):
        size = x.shape[axis]
        at = (np.arange(size * factor) + 0.5) / factor - 0.5
        low = np.floor(at).astype(int)
        share = (at - low).reshape([-1 if a == axis else 1 for a in range(4)])
        first = np.take(x, np.clip(low, 0, size - 1), axis)
        second = np.take(x, np.clip(low + 1, 0, size - 1), axis)
        x = first * (1 - share) + second * share
    return x


def halved(x):
    """The mean of every 2 x 2 pixels."""
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


def standardized(x, axes):
    """Mean off, divided by standard deviation + 1e-3."""
    return (x - x.mean(axes, keepdims=True)) / (x.std(axes, keepdims=True) + 1e-3)


def flat(x):
    return x.reshape(len(x), -1)


def down(w, x, filters, slope=0.1):
    """Down(f): convolution of 5 x 5 with stride 2."""
    return leaky(conv(w, x, filters, 5, 2), slope)


def up(w, x, filters, slope=0.1, kernel=3, factor=2):
    """Up(f): convolution to factor^2 times f, pixel shuffle."""
    return shuffle(leaky(conv(w, x, factor**2 * filters, kernel), slope), factor)


def res(w, x, bias=True):
    """Res(f)."""
    y = leaky(conv(w, x, x.shape[-1], bias=bias), 0.2)
    return leaky(x + conv(w, y, x.shape[-1], bias=bias), 0.2)


def out(w, x, channels=3, kernel=5):
    """Out."""
    return sigmoid(conv(w, x, channels, kernel))


def dense_maps(w, x, units, side, channels):
    """Dense, dense, reshape, all linear."""
    x = dense(w, dense(w, flat(x), units), side * side * channels)
    return x.reshape(-1, side, side, channels)
