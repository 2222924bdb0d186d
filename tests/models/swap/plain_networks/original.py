"""Original, its form for small memory, Lightweight and DFLH128: one plan."""

from .arithmetic import dense_maps, down, out, up, wide

# Widths of the encoder, the bottleneck, maps after it, Up of the encoder, decoder.
ORIGINAL = ((128, 256, 512, 1024), 1024, 1024, 512, (256, 128, 64))
LOW_MEMORY = ((128, 256, 512), 512, 1024, 512, (256, 128, 64))
LIGHTWEIGHT = ((128, 256, 512), 512, 512, 256, (512, 256, 128))
DFLH128 = ((128, 256, 512, 1024), 512, 512, 512, (512, 256, 128))


def render(parts, x, person, plan, width=1.0, units=None):
    downs, published, maps, first, ups = plan
    w = parts["encoder"]
    side = x.shape[1] // 16
    for filters in downs:
        x = down(w, x, wide(filters, width))
    units = wide(published, width) if units is None else units
    x = dense_maps(w, x, units, side, wide(maps, width))
    x = up(w, x, wide(first, width))
    w = parts[f"decoder.{person}"]
    for filters in ups:
        x = up(w, x, wide(filters, width))
    return out(w, x)
