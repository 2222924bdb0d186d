"""How masks and weights act in every loss: two bases."""

from __future__ import annotations

from typing import Any

import keras

from deepface_models.losses.targets import split_target


class MaskedLoss(keras.losses.Loss):
    """Keeps `outside` and the names of the constructor arguments for the config."""

    _arguments: tuple[str, ...] = ("outside",)

    def __init__(
        self,
        outside: float = 0.1,
        name: str | None = None,
        reduction: str = "sum_over_batch_size",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, **kwargs)
        if not 0.0 <= outside <= 1.0:
            raise ValueError(
                f"outside={outside!r} is out of range. It is the weight of pixels "
                "outside the face's mask beside 1 inside: use a number from 0 to 1."
            )
        self.outside = outside

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        arguments = {name: getattr(self, name) for name in self._arguments}
        return {**super().get_config(), **arguments}


class RegionLoss(MaskedLoss):
    """Base of losses that average an error over pixels, some of which count more.

    A subclass writes `compare`. With `outside=0` the prediction's pixels outside the
    mask are replaced by the target's first, so that windows which reach over the
    mask's edge see nothing of them either.

    Args:
        outside: Weight of pixels outside the face's mask, beside 1 inside; from 0
            (they do not matter) to 1 (the mask does not matter).
        regions: Whether the target's weight channel (eyes, mouth) counts.
        name: The loss's name.
        reduction: As in `keras.losses.Loss`.
    """

    _arguments: tuple[str, ...] = ("outside", "regions")

    def __init__(
        self, outside: float = 0.1, regions: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(outside=outside, **kwargs)
        self.regions = regions

    def compare(self, true: Any, pred: Any, weight: Any) -> Any:
        """Returns one value for each image, (B,).

        Args:
            true: Images (B, H, W, 3) in [0, 1].
            pred: Images of the same shape.
            weight: None or each pixel's weight, (B, H, W, 1).
        """
        raise NotImplementedError

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns one value for each image, (B,)."""
        true, weight, mask, pred = split_target(y_true, y_pred)
        if mask is not None and self.outside == 0:
            pred = true + mask * (pred - true)
        return self.compare(true, pred, self._weight(weight, mask))

    def _weight(self, weight: Any, mask: Any) -> Any:
        if weight is not None and not self.regions:
            weight = None
        if mask is None or self.outside == 1:
            return weight
        inside = self.outside + (1.0 - self.outside) * mask
        return inside if weight is None else inside * weight


class CompositeLoss(MaskedLoss):
    """Base of losses that see the image as a whole, such as its spectrum.

    No pixel has an error of its own there, so the mask acts on the image: outside
    it the prediction is mixed with the target, whose share is 1 - `outside`. The
    target's weight channel is not used. A subclass writes `compare`.

    Args:
        outside: The prediction's share outside the face's mask, from 0 (it does not
            matter what is drawn there) to 1 (the mask does not matter).
        name: The loss's name.
        reduction: As in `keras.losses.Loss`.
    """

    def compare(self, true: Any, pred: Any) -> Any:
        """Returns one value for each image, (B,).

        Args:
            true: Images (B, H, W, 3) in [0, 1].
            pred: Images of the same shape.
        """
        raise NotImplementedError

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns one value for each image, (B,)."""
        true, _, mask, pred = split_target(y_true, y_pred)
        if mask is not None and self.outside != 1:
            share = self.outside + (1.0 - self.outside) * mask
            pred = true + share * (pred - true)
        return self.compare(true, pred)
