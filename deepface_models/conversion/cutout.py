"""The faces of a frame alone, with their masks as alpha, for a compositor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepface_models.conversion.converter import Converter
from deepface_models.conversion.decoded import DecodedFace
from deepface_models.core.arrays import Array, as_uint8
from deepface_models.media.wide_png import as_uint16


def cut_out(
    frame: Array, faces: Sequence[tuple[Converter, DecodedFace | None]], bits: int = 8
) -> Array:
    """Returns the faces that a conversion puts over a frame, without the frame.

    Args:
        frame: (H, W, 3); not changed.
        faces: For each person its converter and the decoded face, or None.
        bits: Bits a sample of the result that are needed.

    Returns:
        (H, W, 4), RGBA, uint8, or uint16 for more than 8 bits. Colors are not
        multiplied by alpha; both are 0 where no face is.
    """
    kind = np.uint8 if bits == 8 else np.uint16
    result = np.zeros((*frame.shape[:2], 4), kind)
    for converter, face in faces:
        placed = None if face is None else converter.place(frame, face)
        if placed is None:
            continue
        top = placed.mask[..., None]
        below = result[placed.region.slices].astype(np.float32) / np.iinfo(kind).max
        alpha = top + below[..., 3:] * (1 - top)
        color = placed.image * top + below[..., :3] * below[..., 3:] * (1 - top)
        color /= np.maximum(alpha, 1e-6)
        layer = _as(np.concatenate([color, alpha], axis=-1), kind)
        result[placed.region.slices] = layer * (layer[..., 3:] > 0)
    return result


def _as(layer: Array, kind: type) -> Array:
    return as_uint16(layer) if kind is np.uint16 else as_uint8(layer, (4,))
