"""DFaker: 64 to 128 pixels, or 128 to 256."""

from .arithmetic import dense_maps, down, out, res, up, wide


def render(parts, x, person, width, slope):
    size = x.shape[1]
    w = parts["encoder"]
    for filters in (128, 256, 512, 1024):
        x = down(w, x, wide(filters, width))
    x = dense_maps(w, x, wide(1024, width), 4, wide(1024, width))
    x = up(w, x, wide(512, width))
    w = parts[f"decoder.{person}"]
    for filters in (512, 256, 128) if size == 64 else (1024, 512, 256, 128):
        x = res(w, up(w, x, wide(filters, width), slope))
    return out(w, up(w, x, wide(64, width)))
