"""Unbalanced: a large decoder and a small one."""

from .arithmetic import conv, dense_maps, down, leaky, out, res, standardized, up, wide


def render(parts, x, person, width, light):
    w = parts["encoder"]
    side = x.shape[1] // 16
    for filters in (128, 256):
        x = conv(w, x, wide(filters, width), 5, 2)
        gain, shift = w.take(1)
        x = leaky(standardized(x, (1, 2, 3)) * gain + shift, 0.1)
    for filters in (512, 768, 1024):
        x = down(w, x, wide(filters, width))
    x = dense_maps(w, x, wide(1024, width), side, wide(512, width))
    w = parts[f"decoder.{person}"]
    if person in light:
        for filters in (384, 384, 192, 96):
            x = up(w, x, wide(filters, width), kernel=5)
        return out(w, x)
    for filters in (512, 512, 256):
        x = res(w, up(w, x, wide(filters, width), 0.2, kernel=5))
    return out(w, up(w, x, wide(128, width), kernel=5))
