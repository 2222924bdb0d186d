"""Base classes that apply masks and weights to a loss."""

from __future__ import annotations

from typing import Any

import keras

from deepface_models.losses.targets import split_target


class MaskedLoss(keras.losses.Loss):
    """Stores `outside`; the config has the constructor arguments in `_arguments`."""

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
                f"outside={outside!r} was given. Expected the weight of pixels outside "
                "the face's mask, from 0 to 1; inside it is 1. Use outside=0.1."
            )
        self.outside = outside

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        arguments = {name: getattr(self, name) for name in self._arguments}
        return {**super().get_config(), **arguments}


class RegionLoss(MaskedLoss):
    """Base of losses that are a weighted mean of an error over pixels.

    A subclass implements `compare`. With `outside=0`, the prediction's pixels outside
    the mask are first replaced by the target's, so that windows that extend beyond
    the mask's edge do not include them.

    Args:
        outside: Weight of pixels outside the face's mask, from 0 (they do not count)
            to 1 (the mask has no effect). The weight inside is 1.
        regions: Whether the target's weight channel (eyes, mouth) counts.
        name: The loss's name.
        reduction: As in `keras.losses.Loss`.

    Example:
        >>> from deepface_models.losses import image_mean
        >>> class Absolute(RegionLoss):
        ...     def compare(self, true, pred, weight):
        ...         return image_mean(ops.abs(true - pred), weight)
        >>> float(Absolute()(ops.zeros((2, 8, 8, 3)), ops.ones((2, 8, 8, 3))))
        1.0
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
            weight: Each pixel's weight, (B, H, W, 1), or None where all are equal;
                `losses.targets.image_mean` averages with either.
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
    """Base of losses that compare whole images, such as their spectra.

    There is no error per pixel to weight, so the mask is applied to the image: outside
    it, the prediction is blended with the target. The target's weight channel is not
    used. A subclass implements `compare`.

    Args:
        outside: The prediction's fraction of the blend outside the face's mask, from
            0 (pixels there do not count) to 1 (the mask has no effect).
        name: The loss's name.
        reduction: As in `keras.losses.Loss`.

    Example:
        >>> class Brightness(CompositeLoss):
        ...     def compare(self, true, pred):
        ...         return ops.abs(ops.mean(true - pred, axis=(1, 2, 3)))
        >>> float(Brightness()(ops.zeros((2, 8, 8, 3)), ops.ones((2, 8, 8, 3))))
        1.0
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
