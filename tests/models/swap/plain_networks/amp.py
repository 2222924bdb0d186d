"""AMP: one decoder, channels of two people's inters."""

import numpy as np

from .arithmetic import dense
from .saehd import decode, encode


def render(parts, x, person, other, morph, widths):
    """`morph` is the share of the first channels that are `person`'s."""
    latent_size, inter_size, encoder_width, width, mask_width = widths
    low = x.shape[1] // 32
    w = parts["encoder"]
    latent = dense(w, encode(w, x, encoder_width, "tu"), latent_size)
    one, two = (
        dense(parts[f"inter.{name}"], latent, low * low * inter_size)
        for name in (person, other)
    )
    one, two = (code.reshape(-1, low, low, inter_size) for code in (one, two))
    kept = round(morph * inter_size)
    code = np.concatenate([one[..., :kept], two[..., kept:]], -1)
    return decode(parts["decoder"], code, width, mask_width, "td")
