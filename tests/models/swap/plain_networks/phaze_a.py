"""PhazeA: with a G-block, of DeepFaceLab's shape, and enlarging by two convolutions."""

import numpy as np

from .arithmetic import (
    bilinear,
    conv,
    dense,
    down,
    flat,
    leaky,
    out,
    res,
    standardized,
    up,
)


def decode_styled(parts, x, person, downs, units, maps, style, widths):
    """faceswap's defaults: dense layers of one's own, G-block and decoder shared.

    Args:
        parts: Weights of each part.
        x: Faces.
        person: Who is drawn.
        downs: Widths of the encoder.
        units: Of the bottleneck.
        maps: Side and filters of the maps that the dense layers end in.
        style: Units of the style's dense layers and of the G-block's.
        widths: Of the enlargements.
    """
    side, filters = maps
    w = parts["encoder"]
    for width in downs:
        x = down(w, x, width)
    latent = dense(w, flat(x), units)
    x = dense(parts[f"inter.{person}"], latent, side * side * filters)
    x = x.reshape(-1, side, side, filters)
    x = leaky(x.repeat(2, 1).repeat(2, 2), 0.1)
    for _ in range(3):
        latent = dense(parts["inter.+style"], latent, style[0])
    w = parts["decoder"]
    x = _gblock(w, x, latent, style[1])
    for width in widths[:-1]:
        x = res(w, leaky(up(w, x, width), 0.2))
    return out(w, leaky(up(w, x, widths[-1]), 0.1))


def _gblock(w, x, style, units):
    for step in range(3):
        style = dense(w, leaky(style, 0.1) if step else style, units)
    filters = x.shape[-1]
    x = conv(w, x, filters)
    for step in range(2):
        noise = conv(w, x, filters, 1)
        if step:
            x = conv(w, x, filters, bias=False)
        shift, gain = (dense(w, style, filters)[:, None, None] for _ in range(2))
        x = leaky(standardized(x, (1, 2)) * gain + shift + noise, 0.2)
    return x


def decode_liae(parts, x, person, downs, units, maps, widths, expected="ana"):
    """ "dfl-saehd-liae": the target person's code is the shared inter's twice."""
    side, filters = maps
    for width in downs:
        x = down(parts["encoder"], x, width)
    codes = {}
    for name in {"inter", "inter" if person == expected else f"inter.{person}"}:
        w = parts[name]
        code = dense(w, dense(w, flat(x), units), side * side * filters)
        codes[name] = up(w, code.reshape(-1, side, side, filters), filters)
    own = codes.get(f"inter.{person}", codes["inter"])
    x = np.concatenate([own, codes["inter"]], -1)
    w = parts["decoder"]
    for width in widths:
        x = res(w, leaky(up(w, x, width), 0.2))
    return out(w, x, kernel=1)


def decode_dny(parts, x, person, steps, first, units, widths):
    """ "dny256": pooling on the way down, interpolation and convolutions up."""
    w = parts["encoder"]
    x = leaky(conv(w, x, first, 1), 0.2)
    for _ in range(steps - 1):
        x = leaky(conv(w, x, first), 0.2)
        first = min(units, 2 * first)
        x = leaky(conv(w, x, first), 0.2)
        x = x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2, -1).max((2, 4))
    x = leaky(conv(w, x, first), 0.2)
    x = leaky(conv(w, x, min(units, 2 * first), 4, pad=(0, 0)), 0.2)
    x = dense(w, flat(x), units)
    w = parts["inter"]
    x = leaky(bilinear(x[:, None, None], 4), 0.1)
    for kernel in (4, 3):
        x = leaky(conv(w, x, widths[0], kernel), 0.2)
    x = _doubled(w, x, widths[0])
    w = parts[f"decoder.{person}"]
    for width in widths[1:]:
        x = _doubled(w, x, width)
    return out(w, x, kernel=1)


def _doubled(w, x, filters):
    x = bilinear(x, 2)
    for _ in range(2):
        x = leaky(conv(w, x, filters), 0.2)
    return x
