"""Training settings that faceswap's architectures have in common."""

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

    This is faceswap's loss: 1 - SSIM and the squared error, both with weight 1.
    `structure` is 2, because the dissimilarity is (1 - SSIM) / 2. SSIM is computed in
    the windows of `losses.dssim`, not in Gaussian windows at each pixel.

    Args:
        structure: Weight of the structural dissimilarity, (1 - SSIM) / 2.
        squared: Weight of the mean squared error.
        mask: Weight of the learned mask's squared error.
        outside: Weight of pixels outside the face's mask; inside it is 1.
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
    """Returns the people with the small decoder: the first person by default."""
    if light is None:
        return (identities[0],)
    return (light,) if isinstance(light, str) else tuple(light)


class Published(FaceSwap):
    """Base of faceswap's architectures: Adam 5e-5 and `SquaredFaceLoss`."""

    def compile(self, optimizer: Any = None, loss: Any = None, **kwargs: Any) -> None:
        """Compiles; the published optimizer and loss are the defaults."""
        super().compile(
            optimizer=optimizer or keras.optimizers.Adam(5e-5),
            loss=loss or {name: SquaredFaceLoss() for name in self.identities},
            **kwargs,
        )
