"""DeepFaceLab's small network for quick results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deepface_models.core.inputs import precision
from deepface_models.models.registry import register_architecture
from deepface_models.models.swap import blocks
from deepface_models.models.swap._dfl import DeepFaceLab, networks


@register_architecture(
    "quick96",
    image_size=96,
    parameters=38_294_330,
    smallest={"image_size": 32, "width": 0.05},
)
class Quick96(DeepFaceLab):
    """DeepFaceLab's Quick96: images of 96 x 96 pixels, with learned masks.

    It computes at half size and has 38,294,330 parameters for two people. `compile()`
    uses RMSprop with a learning rate of 2e-4, and structural dissimilarity, squared
    error and mask error, each with weight 10. The published learning-rate dropout is
    not used.

    Reference: DeepFaceLab, model "Quick96".

    Args:
        identities: The people's names.
        image_size: Side of the images in pixels, a multiple of 32; published with 96.
        width: Multiple of the published widths.
        **kwargs: `face_type` of `FaceSwap`; `name`, `dtype`, `trainable` of Keras.

    Example:
        >>> model = Quick96(identities=("ana", "ben"), width=0.1)
        >>> model.output["ben"].shape
        (None, 96, 96, 4)
    """

    _arguments = ("identities", "image_size", "width")

    def __init__(
        self,
        identities: Sequence[str] = ("a", "b"),
        image_size: int = 96,
        width: float = 1.0,
        **kwargs: Any,
    ) -> None:
        identities = self.check_identities(identities)
        blocks.check_size("Quick96", image_size, 32, 96)
        wide = blocks.scaled(width)
        widths = (wide(128), wide(64), wide(64), wide(16))
        with precision(kwargs.pop("dtype", None)):
            super().__init__(
                identities=identities,
                image_size=image_size,
                **networks(identities, image_size, "df-ud", widths, identities[0]),
                **kwargs,
            )
        self.width = width
