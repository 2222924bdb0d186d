"""IAE: a person's inter and the shared one, side by side, before one decoder."""

import numpy as np

from .arithmetic import dense_maps, down, out, up, wide


def render(parts, x, person, width):
    side = x.shape[1] // 16
    for filters in (128, 256, 512, 1024):
        x = down(parts["encoder"], x, wide(filters, width))
    own, both = (
        dense_maps(parts[name], x, wide(1024, width), side, wide(512, width))
        for name in (f"inter.{person}", "inter")
    )
    x = np.concatenate([own, both], -1)
    w = parts["decoder"]
    for filters in (512, 256, 128, 64):
        x = up(w, x, wide(filters, width))
    return out(w, x)
