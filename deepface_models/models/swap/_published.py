"""Training settings that published face swaps have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from deepface_models.core.version import PACKAGE
from deepface_models.losses import FaceLoss
from deepface_models.models.swap.base import FaceSwap


@keras.saving.register_keras_serializable(PACKAGE)
class SquaredFaceLoss(FaceLoss):
    """Weighted structural dissimilarity + squared error + learned-mask error.

    What faceswap trains with: 1 - SSIM and the squared error, both of weight 1. As
    the dissimilarity is half of that, `structure` is 2. Structure is compared in the
    windows of `losses.dssim`, not in Gaussian ones at each pixel.

    Args:
        structure: Weight of the structural dissimilarity, (1 - SSIM) / 2.
        squared: Weight of the mean squared error.
        mask: Weight of the learned mask's squared error.
        outside: Weight of pixels outside the face's mask, beside 1 inside.
        name: The loss's name.
        reduction: As in `keras.losses.Loss`.
    """

    def __init__(
        self,
        structure: float = 2.0,
        squared: float = 1.0,
        mask: float = 0.0,
        outside: float = 0.0,
        name: str = "squared_face_loss",
        reduction: str = "sum_over_batch_size",
        **kwargs: Any,
    ) -> None:
        own = {"squared": squared, **kwargs}
        super().__init__(0.0, structure, mask, outside, name, reduction, **own)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        config = super().get_config()
        config.pop("l1")
        return config


def light_people(
    light: str | Sequence[str] | None, identities: Sequence[str]
) -> tuple[str, ...]:
    """Returns who gets the small decoder: the first person by default."""
    if light is None:
        return (identities[0],)
    return (light,) if isinstance(light, str) else tuple(light)


class Published(FaceSwap):
    """A face swap of faceswap's: trained with Adam 5e-5 and `SquaredFaceLoss`."""

    def compile(self, optimizer: Any = None, loss: Any = None, **kwargs: Any) -> None:
        """Compiles with the published settings where none are given."""
        super().compile(
            optimizer=optimizer or keras.optimizers.Adam(5e-5),
            loss=loss or {name: SquaredFaceLoss() for name in self.identities},
            **kwargs,
        )
