"""DeepFaceLab's SAEHD and Quick96, by letters; what AMP has of them."""

import numpy as np

from .arithmetic import conv, dense_maps, flat, leaky, shuffle, sigmoid


def render(parts, x, person, architecture, widths, expected="ana"):
    """Widths: of bottleneck, encoder, decoder, mask tower."""
    kind, _, letters = architecture.partition("-")
    units, encoder_width, width, mask_width = widths
    low = x.shape[1] // (32 if "d" in letters else 16)
    x = encode(parts["encoder"], x, encoder_width, letters)
    if kind == "df":
        x = _inter(parts["inter"], x, units, units, low, letters)
        w = parts[f"decoder.{person}"]
    else:
        name = "inter" if person == expected else f"inter.{person}"
        shared = _inter(parts["inter"], x, units, 2 * units, low, letters)
        own = shared
        if person != expected:
            own = _inter(parts[name], x, units, 2 * units, low, letters)
        x = np.concatenate([own, shared], -1)
        w = parts["decoder"]
    return decode(w, x, width, mask_width, letters)


def encode(w, x, width, letters):
    plan = [1, 2, 4, 8, 8] if "t" in letters else [1, 2, 4, 8]
    for step, multiple in enumerate(plan):
        # Two pixels of zeros on all sides, not "same".
        x = conv(w, x, width * multiple, 5, 2, pad=(2, 2))
        x = _active(x, 0.1, letters)
        if "t" in letters and step in (0, 4):
            x = _res(w, x, letters)
    x = flat(x)
    if "u" in letters:
        x = x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6)
    return x


def decode(w, x, width, mask_width, letters):
    mask = x
    multiples = [8, 8, 4, 2] if "t" in letters else [8, 4, 2]
    for multiple in multiples:
        x = _res(w, _up(w, x, width * multiple, letters), letters)
    for multiple in [*multiples, 1] if "d" in letters else multiples:
        mask = _up(w, mask, mask_width * multiple, letters)
    image = conv(w, x, 3, 1)
    if "d" in letters:
        others = [conv(w, x, 3, 3) for _ in range(3)]
        image = shuffle(np.concatenate([image, *others], -1))
    return sigmoid(np.concatenate([image, conv(w, mask, 1, 1)], -1))


def _inter(w, x, units, channels, low, letters):
    x = dense_maps(w, x, units, low, channels)
    return x if "t" in letters else _up(w, x, channels, letters)


def _active(x, slope, letters):
    return x * np.cos(x) if "c" in letters else leaky(x, slope)


def _up(w, x, filters, letters):
    return shuffle(_active(conv(w, x, 4 * filters), 0.1, letters))


def _res(w, x, letters):
    y = _active(conv(w, x, x.shape[-1]), 0.2, letters)
    return _active(x + conv(w, y, x.shape[-1]), 0.2, letters)
