"""RealFace, 64 to 128 pixels: dense layers in the decoders."""

from .arithmetic import dense_maps, down, out, res, up, wide


def render(parts, x, person, width, light):
    w = parts["encoder"]
    for filters in (128, 256, 512):
        x = down(w, x, wide(filters, width), 0.2)
        x = res(w, res(w, x))
    x = down(w, x, wide(1024, width))
    w = parts[f"decoder.{person}"]
    if person in light:  # two thirds of the widths
        x = dense_maps(w, x, wide(1024, width), 4, wide(682, width))
        x = res(w, up(w, x, wide(682, width), 0.2), bias=False)
        for filters in (341, 170, 85, 42):
            x = up(w, x, wide(filters, width))
        return out(w, x)
    x = dense_maps(w, x, wide(1536, width), 4, wide(1024, width))
    x = res(w, up(w, x, wide(1024, width), 0.2), bias=False)
    for filters in (512, 256, 128):
        x = up(w, x, wide(filters, width), 0.2)
        x = res(w, res(w, x, bias=False))
    return out(w, up(w, x, wide(64, width)))
