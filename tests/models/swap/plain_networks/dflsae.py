"""DFLSAE: "df" with decoders of people's own, "liae" with inters."""

import numpy as np

from .arithmetic import dense_maps, down, out, res, up, wide


def render(parts, x, person, architecture, width, slope, expected="ana"):
    side = x.shape[1] // 16
    for filters in (126, 252, 504, 1008):
        x = down(parts["encoder"], x, wide(filters, width))
    if architecture == "df":
        x = _bottleneck(parts["encoder"], x, 512, side, width)
        w = parts[f"decoder.{person}"]
    else:
        shared = _bottleneck(parts["inter"], x, 256, side, width)
        own = shared
        if person != expected:
            own = _bottleneck(parts[f"inter.{person}"], x, 256, side, width)
        x = np.concatenate([own, shared], -1)
        w = parts["decoder"]
    for filters in (504, 252, 126):
        x = res(w, res(w, up(w, x, wide(filters, width), slope)))
    return out(w, x)


def _bottleneck(w, x, units, side, width):
    x = dense_maps(w, x, wide(units, width), side, wide(512, width))
    return up(w, x, wide(512, width))
